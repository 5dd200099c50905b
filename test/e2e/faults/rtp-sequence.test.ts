/**
 * The RTP numbers of a sender that pauses, restarts, wraps, loses and reorders, through the whole engine (rows 3 to 6
 * of the fault matrix).
 */
import { afterEach, beforeEach, expect, it } from "vitest"
import { buildRtp } from "../../../src/core/rtp/header.ts"
import { DatagramSender, numberedTs, payloadsOf } from "../datagrams.ts"
import { EngineBench } from "../engine-bench.ts"
import { UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

let bench: EngineBench
let receiver: UdpReceiver
let sender: DatagramSender
let port: number

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  port = await bench.channel()
  sender = new DatagramSender(port)
  await bench.connect(`udp://127.0.0.1:${receiver.port}`)
})
afterEach(() => {
  bench.close()
  receiver.close()
  sender.close()
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const payloads = payloadsOf(numberedTs(7 * 400))
const ts = (from: number, to: number) => Buffer.concat(payloads.slice(from, to))
/** Makes payloads `from` to `to` under consecutive sequence numbers. */
const stream = (from: number, to: number, rtp: { ssrc: number; sequence: number; timestamp: number }) =>
  payloads
    .slice(from, to)
    .map((payload, i) =>
      buildRtp({ ssrc: rtp.ssrc, sequence: rtp.sequence + i, timestamp: rtp.timestamp + i * 90 }, payload),
    )

const noDamage = {
  rtp_lost: 0,
  rtp_duplicates: 0,
  rtp_reordered: 0,
  rtp_resets: 0,
  sender_changes: 0,
  foreign: 0,
  cc_errors: 0,
}

it("row 3: new SSRC, sequence and timestamp after a pause of over a second: nothing is lost, one change of sender", async () => {
  await sender.send(stream(0, 100, { ssrc: 0x1111, sequence: 20000, timestamp: 4e9 }), 1)
  await pause(1100)
  await sender.send(stream(100, 200, { ssrc: 0x2222, sequence: 61000, timestamp: 5 }), 1)
  await receiver.atLeast(200)
  expect(receiver.bytes().equals(ts(0, 200))).toBe(true)
  expect(bench.counters()).toMatchObject({ ...noDamage, sender_changes: 1, rtp_datagrams: 200 })
  expect(bench.legMessages("sender_changed")).toEqual([expect.stringMatching(/0x00001111.*0x00002222/)])
  expect(bench.leg()).toMatchObject({ ssrc: 0x2222, framing: "rtp" })
  expect(bench.leg().jitter_ms).toBeLessThan(50)
})

it("row 3: after a pause of 0.3 s the second datagram of the new sender is the first that is taken", async () => {
  await sender.send(stream(0, 100, { ssrc: 0x1111, sequence: 20000, timestamp: 4e9 }))
  // An engine that had not come to them yet would see no pause.
  await receiver.atLeast(100)
  await pause(300)
  await sender.send(stream(100, 200, { ssrc: 0x2222, sequence: 61000, timestamp: 5 }))
  await receiver.atLeast(199)
  expect(receiver.bytes().equals(Buffer.concat([ts(0, 100), ts(101, 200)]))).toBe(true)
  expect(bench.counters()).toMatchObject({ ...noDamage, sender_changes: 1, foreign: 1, rtp_datagrams: 199 })
})

it.each([
  ["forward by 30000", 1000, 31000],
  ["back to 0", 40000, 0],
  ["back by 129 less than were sent", 1000, 1000 + 200 - 329],
])("row 4: sequence restart with the same SSRC (%s): nothing is lost, one reset", async (_, first, second) => {
  const ssrc = 0x3333
  await sender.send(stream(0, 200, { ssrc, sequence: first, timestamp: 0 }))
  await sender.send(stream(200, 400, { ssrc, sequence: second, timestamp: 0x80000000 }))
  await receiver.atLeast(400)
  expect(receiver.bytes().equals(ts(0, 400))).toBe(true)
  expect(bench.counters()).toMatchObject({ ...noDamage, rtp_resets: 1, rtp_datagrams: 400 })
  expect(bench.legMessages("sequence_reset")).toEqual([
    expect.stringContaining(`restarted at ${second} (expected ${first + 200})`),
  ])
})

it("row 4: an encoder that starts again at the same numbers within a second is a restart, not 100 repeated packets", async () => {
  const numbers = { ssrc: 0x3333, sequence: 7, timestamp: 0 }
  await sender.send(stream(0, 100, numbers))
  await pause(300)
  await sender.send(stream(100, 200, numbers))
  await receiver.atLeast(200)
  expect(receiver.bytes().equals(ts(0, 200))).toBe(true)
  expect(bench.counters()).toMatchObject({ ...noDamage, rtp_resets: 1 })
})

it("row 5: 65535 to 0 with loss, reordering and repetition on it: exact counts, output in order", async () => {
  // Payload i travels as sequence 65500 + i, so 36 is sequence 0. Lost are 65530, 65535, 0 and 5. Swapped are 65533
  // with 65534, and 2 with 3; 65532 comes after 1, on the other side of the wrap. 4 and 65534 come twice.
  const lost = [30, 35, 36, 41]
  const order = [...range(0, 30), 31, 34, 33, 37, 32, 39, 38, 40, ...range(42, 100)]
  const repeated = order.flatMap((i) => (i === 40 ? [40, 40, 34] : [i]))
  const datagrams = repeated.map((i) =>
    buildRtp({ ssrc: 9, sequence: 65500 + i, timestamp: i * 90 }, payloads[i] ?? new Uint8Array()),
  )
  await sender.send(datagrams)
  await receiver.atLeast(order.length)
  const inOrder = order.toSorted((a, b) => a - b)
  expect(receiver.bytes().equals(Buffer.concat(inOrder.map((i) => payloads[i] ?? new Uint8Array())))).toBe(true)
  expect(bench.counters()).toMatchObject({
    rtp_datagrams: repeated.length,
    rtp_lost: lost.length,
    rtp_reordered: 3,
    rtp_duplicates: 2,
    rtp_resets: 0,
    sender_changes: 0,
    forwarded: order.length,
  })
})

it("row 6: the RTP timestamp wraps at 2^32 in mid-stream: no jitter spike, nothing lost", async () => {
  const whole = ts(0, 400)
  await sendTs(whole, { port, timestamp: 2 ** 32 - 15_000, bitrate: 10e6 })
  await receiver.atLeast(400)
  expect(receiver.bytes().equals(whole)).toBe(true)
  expect(bench.counters()).toMatchObject({ ...noDamage, rtp_datagrams: 400 })
  // sendTs sends in small bursts of a few ms; a wrap that is taken for a jump would add seconds.
  expect(bench.leg().jitter_ms).toBeLessThan(20)
})
