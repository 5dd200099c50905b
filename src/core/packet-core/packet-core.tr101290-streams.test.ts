import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { buildPes } from "../../test-source/pes.ts"
import * as L from "../assembly/memory/layout.ts"
import { type Checks, expectChecks, NO_ERRORS } from "./testing/count-checks.ts"
import {
  AUDIO_PID,
  type Entry,
  every,
  packets,
  pats,
  pcrs,
  play,
  pmts,
  SECOND_27M,
  START_US,
  soundProgramme,
  units,
  VIDEO_PID,
} from "./testing/timed-stream.ts"

const cores = await loadCores()
const S = SECOND_27M
const WRAP = 2 ** 33 * 300

const AV = [
  { pid: VIDEO_PID, stream_type: 0x1b },
  { pid: AUDIO_PID, stream_type: 0x0f },
]
const withStreams = (
  untilMs: number,
  others: ReadonlyArray<{ pid: number; stream_type: number; descriptors?: [{ tag: number; data: Uint8Array }] }>,
) => pmts(every(100, untilMs), { streams: [...AV, ...others] })

describe.each(coreBuilds)("TR 101 290, streams (%s)", (build) => {
  const core = cores[build]

  const teletext = { tag: 0x59, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
  const forTheBlind = { tag: 0x0a, data: Uint8Array.of(101, 110, 103, 3) }
  const sparse = [
    { pid: 0x301, stream_type: 0x86 },
    { pid: 0x302, stream_type: 0x05 },
    { pid: 0x303, stream_type: 0x06, descriptors: [teletext] as [typeof teletext] },
    { pid: 0x304, stream_type: 0x0f, descriptors: [forTheBlind] as [typeof forTheBlind] },
  ]
  const registered = (format: string) => ({ tag: 5, data: Uint8Array.from(format, (letter) => letter.charCodeAt(0)) })
  const privateAudio = [
    { pid: 0x303, stream_type: 0x06, descriptors: [{ tag: 0x6a, data: Uint8Array.of(0) }] as [typeof teletext] },
    { pid: 0x304, stream_type: 0x06, descriptors: [registered("Opus")] as [typeof teletext] },
    { pid: 0x305, stream_type: 0x06, descriptors: [registered("KLVA")] as [typeof teletext] },
  ]
  it.each<[string, ReadonlyArray<Entry>, number, Partial<Checks>]>([
    ["away for 4.99 s", soundProgramme(5000, { audio: units([0], AUDIO_PID) }), 4990, { pts_errors: 5 }],
    [
      "away for 10.4 s",
      soundProgramme(10_500, { audio: units([50], AUDIO_PID) }),
      10_450,
      { pts_errors: 10, pid_errors: 2 },
    ],
    ["never there", soundProgramme(5300, { audio: null }), 5250, { pid_errors: 1 }],
    [
      "back before 5 s",
      soundProgramme(9000, { audio: units([0, 4800, 8900], AUDIO_PID) }),
      9000,
      { pts_errors: 5 + 4 },
    ],
    [
      "SCTE-35, data and secondary audio never there",
      soundProgramme(11_000, { pmts: withStreams(11_000, sparse) }),
      11_000,
      {},
    ],
    [
      "audio in private PES never there",
      soundProgramme(5400, { pmts: withStreams(5400, privateAudio) }),
      5400,
      { pid_errors: 2 },
    ],
    [
      "a PCR PID of its own never there",
      soundProgramme(5400, { pmts: pmts(every(100, 5400), { pcrPid: 0x310 }) }),
      5400,
      { pid_errors: 1 },
    ],
  ])("1.6 PID %s", (_, entries, untilMs, errors) => {
    expectChecks(core, play(entries, { untilMs }), errors)
  })

  it("1.6 PID: a stream that the next PMT names no more is not missed", () => {
    const two = [...pmts(every(100, 3000)), ...pmts(every(100, 12_000, 3000), { version: 1, streams: AV.slice(0, 1) })]
    const entries = soundProgramme(12_000, { pmts: two, audio: units(every(60, 2960), AUDIO_PID) })
    expectChecks(core, play(entries, { untilMs: 12_000 }), {})
  })

  it("follows 64 streams and leaves out the rest", () => {
    const streams = Array.from({ length: 90 }, (_, i) => ({ pid: 0x400 + i, stream_type: 0x0f }))
    const entries = [...pats(every(100, 5200)), ...pmts(every(100, 5200), { pcrPid: 0x1fff, streams })]
    core.resetLeg(0)
    feed(core, play(entries, { untilMs: 5200 }))
    core.tick(START_US + 5_300_000)
    expect(core.legSnapshot(0)).toMatchObject({ ...NO_ERRORS, pid_errors: L.STREAM_SLOTS })
  })

  const step = (ms: number, ticks: number, fields = {}): Entry[] => pcrs([ms], ticks - ms * 27_000, VIDEO_PID, fields)
  const steady = (from: number, to: number, start = S) => pcrs(every(50, to, from), start)
  const announced = (pid: number) => packets([470], { pid, discontinuity: true })
  it.each<[string, ReadonlyArray<Entry>, Partial<Checks>]>([
    ["100 ms apart", pcrs(every(100, 1000)), {}],
    ["101 ms apart", pcrs([0, 101, 202]), { pcr_repetition_errors: 2, pcr_discontinuity_errors: 2 }],
    ["none for 900 ms", pcrs([0, 50, 950, 1000]), { pcr_repetition_errors: 1, pcr_discontinuity_errors: 1 }],
    ["gone after 50 ms", pcrs([0, 50]), { pcr_repetition_errors: 1 }],
    ["held back by the network", [...step(0, S), ...step(150, S + 50 * 27_000), ...step(151, S + 100 * 27_000)], {}],
    ["the same value again", [...step(0, S), ...step(10, S), ...steady(50, 1000)], {}],
    ["back by one tick", [...step(0, S), ...step(10, S - 1), ...steady(50, 1000)], { pcr_discontinuity_errors: 1 }],
    ["over the 33-bit wrap", steady(0, 1000, WRAP - S / 2), {}],
    ["jump ahead", [...steady(0, 500), ...steady(500, 1000, 9 * S)], { pcr_discontinuity_errors: 1 }],
    [
      "jump back over the wrap",
      [...steady(0, 500), ...steady(500, 1000, WRAP - 5 * S)],
      { pcr_discontinuity_errors: 1 },
    ],
    [
      "jump told with it",
      [...steady(0, 500), ...step(500, 9 * S, { discontinuity: true }), ...steady(550, 1000, 8.5 * S)],
      {},
    ],
    ["jump told by a packet before", [...steady(0, 500), ...announced(VIDEO_PID), ...steady(500, 1000, 9 * S)], {}],
    [
      "jump told on another PID",
      [...steady(0, 500), ...announced(AUDIO_PID), ...steady(500, 1000, 9 * S)],
      { pcr_discontinuity_errors: 1 },
    ],
    [
      "jump told, then one that is not",
      [
        ...steady(0, 300),
        ...step(300, 9 * S, { discontinuity: true }),
        ...steady(350, 600, 8.7 * S),
        ...steady(600, 1000, S),
      ],
      { pcr_discontinuity_errors: 1 },
    ],
    ["on a PID that is no PCR PID", [...steady(0, 1000), ...pcrs([0, 300, 10, 500], S, AUDIO_PID)], {}],
  ])("2.3 PCR: %s", (_, entries, errors) => {
    expectChecks(core, play(soundProgramme(1100, { pcrs: entries }), { untilMs: 1100 }), errors)
  })

  it("2.3 PCR: goes on reporting while there is none", () => {
    expectChecks(core, play(soundProgramme(4200, { pcrs: pcrs([0, 50]) }), { untilMs: 4200 }), {
      pcr_repetition_errors: 4,
    })
  })

  it("2.3 PCR: checks them where they are when the programme names no PCR PID", () => {
    const entries = soundProgramme(1000, {
      pmts: pmts(every(100, 1000), { pcrPid: 0x1fff }),
      pcrs: [...steady(0, 500), ...steady(500, 1000, 9 * S)],
    })
    expectChecks(core, play(entries, { untilMs: 1000 }), { pcr_discontinuity_errors: 1 })
  })

  it("2.3 PCR: each programme of a multiplex by itself", () => {
    const second = { number: 2, pmtPid: 0x200, pcrPid: 0x210, streams: [] }
    const entries = [
      ...soundProgramme(1000, { pats: pats(every(100, 1000), [{}, second]) }),
      ...pmts(every(100, 1000), second),
      ...pcrs(every(40, 500), 77 * S, 0x210),
      ...pcrs(every(40, 1000, 500), 5 * S, 0x210),
    ]
    expectChecks(core, play(entries, { untilMs: 1000 }), { pcr_discontinuity_errors: 1 })
  })

  it("2.3 PCR: one PID for two programmes, of which the first goes", () => {
    const second = { number: 2, pmtPid: 0x200, streams: [{ pid: 0x220, stream_type: 0x0f }] }
    const both = pats(every(100, 600), [{}, second])
    const entries = [
      ...soundProgramme(1000, {
        pats: [...both, ...pats(every(100, 1000, 600), [second])],
        pmts: pmts(every(100, 600)),
      }),
      ...pmts(every(100, 1000), second),
      ...units(every(50, 1000), 0x220),
    ]
    const jumping = entries.concat(pcrs([590], 90 * S), pcrs([690], 80 * S))
    expectChecks(core, play(entries, { untilMs: 1000 }), {})
    // The clock jumps there and back, twice.
    expectChecks(core, play(jumping, { untilMs: 1000 }), { pcr_discontinuity_errors: 4 })
  })

  it("tells a jump once a second at most, with both values in milliseconds", () => {
    core.resetLeg(0)
    core.takeEvents()
    const jumps = every(50, 2600).flatMap((ms, i) => step(ms, i % 2 === 0 ? S : 1000 * S))
    feed(core, play(soundProgramme(2600, { pcrs: jumps }), { untilMs: 2600 }))
    const events = core.takeEvents().filter(({ type }) => type === L.EVENT_PCR_JUMP)
    expect(events.map(({ pid, a, b }) => [pid, a, b])).toEqual(
      Array.from({ length: 3 }, () => [VIDEO_PID, 1000, 1_000_000]),
    )
    expect(core.legField(0, L.LEG_PCR_DISCONTINUITY_ERRORS)).toBe(51)
  })

  it.each<[string, pausedMs: number, stepMs: number, told: number, counted: number]>([
    ["a stall of 1.2 s, and on by 80 ms", 1200, 80, 0, 0],
    ["a stall of an hour, and on by 100 ms", 3_600_000, 100, 0, 0],
    ["a stall of 5 s, in which 300 ms were lost", 5000, 300, 0, 1],
    ["what a stall held back, all at once", 0, 900, 0, 1],
    ["ahead of the time passed by a second", 0, 1020, 0, 1],
    ["ahead by a bit more", 0, 1022, 1, 1],
    ["ahead by a second after 2 s", 2000, 3020, 0, 0],
    ["ahead by a bit more after 2 s", 2000, 3022, 1, 1],
    ["back by 80 ms, as packets out of order make it", 0, -80, 0, 1],
    ["back by 81 ms, a tenth of a second behind the time passed", 0, -81, 1, 1],
    ["back by a second after a stall of 5 s", 5000, -1000, 1, 1],
    ["as much back as passed, half a second", 480, -500, 1, 1],
  ])("tells a jump back or far ahead, no stall and no loss: %s", (_, pausedMs, stepMs, told, counted) => {
    const [lastMs, nextMs] = [500, 520]
    const entries = soundProgramme(600, {
      pcrs: [...pcrs(every(20, lastMs + 1), S), ...pcrs([nextMs], S + (stepMs - 20) * 27_000)],
    })
    const datagrams = play(entries, { untilMs: 560 }).map((each) =>
      each.rx_us > START_US + (lastMs + 5) * 1000 ? { ...each, rx_us: each.rx_us + pausedMs * 1000 } : each,
    )
    const { counters, events } = compareWithReference(core, datagrams)
    expect(events.filter(({ kind }) => kind === "pcr_jump")).toHaveLength(told)
    expect(counters.pcr_discontinuity_errors).toBe(counted)
  })

  it("counts lost PCRs, but does not tell them as a jump", () => {
    core.resetLeg(0)
    core.takeEvents()
    feed(
      core,
      play(soundProgramme(2000, { pcrs: pcrs([...every(30, 500), ...every(30, 2000, 800)]) }), { untilMs: 2000 }),
    )
    expect(core.takeEvents().filter(({ type }) => type === L.EVENT_PCR_JUMP)).toEqual([])
    expect(core.legSnapshot(0)).toMatchObject({ pcr_repetition_errors: 1, pcr_discontinuity_errors: 1 })
  })

  const pes = (ms: number, pts: number, withPts = true): Entry[] => {
    const payload = buildPes(0xc0, pts, [new Uint8Array(8)], false)
    if (!withPts) payload[7] = 0
    return packets([ms], { pid: AUDIO_PID, unit_start: true, payload })
  }
  const scrambledUnits = packets(every(40, 3000, 40), {
    pid: AUDIO_PID,
    unit_start: true,
    scrambling: 2,
    payload: new Uint8Array(184).fill(0x33),
  })
  it.each<[string, ReadonlyArray<Entry>, number, Partial<Checks>]>([
    ["700 ms apart", units(every(700, 3000), AUDIO_PID), 2900, {}],
    ["701 ms apart", units([0, 701, 1402], AUDIO_PID), 1500, { pts_errors: 2 }],
    [
      "PES packets without PTS between",
      [...pes(0, 0), ...pes(300, 0, false), ...pes(600, 0, false), ...pes(701, 0)],
      1400,
      { pts_errors: 1 },
    ],
    ["gone for 2.95 s", units([0, 2950], AUDIO_PID), 3000, { pts_errors: 3 }],
    [
      "values that wrap, jump and run back",
      [...pes(0, 2 ** 33 - 1), ...pes(500, 7), ...pes(1000, 2 ** 32), ...pes(1500, 1)],
      2000,
      {},
    ],
    ["scrambled for 3 s", [...units([0], AUDIO_PID), ...scrambledUnits], 3000, { cat_errors: 5 }],
  ])("2.5 PTS: %s", (_, audio, untilMs, errors) => {
    expectChecks(core, play(soundProgramme(untilMs, { audio }), { untilMs }), errors)
  })

  it("2.5 PTS: is due of video and audio only", () => {
    const others = [{ pid: 0x303, stream_type: 0x06, descriptors: [teletext] as [typeof teletext] }]
    const entries = [...soundProgramme(3000, { pmts: withStreams(3000, others) }), ...units([0, 2000], 0x303)]
    expectChecks(core, play(entries, { untilMs: 3000 }), {})
  })
})
