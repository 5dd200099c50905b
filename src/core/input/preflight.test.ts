import { describe, expect, it } from "vitest"
import { FINDING_CODES, type FindingCode, findingsOf, type PreflightFacts, type ProgrammeFacts } from "./preflight.ts"

const stream = (pid: number, stream_type: number) => ({ pid, stream_type })
const VIDEO = stream(481, 0x1b)
const AAC = stream(482, 0x0f)
const MARKERS = stream(500, 0x86)
const PROGRAMME: ProgrammeFacts = { program_number: 1, pcr_pid: 481, cuei: true, streams: [VIDEO, AAC, MARKERS] }

/** A leg that holds no surprise except its bit rate, which is always said. */
const FACTS: PreflightFacts = {
  liveS: 20,
  framing: "rtp",
  programmes: [PROGRAMME],
  accessPointAgeS: 1,
  accessPointIntervalMs: 2000,
  pcrs: 500,
  pcrBitrateMin: 0,
  pcrBitrateMax: 0,
  datagrams: 1000,
  tsPackets: 7000,
  nullPackets: 0,
  scrambledPackets: 0,
  unalignedDatagrams: 0,
  packets204: 0,
  jitterMs: 1,
  maxGapMs: 4,
  rcvbufAskedBytes: 2_000_000,
  rcvbufGrantedBytes: 4_000_000,
  fecSeen: false,
  fecEnabled: false,
  alignment: null,
  mode: "auto",
  mergeWindowMs: 200,
  mergeReachMs: null,
  pathsApartMs: null,
}

const withStreams = (...streams: ProgrammeFacts["streams"]): Partial<PreflightFacts> => ({
  programmes: [{ ...PROGRAMME, streams }],
})
const second: ProgrammeFacts = { ...PROGRAMME, program_number: 2, pcr_pid: 581 }

interface Case {
  readonly code: FindingCode
  readonly given: string
  readonly facts: Partial<PreflightFacts>
  /** Pattern of the message; null when the code must not be found. */
  readonly says: RegExp | null
}
const found = (code: FindingCode, given: string, facts: Partial<PreflightFacts>, says: RegExp): Case => ({
  code,
  given,
  facts,
  says,
})
const silent = (code: FindingCode, given: string, facts: Partial<PreflightFacts> = {}): Case => ({
  code,
  given,
  facts,
  says: null,
})

const CASES: readonly Case[] = [
  found("no_programme", "no PAT", { programmes: [] }, /^no PAT has come/),
  found("no_programme", "a PAT without PMT", withStreams(), /whose PMT has not come/),
  silent("no_programme", "a programme"),
  found("mpts", "two programmes", { programmes: [PROGRAMME, second] }, /holds 2 programmes \(1, 2\)/),
  silent("mpts", "one programme"),
  silent("mpts", "a second one whose PMT never came", { programmes: [PROGRAMME, { ...second, streams: [] }] }),
  found("no_scte35", "no 0x86", withStreams(VIDEO, AAC), /MediaLive.*Scte35Control.*PASSTHROUGH$/),
  found(
    "no_scte35",
    "0x06 in its place",
    withStreams(VIDEO, AAC, stream(258, 6)),
    /\(PID 258 of private type 0x06 may be/,
  ),
  silent("no_scte35", "0x86 in one of two programmes", {
    programmes: [{ ...second, streams: [VIDEO, AAC] }, PROGRAMME],
  }),
  found(
    "no_cuei",
    "0x86 without the descriptor",
    { programmes: [{ ...PROGRAMME, cuei: false }] },
    /^the programme has SCTE-35 on PID 500 without/,
  ),
  found(
    "no_cuei",
    "the second of two programmes",
    { programmes: [PROGRAMME, { ...second, cuei: false }] },
    /^programme 2 has SCTE-35/,
  ),
  silent("no_cuei", "the descriptor"),
  silent("no_cuei", "no 0x86 to describe", { programmes: [{ ...PROGRAMME, cuei: false, streams: [VIDEO, AAC] }] }),
  found("no_video", "audio only", withStreams(AAC, MARKERS), /has no video/),
  silent("no_video", "HEVC", withStreams(stream(1, 0x24), AAC)),
  found("no_audio", "video only", withStreams(VIDEO, MARKERS), /has no audio: YouTube and Facebook/),
  silent("no_audio", "AC-3", withStreams(VIDEO, stream(2, 0x81))),
  found("rtmp_video", "HEVC", withStreams(stream(1, 0x24), AAC), /has HEVC video.*Enhanced RTMP/),
  found("rtmp_video", "MPEG-2", withStreams(stream(1, 2), AAC), /has MPEG-2 video, which classic/),
  silent("rtmp_video", "H.264 beside HEVC", withStreams(stream(1, 0x24), VIDEO, AAC)),
  silent("rtmp_video", "no video", withStreams(AAC)),
  found("rtmp_audio", "AC-3", withStreams(VIDEO, stream(2, 0x81)), /has AC-3 and no AAC/),
  found("rtmp_audio", "E-AC-3", withStreams(VIDEO, stream(2, 0x87)), /has E-AC-3 and no AAC/),
  found(
    "rtmp_audio",
    "MPEG audio, twice",
    withStreams(VIDEO, stream(2, 3), stream(3, 3)),
    /has MPEG-1 audio and no AAC/,
  ),
  found("rtmp_audio", "LATM", withStreams(VIDEO, stream(2, 0x11)), /has AAC in LATM and no AAC with ADTS/),
  found("rtmp_audio", "a private stream", withStreams(VIDEO, stream(2, 6)), /type 0x06 may hold AC-3 or Opus/),
  silent("rtmp_audio", "AAC beside AC-3", withStreams(VIDEO, stream(2, 0x81), AAC)),
  found("scrambled", "scrambled packets", { scrambledPackets: 12 }, /^12 packets were scrambled/),
  silent("scrambled", "none"),
  found(
    "no_pcr",
    "PCR_PID 0x1FFF",
    { programmes: [{ ...PROGRAMME, pcr_pid: 0x1fff }] },
    /programme 1 has no PCR \(PCR_PID 0x1FFF\)/,
  ),
  found("no_pcr", "no PCRs", { pcrs: 0 }, /no PCR has come \(PCR_PID 481\)/),
  silent("no_pcr", "PCRs"),
  found(
    "no_idr",
    "none in 10 s",
    { liveS: 10, accessPointAgeS: null, accessPointIntervalMs: null },
    /has come in 10 s/,
  ),
  found("no_idr", "none any more", { accessPointAgeS: 15 }, /has come for 15 s/),
  silent("no_idr", "none in 9.9 s", { liveS: 9.9, accessPointAgeS: null }),
  silent("no_idr", "audio only", { ...withStreams(AAC), accessPointAgeS: null }),
  silent("no_idr", "scrambled pictures", { scrambledPackets: 1, accessPointAgeS: null }),
  found("long_gop", "4.1 s", { accessPointIntervalMs: 4100 }, /up to 4\.1 s apart/),
  silent("long_gop", "4 s", { accessPointIntervalMs: 4000 }),
  silent("long_gop", "unknown", { accessPointIntervalMs: null }),
  found(
    "cbr",
    "1 % spread with nulls",
    { pcrBitrateMin: 9.95e6, pcrBitrateMax: 10.05e6, nullPackets: 840 },
    /constant, 10\.1 Mbit\/s, 12\.0 % of it null/,
  ),
  found(
    "cbr",
    "15 % spread with nulls",
    { pcrBitrateMin: 0.9e6, pcrBitrateMax: 1.035e6, nullPackets: 840 },
    /constant/,
  ),
  silent("cbr", "15 % spread without nulls", { pcrBitrateMin: 0.9e6, pcrBitrateMax: 1.035e6 }),
  silent("cbr", "an unknown rate"),
  found(
    "vbr",
    "15 % spread without nulls",
    { pcrBitrateMin: 0.9e6, pcrBitrateMax: 1.035e6 },
    /from 0\.900 to 1\.0 Mbit\/s/,
  ),
  found(
    "vbr",
    "a wide spread with nulls",
    { pcrBitrateMin: 3e6, pcrBitrateMax: 12e6, nullPackets: 840 },
    /from 3\.0 to 12\.0 Mbit\/s/,
  ),
  silent("vbr", "an even rate", { pcrBitrateMin: 10e6, pcrBitrateMax: 10e6 }),
  silent("vbr", "an unknown rate"),
  found("raw_udp", "UDP", { framing: "udp" }, /without RTP/),
  silent("raw_udp", "RTP"),
  found("datagram_size", "1 packet each", { tsPackets: 1000 }, /hold 1\.0 TS packets.*carry more packets/),
  found("datagram_size", "10 packets each", { tsPackets: 10_000 }, /hold 10\.0 TS packets.*fragmented/),
  silent("datagram_size", "a short one now and then", { tsPackets: 6975 }),
  silent("datagram_size", "5 % rebuilt from FEC", { datagrams: 950 }),
  silent("datagram_size", "nothing counted", { datagrams: 0, tsPackets: 0 }),
  silent("datagram_size", "parts of packets", { tsPackets: 7830, unalignedDatagrams: 1000 }),
  found(
    "unaligned_udp",
    "parts of packets",
    { framing: "udp", unalignedDatagrams: 40 },
    /as ffmpeg sends them.*\?pkt_size=1316$/,
  ),
  silent("unaligned_udp", "whole packets", { framing: "udp" }),
  found("ts_204", "204 bytes", { packets204: 7000 }, /16 Reed-Solomon bytes each, 204 in all: these are taken off/),
  silent("ts_204", "188 bytes"),
  found("bursty", "pauses", { maxGapMs: 180.4 }, /pauses of up to 180 ms/),
  found("bursty", "jitter", { jitterMs: 130 }, /130 ms of jitter/),
  silent("bursty", "120 ms", { maxGapMs: 120, jitterMs: 120 }),
  found(
    "rcvbuf_small",
    "less granted",
    { rcvbufGrantedBytes: 425_984 },
    /holds 212992 bytes instead of 2000000.*net\.core\.rmem_max/,
  ),
  silent("rcvbuf_small", "all granted"),
  found("fec_not_enabled", "seen and off", { fecSeen: true }, /set input\.fec to auto/),
  silent("fec_not_enabled", "seen and on", { fecSeen: true, fecEnabled: true }),
  silent("fec_not_enabled", "not seen"),
  found("legs_aligned", "same, auto", { alignment: "same" }, /while they are merged/),
  found("legs_aligned", "same, failover", { alignment: "same", mode: "failover" }, /set input\.mode to auto/),
  silent("legs_aligned", "different", { alignment: "different" }),
  silent("legs_aligned", "unknown", { alignment: "unknown" }),
  found("legs_not_aligned", "different", { alignment: "different" }, /cannot be merged/),
  silent("legs_not_aligned", "same", { alignment: "same" }),
  silent("legs_not_aligned", "too far apart to know", { alignment: "too_far" }),
  found(
    "legs_too_far",
    "1.4 s apart at 50 Mbit/s",
    { alignment: "too_far", mergeReachMs: 986, pathsApartMs: 1400 },
    /50\.0 Mbit\/s.*1\.40 s apart/,
  ),
  silent("legs_too_far", "different", { alignment: "different" }),
  found(
    "merge_reach",
    "a window of 2 s at 50 Mbit/s",
    { alignment: "same", mergeReachMs: 986, mergeWindowMs: 2000 },
    /at 50\.0 Mbit\/s a merge reaches 986 ms/,
  ),
  silent("merge_reach", "a window within reach", { alignment: "same", mergeReachMs: 986 }),
  silent("merge_reach", "legs that are not to be merged", {
    alignment: "same",
    mergeReachMs: 986,
    mergeWindowMs: 2000,
    mode: "failover",
  }),
  silent("merge_reach", "one leg", { mergeReachMs: 986, mergeWindowMs: 2000 }),
  silent("legs_not_aligned", "one leg"),
]

describe("findingsOf", () => {
  it("finds nothing in a leg without surprises", () => {
    expect(findingsOf(FACTS)).toEqual([])
  })

  it.each(CASES)("$code: $given", ({ code, facts, says }) => {
    const messages = findingsOf({ ...FACTS, ...facts }).filter((finding) => finding.code === code)
    expect(messages).toEqual(says === null ? [] : [{ code, message: expect.stringMatching(says) }])
  })

  it("has a case both ways for every code", () => {
    for (const code of Object.keys(FINDING_CODES)) {
      expect(CASES.some((c) => c.code === code && c.says !== null)).toBe(true)
      expect(CASES.some((c) => c.code === code && c.says === null)).toBe(true)
    }
  })

  it.each([null, 0, 2.9])("waits until the leg has been live for 3 s (%s)", (liveS) => {
    for (const { facts } of CASES) expect(findingsOf({ ...FACTS, ...facts, liveS })).toEqual([])
    expect(findingsOf({ ...FACTS, programmes: [], liveS: 3 })).toHaveLength(1)
  })
})
