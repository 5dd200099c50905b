import { describe, expect, it } from "vitest"
import type { ChannelStats } from "../../../engine/protocol/messages.ts"
import { channelConfig } from "../../testing/configs.ts"
import { channelStats, legStats } from "../../testing/FakeEngine.ts"
import { type AlarmInput, alarmsOf, HOLD, type NotedAlarms, noteAlarms } from "./alarms.ts"

const two = channelConfig({ backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 })
const merging = { ...two, input: { mode: "merge" } } as const
const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5)
const backup = legStats({ name: "backup", port: 5001 })
const silent = legStats({ name: "backup", port: 5001, receiving: false, verdict: "lost" })
const figures = (over: Partial<ChannelStats> = {}) =>
  channelStats({ id: "ch-1", redundancy: "ok", legs: [legStats(), backup], ...over })
const good = figures()
const lost = figures({ redundancy: "lost", legs: [legStats(), silent] })

/** Takes figures once a second and looks at the alarms after each. */
const watch = (steps: ReadonlyArray<ChannelStats | undefined>, config = two, over: Partial<AlarmInput> = {}) => {
  let noted: NotedAlarms = new Map()
  return steps.map((stats, second) => {
    const moment = { monotonicMs: second * 1000, nowMs: EPOCH + second * 1000 }
    noted = noteAlarms(noted, config, stats, moment)
    const input: AlarmInput = {
      ...moment,
      config,
      stats,
      status: "running",
      error: null,
      lastInputMs: second * 1000,
      noted,
      legsDiffer: null,
      ...over,
    }
    return alarmsOf(input)
  })
}
const kinds = (rounds: ReturnType<typeof watch>) => rounds.map((alarms) => alarms.map((alarm) => alarm.kind).join())

describe("redundancy_lost", () => {
  it("is an alarm after 3 s, keeps its beginning, and goes 2 s after redundancy is back", () => {
    const rounds = watch([good, lost, lost, lost, lost, lost, good, good, good])
    expect(kinds(rounds)).toEqual(["", "", "", "", "redundancy_lost", "redundancy_lost", "redundancy_lost", "", ""])
    expect(new Set(rounds.flat().map((alarm) => alarm.since))).toEqual(new Set(["2026-01-02T03:04:06.000Z"]))
    expect(rounds[4]?.[0]).toMatchObject({
      severity: "warning",
      message:
        "the backup (127.0.0.1:5001) could not take over: no packets arrive there; a failure of the primary would be seen on the outputs",
    })
  })
  it("is none for a shorter time, however often", () => {
    expect(kinds(watch([lost, lost, good, lost, lost, good, lost])).join("")).toBe("")
  })
  it("outlives a pause of less than 2 s with its beginning", () => {
    const rounds = watch([lost, lost, lost, lost, good, lost, lost])
    expect(rounds.slice(3).map((alarms) => alarms[0]?.since)).toEqual(new Array(4).fill("2026-01-02T03:04:05.000Z"))
  })
  it("stays as it was while the engine tells nothing", () => {
    const rounds = watch([lost, lost, lost, lost, undefined, undefined, undefined, lost])
    expect(kinds(rounds).slice(3)).toEqual(new Array(5).fill("redundancy_lost"))
    expect(rounds[7]?.[0]?.since).toBe("2026-01-02T03:04:05.000Z")
  })
  it("is never one of a channel without a backup", () => {
    const single = channelStats({ id: "ch-1", legs: [legStats({ receiving: false })] })
    expect(kinds(watch(new Array(10).fill(single))).join("")).toBe("")
  })
  it("says why, from the leg's socket or its verdict", () => {
    const broken = { code: "EADDRINUSE", message: "port 5001 is in use", transient: false }
    const closed = figures({ redundancy: "lost", legs: [legStats(), legStats({ ...silent, problem: broken })] })
    const sick = figures({
      redundancy: "lost",
      legs: [legStats(), legStats({ ...backup, verdict: "bad", reasons: ["no PAT for 2 s"] })],
    })
    const messageOf = (stats: ChannelStats) => watch(new Array(5).fill(stats))[4]?.[0]?.message
    expect(messageOf(closed)).toContain("could not take over: port 5001 is in use;")
    expect(messageOf(sick)).toContain("could not take over: no PAT for 2 s;")
  })
})

describe("legs_differ", () => {
  const differing = figures()
  it("is an alarm when two live legs are not merged for 10 s although mode is merge", () => {
    const rounds = watch(new Array(12).fill(differing), merging)
    expect(kinds(rounds).indexOf("legs_differ") * 1000).toBe(HOLD.legs_differ.raiseMs)
    expect(
      watch(new Array(12).fill(differing), merging, { legsDiffer: "they carry programmes 1 and 2" })[11]?.[0]?.message,
    ).toBe("they carry programmes 1 and 2")
  })
  it("is none in other modes, while merged, or while one of them is silent", () => {
    expect(kinds(watch(new Array(12).fill(differing))).join("")).toBe("")
    expect(kinds(watch(new Array(12).fill(figures({ merge: "content" })), merging)).join("")).toBe("")
    expect(kinds(watch(new Array(12).fill(figures({ legs: [legStats(), silent] })), merging)).join("")).toBe("")
  })
})

describe("leg_bad", () => {
  it("is critical, of the active leg only, with its reasons", () => {
    const bad = legStats({ verdict: "bad", reasons: ["60 continuity errors a second", "no PMT"] })
    const rounds = watch(new Array(5).fill(figures({ legs: [bad, backup] })))
    expect(rounds[4]).toMatchObject([
      {
        kind: "leg_bad",
        severity: "critical",
        message: "the primary input is not fit for the outputs: 60 continuity errors a second; no PMT",
      },
    ])
    expect(kinds(watch(new Array(5).fill(figures({ legs: [bad, backup], active_source: "backup" })))).join("")).toBe("")
  })
  it("is one for packets without anything usable in them", () => {
    const nulls = legStats({ verdict: "lost", reasons: ["null packets only"] })
    expect(kinds(watch(new Array(5).fill(figures({ legs: [nulls, backup] }))))[4]).toBe("leg_bad")
  })
})

describe("no_input", () => {
  it("comes first, at once, with the reason, and begins when the input ceased", () => {
    const rounds = watch(new Array(6).fill(lost), two, {
      status: "error",
      error: "no packets on 127.0.0.1:5000",
      lastInputMs: -1000,
    })
    expect(rounds[5]?.map((alarm) => [alarm.kind, alarm.severity])).toEqual([
      ["no_input", "critical"],
      ["redundancy_lost", "warning"],
    ])
    expect(rounds.map((alarms) => alarms[0]?.since)).toEqual(new Array(6).fill("2026-01-02T03:04:04.000Z"))
    expect(rounds[0]?.[0]?.message).toBe("no packets on 127.0.0.1:5000")
  })
})

it("a healthy channel is noted without any work", () => {
  const noted = noteAlarms(new Map(), two, good, { monotonicMs: 0, nowMs: 0 })
  expect(noteAlarms(noted, two, good, { monotonicMs: 1, nowMs: 1 })).toBe(noted)
})
