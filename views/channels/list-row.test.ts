import { describe, expect, it } from "vitest"
import type { RecentView } from "../../src/effects/history/history-model.ts"
import { type ChannelView, type OutputView, WORST_STATES } from "../../src/effects/model/channel.ts"
import { worstOf } from "../../src/effects/show/worst-of.ts"
import { fakeInput, fakeOutput, fakeScte35, fakeLeg as legView } from "../../src/http/testing/fake-views.ts"
import { gravestFirst, matches, rowOf } from "./list-row.ts"
import { causeOf, formatAge, formatRate, inShort, sparkline } from "./list-texts.ts"
import { totalsOf } from "./totals.ts"

const channelView = (over: Partial<ChannelView>): ChannelView => ({
  id: "00000000-0000-4000-8000-000000000001",
  number: 1,
  slug: "main",
  name: "Main",
  rtp_ip: "0.0.0.0",
  rtp_port: 5000,
  backup_rtp_ip: null,
  backup_rtp_port: null,
  input_url: null,
  backup_input_url: null,
  tags: [],
  autostart: false,
  auto_run: "off",
  input: fakeInput(),
  status: "stopped",
  lifecycle: "idle",
  error: null,
  uptime: 0,
  created_at: "2026-01-02T03:04:05.000Z",
  active_source: "primary",
  worst: { state: "ok", cause: null, since: null, outputs_down: 0 },
  alarms: [],
  scte35: fakeScte35(),
  outputs: [],
  ...over,
})
const outputView = (over: Partial<OutputView>): OutputView => fakeOutput({ id: "out", ...over })

const NOW = Date.parse("2026-01-02T03:04:05.000Z")
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const shown = (channel: ChannelView, recent?: RecentView) => rowOf(channel, worstOf(channel), recent, NOW)
const row = (over: Partial<ChannelView>) => shown(channelView(over))
const withWorst = (channels: ReadonlyArray<ChannelView>) =>
  channels.map((channel) => ({ channel, worst: worstOf(channel) }))

describe("texts of the list", () => {
  it.each([
    [0, "<1 min"],
    [59.9, "<1 min"],
    [60, "1 min"],
    [3599, "59 min"],
    [3600, "1 h 00 min"],
    [86_399, "23 h 59 min"],
    [183_600, "2 d 3 h"],
    [-5, "<1 min"],
  ])("say %d s as %s", (seconds, text) => expect(formatAge(seconds)).toBe(text))

  it.each([
    [0, "0"],
    [499, "0"],
    [999_400, "999 kbit/s"],
    [8_020_000, "8.0 Mbit/s"],
    [2_345_000_000, "2.35 Gbit/s"],
    [Number.NaN, "0"],
  ])("say %d bit/s as %s", (bitrate, text) => expect(formatRate(bitrate)).toBe(text))

  it("shorten messages to their cause, and that to 90 characters", () => {
    expect(causeOf("Connection timeout (SRT reject code 16): check address and port")).toBe(
      "Connection timeout (SRT reject code 16)",
    )
    expect(causeOf("srt://a.example:1: refused")).toBe("srt://a.example:1: refused")
    expect(causeOf("DNS: a.example is not known")).toBe("DNS: a.example is not known")
    expect(inShort("x".repeat(91))).toHaveLength(90)
  })
})

describe("a sparkline", () => {
  it.each([
    ["nothing", [], ""],
    ["one level, whatever it is", [8e6, 8.1e6, 8e6, 8e6], "M0 1H6"],
    ["zeros on the ground", [0, 0], "M0 13H2"],
    ["a step", [0, 12, 12, 12, 6], "M0 13L2 1H6L8 7"],
    ["a gap", [12, 12, null, 12, 12], "M0 1H2M6 1H8"],
    ["only gaps", [null, null], ""],
  ])("draws %s", (_, values, path) => expect(sparkline(values)).toBe(path))
})

describe("the row of a channel", () => {
  it("reads the same while only figures below its steps change", () => {
    const running = (uptime: number, bitrate: number) =>
      row({ status: "running", uptime, input: { ...channelView({}).input, legs: [legView({ bitrate })] } })
    expect(running(61, 8_020_000)).toEqual(running(119, 8_049_000))
    expect(running(61, 8_020_000)).not.toEqual(running(120, 8_020_000))
  })

  it("says the worst of the channel and its cause, with its age where that is known", () => {
    const failing = outputView({ status: "retrying", last_error: "refused" })
    expect(row({ status: "running" }).state).toEqual({ is: "ok", text: "OK" })
    const failed = row({ status: "running", outputs: [outputView({ status: "connected" }), failing] })
    expect([failed.state, failed.cause, failed.problem]).toEqual([{ is: "retrying", text: "1 of 2 down" }, "", true])
    const dropping = row({ status: "running", error: "812 of 1000 datagrams (81 %) of the last 10 s were dropped" })
    expect([dropping.state.text, dropping.cause]).toEqual(["degraded", expect.stringMatching(/^812 of 1000/)])
    const alarm = { kind: "leg_bad" as const, severity: "warning" as const, since: ago(90), message: "late" }
    expect(row({ status: "running", alarms: [alarm] })).toMatchObject({
      state: { is: "warning", text: "warning" },
      cause: "late (for 1 min)",
    })
    expect(row({ status: "error", error: "silent" }).state.text).toBe("error")
    expect(row({ status: "stopped", lifecycle: "stopping" }).state.text).toBe("stopping")
  })

  it("marks each output, and names two that fail, with why and when they are tried again", () => {
    const fail = (slug: string) =>
      outputView({
        slug,
        name: slug,
        status: "retrying",
        last_error: "refused by the far side: wait",
        next_retry_at: ago(-4),
      })
    const up = outputView({ slug: "up", name: "up", status: "connected" })
    const off = outputView({ slug: "off", enabled: false, status: "stopped" })
    const shown = row({ status: "running", outputs: [up, fail("a"), fail("b"), fail("c"), off] })
    expect(shown.outputs.map(({ is, slug }) => `${slug} ${is}`)).toEqual([
      "up connected",
      "a retrying",
      "b retrying",
      "c retrying",
      "off stopped",
    ])
    expect(shown.outputs[1]?.title).toBe("a, SRT retrying: refused by the far side")
    expect(shown.failing.map(({ name }) => name)).toEqual(["a", "b"])
    expect(shown.failing[0]).toMatchObject({ error: "refused by the far side", retryAt: NOW + 4000 })
    expect([shown.moreFailing, shown.running, shown.carrying]).toEqual([1, 1, "1/4"])
    const many = row({ status: "running", outputs: [...Array.from({ length: 30 }, () => up), fail("late")] })
    expect([many.outputs[0]?.slug, many.outputs.length, many.moreOutputs]).toEqual(["late", 10, 21])
  })

  it("shows outputs that have nothing to carry as idle, and counts those that carry (point 23)", () => {
    const idle = (protocol: "udp" | "rtp") => outputView({ protocol, status: "connected", carrying: false })
    const silent = row({ status: "error", outputs: [idle("udp"), idle("rtp")] })
    expect([silent.outputs.map(({ is }) => is), silent.carrying]).toEqual([["idle", "idle"], "0/2"])
    const totals = totalsOf(withWorst([channelView({ status: "error", outputs: [idle("udp"), idle("rtp")] })]))
    expect(totals.outputs).toEqual({ connected: 0, idle: 2, connecting: 0, failing: 0 })
  })

  it("says where the ad breaks stand", () => {
    const scte35 = (over: Partial<ChannelView["scte35"]>, status: ChannelView["status"] = "running") =>
      row({ status, scte35: { ...channelView({}).scte35, ...over } }).scte35
    expect(scte35({ state: "in_break", ends_in_s: 83.4 })).toEqual({
      is: "in-break",
      text: "in break",
      until: NOW + 83_000,
    })
    expect(scte35({ state: "announced", ends_in_s: 34 })).toMatchObject({ text: "break announced", until: null })
    expect(scte35({ last_cue_at: ago(125) })).toMatchObject({ text: "cue 2 min ago" })
    expect(scte35({})).toMatchObject({ text: "no cue yet" })
    expect(scte35({ pids: [] })).toBeNull()
    expect(scte35({ state: "in_break" }, "stopped")).toBeNull()
  })

  it("has a mark for each leg, and says which one is used", () => {
    const legs = [legView({ verdict: "bad" }), legView({ source: "backup" })]
    const two = (over: Partial<ChannelView["input"]>) =>
      row({ status: "running", active_source: "backup", input: { ...channelView({}).input, legs, ...over } }).legs
    expect(two({})).toEqual([
      { is: "bad", isUsed: false, text: "primary bad" },
      { is: "good", isUsed: true, text: "backup good, in use" },
    ])
    expect(two({ merge: "rtp" }).every(({ isUsed }) => isUsed)).toBe(true)
    expect(row({ status: "stopped" }).legs).toEqual([])
  })

  it("shows continuity errors and the last minute where they are known", () => {
    const recent = { bitrates: [1, 1], cc_errors: 7 }
    expect(shown(channelView({ status: "running" }), recent)).toMatchObject({ ccErrors: 7, spark: "M0 1H2" })
    expect(shown(channelView({ status: "stopped" }), recent)).toMatchObject({
      ccErrors: null,
      spark: "",
      uptime: "",
    })
  })
})

describe("the list", () => {
  it("has errors first, then critical alarms, outputs that are down, what starts, what runs, what is stopped", () => {
    const alarm = { kind: "leg_bad" as const, severity: "critical" as const, since: ago(1), message: "bad" }
    const channels = [
      channelView({ number: 1, status: "stopped" }),
      channelView({ number: 2, status: "running" }),
      channelView({ number: 3, status: "running", outputs: [outputView({ status: "error" })] }),
      channelView({ number: 4, status: "running", alarms: [alarm] }),
      channelView({ number: 5, status: "error" }),
      channelView({ number: 6, status: "starting" }),
    ]
    const sorted = gravestFirst(withWorst(channels), WORST_STATES).map(({ channel }) => channel)
    expect(sorted.map(({ number }) => number)).toEqual([5, 4, 3, 6, 2, 1])
    expect(sorted.filter((one) => shown(one).problem).map(({ number }) => number)).toEqual([5, 4, 3])
  })

  it("filters by all words, in any place, and by problems", () => {
    const news = row({ name: "News HD", slug: "news-hd", outputs: [outputView({ name: "CDN Paris" })] })
    const passes = (text: string, problemsOnly = false) => matches(news, { text, problemsOnly })
    expect([passes(""), passes("paris NEWS"), passes("news x"), passes("", true)]).toEqual([true, true, false, false])
    const of = (state: "stopped" | "ok") => matches(news, { text: "", problemsOnly: false, state })
    expect([of("stopped"), of("ok")]).toEqual([true, false])
  })

  it("is summed up", () => {
    const outputs = [
      outputView({ status: "connected", bitrate: 4e6 }),
      outputView({ status: "retrying" }),
      outputView({ status: "connecting" }),
      outputView({ enabled: false, status: "stopped" }),
    ]
    const totals = totalsOf(
      withWorst([channelView({ status: "running", outputs }), channelView({ status: "stopped", outputs })]),
    )
    expect(totals.channels).toEqual({ outputs_down: 1, stopped: 1 })
    expect(totals.outputs).toEqual({ connected: 1, idle: 0, connecting: 1, failing: 1 })
    expect([totals.input, totals.output]).toEqual(["8.0 Mbit/s", "4.0 Mbit/s"])
  })
})
