/** Two senders on one port (row 12 of the fault matrix). */
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { buildRtp } from "../../../src/core/rtp/header.ts"
import { DatagramSender, numberedTs, payloadsOf } from "../datagrams.ts"
import { EngineBench } from "../engine-bench.ts"
import { eventually } from "../product.ts"
import { UdpReceiver } from "../receivers.ts"

const FIRST = 0x0a0a0a0a
const SECOND = 0x0b0b0b0b

let bench: EngineBench
let receiver: UdpReceiver
let senders: [DatagramSender, DatagramSender]

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  const port = await bench.channel()
  senders = [new DatagramSender(port), new DatagramSender(port)]
  await bench.connect(`udp://127.0.0.1:${receiver.port}`)
})
afterEach(() => {
  bench.close()
  receiver.close()
  for (const sender of senders) sender.close()
})

const ours = payloadsOf(numberedTs(7 * 1500))
const theirs = payloadsOf(numberedTs(7 * 1500, 1_000_000))
const ofKind = (kind: string, ssrc: number) => (payload: Uint8Array, i: number) =>
  kind === "rtp" ? buildRtp({ ssrc, sequence: 500 + i, timestamp: i * 90 }, payload) : payload

describe.each([
  ["rtp", "with another SSRC"],
  ["udp", "from another address"],
])("two %s senders", (kind, how) => {
  it(`row 12: two senders, the second ${how}: only the first one's bytes go out, and a warning says so`, async () => {
    const [first, second] = senders
    const count = 1500
    await first.send(ours.slice(0, 5).map(ofKind(kind, FIRST)))
    await receiver.atLeast(5)
    // The senders are interleaved for longer than a second, so that the statistics of a second see both.
    await Promise.all([
      first.send(
        ours.slice(5).map((p, i) => ofKind(kind, FIRST)(p, i + 5)),
        1,
      ),
      second.send(theirs.slice(0, count - 20).map(ofKind(kind, SECOND)), 1),
    ])
    await receiver.atLeast(count)
    expect(receiver.bytes().equals(Buffer.concat(ours))).toBe(true)
    await eventually("all datagrams of both are read", () =>
      bench.counters()["datagrams"] === 2 * count - 20 ? true : null,
    )
    expect(bench.counters()).toMatchObject({
      foreign: count - 20,
      sender_changes: 0,
      cc_errors: 0,
      rtp_lost: 0,
      forwarded: count,
    })
    expect(await bench.legWarned(/second sender/)).toMatch(
      kind === "rtp"
        ? /second sender \(127\.0\.0\.1:\d+, SSRC 0x0b0b0b0b\).*\d+ packets a second.*ignored/
        : /second sender \(127\.0\.0\.1:\d+\).*\d+ packets a second.*ignored/,
    )
    if (kind === "rtp") expect(bench.leg().ssrc).toBe(FIRST)
    expect(bench.legMessages("sender_changed")).toEqual([])
  })

  it(`row 12: when the first ${kind} sender falls silent, the second takes over within 1 s and nothing is mixed`, async () => {
    const [first, second] = senders
    await first.send(ours.slice(0, 300).map(ofKind(kind, FIRST)), 1)
    await second.send(theirs.slice(0, 1200).map(ofKind(kind, SECOND)), 1)
    await bench.legSaid("sender_changed")
    const { foreign = 0, sender_changes } = bench.counters()
    expect(sender_changes).toBe(1)
    // The second sender is ignored until the first one counts as silent: after at most a second, here with one datagram
    // a millisecond.
    expect(foreign).toBeGreaterThan(0)
    expect(foreign).toBeLessThan(1001)
    await receiver.atLeast(300 + 1200 - foreign)
    expect(receiver.bytes().equals(Buffer.concat([...ours.slice(0, 300), ...theirs.slice(foreign, 1200)]))).toBe(true)
    await eventually("the new sender is shown", () => (kind === "udp" || bench.leg().ssrc === SECOND ? true : null))
  })
})
