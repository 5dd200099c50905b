import { describe, expect, it } from "vitest"
import { PAYLOAD_BYTES, type RunOptions, SenderRun } from "../testing/sender-run.ts"
import { CONTROL, controlType } from "./packet.ts"

const LINK = { delayUs: 20_000 }
const LOSSY = { delayUs: 20_000, loss: 0.05 }
const DEAD = { delayUs: 20_000, loss: 1 }

const runOf = (options: Partial<RunOptions> = {}): SenderRun =>
  new SenderRun({ there: LINK, back: LINK, latencyMs: 300, ...options })

const typesOf = (packets: ReadonlyArray<Uint8Array>): number[] =>
  packets.map((packet) => controlType(new DataView(packet.buffer, packet.byteOffset).getUint32(0)))

/** Numbers of the packets that were played. */
const played = (run: SenderRun): number[] => run.receiver.delivered.map(({ sequence }) => sequence - 1000)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe("a receiver", () => {
  it("that stops playing closes the window, and opens it again", () => {
    const run = runOf({ receiver: { bufferPackets: 500 } })
    run.receiver.playing = false
    run.run(2e6)
    // 500 packets are its buffer. Two more are always let through, as by libsrt, and those it cannot take.
    const stuck = run.offered.length
    expect(stuck).toBeGreaterThan(490)
    expect(stuck).toBeLessThan(700)
    expect(run.refused).toBeGreaterThan(700)
    expect(run.sender.inFlight).toBeLessThanOrEqual(4)
    run.receiver.playing = true
    const refused = run.refused
    run.run(2e6)
    expect(run.offered.length - stuck).toBeGreaterThan(1400)
    expect(run.refused - refused).toBeLessThan(150)
  })

  it("that does not repeat its reports is sent again what it does not acknowledge", () => {
    const run = runOf({ there: LOSSY, back: LOSSY, latencyMs: 1000, session: { periodicNak: false } })
    run.run(3e6)
    run.offering = false
    run.run(3e6)
    // Even the last packets, whose loss nothing reports.
    expect(played(run)).toEqual(upTo(run.offered.length))
    expect(run.sender.inFlight).toBe(0)
  })

  it("that waits for what is missing gets it, however late", () => {
    const run = runOf({ receiver: { dropsTooLate: false }, session: { dropsTooLate: false } })
    run.run(300_000)
    run.there.options = DEAD
    run.run(100_000)
    run.there.options = LINK
    // The reports of what was lost are lost themselves for longer than others are repaired.
    run.back.options = DEAD
    run.run(3e6)
    run.back.options = LINK
    run.run(2e6)
    run.offering = false
    run.run(1e6)
    expect(run.receiver.dropRequests).toEqual([])
    expect([run.sender.figures.pktSndDrop, run.receiver.missing]).toEqual([0, 0])
    expect(played(run)).toEqual(upTo(run.offered.length))
  })

  it("that waits for what is gone gets a new connection: it would play nothing more on this one", () => {
    const run = runOf({ receiver: { dropsTooLate: false }, session: { dropsTooLate: false } })
    run.run(300_000)
    run.there.options = DEAD
    run.run(100_000)
    run.there.options = LINK
    run.run(1000)
    expect(run.sender.ended).toBeNull()
    run.sender.retain(run.sender.next)
    run.run(50_000)
    expect(run.sender.ended).toBe("gone")
  })

  it("that falls silent is gone after 5 s", () => {
    const run = runOf()
    run.run(500_000)
    run.back.options = DEAD
    const atUs = run.nowUs
    run.run(4.9e6)
    expect(run.sender.ended).toBeNull()
    run.run(200_000)
    expect(run.sender.ended).toBe("idle")
    expect(run.nowUs - atUs).toBe(5.1e6)
    const said = run.controls.length
    run.run(2e6)
    expect(run.controls).toHaveLength(said)
    // One that only stood still would otherwise hold the connection open, and let no other in.
    run.sender.shutdown(run.nowUs)
    expect(typesOf(run.controls.slice(said))).toEqual([CONTROL.SHUTDOWN])
    expect(run.sender.ended).toBe("idle")
  })
})

describe("a sender", () => {
  it("with nothing to send says every second that it is there", () => {
    const run = runOf()
    run.run(500_000)
    run.offering = false
    run.run(3.6e6)
    expect(run.receiver.counts.keepalives).toBe(3)
    run.offering = true
    run.run(2e6)
    expect(run.receiver.counts.keepalives).toBe(3)
  })

  it("says that it ends, once", () => {
    const run = runOf()
    run.run(500_000)
    run.sender.shutdown(run.nowUs)
    run.sender.shutdown(run.nowUs)
    expect(typesOf(run.controls).filter((type) => type === CONTROL.SHUTDOWN)).toHaveLength(1)
    expect(run.sender.ended).toBe("shutdown")
    run.offering = false
    run.run(100_000)
    expect(run.receiver.shutDown).toBe(true)
  })

  it("whose machine stood still for a second catches up, stamped with the times of arrival", () => {
    const run = runOf({ latencyMs: 1500 })
    run.run(500_000)
    run.standStill(1e6)
    run.run(500_000)
    run.offering = false
    run.run(3e6)
    expect(run.sender.ended).toBeNull()
    expect(played(run)).toEqual(upTo(run.offered.length))
    expect(run.receiver.delivered.map(({ stampUs }) => stampUs)).toEqual(run.offered)
    expect(run.sender.figures).toMatchObject({ pktSndDrop: 0, resendsRefused: 0 })
  })

  it("grows its history in the middle of repairs, and goes on with them", () => {
    const run = runOf({ there: LOSSY, back: LOSSY, latencyMs: 600, capacity: 256 })
    run.run(150_000)
    const kept = run.sender.kept
    run.grow(1024)
    expect([run.sender.kept, run.sender.capacity]).toEqual([kept, 1024])
    run.run(300_000)
    run.grow(4096)
    run.run(2e6)
    run.offering = false
    run.run(2e6)
    expect(run.receiver.counts.skipped).toBe(0)
    expect(run.receiver.delivered.length).toBeGreaterThan(run.offered.length - 10)
    expect(() => run.grow(4096)).toThrow(RangeError)
  })

  it("with a history too small for the latency gives up the oldest", () => {
    const run = runOf({ there: DEAD, back: DEAD, latencyMs: 3000, capacity: 64, sender: { idleUs: 1e9 } })
    run.run(1e6)
    const { figures, kept, inFlight } = run.sender
    expect([kept, inFlight, figures.pktSndDrop]).toEqual([64, 64, run.offered.length - 64])
    expect(figures.byteSndDrop).toBe(16 * figures.pktSndDrop)
  })

  it("gives up what has left the ring, and tells so", () => {
    const run = runOf({ latencyMs: 800 })
    run.run(300_000)
    run.there.options = DEAD
    run.run(100_000)
    run.there.options = LINK
    const lost = run.sender.next - 1000
    run.sender.retain(lost)
    expect([run.sender.kept, run.sender.oldestPosition, run.sender.inFlight]).toEqual([0, null, 0])
    run.run(1e6)
    expect(run.receiver.dropRequests.length).toBeGreaterThan(0)
    expect(run.sent.filter(({ resent, position }) => resent && position < lost)).toEqual([])
    expect(run.sender.figures.pktSndDrop).toBeGreaterThan(70)
    expect(run.receiver.counts.skipped).toBe(lost - played(run).findIndex((number, i) => number !== i))
  })

  it("keeps what lies in the ring from the position it is told, over the wrap of positions", () => {
    const run = runOf({ there: DEAD, back: DEAD, capacity: 16 })
    run.offering = false
    for (let i = 0; i < 8; i++) run.sender.send((0xfffffffc + i) >>> 0, 0, PAYLOAD_BYTES, 0, 0)
    run.sender.retain(0xfffffffe)
    expect([run.sender.kept, run.sender.oldestPosition]).toEqual([6, 0xfffffffe])
    run.sender.retain(2)
    expect([run.sender.kept, run.sender.oldestPosition]).toEqual([2, 2])
  })

  it("repairs no more than its budget, when all it sends is lost", () => {
    const run = runOf({ latencyMs: 400, capacity: 512, there: { delayUs: 5000, loss: 0.9 }, back: { delayUs: 5000 } })
    run.run(10e6)
    const { figures } = run.sender
    expect(figures.resendsRefused).toBeGreaterThan(1000)
    expect(figures.pktRetrans).toBeLessThanOrEqual(512 + figures.pktSentUnique / 2)
    expect(figures.pktRetrans).toBeGreaterThan(figures.pktSentUnique / 2 - 10)
  })
})
