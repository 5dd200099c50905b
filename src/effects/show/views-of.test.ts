import { describe, expect, it } from "vitest"
import { observeChannel } from "../channel/observe-channel.ts"
import { newChannelRuntime, newOutputRuntime } from "../channel/runtime/channel-runtime.ts"
import { channelStatus } from "../channel/status.ts"
import { type EngineState, initialState } from "../engine/engine-state.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { channelStats, engineStats, legStats, outputStats } from "../testing/FakeEngine.ts"
import { bitRate } from "./leg-view.ts"
import { channelView, outputPreview } from "./views-of.ts"

const config = channelConfig()
const runtime = () => newChannelRuntime(0)
const silent = legStats({ receiving: false })
const bound = { code: "EADDRINUSE", message: "127.0.0.1:5000 is in use", transient: false }

describe("bitRate", () => {
  it.each([
    ["one second", 2000, 1000, 1, 8000],
    ["two seconds", 3000, 1000, 2, 8000],
    ["a new session", 10, 1000, 1, 0],
    ["the first figures", 1000, undefined, 1, 0],
    ["a clock that was set back counts as one second", 2000, 1000, -3600, 8000],
    ["a clock that was set forward counts as one second", 2000, 1000, 3600, 8000],
  ])("%s", (_, bytes, before, seconds, expected) => {
    expect(bitRate(bytes, before, seconds)).toBe(expected)
  })
})

describe("channelStatus", () => {
  const at = (stats: ReturnType<typeof channelStats> | undefined, ms: number, rt = runtime()) =>
    channelStatus(config, rt, stats, ms)

  it("is stopped without a runtime", () => expect(channelStatus(config, null, undefined, 0).status).toBe("stopped"))
  it("is running while the active leg receives", () => {
    expect(at(channelStats({ id: "ch-1" }), 60_000)).toEqual({ status: "running", error: null })
  })
  it("runs, but says what it drops, when that is more than 5 % of what arrives", () => {
    const dropping = "812 of 1000 datagrams (81 %) of the last 10 s were dropped: they are neither RTP nor MPEG-TS"
    expect(at(channelStats({ id: "ch-1", legs: [legStats({ dropping })] }), 60_000)).toEqual({
      status: "running",
      error: dropping,
    })
    expect(at(channelStats({ id: "ch-1", legs: [legStats({ dropping: null })] }), 60_000).error).toBeNull()
  })
  it("is starting for 5 s without input, then an error that says what to check", () => {
    const stats = channelStats({ id: "ch-1", legs: [silent] })
    expect(at(stats, 4999).status).toBe("starting")
    expect(at(stats, 5000)).toEqual({
      status: "error",
      error: "no packets on 127.0.0.1:5000 for 5 s: check that the encoder sends there and that no firewall drops UDP",
    })
  })
  it("says what arrives when it cannot be used", () => {
    const stats = channelStats({
      id: "ch-1",
      legs: [legStats({ receiving: false, warnings: ["9 datagrams a second are neither RTP nor MPEG-TS"] })],
    })
    expect(at(stats, 6000).error).toBe(
      "no usable packets on 127.0.0.1:5000: 9 datagrams a second are neither RTP nor MPEG-TS",
    )
  })
  it("is an error at once when the leg has no socket", () => {
    const stats = channelStats({ id: "ch-1", legs: [legStats({ receiving: false, problem: bound })] })
    expect(at(stats, 0)).toEqual({ status: "error", error: bound.message })
    const told = runtime()
    told.legProblems.set("primary", "cannot assign 192.0.2.1")
    expect(at(undefined, 0, told)).toEqual({ status: "error", error: "cannot assign 192.0.2.1" })
  })
  it("follows the active leg: a silent primary does not matter while the backup is active", () => {
    const legs = [silent, legStats({ name: "backup" })]
    expect(at(channelStats({ id: "ch-1", active_source: "backup", legs }), 60_000).status).toBe("running")
  })
  it("shows why the engine does not take the channel", () => {
    expect(at(undefined, 0, Object.assign(runtime(), { refused: "full" }))).toEqual({ status: "error", error: "full" })
  })
})

describe("channelView", () => {
  const url = "srt://192.0.2.1:9000?passphrase=verysecret99&latency=200&colour=red"
  const secret = channelConfig({ outputs: [outputConfig({ url })] })
  const live = (bytes: number, session = "s-1") =>
    outputStats({ id: "out-1", session, url, bytes_sent: bytes, connected_at: 90_000 })
  const engine = (stats: ReturnType<typeof live>, before: ReturnType<typeof live>): EngineState => ({
    ...initialState,
    connected: true,
    stats: engineStats(
      [
        channelStats({
          id: "ch-1",
          started_at: 40_000,
          legs: [legStats({ counters: { bytes: 5000 } })],
          outputs: [stats],
        }),
      ],
      101_000,
    ),
    previous: engineStats(
      [channelStats({ id: "ch-1", legs: [legStats({ counters: { bytes: 4000 } })], outputs: [before] })],
      100_000,
    ),
  })
  const connected = () => {
    const rt = runtime()
    rt.outputs.set("out-1", { ...newOutputRuntime(), status: "connected", session: "s-1" })
    return rt
  }
  const show = (state: EngineState, rt = connected()) =>
    channelView(secret, { engine: state, runtime: rt, nowMs: 100_000, monotonicMs: 0 })

  it("computes bitrates and uptimes from the engine's figures", () => {
    const view = show(engine(live(3000), live(1000)))
    expect([view.uptime, view.input.legs[0]?.bitrate]).toEqual([60, 8000])
    expect(view.outputs[0]).toMatchObject({ status: "connected", uptime: 10, bitrate: 16000 })
  })
  it("does not count bytes of another session", () => {
    expect(show(engine(live(3000), live(1000, "s-0"))).outputs[0]?.bitrate).toBe(0)
    expect(show(engine(live(3000, "s-2"), live(1000))).outputs[0]).toMatchObject({ bitrate: 0, uptime: 0 })
  })
  it("shows a connected output as carrying only while packets of the source in use arrive (point 23)", () => {
    const carrying = (state: EngineState, rt = connected()) =>
      show(state, rt).outputs.map((o) => [o.status, o.carrying])
    const fed = engine(live(3000), live(1000))
    expect(carrying(fed)).toEqual([["connected", true]])
    const starved = {
      ...fed,
      stats: engineStats([channelStats({ id: "ch-1", legs: [silent], outputs: [live(3000)] })], 101_000),
    }
    expect(carrying(starved)).toEqual([["connected", false]])
    expect([show(fed).worst.state, show(starved).worst]).toEqual([
      "ok",
      { state: "starting", cause: "waiting for packets on 127.0.0.1:5000", since: null, outputs_down: 0 },
    ])
    expect(carrying({ ...fed, stats: null })).toEqual([["connected", false]])
    const waiting = runtime()
    waiting.outputs.set("out-1", { ...newOutputRuntime(), status: "connecting" })
    expect(carrying(fed, waiting)).toEqual([["connecting", false]])
  })
  it("masks secrets and tells what was understood and what was not", () => {
    const [output] = show(engine(live(0), live(0))).outputs
    expect(JSON.stringify(output)).not.toContain("verysecret99")
    expect(output?.options).toMatchObject({ latency_ms: 200 })
    expect(output?.warnings.join()).toContain("colour")
  })
  it("shows the stream id of a receiver without its password and its control characters", () => {
    const receiver = {
      peer: "192.0.2.7:5000",
      connected_at: 0,
      bytes_sent: 0,
      queue_bytes: 0,
      packets_sent: 0,
      packets_dropped: 0,
      srt: null,
    }
    const joined = { ...live(0), receivers: [{ ...receiver, stream_id: "#!::r=live,s=geheim,m=request\u001b[31m" }] }
    expect(show(engine(joined, joined)).outputs[0]?.receivers[0]?.stream_id).toBe(
      "#!::r=live,s=***,m=request\\u001b[31m",
    )
  })
  it("shows both receivers of an output with a backup, and no secret in what they said", () => {
    const main = { state: "waiting", address: "192.0.2.1:9000", rtt_ms: null, error: "verysecret99 is wrong" } as const
    const backup = { state: "connected", address: "192.0.2.2:9000", rtt_ms: 9, error: null } as const
    const now = { ...live(0), backup: { carrier: "backup", main, backup } as const }
    expect(show(engine(now, now)).outputs[0]?.backup).toEqual({
      carried_by: "backup",
      main: { state: "waiting", address: "192.0.2.1:9000", rtt_ms: null, last_error: "*** is wrong" },
      backup: { state: "connected", address: "192.0.2.2:9000", rtt_ms: 9, last_error: null },
    })
    expect(show(engine(live(0), live(0))).outputs[0]?.backup).toBeNull()
  })
  it("says what was understood of a backup receiver", () => {
    const settings = { backup_url: "srt://192.0.2.2:9000?colour=red&passphrase=verysecret98" }
    const moment = { engine: initialState, nowMs: 0, monotonicMs: 0 }
    const { output, understood } = outputPreview(outputConfig({ url: "srt://192.0.2.1:9000", settings }), moment)
    expect(understood).toBe(
      "SRT caller to 192.0.2.1:9000, latency 120 ms, not encrypted, with the backup receiver 192.0.2.2:9000",
    )
    expect(output.warnings).toEqual(["backup_url: ignored: colour is not known"])
    expect(output.settings).toEqual({ backup_url: "srt://192.0.2.2:9000?colour=red&passphrase=***" })
  })
  it("shows an output of a stopped channel, and a disabled one, as stopped", () => {
    const state = engine(live(3000), live(1000))
    expect(channelView(secret, { engine: state, runtime: null, nowMs: 0, monotonicMs: 0 })).toMatchObject({
      status: "stopped",
      uptime: 0,
      outputs: [{ status: "stopped", bitrate: 0 }],
    })
    const disabled = channelConfig({ outputs: [outputConfig({ enabled: false })] })
    const view = channelView(disabled, { engine: state, runtime: runtime(), nowMs: 0, monotonicMs: 0 })
    expect(view.outputs[0]?.status).toBe("stopped")
  })
  it("shows a failed send although the session goes on", () => {
    const failing = { ...live(0), last_send_error: "EMSGSIZE: packet above the path's MTU" }
    const [output] = show(engine(failing, live(0))).outputs
    expect(output).toMatchObject({ status: "connected", last_error: "EMSGSIZE: packet above the path's MTU" })
  })
})

describe("observeChannel", () => {
  const programme = { program_number: 1, pmt_pid: 480, pcr_pid: 481, version: 0, cuei: true }
  const withScte = channelStats({
    id: "ch-1",
    legs: [legStats({ programmes: [{ ...programme, streams: [{ pid: 500, stream_type: 0x86 }] }] })],
  })
  const without = channelStats({ id: "ch-1", legs: [legStats({ programmes: [{ ...programme, streams: [] }] })] })
  const messages = (rt: ReturnType<typeof runtime>, stats: typeof withScte | undefined, ms: number) =>
    observeChannel(config, rt, stats, { monotonicMs: ms, nowMs: ms }).lines.map((line) => line.message)

  it("has one line for each change, none while all stays as it is", () => {
    const rt = runtime()
    const quiet = channelStats({ id: "ch-1", legs: [silent] })
    expect(messages(rt, quiet, 1000)).toEqual([])
    expect(messages(rt, withScte, 2000)).toEqual(["SCTE-35 on PID 500", "running"])
    expect(messages(rt, withScte, 3000)).toEqual([])
    expect(messages(rt, without, 4000)).toEqual(["the programme no longer has an SCTE-35 PID"])
    expect(messages(rt, quiet, 8999)).toEqual(["starting"])
    expect(messages(rt, quiet, 9000)[0]).toMatch(/^error: no packets on/)
    expect(messages(rt, quiet, 10_000)).toEqual([])
    expect(messages(rt, without, 11_000)).toEqual(["running"])
  })

  it("records that the input went and came back, once each, and nothing at a start that succeeds", () => {
    const rt = runtime()
    const quiet = channelStats({ id: "ch-1", legs: [silent] })
    const kinds = (stats: typeof quiet, ms: number) =>
      observeChannel(config, rt, stats, { monotonicMs: ms, nowMs: ms }).events.map(
        (event) => `${event.kind} ${event.severity}`,
      )
    expect(kinds(quiet, 1000)).toEqual([])
    expect(kinds(withScte, 2000)).toEqual([])
    expect(kinds(quiet, 6000)).toEqual([])
    expect(kinds(quiet, 7000)).toEqual(["no_input critical"])
    expect(kinds(quiet, 8000)).toEqual([])
    expect(kinds(withScte, 9000)).toEqual(["input_back info"])
    expect(kinds(withScte, 10_000)).toEqual([])
  })

  it("follows the source in use, but not while a switch is under way", () => {
    const rt = runtime()
    const on = (active_source: "primary" | "backup", pending_source: "primary" | "backup" | null) => {
      observeChannel(config, rt, channelStats({ id: "ch-1", active_source, pending_source }), {
        monotonicMs: 0,
        nowMs: 0,
      })
      return rt.source
    }
    expect(on("backup", null)).toBe("backup")
    expect(on("primary", "backup")).toBe("backup")
    expect(on("primary", null)).toBe("primary")
  })
})

describe("SCTE-35 settings", () => {
  const programmes = [
    {
      program_number: 1,
      pmt_pid: 100,
      pcr_pid: 256,
      version: 0,
      streams: [{ pid: 500, stream_type: 0x86 }],
      cuei: true,
    },
  ]
  const stats = engineStats([channelStats({ id: "ch-1", legs: [legStats({ programmes })] })])
  const shown = (input: Parameters<typeof channelConfig>[0]) =>
    channelView(channelConfig(input), {
      engine: { ...initialState, stats },
      runtime: runtime(),
      nowMs: 0,
      monotonicMs: 0,
    })

  it("are shown with their defaults, and the PID set by hand beside those of the PMT", () => {
    expect(shown({})).toMatchObject({ input: { scte35_pid: null, manual_cues: false }, scte35: { pids: [500] } })
    const set = shown({ input: { scte35_pid: 700, manual_cues: true } })
    expect(set).toMatchObject({ input: { scte35_pid: 700, manual_cues: true }, scte35: { pids: [700, 500] } })
    expect(set.input.legs[0]?.scte35_pids).toEqual([500])
  })
})
