/** What a datagram may look like, and what is refused with a reason (row 14 of the fault matrix). */
import { afterEach, beforeEach, expect, it } from "vitest"
import { DatagramSender, numberedTs, payloadsOf } from "../datagrams.ts"
import { EngineBench } from "../engine-bench.ts"
import { eventually } from "../product.ts"
import { UdpReceiver } from "../receivers.ts"
import { rtpHeader } from "../send-ts.ts"

let bench: EngineBench
let receiver: UdpReceiver
let sender: DatagramSender

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  sender = new DatagramSender(await bench.channel())
  await bench.connect(`udp://127.0.0.1:${receiver.port}`)
})
afterEach(() => {
  bench.close()
  receiver.close()
  sender.close()
})

const ts = numberedTs(7 * 200)
const payloads = payloadsOf(ts)

interface Extras {
  readonly csrc?: number
  /** Number of 32-bit words of the header extension (RFC 3550 5.3.1). */
  readonly extension?: number
  readonly padding?: number
  readonly marker?: boolean
  readonly payloadType?: number
}

/**
 * Makes an RTP packet with every optional part (RFC 3550 5.1). The CSRCs and the extension are full of sync bytes,
 * which must not mislead the product.
 */
const rtpWith = (sequence: number, payload: Uint8Array, extras: Extras): Buffer => {
  const header = rtpHeader(
    sequence,
    sequence * 90,
    0x77,
    (extras.payloadType ?? 33) | (extras.marker === true ? 0x80 : 0),
  )
  header[0] = 0x80 | (extras.padding ? 0x20 : 0) | (extras.extension === undefined ? 0 : 0x10) | (extras.csrc ?? 0)
  const words = extras.extension ?? 0
  const extension =
    extras.extension === undefined
      ? []
      : [Uint8Array.of(0xbe, 0xde, words >> 8, words & 255), new Uint8Array(words * 4).fill(0x47)]
  const padding = new Uint8Array(extras.padding ?? 0)
  if (padding.length > 0) padding[padding.length - 1] = padding.length
  return Buffer.concat([header, new Uint8Array((extras.csrc ?? 0) * 4).fill(0x47), ...extension, payload, padding])
}

it.each<[string, Extras]>([
  ["1 CSRC", { csrc: 1 }],
  ["15 CSRCs", { csrc: 15 }],
  ["an empty extension", { extension: 0 }],
  ["an extension of 47 words, as long as a TS packet", { extension: 47 }],
  ["4 bytes of padding", { padding: 4 }],
  ["188 bytes of padding", { padding: 188 }],
  ["marker bit and payload type 96", { marker: true, payloadType: 96 }],
  ["all of them", { csrc: 15, extension: 9, padding: 255, marker: true }],
])("row 14: RTP with %s: the output carries the payload's bytes alone", async (_, extras) => {
  await sender.send(payloads.map((payload, i) => rtpWith(i, payload, extras)))
  await receiver.atLeast(payloads.length)
  expect(receiver.bytes().equals(ts)).toBe(true)
  expect(bench.counters()).toMatchObject({
    rtp_datagrams: 200,
    rtp_lost: 0,
    bad_rtp: 0,
    bad_length: 0,
    bad_not_ts: 0,
    cc_errors: 0,
  })
  expect(bench.leg()).toMatchObject({ framing: "rtp", ssrc: 0x77 })
})

it.each([
  ["rtp", 8],
  ["udp", 8],
  ["rtp", 40],
  ["udp", 348],
])("row 14: %s datagrams of %i packets leave in datagrams of at most 7", async (kind, packets) => {
  const datagrams = payloadsOf(ts, packets).map((payload, i) => (kind === "rtp" ? rtpWith(i, payload, {}) : payload))
  await sender.send(datagrams)
  // Packets that do not fit into a datagram of 7 packets make one more datagram for each that came.
  const whole = Math.floor(1400 / packets)
  await receiver.atLeast(whole * Math.ceil(packets / 7) + Math.ceil((1400 % packets) / 7))
  expect(receiver.bytes().equals(ts)).toBe(true)
  expect(Math.max(...receiver.datagrams.map(({ data }) => data.length))).toBe(1316)
})

it("row 14: changing from raw UDP to RTP in the same second is a change of sender, not a mixture", async () => {
  await sender.send(payloads.slice(0, 100))
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await sender.send(payloads.slice(100).map((payload, i) => rtpWith(i, payload, {})))
  await receiver.atLeast(200)
  expect(receiver.bytes().equals(ts)).toBe(true)
  expect(bench.leg().framing).toBe("rtp")
  expect(bench.counters()).toMatchObject({ sender_changes: 1, udp_datagrams: 100, rtp_datagrams: 100 })
})

const reedSolomon = (packets: number): Buffer =>
  Buffer.concat(payloadsOf(numberedTs(packets), 1).flatMap((packet) => [packet, new Uint8Array(16).fill(0x99)]))

it.each([
  ["in raw UDP", 0],
  ["in RTP", 12],
])("row 14: 204-byte TS packets %s leave without their Reed-Solomon bytes", async (_, header) => {
  const all = reedSolomon(6 * 50)
  const datagrams = Array.from({ length: 50 }, (_, i) => {
    const payload = all.subarray(i * 6 * 204, (i + 1) * 6 * 204)
    return header > 0 ? Buffer.concat([rtpHeader(i, i, 3), payload]) : payload
  })
  await sender.send(datagrams)
  await eventually("all is sent on", () => (receiver.size >= 300 * 188 ? true : null))
  expect(receiver.bytes().equals(numberedTs(300))).toBe(true)
  expect(bench.counters()).toMatchObject({ ts_204: 300, ts_packets: 300, unaligned: 0, bad_length: 0, cc_errors: 0 })
})

it.each([
  ["1472 bytes, ffmpeg's default", () => 1472],
  ["1 to 9000 bytes at random", (i: number) => (i === 0 ? 900 : 1 + ((Math.imul(i, 2654435761) >>> 8) % 9000))],
])("row 14: raw UDP cut into datagrams of %s leaves whole, 7 packets to a datagram", async (_, sizeOf) => {
  const datagrams: Uint8Array[] = []
  for (let at = 0, i = 0; at < ts.length; i++) {
    datagrams.push(ts.subarray(at, at + sizeOf(i)))
    at += sizeOf(i)
  }
  // Sending is slow enough for the sockets' buffers, and fast enough that no group of packets waits for long.
  await sender.send(datagrams, 1)
  await eventually("all is sent on", () => (receiver.size >= ts.length ? true : null))
  expect(receiver.bytes().equals(ts)).toBe(true)
  expect(receiver.datagrams.every(({ data }) => data.length <= 1316 && data.length % 188 === 0)).toBe(true)
  expect(bench.counters()).toMatchObject({
    resyncs: 0,
    skipped_bytes: 0,
    cc_errors: 0,
    rtp_datagrams: 0,
    bad_length: 0,
    bad_not_ts: 0,
  })
})

const refused: ReadonlyArray<readonly [string, Uint8Array, string]> = [
  ["RTP whose CSRC list runs past the end", rtpWith(1, new Uint8Array(0), {}).fill(0x8f, 0, 1), "bad_rtp"],
  ["RTP with padding of 0", rtpWith(1, ts.subarray(0, 1316), {}).fill(0xa0, 0, 1).fill(0, 1327), "bad_rtp"],
  ["RTP with more padding than payload", rtpWith(1, new Uint8Array(50).fill(200), {}).fill(0xa0, 0, 1), "bad_rtp"],
  ["RTP version 3", rtpWith(1, ts.subarray(0, 1316), {}).fill(0xc0, 0, 1), "bad_not_ts"],
  ["RTCP", Buffer.from("80c80006000000770000000000000000000000000000000000000000", "hex"), "bad_not_ts"],
  ["half a TS packet", rtpWith(1, ts.subarray(0, 94), {}), "bad_length"],
  ["192-byte packets", rtpWith(1, new Uint8Array(192 * 6).fill(0x47), {}), "bad_length"],
  ["no sync byte anywhere", rtpWith(1, new Uint8Array(1316).fill(0x11), {}), "bad_sync"],
]

it.each(refused)("row 14: %s is dropped and counted", async (_, datagram, counter) => {
  await sender.send(Array.from({ length: 20 }, () => datagram))
  await eventually("all are read", () => (bench.counters()["datagrams"] === 20 ? true : null))
  expect(bench.counters()).toMatchObject({ [counter]: 20, forwarded: 0 })
  expect(receiver.datagrams).toEqual([])
})

it("row 14: each kind of refusal has its reason, and the stream in between goes through", async () => {
  await sender.send(
    payloads
      .slice(0, 40)
      .flatMap((payload, i) => [rtpWith(i, payload, {}), ...refused.map(([, datagram]) => datagram)]),
  )
  await receiver.atLeast(40)
  expect(receiver.bytes().equals(ts.subarray(0, 40 * 1316))).toBe(true)
  for (const reason of [/broken header/, /neither RTP nor MPEG-TS/, /whole number of TS packets/, /no TS sync byte/])
    await bench.legWarned(reason)
  // There is one sentence for each kind of fault, not one for each datagram.
  expect(bench.leg().warnings).toHaveLength(4)
})
