import { describe, expect, it } from "vitest"
import { newChannelTally, newOutputTally } from "../../effects/channel/runtime/tally.ts"
import type { ChannelFigures } from "../../effects/metrics/metrics-model.ts"
import { channelConfig, outputConfig } from "../../effects/testing/configs.ts"
import {
  fakeChannelFigures,
  fakeEngineFigures,
  fakeLegFigures,
  fakeMetrics,
  fakeOutputFigures,
  fakeSrtFigures,
  fakeSrtLegFigures,
} from "../testing/fake-metrics.ts"
import { makeTestApp } from "../testing/test-app.ts"
import { PREFIX } from "./exposition.ts"
import { MUTE_AREAS } from "./mute-metrics.ts"
import { AREAS, renderMetrics } from "./render.ts"

const samplesOf = (text: string) =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  )
const shown = (...channels: ReadonlyArray<ChannelFigures>) => samplesOf(renderMetrics(fakeMetrics(channels)))

/** Samples of one family for the channels, by their labels. */
const family = (name: string, ...channels: ReadonlyArray<ChannelFigures>) =>
  Object.fromEntries(
    [...shown(...channels)].flatMap(([sample, value]) => {
      const [before, labels = ""] = sample.split(/[{}]/)
      return before === `${PREFIX}${name}` ? [[labels, value]] : []
    }),
  )

const CLASSIC_NAME = /^[a-z][a-z0-9_]*$/

describe("the exposition", () => {
  const families = [...AREAS, ...MUTE_AREAS].flatMap((area) => area.families)

  it.each(families.map((one) => [one.name, one] as const))(
    "%s is named and described as it should be",
    (_, { help, labels, name, type }) => {
      expect(name).toMatch(CLASSIC_NAME)
      expect(help).toMatch(/^[A-Z0-9].*\.$/)
      expect(name.endsWith("_total")).toBe(type === "counter")
      expect(labels.filter((label) => !CLASSIC_NAME.test(label))).toEqual([])
      // Base units only (prometheus.io/docs/practices/naming).
      expect(name).not.toMatch(/_(ms|milliseconds|kbps|mbps|bits|bitrate|percent|kilobytes|megabytes)(_|$)/)
      if (/timestamp|start_time/.test(name)) expect(name).toMatch(/_seconds$/)
    },
  )

  it("has each name once", () => {
    const names = families.map(({ name }) => name)
    expect(names.length).toBe(new Set(names).size)
  })

  it("writes each family in one piece, with help and type in front, and each series once", () => {
    const channel = fakeChannelFigures({
      config: channelConfig({ backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5002 }),
      legs: [fakeLegFigures(), fakeLegFigures({ source: "backup", srt: fakeSrtLegFigures() })],
      outputs: [fakeOutputFigures({ srt: fakeSrtFigures() })],
    })
    const lines = renderMetrics(
      fakeMetrics([channel, { ...channel, config: { ...channel.config, slug: "sport" } }]),
    ).split("\n")
    expect(lines.pop()).toBe("")
    let current = ""
    const series = new Set<string>()
    for (const line of lines) {
      const help = /^# HELP (\S+) \S.*$/.exec(line)
      if (help !== null) {
        current = help[1] ?? ""
        continue
      }
      if (line.startsWith("# TYPE ")) {
        expect(line).toMatch(new RegExp(`^# TYPE ${current} (counter|gauge|histogram)$`))
        continue
      }
      expect(line).toMatch(/^[a-z0-9_]+(\{[a-z0-9_]+="[^"]*"(,[a-z0-9_]+="[^"]*")*\})? -?[0-9][0-9.e+-]*$/)
      expect(line.split(/[{ ]/)[0]?.replace(/_(bucket|sum|count)$/, "")).toBe(current)
      const name = line.slice(0, line.lastIndexOf(" "))
      expect(series.has(name), name).toBe(false)
      series.add(name)
    }
  })

  it("escapes what stands in labels", () => {
    const named = fakeChannelFigures({ config: channelConfig({ name: 'a "b" \\ c\nd' }) })
    expect(family("channel_info", named)).toEqual({ 'channel="news",name="a \\"b\\" \\\\ c\\nd",number="1"': 1 })
  })
})

describe("what is shown", () => {
  it("of a source", () => {
    const legs = [
      fakeLegFigures(
        { verdict: "degraded", jitterMs: 2 },
        { bytes: 13_280, rtp_lost: 2, cc_errors: 3, kernel_drops: 4, bad_length: 5 },
      ),
      fakeLegFigures({ source: "backup", receiving: false, active: false, lastPacketAt: null }),
    ]
    const of = (name: string) => Object.values(family(name, fakeChannelFigures({ legs })))
    expect(family("input_received_bytes_total", fakeChannelFigures({ legs }))).toEqual({
      'channel="news",source="primary"': 13_280,
      'channel="news",source="backup"': 0,
    })
    expect([
      of("input_rtp_lost_packets_total"),
      of("input_ts_continuity_errors_total"),
      of("input_kernel_dropped_packets_total"),
    ]).toEqual([
      [2, 0],
      [3, 0],
      [4, 0],
    ])
    expect([
      of("input_up"),
      of("input_active_source"),
      of("input_last_packet_timestamp_seconds"),
      of("input_jitter_seconds"),
    ]).toEqual([
      [1, 0],
      [1, 0],
      [1_700_000_000, 0],
      [0.002, 0],
    ])
    const tr101290 = family("input_tr101290_errors_total", fakeChannelFigures({ legs }))
    expect(tr101290['channel="news",source="primary",check="Continuity_count_error"']).toBe(3)
    expect(Object.keys(tr101290)).toHaveLength(24)
    expect(
      family("input_invalid_packets_total", fakeChannelFigures({ legs }))[
        'channel="news",source="primary",reason="length"'
      ],
    ).toBe(5)
    expect(family("input_verdict", fakeChannelFigures({ legs: legs.slice(0, 1) }))).toEqual({
      'channel="news",source="primary",verdict="good"': 0,
      'channel="news",source="primary",verdict="degraded"': 1,
      'channel="news",source="primary",verdict="bad"': 0,
      'channel="news",source="primary",verdict="lost"': 0,
    })
  })

  it("of how sources are joined, with a backup only", () => {
    const backup = channelConfig({ backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5002 })
    const input = { ...fakeChannelFigures().input, redundancy: "lost", merge: "rtp", path_difference_ms: -7 } as const
    const tally = newChannelTally()
    tally.switches.no_packets = 2
    const joined = fakeChannelFigures({ config: backup, input, tally, mergeLost: 3 })
    const of = (name: string, channel = joined) => family(name, channel)['channel="news"']
    expect([of("input_redundant"), of("input_merged"), of("input_merge_path_difference_seconds")]).toEqual([
      0, 1, -0.007,
    ])
    expect(of("input_merge_lost_packets_total")).toBe(3)
    expect(family("input_switches_total", joined)['channel="news",reason="no_packets"']).toBe(2)
    const single = fakeChannelFigures()
    expect([of("input_redundant", single), of("input_merged", single)]).toEqual([undefined, undefined])
    const ok = fakeChannelFigures({ config: backup, input: { ...input, redundancy: "ok" } })
    expect(of("input_redundant", ok)).toBe(1)
  })

  it("of SCTE-35, by command and type", () => {
    const tally = newChannelTally()
    tally.cues.set("splice_insert out", 7)
    tally.lastCueAt = 1_700_000_001_500
    const channel = fakeChannelFigures({ tally, inBreak: true })
    const cues = family("scte35_cues_total", channel)
    expect(cues['channel="news",command="splice_insert",type="out"']).toBe(7)
    expect(cues['channel="news",command="time_signal",type="start"']).toBe(0)
    expect(family("scte35_break_active", channel)).toEqual({ 'channel="news"': 1 })
    expect(family("scte35_last_cue_timestamp_seconds", channel)).toEqual({ 'channel="news"': 1_700_000_001.5 })
  })

  it("of alarms", () => {
    const alarm = {
      kind: "scte35_silent",
      severity: "warning",
      since: "2026-01-02T03:04:05.000Z",
      message: "no cue",
    } as const
    const alarms = family("channel_alarm", fakeChannelFigures({ alarms: [alarm] }))
    expect(Object.entries(alarms).filter(([, value]) => value === 1)).toEqual([
      ['channel="news",alarm="scte35_silent"', 1],
    ])
    expect(Object.keys(alarms).length).toBeGreaterThan(8)
  })

  it("of an output", () => {
    const tally = { ...newOutputTally(), connects: 3, cuesSent: 5, cuesMissed: 6, cuesAcknowledged: 4 }
    tally.lost.closed = 2
    tally.failed.rejected = 4
    const srt = fakeSrtFigures({ stack: "own" }, { packets_dropped: 3, packets_retransmitted: 8 })
    const output = fakeOutputFigures(
      { tally, srt, state: "retrying", cuesPending: 1 },
      { bytes_sent: 1e12, packets_dropped: 10 },
    )
    const channel = fakeChannelFigures({ outputs: [output] })
    const own = 'channel="news",output="srt-1"'
    const of = (name: string, more = "") => family(name, channel)[`${own}${more}`]
    expect([of("output_up"), of("output_desired"), of("output_sent_bytes_total"), of("output_connects_total")]).toEqual(
      [0, 1, 1e12, 3],
    )
    expect(family("output_dropped_packets_total", channel)).toEqual({
      [`${own},reason="queue"`]: 7,
      [`${own},reason="late"`]: 3,
    })
    expect(of("output_reconnects_total", ',reason="closed"')).toBe(2)
    expect(of("output_connect_failures_total", ',reason="rejected"')).toBe(4)
    expect([of("output_state", ',state="retrying"'), of("output_state", ',state="connected"')]).toEqual([1, 0])
    expect(family("scte35_output_cues_total", channel)).toEqual({
      [`${own},result="sent"`]: 5,
      [`${own},result="missed"`]: 6,
    })
    expect([of("scte35_output_cues_pending"), of("scte35_output_acknowledged_cues_total")]).toEqual([1, 4])
    expect(family("srt_stack_info", channel)).toEqual({ [`${own},stack="own"`]: 1 })
    expect([of("srt_rtt_seconds"), of("srt_latency_seconds"), of("srt_retransmitted_packets_total")]).toEqual([
      0.0125, 0.12, 8,
    ])
    expect(of("output_state_changed_timestamp_seconds")).toBe(1_700_000_000)
  })

  it("of an output with a backup receiver", () => {
    const backup = { carrier: "backup", connected: { main: false, backup: true } } as const
    const shown = (over: object) =>
      fakeChannelFigures({ outputs: [fakeOutputFigures({ srt: fakeSrtFigures({ backup, ...over }) })] })
    const own = 'channel="news",output="srt-1"'
    expect(family("srt_backup_active", shown({}))).toEqual({ [own]: 1 })
    expect(family("srt_backup_active", shown({ backup: { ...backup, carrier: "main" } }))).toEqual({ [own]: 0 })
    expect(family("srt_receiver_connected", shown({}))).toEqual({
      [`${own},receiver="main"`]: 0,
      [`${own},receiver="backup"`]: 1,
    })
    expect(family("srt_receiver_connected", shown({ backup: null }))).toEqual({})
  })

  it("of a listener without receivers: up, and no SRT figures of connections", () => {
    const srt = fakeSrtFigures({ stack: null, connections: 0, rttMs: null, latencyMs: null, bandwidthMbps: null })
    const channel = fakeChannelFigures({ outputs: [fakeOutputFigures({ state: "listening", receivers: 0, srt })] })
    const own = 'channel="news",output="srt-1"'
    expect(family("output_up", channel)).toEqual({ [own]: 1 })
    expect([family("srt_rtt_seconds", channel), family("srt_active_sockets", channel)]).toEqual([{}, { [own]: 0 }])
    expect(family("srt_stack_info", channel)).toEqual({})
  })

  it.each([
    ["srt://user:secret@192.0.2.1:9000?streamid=publish&passphrase=secret0123", "srt", "192.0.2.1:9000"],
    ["rtmp://live.example.com/app/secret-key", "rtmp", "live.example.com:1935"],
    ["udp://239.1.1.1:5004", "udp", "239.1.1.1:5004"],
    ["https://user:secret@cdn.example.com/path/index.m3u8?token=secret", "hls", "cdn.example.com"],
    ["rtsp://user:secret@[2001:db8::1]:8554/live", "rtsp", "[2001:db8::1]:8554"],
    ["file://recordings", "file", "recordings"],
  ] as const)("of the destination %s only the host", (url, protocol, host) => {
    const channel = fakeChannelFigures({
      outputs: [fakeOutputFigures({ config: outputConfig({ url, protocol, name: "Main" }) })],
    })
    const info = family("output_info", channel)
    expect(info).toEqual({ [`channel="news",output="srt-1",name="Main",protocol="${protocol}",host="${host}"`]: 1 })
  })

  it("of the service", () => {
    const view = fakeMetrics([
      fakeChannelFigures({ outputs: [fakeOutputFigures(), fakeOutputFigures({ desired: false })] }),
    ])
    const samples = samplesOf(
      renderMetrics({
        ...view,
        engines: [fakeEngineFigures({ channels: 2 }), fakeEngineFigures({ number: 2, connected: false, restarts: 2 })],
      }),
    )
    const of = (name: string) => samples.get(`${PREFIX}${name}`)
    expect([of("up"), of("store_up")]).toEqual([0, 1])
    const ofEngine = (name: string) => [1, 2].map((number) => of(`${name}{engine="${number}"}`))
    expect(["engine_up", "engine_restarts_total", "engine_channels"].map(ofEngine)).toEqual([
      [1, 0],
      [0, 2],
      [2, 0],
    ])
    expect([of('channels{desired="true"}'), of('outputs{desired="true"}'), of('outputs{desired="false"}')]).toEqual([
      1, 1, 1,
    ])
    expect(of('engine_loop_delay_seconds_bucket{engine="2",le="+Inf"}')).toBe(0)
  })
})

describe("GET /metrics", () => {
  it("answers with the figures of the service and of its process", async () => {
    const test = makeTestApp()
    const response = await test.call("GET", "/metrics")
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
    const samples = samplesOf(await response.text())
    expect(samples.get("distributor_up")).toBe(1)
    expect(samples.get("process_resident_memory_bytes")).toBeGreaterThan(1e6)
    expect(samples.get('distributor_event_loop_delay_seconds_bucket{le="+Inf"}')).toBeGreaterThanOrEqual(0)
    // Metrics whose meaning differs between runtimes, or which cost more than all others together.
    expect([...samples.keys()].filter((name) => /nodejs_(eventloop|active|version|heap_space)/.test(name))).toEqual([])
  })
})
