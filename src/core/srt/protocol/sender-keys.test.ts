import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import { type RunOptions, SenderRun } from "../testing/sender-run.ts"
import { CONTROL, controlType, USER_KMREQ } from "./packet.ts"

const PASSPHRASE = "correct horse battery"
const LINK = { delayUs: 20_000 }

const runOf = (options: Partial<RunOptions> = {}): SenderRun =>
  new SenderRun({
    there: LINK,
    back: LINK,
    latencyMs: 400,
    passphrase: PASSPHRASE,
    sender: { refreshPackets: 400, announcePackets: 100 },
    ...options,
  })

const wordOf = (packet: Uint8Array): number => new DataView(packet.buffer, packet.byteOffset).getUint32(0)
const isKeyMessage = (packet: Uint8Array): boolean =>
  controlType(wordOf(packet)) === CONTROL.USER && (wordOf(packet) & 0xffff) === USER_KMREQ

/** Everything that was played is what was offered. */
const expectUnaltered = (run: SenderRun): void => {
  for (const { sequence, payload } of run.receiver.delivered)
    if (Buffer.compare(payload, run.payload(sequence - 1000)) !== 0) throw new Error(`packet ${sequence} is altered`)
}

/** The KK field of each new packet, and how many packets had it in a row. */
const keysInTurn = (run: SenderRun): Array<[which: number, packets: number]> => {
  const rows: Array<[which: number, packets: number]> = []
  for (const { which, resent } of run.sent) {
    if (resent) continue
    const row = rows.at(-1)
    if (row !== undefined && row[0] === which) row[1] += 1
    else rows.push([which, 1])
  }
  return rows
}

describe("an encrypted connection", () => {
  it("takes turns with its keys, each for as many packets as it was told", () => {
    const run = runOf()
    run.run(3e6)
    const rows = keysInTurn(run)
    expect(rows.map(([which]) => which)).toEqual([1, 2, 1, 2, 1, 2])
    // A key changes between two turns, some four packets apart.
    for (const [, packets] of rows.slice(0, -1)) {
      expect(packets).toBeGreaterThanOrEqual(400)
      expect(packets).toBeLessThanOrEqual(405)
    }
    expect(run.receiver.keyMessages).toHaveLength(5)
    expect(run.receiver.delivered.length).toBeGreaterThan(1900)
    expectUnaltered(run)
  })

  it("sends a packet again with the key it was sent with first", () => {
    const run = runOf({ there: { delayUs: 20_000, loss: 0.05 } })
    run.run(3e6)
    const first = new Map<number, number>()
    for (const { sequence, which, resent } of run.sent) {
      if (!resent) first.set(sequence, which)
      expect(which).toBe(first.get(sequence))
    }
    expect(run.sender.figures.pktRetrans).toBeGreaterThan(50)
    expectUnaltered(run)
  })

  it.each(["there", "back"] as const)("keeps its key while its announcements or the answers are lost: %s", (way) => {
    const run = runOf({ latencyMs: 1000, session: { periodicNak: true } })
    run.run(350_000)
    run[way].options = { ...LINK, loss: 1 }
    run.run(500_000)
    run[way].options = LINK
    run.run(2e6)
    const announcements = run.controls.filter(isKeyMessage)
    expect(announcements.length).toBeGreaterThan(5)
    const [row] = keysInTurn(run)
    // Announced after 300 packets, lost for 0.5 s.
    expect(row?.[0]).toBe(1)
    expect(row?.[1]).toBeGreaterThan(550)
    expectUnaltered(run)
  })

  it("does not replace a key while packets sent with it are still repaired, however often it is to change", () => {
    for (let seed = 1; seed <= propertyRuns(8); seed++) {
      const lossy = { delayUs: 60_000, jitterUs: 4000, loss: 0.2 }
      const run = runOf({
        seed,
        there: lossy,
        back: lossy,
        latencyMs: 900,
        sender: { refreshPackets: 60, announcePackets: 30 },
      })
      run.run(3e6)
      expect(keysInTurn(run).length).toBeGreaterThan(2)
      expect(run.receiver.delivered.length).toBeGreaterThan(1200)
      expectUnaltered(run)
    }
  })

  it("goes on without a new key when the receiver answers with an error state", () => {
    const run = runOf()
    run.run(350_000)
    const refusal = new Uint8Array(20)
    refusal.set([0xff, 0xff, 0, 4])
    refusal[19] = 4
    run.back.options = { delayUs: 20_000, loss: 1 }
    expect(run.hear(refusal)).toBeNull()
    run.run(1e6)
    expect(keysInTurn(run)).toHaveLength(1)
  })
})
