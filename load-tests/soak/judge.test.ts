/** The verdict finds what is planted, in made-up records, and nothing in one without. */
import { describe, expect, it } from "vitest"
import { judge } from "./judge.ts"
import type { Series, SoakRecord, StreamFacts } from "./record.ts"

const HOURS = 8
const SECONDS = HOURS * 3600
const fact = (at: number, more: Partial<StreamFacts> = {}): StreamFacts => ({
  stream: "c1 udp",
  from: at - 1,
  to: at,
  received: 10_000_000 / SECONDS,
  lost: 0,
  wrong: 0,
  ...more,
})
/** Resident memory in kB that goes up and down by 3 MB, as a garbage collector has it, and rises for 20 minutes at first. */
const resident = (perSecond: number): Series => ({
  what: "resident memory of the engine",
  unit: "kB",
  mostPerHour: 1000,
  samples: Array.from({ length: SECONDS / 10 }, (_, i) => {
    const at = i * 10
    const noise = ((i * 7919) % 3001) - 1500
    return { at, value: 200_000 + noise + 20_000 * Math.min(1, at / 1200) + perSecond * at }
  }),
})
const sound: SoakRecord = {
  seconds: SECONDS,
  streams: Array.from({ length: SECONDS }, (_, i) => fact(i + 1)),
  faults: [
    { at: 3600, kind: "engine killed" },
    { at: 600, kind: "control plane killed" },
    { at: 900, kind: "disk filled" },
  ],
  series: [resident(0)],
  fallen: [],
  internalErrors: { output: 0, input: 0, engine: 0 },
  deaths: [],
  failures: [],
  ownLosses: 0,
  scrapes: 0,
}
const findings = (more: Partial<SoakRecord>) => judge({ ...sound, ...more }).findings

describe("a record of 8 hours", () => {
  it("in which nothing is wrong holds", () => {
    expect(judge(sound)).toMatchObject({ holds: true, findings: [], explained: 0 })
    expect(Math.round(judge(sound).received)).toBe(10_000_000)
  })

  it("with a leak of 1 kB a second does not, and says how large it is", () => {
    const { findings: found, growth } = judge({ ...sound, series: [resident(1)] })
    expect(found).toEqual([expect.stringMatching(/^resident memory of the engine grows by 3\d{3} kB an hour$/)])
    expect(growth[0]?.perHour).toBeGreaterThan(3300)
    expect(growth[0]?.perHour).toBeLessThan(3900)
  })

  it("with one lost packet in ten million does not", () => {
    expect(findings({ streams: sound.streams.with(20_000, fact(20_001, { lost: 1 })) })).toEqual([
      "c1 udp lost 1 packets between 20000 and 20001 s",
    ])
  })

  it.each([
    ["when an engine was killed", 3605, 50, []],
    ["long after it was killed", 3640, 1, ["c1 udp lost 1 packets between 3639 and 3640 s"]],
    ["before it was killed", 3590, 1, ["c1 udp lost 1 packets between 3589 and 3590 s"]],
    ["when the control plane was killed", 601, 1, ["c1 udp lost 1 packets between 600 and 601 s"]],
    ["when the disk was full", 901, 1, ["c1 udp lost 1 packets between 900 and 901 s"]],
  ])("excuses losses only by the death of an engine: %s", (_, at, lost, expected) => {
    const verdict = judge({ ...sound, streams: sound.streams.with(at - 1, fact(at, { lost })) })
    expect(verdict.findings).toEqual(expected)
    expect(verdict.explained).toBe(expected.length === 0 ? lost : 0)
  })

  it("with an altered packet does not, whatever was killed", () => {
    expect(findings({ streams: sound.streams.with(3604, fact(3605, { wrong: 1 })) })).toHaveLength(1)
  })

  it("with an output that brings nothing does not", () => {
    expect(findings({ streams: [...sound.streams, fact(5, { stream: "c2 srt", received: 0 })] })).toEqual([
      "c2 srt brought nothing at all",
    ])
  })

  it("with a counter that wraps does not, unless its process began anew", () => {
    const wrap = (at: number) => [{ at, name: "packets_total", was: 2 ** 32 - 1, is: 41 }]
    expect(findings({ fallen: wrap(7200) })).toEqual(["the counter packets_total fell from 4294967295 to 41 at 7200 s"])
    expect(findings({ fallen: wrap(3603) })).toEqual([])
  })

  it("with a crash in one session, or a process that died by itself, does not", () => {
    expect(findings({ internalErrors: { ...sound.internalErrors, output: 1 } })).toEqual(["1 internal errors: output"])
    expect(findings({ deaths: [{ at: 50, what: "the engine" }] })).toEqual(["the engine died by itself at 50 s"])
  })

  it("in which the soak itself lost datagrams says that its verdict is worth nothing", () => {
    expect(findings({ ownLosses: 3 })).toEqual([expect.stringContaining("lost 3 datagrams")])
  })
})

it("a life too short for a trend is not judged", () => {
  const series = { ...resident(50), samples: resident(50).samples.slice(0, 30) }
  expect(judge({ ...sound, series: [series] })).toMatchObject({ holds: true, growth: [{ perHour: null }] })
})
