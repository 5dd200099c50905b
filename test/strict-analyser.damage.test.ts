/**
 * Spoils one thing at a time: the strict analyser must name exactly that, and say nothing about what the standard
 * allows.
 */
import { describe, expect, it } from "vitest"
import { buildPacket, parsePacket, type TsPacket } from "../src/core/ts/packet.ts"
import { AUDIO_PID, PAT_PID, PMT_PID, VIDEO_PID } from "../src/test-source/program-tables.ts"
import { generateTs } from "../src/test-source/test-programme.ts"
import { analyseStrictly, type ViolationKind } from "./strict-analyser.ts"
import { packetsOf } from "./strict-splice.ts"

const sound = packetsOf(generateTs(4, { bitrate: 2_000_000, breakEverySeconds: 0 }))
const facts = sound.map((packet) => parsePacket(packet) as TsPacket)
const soundAt = (number: number): Uint8Array => sound[number] ?? new Uint8Array(0)
/** Numbers of the packets for which `is` holds. */
const where = (is: (packet: TsPacket, number: number) => boolean): number[] =>
  facts.flatMap((f, i) => (is(f, i) ? [i] : []))
const ofPid = (pid: number) => where((f) => f.pid === pid)
const startsOf = (pid: number) => where((f) => f.pid === pid && f.unit_start)
const at = (numbers: ReadonlyArray<number>, nth: number): number => numbers[nth] ?? Number.NaN

const withPcr = ofPid(VIDEO_PID).filter((i) => facts[i]?.adaptation?.pcr != null)
const pcrWithPayload = at(
  withPcr.filter((i) => (facts[i]?.payload.length ?? 0) > 0),
  20,
)
/** A video packet of payload alone, with another such packet next on its PID. */
const plain = at(
  where(
    (f, i) => i > 1500 && f.pid === VIDEO_PID && f.adaptation_field_control === 1 && facts[i + 1]?.pid === VIDEO_PID,
  ),
  0,
)
const counter = facts[plain]?.continuity_counter ?? 0
/** Offset at which payload begins in a packet. */
const payloadIn = (packet: Uint8Array) => (((packet[3] ?? 0) & 0x20) !== 0 ? 5 + (packet[4] ?? 0) : 4)

const lose = (numbers: ReadonlyArray<number>) => Buffer.concat(sound.filter((_, i) => !numbers.includes(i)))
const insert = (number: number, packets: ReadonlyArray<Uint8Array>) =>
  Buffer.concat(sound.toSpliced(number, 0, ...packets))
const spoil = (number: number, change: (packet: Buffer) => void) => {
  const packet = Buffer.from(sound[number] ?? [])
  change(packet)
  return Buffer.concat(sound.with(number, packet))
}
/** Turns the PCRs of these packets into stuffing. */
const withoutPcr = (numbers: ReadonlyArray<number>) =>
  Buffer.concat(sound.map((packet, i) => (numbers.includes(i) ? packet.with(5, (packet[5] ?? 0) & 0xef) : packet)))
const signal = (continuity_counter: number, more: { discontinuity?: boolean; pcr?: number } = {}, pid = VIDEO_PID) =>
  buildPacket({ pid, continuity_counter, ...more })
const tagged = (pid: number, counters: ReadonlyArray<number>, discontinuity: boolean) =>
  counters.map((c) => buildPacket({ pid, continuity_counter: c, discontinuity }))
const pes = (number: number, change: (packet: Buffer, at: number) => void) =>
  spoil(number, (p) => change(p, payloadIn(p)))
const audioStart = at(startsOf(AUDIO_PID), 20)
const earlierPts = Buffer.from(facts[at(startsOf(AUDIO_PID), 19)]?.payload.subarray(9, 14) ?? [])

describe("damage", () => {
  it.each<[string, Uint8Array, ReadonlyArray<ViolationKind>]>([
    ["a wrong sync byte on a null packet", spoil(at(ofPid(0x1fff), 50), (p) => p.writeUInt8(0x48, 0)), ["sync"]],
    ["a stream that ends inside a packet", Buffer.concat([...sound, new Uint8Array([0x47, 0x1f, 0xff])]), ["sync"]],
    ["transport_error_indicator", spoil(at(ofPid(0x1fff), 50), (p) => p.writeUInt8(0x9f, 1)), ["transport_error"]],
    [
      "an adaptation field that leaves no payload",
      spoil(pcrWithPayload, (p) => p.writeUInt8(183, 4)),
      ["adaptation_field"],
    ],
    ["a lost audio packet", lose([at(ofPid(AUDIO_PID), 41)]), ["continuity"]],
    ["a lost packet of a table", lose([at(ofPid(PMT_PID), 9)]), ["continuity"]],
    ["a counter repeated with other content", spoil(plain + 1, (p) => p.writeUInt8(0x10 | counter, 3)), ["continuity"]],
    ["a packet three times", insert(plain, [soundAt(plain), soundAt(plain)]), ["repetition"]],
    ["a counter moved by a packet without payload", insert(plain, [signal(counter)]), ["continuity"]],
    [
      "a flag in three packets in a row",
      insert(at(startsOf(AUDIO_PID), 5), tagged(AUDIO_PID, [3, 9, 14], true)),
      ["repetition"],
    ],
    [
      "a flag on the PCR PID that no PCR follows at once",
      insert(plain, [signal(counter - 1, { discontinuity: true })]),
      ["time_base", "unit_start", "access_point", "table_missing"],
    ],
    ["PCRs missing for 200 ms", withoutPcr(withPcr.slice(100, 110)), ["pcr_repetition"]],
    ["a PCR that jumps back", insert(plain, [signal(counter - 1, { pcr: 5 })]), ["pcr_jump"]],
    ["a damaged PMT", spoil(at(ofPid(PMT_PID), 5), (p) => p.writeUInt8(0x99, 20)), ["section"]],
    ["another table on PID 0", spoil(at(ofPid(PAT_PID), 5), (p) => p.writeUInt8(0x40, 5)), ["section"]],
    ["a section cut off by the next", spoil(at(ofPid(PAT_PID), 5), (p) => p.writeUInt8(0x8f, 7)), ["section"]],
    ["a PES start code that is none", pes(audioStart, (p, i) => p.writeUInt8(9, i)), ["pes"]],
    ["PES_packet_length too small", pes(audioStart, (p, i) => p.writeUInt16BE(300, i + 4)), ["pes"]],
    ["PES_packet_length too great", pes(audioStart, (p, i) => p.writeUInt16BE(600, i + 4)), ["pes"]],
    ["a PTS that does not grow", pes(audioStart, (p, i) => earlierPts.copy(p, i + 9)), ["stamp_order"]],
    [
      "a PTS of another time base",
      pes(at(startsOf(VIDEO_PID), 60), (p, i) => p.writeUInt8(0x2f, i + 9)),
      ["stamp_time_base", "stamp_order", "stamp_repetition"],
    ],
    ["marker bits of a PTS that are 0", pes(audioStart, (p, i) => p.writeUInt8(0x20, i + 9)), ["pes"]],
    [
      "a PID nobody names",
      insert(900, [buildPacket({ pid: 0x777, continuity_counter: 0, payload: new Uint8Array(184) })]),
      ["unreferenced"],
    ],
  ])("%s", (_, ts, wanted) => {
    expect([...new Set(analyseStrictly(ts).violations.map(({ kind }) => kind))].sort()).toEqual([...wanted].sort())
  })

  it("PAT away for 600 ms, which its counters hide", () => {
    const away = ofPid(PAT_PID).slice(10, 26)
    const { violations } = analyseStrictly(lose(away))
    expect(violations.map(({ kind }) => kind)).toEqual(["table_repetition"])
  })

  it("half a second of stream is missing: the PCR jumps, and every counter tells it", () => {
    const report = analyseStrictly(Buffer.concat(sound.toSpliced(2000, 665)))
    expect(report.violations.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["continuity", "pcr_jump"]))
    expect(report.segments).toHaveLength(1)
  })
})

describe("what the standard allows is no violation", () => {
  const withOtherPcr = (packet: Uint8Array) => {
    const copy = new Uint8Array(packet)
    copy[11] = (copy[11] ?? 0) ^ 3
    return copy
  }
  it.each<[string, Uint8Array]>([
    ["a packet twice", insert(plain, [soundAt(plain)])],
    ["a packet twice with another PCR", insert(pcrWithPayload + 1, [withOtherPcr(soundAt(pcrWithPayload))])],
    ["packets without payload that keep the counter", insert(plain, [signal(counter - 1), signal(counter - 1)])],
    [
      "null packets with any counter",
      insert(
        plain,
        [3, 3, 9].map((c) => signal(c, {}, 0x1fff)),
      ),
    ],
    [
      "one flag on a PID that goes on where it was",
      insert(audioStart, tagged(AUDIO_PID, [(facts[audioStart]?.continuity_counter ?? 0) - 1], true)),
    ],
  ])("%s", (_, ts) => {
    expect(analyseStrictly(ts).violations).toEqual([])
  })
})
