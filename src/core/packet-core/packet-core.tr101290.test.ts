import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { sealSection } from "../ts/psi.ts"
import { type Checks, countChecks, expectChecks, NO_ERRORS } from "./testing/count-checks.ts"
import {
  type Entry,
  every,
  PMT_PID,
  packets,
  pats,
  pcrs,
  play,
  pmts,
  SECOND_27M,
  START_US,
  sections,
  soundProgramme,
  units,
  VIDEO_PID,
} from "./testing/timed-stream.ts"

const cores = await loadCores()

type Row = readonly [name: string, entries: ReadonlyArray<Entry>, untilMs: number, errors: Partial<Checks>]

/** Makes a sealed section with a table_id, with all else zero. */
const table = (id: number) => sealSection(Uint8Array.from({ length: 16 }, (_, i) => [id, 0xb0, 13, 0, 0, 0xc1][i] ?? 0))
const badCrc = (section: Uint8Array) => new Uint8Array(section).fill(0x55, 12, 13)
const scrambled = (pid: number, times: ReadonlyArray<number>) =>
  packets(times, { pid, scrambling: 2, payload: new Uint8Array(184).fill(0x33) })
/** Makes PATs without a programme. */
const emptyPats = (times: ReadonlyArray<number>) => pats(times, [])

describe.each(coreBuilds)("TR 101 290, tables (%s)", (build) => {
  const core = cores[build]

  it("finds nothing wrong with a sound programme", () => {
    expectChecks(core, play(soundProgramme(8000), { untilMs: 8000 }), {})
  })

  it.each<Row>([
    ["none at all for 2.2 s", [], 2200, { pat_errors: 4 }],
    ["none in the first 500 ms", emptyPats([500, 900]), 1300, {}],
    ["the first after 501 ms", emptyPats([501, 900]), 1300, { pat_errors: 1 }],
    ["500 ms apart", emptyPats([0, 500, 1000]), 1500, {}],
    ["501 ms apart", emptyPats([0, 501, 1002]), 1500, { pat_errors: 2 }],
    ["1000 ms apart", emptyPats([0, 1000]), 1400, { pat_errors: 1 }],
    ["1001 ms apart", emptyPats([0, 1001]), 1400, { pat_errors: 2 }],
    ["with a bad CRC", sections([0, 300, 600], 0, badCrc(table(0))), 1100, { pat_errors: 2 }],
    [
      "that is yet to come into force",
      sections([0, 300, 600], 0, sealSection(table(0).fill(0xc0, 5, 6))),
      1100,
      { pat_errors: 2 },
    ],
    [
      "another table on PID 0",
      [...emptyPats(every(100, 1000)), ...sections([250], 0, table(0x40))],
      1000,
      { pat_errors: 1 },
    ],
    [
      "another table thrice within 0.5 s",
      [...emptyPats(every(100, 1000)), ...sections([250, 500, 749], 0, table(0x40))],
      1000,
      { pat_errors: 1 },
    ],
    [
      "another table each 0.5 s",
      [...emptyPats(every(100, 2000)), ...sections([250, 750, 1250], 0, table(0x40))],
      2000,
      { pat_errors: 3 },
    ],
    ["another table and none: one fault at a time", sections(every(50, 1900), 0, table(0x40)), 1900, { pat_errors: 4 }],
    ["scrambled", [...emptyPats([0]), ...scrambled(0, every(100, 1400, 100))], 1400, { pat_errors: 3, cat_errors: 2 }],
  ])("1.3.a PAT: %s", (_, entries, untilMs, errors) => {
    expectChecks(core, play(entries, { untilMs }), errors)
  })

  const named = (untilMs: number) => pats(every(100, untilMs))
  const second = { number: 2, pmtPid: 0x200, streams: [] }
  it.each<Row>([
    ["none for 1.7 s after the PAT named it", pats(every(100, 2300, 600)), 2300, { pat_errors: 1, pmt_errors: 3 }],
    ["500 ms apart", [...named(1500), ...pmts([0, 500, 1000])], 1500, {}],
    ["501 ms apart", [...named(1500), ...pmts([0, 501, 1002])], 1500, { pmt_errors: 2 }],
    [
      "with a bad CRC",
      [...named(1100), ...sections(every(100, 1100), PMT_PID, badCrc(table(2)))],
      1100,
      { pmt_errors: 2 },
    ],
    [
      "on a PID the PAT does not name",
      [...named(1100), ...pmts(every(100, 1100), { pmtPid: 0x300 })],
      1100,
      { pmt_errors: 2 },
    ],
    [
      "one of two programmes goes",
      [...pats(every(100, 2000), [{}, second]), ...pmts(every(100, 2000)), ...pmts([0, 100], second)],
      2000,
      { pmt_errors: 3 },
    ],
    ["the PAT drops it", [...pats([0, 100]), ...emptyPats(every(100, 2000, 200)), ...pmts([0, 100])], 2000, {}],
    [
      "scrambled",
      [...named(1200), ...pmts([0]), ...scrambled(PMT_PID, every(50, 1200, 100))],
      1200,
      { pmt_errors: 3, cat_errors: 2 },
    ],
    ["no PAT, no PMT PID", pmts(every(100, 1200)), 1200, { pat_errors: 2 }],
  ])("1.5.a PMT: %s", (_, entries, untilMs, errors) => {
    expectChecks(core, play(entries, { untilMs }), errors)
  })

  const secret = (untilMs: number, from = 0) => scrambled(0x555, every(20, untilMs, from))
  const cats = (times: ReadonlyArray<number>) => sections(times, 1, table(1))
  const stuffing = new Uint8Array(184).fill(0xff).fill(0, 0, 1)
  it.each<Row>([
    ["none, scrambled for 500 ms", secret(501), 600, {}],
    ["none, scrambled for 2 s", secret(2001), 2100, { cat_errors: 3 }],
    ["none, nothing scrambled", [], 3000, {}],
    ["each second", [...cats(every(1000, 4000)), ...secret(4000)], 4000, {}],
    ["with a bad CRC", [...sections(every(100, 1900), 1, badCrc(table(1))), ...secret(1101)], 1900, { cat_errors: 2 }],
    [
      "another table on its PID",
      [...cats(every(100, 2000)), ...sections([120, 300, 700], 1, table(2))],
      2000,
      { cat_errors: 2 },
    ],
    ["stuffing on its PID", packets(every(100, 2000), { pid: 1, unit_start: true, payload: stuffing }), 2000, {}],
    ["gone for more than 10 s", [...cats([0]), ...secret(10_601)], 10_700, { cat_errors: 2 }],
  ])("2.6 CAT: %s", (_, entries, untilMs, errors) => {
    expectChecks(core, play([...soundProgramme(untilMs), ...entries], { untilMs }), errors)
  })

  it("tells when tables came: the PMT that is missing longest counts", () => {
    const entries = [
      ...pats([0, 100, 250], [{}, second, { number: 3, pmtPid: 0x300 }]),
      ...pmts([10, 110, 700]),
      ...pmts([20, 320], second),
    ]
    compareWithReference(core, play(entries, { untilMs: 900 }))
    expect(core.legField(0, L.LEG_PAT_US)).toBe(START_US + 250_000)
    expect(core.legField(0, L.LEG_PMT_US)).toBe(START_US + 320_000)
    compareWithReference(core, play(pats(every(100, 900)), { untilMs: 900 }))
    expect(core.legField(0, L.LEG_PMT_US)).toBe(0)
  })
})

describe.each(coreBuilds)("TR 101 290 while a leg is silent (%s)", (build) => {
  const core = cores[build]

  it("counts nothing, however long", () => {
    core.resetLeg(0)
    feed(core, play(soundProgramme(1000), { untilMs: 1000 }))
    for (const ms of every(10, 60_000)) core.tick(START_US + 1_000_000 + ms * 1000)
    expect(core.legSnapshot(0)).toMatchObject(NO_ERRORS)
  })

  it.each<[string, number, Partial<Checks>]>([
    ["8 s: no interval is the silence's fault", 8000, {}],
    ["501 ms", 501, {}],
    [
      "400 ms: part of the stream",
      400,
      { pat_errors: 1, pmt_errors: 1, pcr_repetition_errors: 1, pcr_discontinuity_errors: 1, pts_errors: 1 },
    ],
  ])("%s", (_, length, errors) => {
    // Tables and video are 350 ms old when the silence begins, and come 100 ms after its end.
    const until = 1000 + length
    const times = [...every(50, 651), ...every(50, until + 1000, until + 100)]
    const entries = soundProgramme(0, {
      pats: pats(times),
      pmts: pmts(times),
      pcrs: [...pcrs(every(50, 1001)), ...pcrs(every(50, until + 1000, until))],
      video: units(times, VIDEO_PID),
      audio: null,
    })
    expectChecks(core, play(entries, { untilMs: until + 1000, silences: [[1000, until]] }), errors)
  })

  it("expects the encoder's clock to have gone on meanwhile, or to be told that it has not", () => {
    const errors = (resumed: Entry[]) => {
      const all = [...pcrs(every(50, 1000)), ...resumed]
      return countChecks(
        core,
        play(soundProgramme(10_000, { pcrs: all }), { untilMs: 10_000, silences: [[960, 9000]] }),
      )
    }
    const S = SECOND_27M
    expect(errors(pcrs(every(50, 10_000, 9000)))).toEqual(NO_ERRORS)
    expect(errors(pcrs(every(50, 10_000, 9000), 100 * S))).toEqual({ ...NO_ERRORS, pcr_discontinuity_errors: 1 })
    const told = pcrs([9000], 100 * S, VIDEO_PID, { discontinuity: true })
    expect(errors([...told, ...pcrs(every(50, 10_000, 9050), 100 * S)])).toEqual(NO_ERRORS)
  })

  it("counts on from where it was when nothing but null packets follow", () => {
    const datagrams = play(soundProgramme(1000, { audio: null }), { untilMs: 9000, silences: [[1000, 6990]] })
    expectChecks(core, datagrams, { pat_errors: 4, pmt_errors: 4, pcr_repetition_errors: 2, pts_errors: 2 })
  })

  it("starts all over with another sender", () => {
    const first = play(soundProgramme(1000), { untilMs: 1000, port: 5000 })
    const tables = { pats: pats(every(100, 1000, 400)), pmts: pmts(every(100, 1000, 400)) }
    const late = soundProgramme(1000, { ...tables, pcrs: pcrs(every(30, 1000), 500 * SECOND_27M) })
    const next = play(late, { untilMs: 1000, port: 5001, startUs: START_US + 1_300_000 })
    expectChecks(core, [...first, ...next], {})
    expect(core.legField(0, L.LEG_SENDER_CHANGES)).toBe(1)
  })

  it("forgets all of it on a reset", () => {
    feed(core, play(soundProgramme(3000, { pats: pats([0]), audio: null }), { untilMs: 3000 }))
    core.tick(START_US + 9_000_000)
    expect(core.legField(0, L.LEG_PAT_ERRORS)).toBeGreaterThan(0)
    core.resetLeg(0)
    expect(core.legSnapshot(0)).toMatchObject(NO_ERRORS)
    expectChecks(core, play(soundProgramme(1000), { untilMs: 1000 }), {})
  })
})
