/** Damaged transport streams: damage is counted exactly and forwarded as it is (row 21 of the fault matrix). */
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { generateTs } from "../../../src/test-source/test-programme.ts"
import { hasMedia, readMedia, transportStreams } from "../../media.ts"
import { buildStream } from "../../ts-stream.ts"
import { EngineBench } from "../engine-bench.ts"
import { eventually } from "../product.ts"
import { UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

let bench: EngineBench
let receiver: UdpReceiver
let port: number

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  port = await bench.channel()
  await bench.connect(`udp://127.0.0.1:${receiver.port}`)
})
afterEach(() => {
  bench.close()
  receiver.close()
})

/** Sends a stream as RTP, and checks that the output carries every byte of it. Returns the leg's counters. */
const through = async (ts: Uint8Array): Promise<Readonly<Record<string, number>>> => {
  await sendTs(ts, { port, bitrate: 30e6 })
  await eventually(`${ts.length} bytes arrived`, () => (receiver.size >= ts.length ? true : null))
  expect(receiver.bytes().equals(ts)).toBe(true)
  return bench.counters()
}

const clean = {
  sync_byte_errors: 0,
  sync_losses: 0,
  tei: 0,
  scrambled: 0,
  cc_errors: 0,
  cc_duplicates: 0,
  crc_errors: 0,
  bad_sync: 0,
  bad_length: 0,
}

/** Makes a sound programme of 640 packets: 60 frames with PAT, PMT, PCR, video, audio and null packets. */
const sound = (): Buffer => {
  const stream = Buffer.from(buildStream(60))
  return stream.subarray(0, Math.floor(stream.length / 1316) * 1316)
}
const pidAt = (ts: Buffer, packet: number) => ts.readUInt16BE(packet * 188 + 1) & 0x1fff
/** Numbers of the video's packets, in their order. */
const video = (ts: Buffer): number[] =>
  Array.from({ length: ts.length / 188 }, (_, i) => i).filter((i) => pidAt(ts, i) === 0x100)
const spoilSync = (ts: Buffer, packets: ReadonlyArray<number>) => {
  for (const packet of packets) ts[packet * 188] = 0xb8
}

it("row 21: a sound stream has no damage", async () => {
  expect(await through(sound())).toMatchObject(clean)
})

it.each<[string, ReadonlyArray<number>, number]>([
  ["one bad sync byte is no loss of sync", [50], 0],
  ["two in a row are one loss", [50, 51], 1],
  ["ten in a row are one loss", Array.from({ length: 10 }, (_, i) => 50 + i), 1],
  ["over the edge of a datagram", [55, 56], 1],
  ["five good ones in between regain sync, so that two more lose it again", [50, 51, 57, 58], 2],
  ["four good ones do not", [50, 51, 56, 57], 1],
])("row 21: sync loss, %s", async (_, packets, losses) => {
  const ts = sound()
  spoilSync(ts, packets)
  const counters = await through(ts)
  expect(counters).toMatchObject({
    sync_byte_errors: packets.length,
    sync_losses: losses,
    ts_packets: ts.length / 188,
    bad_sync: 0,
  })
})

it("row 21: transport_error_indicator is counted, and nothing in such a packet is believed", async () => {
  const ts = sound()
  const hit = video(ts).filter((_, i) => i % 40 === 20)
  for (const packet of hit) {
    ts[packet * 188 + 1] = (ts[packet * 188 + 1] ?? 0) | 0x80
    // The PID and counter of the packet are damaged.
    ts[packet * 188 + 2] = 0x55
    ts[packet * 188 + 3] = 0x1f
  }
  // Each damaged packet leaves a gap of one in the video's counter.
  expect(await through(ts)).toMatchObject({ ...clean, tei: hit.length, cc_errors: hit.length })
})

it("row 21: scrambled packets are counted, and their continuity too", async () => {
  const ts = sound()
  const scrambled = video(ts).slice(100, 250)
  for (const packet of scrambled) ts[packet * 188 + 3] = (ts[packet * 188 + 3] ?? 0) | 0x80
  expect(await through(ts)).toMatchObject({ ...clean, scrambled: scrambled.length })
})

it("row 21: continuity errors: lost packets, a repeated one, a third repeat, a jump back", async () => {
  const ts = sound()
  const packets = video(ts)
  const counter = (i: number) => (packets[i] ?? 0) * 188 + 3
  const set = (i: number, value: number) => {
    const at = counter(i)
    ts[at] = ((ts[at] ?? 0) & 0xf0) | (value & 15)
  }
  const value = (i: number) => (ts[counter(i)] ?? 0) & 15
  // From number 100 on two are missing, which is one error. 200 repeats 199, which is legal; 201 repeats it again,
  // which is an error; 202 follows on.
  for (let i = 100; i < packets.length; i++) set(i, value(i) + 2)
  const shift = value(199)
  set(200, shift)
  set(201, shift)
  for (let i = 202; i < packets.length; i++) set(i, shift + 1 + i - 202)
  // A jump back of 5 is an error.
  for (let i = 300; i < packets.length; i++) set(i, value(i) - 5)
  expect(await through(ts)).toMatchObject({ ...clean, cc_errors: 3, cc_duplicates: 1 })
})

it("row 21: a flood of null packets is carried, counted, and is not taken for a programme", async () => {
  const nulls = Buffer.alloc(7 * 400 * 188, 0xff)
  for (let i = 0; i < nulls.length; i += 188) nulls.set([0x47, 0x1f, 0xff, 0x10], i)
  const before = sound()
  const counters = await through(Buffer.concat([before, nulls]))
  const own = Array.from({ length: before.length / 188 }, (_, i) => i).filter((i) => pidAt(before, i) === 0x1fff).length
  expect(counters).toMatchObject({ ...clean, null_packets: own + 2800, ts_packets: before.length / 188 + 2800 })
})

it("row 21: random damage all over: the output carries it byte for byte, and the stream recovers", async () => {
  const good = Buffer.from(generateTs(1, { bitrate: 4e6, breakEverySeconds: 0 }))
  const bad = Buffer.from(good)
  // A fixed generator makes the same damage in every run. It spares the first sync byte of each datagram.
  let x = 12345
  for (let at = 0; at < bad.length; at += 1 + ((x >>> 8) % 3000)) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    if (at % 1316 !== 0) bad[at] = x >>> 24
  }
  const counters = await through(Buffer.concat([good, bad, good]))
  expect(counters["cc_errors"]).toBeGreaterThan(0)
  expect(counters["ts_packets"]).toBe((3 * good.length) / 188)
  expect(bench.leg().programmes).toMatchObject([{ program_number: 1, pcr_pid: 481 }])
})

it("row 21: section CRC errors are counted, and the damaged table is not believed", async () => {
  const ts = sound()
  const pmts = Array.from({ length: ts.length / 188 }, (_, i) => i).filter((i) => pidAt(ts, i) === 0x1000)
  const hit = pmts.filter((_, i) => i % 10 === 5)
  for (const packet of hit) ts[ts.indexOf(Buffer.from("CUEI"), packet * 188)] = 0x58
  expect(await through(ts)).toMatchObject({ ...clean, crc_errors: hit.length })
  expect(bench.legMessages("psi_changed")).toHaveLength(1)
  expect(bench.leg().programmes).toMatchObject([{ cuei: true }])
})

/**
 * Continuity errors where the manifest's own parser resynchronises otherwise, as packet-core.media.test.ts explains.
 */
const CC_ERRORS_HERE: Readonly<Record<string, number>> = { "tsduck/test-142.ts": 16, "tsduck/test-144.ts": 3 }
const DAMAGED = ["021", "024", "030", "142", "144", "181"].map((n) => `tsduck/test-${n}.ts`)

describe.skipIf(!hasMedia)("damaged streams from the field", () => {
  it.each(transportStreams().filter(({ name }) => DAMAGED.includes(name)))("row 21: [media] $name", async (facts) => {
    const ts = Buffer.from(readMedia(facts.name).subarray(facts.first_sync))
    const { tei, scrambled, cc_duplicates } = facts
    expect(await through(ts.subarray(0, ts.length - (ts.length % 188)))).toMatchObject({
      tei,
      scrambled,
      cc_duplicates,
      cc_errors: CC_ERRORS_HERE[facts.name] ?? facts.cc_errors,
      ts_packets: Math.floor(ts.length / 188),
    })
  })
})
