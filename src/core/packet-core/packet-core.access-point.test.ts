import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed, feedBatch, readSlot } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { hasMedia, readMedia } from "../../../test/media.ts"
import { toDatagrams } from "../../../test/ts-stream.ts"
import { buildPes } from "../../test-source/pes.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import type { PacketFields } from "../ts/packet.ts"
import {
  AUDIO_PID,
  type Entry,
  every,
  packets,
  pats,
  play,
  pmts,
  START_US,
  soundProgramme,
  TimedWriter,
  units,
  VIDEO_PID,
} from "./testing/timed-stream.ts"

const cores = await loadCores()

const MPEG2 = 0x02
const AVC = 0x1b
const HEVC = 0x24
const VVC = 0x33

/** Makes a PES packet's payload of NAL units or start codes. */
const unitOf = (...codes: ReadonlyArray<ReadonlyArray<number>>) =>
  buildPes(0xe0, 90_000, [new Uint8Array(codes.flatMap((code) => [0, 0, 1, ...code, 0x80]))], false)
const hevc = (type: number) => [type << 1, 1]

const AUD = [9, 0xf0]
const SEI = [6, 5]
const SPS = [0x67, 0x42]
const PPS = [0x68, 0xce]
const IDR = [0x65, 0x88]
const SLICE = [0x41, 0x9a]
const PARTITION = [0x62, 0x9a]

type Send = Partial<PacketFields> & { readonly payload: Uint8Array }
const start = (payload: Uint8Array, fields: Partial<PacketFields> = {}): Send => ({
  unit_start: true,
  payload,
  ...fields,
})
const next = (fields: Partial<PacketFields> = {}): Send => ({ payload: new Uint8Array(100).fill(0x77), ...fields })
const bare = (fields: Partial<PacketFields>): Send => ({ payload: new Uint8Array(0), ...fields })
const RAI = { random_access: true }

describe.each(coreBuilds)("random access points (%s)", (build) => {
  const core = cores[build]

  const count = (type: number, sends: ReadonlyArray<Send>, pid = VIDEO_PID): number => {
    const streams = [
      { pid: VIDEO_PID, stream_type: type },
      { pid: AUDIO_PID, stream_type: 0x0f },
    ]
    const media = sends.flatMap((fields, i) => packets([10 + i], { pid, ...fields }))
    return compareWithReference(core, play([...pats([0]), ...pmts([1], { streams }), ...media], { untilMs: 100 }))
      .counters.access_points
  }

  it.each<[string, number, ReadonlyArray<Send>, number]>([
    ["random_access_indicator, H.264", AVC, [start(unitOf(AUD, SLICE), RAI), next()], 1],
    ["random_access_indicator, MPEG-2", MPEG2, [start(unitOf([0, 0]), RAI)], 1],
    ["random_access_indicator, HEVC", HEVC, [start(unitOf(hevc(1)), RAI)], 1],
    ["random_access_indicator, VVC", VVC, [start(unitOf(AUD), RAI)], 1],
    ["nothing that shows in VVC", VVC, [start(unitOf(SPS, IDR))], 0],
    ["IDR slice", AVC, [start(unitOf(AUD, IDR))], 1],
    ["SPS, PPS and an I slice", AVC, [start(unitOf(AUD, SPS, PPS, SEI, SLICE))], 1],
    ["PPS alone", AVC, [start(unitOf(AUD, PPS, SEI, SLICE))], 0],
    ["a slice first", AVC, [start(unitOf(AUD, SLICE, IDR))], 0],
    ["a data partition first", AVC, [start(unitOf(AUD, PARTITION, SPS))], 0],
    ["IDR in a later packet only", AVC, [start(unitOf(AUD, SEI)), next({ payload: unitOf(IDR) })], 0],
    ["no PES header", AVC, [start(Uint8Array.from([0, 0, 2, 0xe0, ...unitOf(AUD, IDR).subarray(4)]))], 0],
    ["PES header that fills the packet", AVC, [start(unitOf(IDR).fill(255, 8, 9))], 0],
    ["HEVC BLA", HEVC, [start(unitOf(hevc(35), hevc(16)))], 1],
    ["HEVC IDR", HEVC, [start(unitOf(hevc(35), hevc(19)))], 1],
    ["HEVC CRA", HEVC, [start(unitOf(hevc(21)))], 1],
    ["HEVC reserved IRAP", HEVC, [start(unitOf(hevc(23)))], 1],
    ["HEVC VPS", HEVC, [start(unitOf(hevc(35), hevc(32)))], 1],
    ["HEVC SPS", HEVC, [start(unitOf(hevc(33)))], 1],
    ["HEVC PPS, then trailing picture", HEVC, [start(unitOf(hevc(34), hevc(1), hevc(19)))], 0],
    ["HEVC reserved VCL", HEVC, [start(unitOf(hevc(24), hevc(32)))], 0],
    ["sequence header", MPEG2, [start(unitOf([0xb3, 0x28], [0xb8, 0], [0, 0]))], 1],
    ["GOP header alone", MPEG2, [start(unitOf([0xb8, 0], [0, 0], [0xb3, 0]))], 0],
    ["H.264 in a stream said to be MPEG-2", MPEG2, [start(unitOf(IDR))], 0],
    ["both flag and IDR: one point", AVC, [start(unitOf(AUD, IDR), RAI), next(RAI)], 1],
    ["flag in the middle of a PES packet", AVC, [start(unitOf(AUD, SLICE)), next(RAI), next(RAI)], 1],
    ["flag before the picture: there", AVC, [bare(RAI), start(unitOf(AUD, IDR), RAI), next()], 1],
    ["flag twice before the picture", AVC, [bare(RAI), bare(RAI), start(unitOf(AUD, SLICE))], 1],
    ["two pictures", AVC, [start(unitOf(AUD, IDR)), next(), start(unitOf(AUD, SLICE)), start(unitOf(AUD, IDR))], 2],
    ["scrambled, with the flag", AVC, [start(unitOf(IDR), { scrambling: 2, ...RAI })], 1],
    ["scrambled, without", AVC, [start(unitOf(IDR), { scrambling: 2 })], 0],
    ["damaged", AVC, [start(unitOf(IDR), { transport_error: true })], 0],
  ])("%s", (_, type, sends, expected) => {
    expect(count(type, sends)).toBe(expected)
  })

  it("does not count a packet that is sent twice", () => {
    const writer = new TimedWriter()
    const [pat, pmt] = [pats([0]), pmts([0])].map((entries) => entries.flatMap((entry) => entry.write(writer)))
    const idr = writer.packet({ pid: VIDEO_PID, ...start(unitOf(AUD, IDR)) })
    const { counters } = compareWithReference(core, toDatagrams(joinBytes([...(pat ?? []), ...(pmt ?? []), idr, idr])))
    expect(counters).toMatchObject({ access_points: 1, cc_duplicates: 1 })
  })

  it("takes no flag on another PID, nor audio beside video", () => {
    expect(count(AVC, [start(unitOf(AUD), RAI), start(unitOf(AUD))], AUDIO_PID)).toBe(0)
    expect(count(0x86, [start(unitOf(AUD))], AUDIO_PID)).toBe(1)
  })

  it.each<[string, ReadonlyArray<Entry>, number]>([
    ["no PMT", pats([0]), 0],
    ["no video", [...pats([0]), ...pmts([1], { streams: [{ pid: 0x55, stream_type: 0x0f }] })], 0x1fff],
    [
      "two video streams",
      [
        ...pats([0]),
        ...pmts([1], {
          streams: [
            { pid: 0x58, stream_type: 0x86 },
            { pid: 0x56, stream_type: 0x24 },
            { pid: 0x55, stream_type: 0x1b },
          ],
        }),
      ],
      0x56,
    ],
    [
      "the first programme has no video",
      [
        ...pats(
          [0],
          [
            { number: 1, pmtPid: 0x40 },
            { number: 2, pmtPid: 0x41 },
            { number: 3, pmtPid: 0x42 },
          ],
        ),
        ...pmts([1], { number: 3, pmtPid: 0x42, streams: [{ pid: 0x63, stream_type: 0x1b }] }),
        ...pmts([2], { number: 1, pmtPid: 0x40, streams: [{ pid: 0x61, stream_type: 0x0f }] }),
        ...pmts([3], { number: 2, pmtPid: 0x41, streams: [{ pid: 0x62, stream_type: 0x02 }] }),
      ],
      0x62,
    ],
    [
      "the next PMT moves it",
      [...pats([0]), ...pmts([1]), ...pmts([2], { version: 1, streams: [{ pid: 0x77, stream_type: 0x1b }] })],
      0x77,
    ],
  ])("tells the video PID: %s", (_, entries, expected) => {
    expect(compareWithReference(core, play(entries, { untilMs: 10 })).gauges.video_pid).toBe(expected)
    expect(core.legField(0, L.LEG_VIDEO_PID)).toBe(expected)
  })

  const points = (times: ReadonlyArray<number>) => packets(times, { pid: VIDEO_PID, ...start(unitOf(AUD, IDR)) })
  const interval = (times: ReadonlyArray<number>, silences: ReadonlyArray<readonly [number, number]> = []) => {
    const untilMs = (times.at(-1) ?? 0) + 10
    const video = [...units(every(40, untilMs, 20), VIDEO_PID), ...points(times)]
    compareWithReference(core, play(soundProgramme(untilMs, { video }), { untilMs, silences }))
    return core.legField(0, L.LEG_ACCESS_POINT_INTERVAL_US) / 1000
  }

  it("tells the longest distance lately, which follows a change", () => {
    expect(interval([100])).toBe(0)
    expect(interval([100, 1100])).toBe(1000)
    expect(interval([100, 1100, 1600, 2100, 2600])).toBe(1000)
    expect(interval([100, 1100, 1600, 2100, 2600, 3100])).toBe(500)
    expect(interval([100, 600, 1100, 1600, 3600])).toBe(2000)
    expect(core.legField(0, L.LEG_ACCESS_POINT_US)).toBe(START_US + 3_600_000)
  })

  it("measures no distance over a silence", () => {
    expect(interval([100, 600, 7000, 7500], [[700, 6900]])).toBe(500)
  })

  it("measures anew on another video PID", () => {
    const moved = [{ pid: 0x77, stream_type: 0x1b }]
    const entries = [
      ...soundProgramme(4000, {
        pmts: [...pmts(every(100, 3000)), ...pmts(every(100, 4000, 3000), { version: 1, streams: moved })],
      }),
      ...points([100, 2500]),
      ...packets([3100, 3300], { pid: 0x77, ...start(unitOf(AUD, IDR)) }),
    ]
    compareWithReference(core, play(entries, { untilMs: 4000 }))
    expect(core.legField(0, L.LEG_ACCESS_POINT_INTERVAL_US)).toBe(200_000)
  })

  it.each([0, 1, 2, 3, 4, 5, 6])("lets a switch begin with packet %i of the datagram", (position) => {
    for (const leg of [0, 1]) core.resetLeg(leg)
    core.resetChannel(0)
    core.takeEvents()
    const writer = new TimedWriter()
    const tables = [...pats([0]), ...pmts([0])].flatMap((entry) => entry.write(writer))
    const plain = () => writer.packet({ pid: VIDEO_PID, ...next() })
    const idr = () => writer.packet({ pid: VIDEO_PID, ...start(unitOf(AUD, IDR)) })
    const before = Array.from({ length: position }, plain)
    const point = idr()
    // A second access point in the same datagram must not be the one that is taken.
    const rest = position < 6 ? [...Array.from({ length: 5 - position }, plain), idr()] : []
    const datagrams = [...tables.map((packet) => [packet]), [plain(), plain()], [...before, point, ...rest]].map(
      joinBytes,
    )
    core.setSource(0, 1)
    core.setSource(0, 2)
    for (const [i, bytes] of datagrams.entries())
      feedBatch(core, [{ bytes, rx_us: START_US + i * 1000, ipv4: 1, port: 1 }], 1)
    expect(core.takeEvents().filter(({ type }) => type === L.EVENT_SWITCHED)).toHaveLength(1)
    expect(core.ringHead(0)).toBe(1)
    expect(readSlot(core, 0, 0).payload).toEqual(joinBytes([point, ...rest]))
  })

  it("lets no switch begin where there is no point", () => {
    for (const leg of [0, 1]) core.resetLeg(leg)
    core.resetChannel(0)
    core.setSource(0, 1)
    core.setSource(0, 2)
    for (const datagram of play(soundProgramme(3000), { untilMs: 3000 })) feedBatch(core, [datagram], 1)
    expect(core.ringHead(0)).toBe(0)
  })
})

describe.skipIf(!hasMedia).each(coreBuilds)("[media] random access points of real streams (%s)", (build) => {
  const core = cores[build]

  // The first picture of mux.js has its SPS and IDR slice behind 700 bytes of SEI, in a later packet, and no
  // random_access_indicator.
  it.each<[string, string, number]>([
    [
      "shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000028.ts",
      "shaka_hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000028",
      0,
    ],
    ["mux.js/test-segment.ts", "muxjs_test-segment", 1],
    ["kim-company/scte35.ts", "kim_scte35", 0],
    ["mediabunny/no-initial-keyframe.ts", "mediabunny_no-initial-keyframe", 0],
    ["gstreamer/test.ts", "gstreamer_test", 0],
  ])("%s: as many as ffprobe has key pictures", (name, listing, hidden) => {
    core.resetLeg(0)
    const bytes = readMedia(name)
    feed(core, toDatagrams(bytes.subarray(0, bytes.length - (bytes.length % 188))))
    core.takeEvents()
    const rows = Buffer.from(readMedia(`ffmpeg-reference/${listing}.ts.packets.csv`))
      .toString()
      .split("\n")
    const keys = rows.filter((row) => row.startsWith("video") && row.includes(",K"))
    expect(core.legField(0, L.LEG_ACCESS_POINTS)).toBe(keys.length - hidden)
  })

  it.each<[string, number, number]>([
    ["srtrelay/h264.ts", 0x100, 1],
    ["srtrelay/h265.ts", 0x100, 1],
    ["androidx-media/sample_scte35.ts", 0x100, 1],
    // The first of two IRAP pictures comes before the PMT.
    ["tsduck/test-137.ts", 0x79, 1],
    ["shaka/hls-ts-aac_segment_0.ts", 0x1fff, 186],
  ])("%s: video PID, and points", (name, pid, points) => {
    core.resetLeg(0)
    feed(core, toDatagrams(readMedia(name)))
    core.takeEvents()
    expect(core.legField(0, L.LEG_VIDEO_PID)).toBe(pid)
    expect(core.legField(0, L.LEG_ACCESS_POINTS)).toBe(points)
  })
})
