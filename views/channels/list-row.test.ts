import { describe, expect, it } from "vitest"
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { fakeInput, fakeOutput, fakeScte35, fakeLeg as legView } from "../../src/http/testing/fake-views.ts"
import { failingFirst, hasProblem, matches, rowOf } from "./list-row.ts"
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
  autostart: false,
  auto_run: "off",
  input: fakeInput(),
  status: "stopped",
  lifecycle: "idle",
  error: null,
  uptime: 0,
  created_at: "2026-01-02T03:04:05.000Z",
  active_source: "primary",
  alarms: [],
  scte35: fakeScte35(),
  outputs: [],
  ...over,
})
const outputView = (over: Partial<OutputView>): OutputView => fakeOutput({ id: "out", ...over })

const NOW = Date.parse("2026-01-02T03:04:05.000Z")
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const row = (over: Partial<ChannelView>) => rowOf(channelView(over), undefined, NOW)

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

  it("says degraded for a running channel with an alarm or a failing output, in error for one without input", () => {
    const failing = outputView({ status: "retrying", last_error: "refused" })
    expect(row({ status: "running" }).state).toEqual({ is: "running", text: "running" })
    expect(row({ status: "running", outputs: [failing] }).state.text).toBe("degraded")
    const dropping = row({ status: "running", error: "812 of 1000 datagrams (81 %) of the last 10 s were dropped" })
    expect(dropping.state.text).toBe("degraded")
    expect(dropping.notes[0]).toMatchObject({ is: "error", text: expect.stringMatching(/^812 of 1000/) })
    expect(row({ status: "running", outputs: [{ ...failing, enabled: false }] }).state.text).toBe("running")
    expect(row({ status: "error", error: "silent" }).state.text).toBe("error")
    expect(row({ status: "stopped", lifecycle: "stopping" }).state.text).toBe("stopping")
  })

  it("counts outputs by protocol and names three that fail, with why and when they are tried again", () => {
    const fail = (slug: string) =>
      outputView({
        slug,
        name: slug,
        status: "retrying",
        last_error: "refused by the far side: wait",
        next_retry_at: ago(-4),
      })
    const up = outputView({ status: "connected" })
    const outputs = [
      up,
      fail("a"),
      fail("b"),
      fail("c"),
      fail("d"),
      outputView({ protocol: "hls", status: "connected" }),
    ]
    const shown = row({ status: "running", outputs: [...outputs, outputView({ enabled: false, status: "stopped" })] })
    expect(shown.outputs).toEqual([
      { is: "retrying", text: "SRT 1/5" },
      { is: "connected", text: "HLS 1/1" },
      { is: "stopped", text: "1 off" },
    ])
    expect(shown.failing.map(({ name }) => name)).toEqual(["a", "b", "c"])
    expect(shown.failing[0]).toMatchObject({ error: "refused by the far side", retryAt: NOW + 4000 })
    expect([shown.moreFailing, shown.running]).toEqual([1, 2])
  })

  it("shows outputs that have nothing to carry as idle, and counts those that carry (point 23)", () => {
    const idle = (protocol: "udp" | "rtp" | "srt") => outputView({ protocol, status: "connected", carrying: false })
    const chips = (status: ChannelView["status"], ...outputs: ReadonlyArray<ReturnType<typeof outputView>>) =>
      row({ status, outputs }).outputs
    expect(chips("error", idle("udp"), idle("rtp"))).toEqual([
      { is: "idle", text: "UDP 0/1, idle" },
      { is: "idle", text: "RTP 0/1, idle" },
    ])
    expect(chips("running", outputView({ protocol: "udp", status: "connected" }))).toEqual([
      { is: "connected", text: "UDP 1/1" },
    ])
    expect(chips("error", idle("srt"), outputView({ protocol: "srt", status: "connecting" }))).toEqual([
      { is: "connecting", text: "SRT 0/2" },
    ])
    expect(totalsOf([channelView({ status: "error", outputs: [idle("udp"), idle("rtp")] })]).outputs).toEqual({
      connected: 0,
      idle: 2,
      connecting: 0,
      failing: 0,
    })
  })

  it("says the error first, then alarms that do not repeat it, two in all", () => {
    const alarm = (message: string, severity: "warning" | "critical" = "warning") => ({
      kind: "leg_bad" as const,
      severity,
      since: ago(90),
      message,
    })
    const notes = row({
      status: "error",
      error: "silent",
      alarms: [alarm("silent"), alarm("late", "critical"), alarm("third")],
    }).notes
    expect(notes).toEqual([
      { is: "error", text: "silent" },
      { is: "error", text: "leg bad for 1 min: late" },
    ])
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
    expect(scte35({ last_cue_at: ago(125) })).toMatchObject({ text: "last cue 2 min ago" })
    expect(scte35({})).toMatchObject({ text: "no cue yet" })
    expect(scte35({ pids: [] })).toBeNull()
    expect(scte35({ state: "in_break" }, "stopped")).toBeNull()
  })

  it("names the active source of two, and whether there is another", () => {
    const two = (over: Partial<ChannelView["input"]>) =>
      row({
        status: "running",
        backup_rtp_port: 5001,
        active_source: "backup",
        input: { ...channelView({}).input, ...over },
      }).source
    expect(two({ redundancy: "ok" })).toBe("backup")
    expect(two({ redundancy: "ok", merge: "rtp" })).toBe("backup, merged")
    expect(two({ redundancy: "lost" })).toBe("backup, no other")
    expect(row({ status: "running" }).source).toBe("")
  })

  it("shows continuity errors and the last minute where they are known", () => {
    const recent = { bitrates: [1, 1], cc_errors: 7 }
    expect(rowOf(channelView({ status: "running" }), recent, NOW)).toMatchObject({ ccErrors: 7, spark: "M0 1H2" })
    expect(rowOf(channelView({ status: "stopped" }), recent, NOW)).toMatchObject({
      ccErrors: null,
      spark: "",
      uptime: "",
    })
  })
})

describe("the list", () => {
  it("has errors first, then critical alarms, other problems, what runs, what is stopped", () => {
    const alarm = { kind: "leg_bad" as const, severity: "critical" as const, since: ago(1), message: "bad" }
    const channels = [
      channelView({ number: 1, status: "stopped" }),
      channelView({ number: 2, status: "running" }),
      channelView({ number: 3, status: "running", outputs: [outputView({ status: "error" })] }),
      channelView({ number: 4, status: "running", alarms: [alarm] }),
      channelView({ number: 5, status: "error" }),
      channelView({ number: 6, status: "starting" }),
    ]
    expect(failingFirst(channels).map(({ number }) => number)).toEqual([5, 4, 3, 2, 6, 1])
    expect(channels.filter(hasProblem).map(({ number }) => number)).toEqual([3, 4, 5])
  })

  it("filters by all words, in any place, and by problems", () => {
    const news = row({ name: "News HD", slug: "news-hd", outputs: [outputView({ name: "CDN Paris" })] })
    const passes = (text: string, problemsOnly = false) => matches(news, { text, problemsOnly })
    expect([passes(""), passes("paris NEWS"), passes("news x"), passes("", true)]).toEqual([true, true, false, false])
  })

  it("is summed up", () => {
    const outputs = [
      outputView({ status: "connected", bitrate: 4e6 }),
      outputView({ status: "retrying" }),
      outputView({ status: "connecting" }),
      outputView({ enabled: false, status: "stopped" }),
    ]
    const totals = totalsOf([channelView({ status: "running", outputs }), channelView({ status: "stopped", outputs })])
    expect(totals.channels).toEqual({ running: 1, starting: 0, error: 0, stopped: 1 })
    expect(totals.outputs).toEqual({ connected: 1, idle: 0, connecting: 1, failing: 1 })
    expect([totals.input, totals.output]).toEqual(["8.0 Mbit/s", "4.0 Mbit/s"])
  })
})
