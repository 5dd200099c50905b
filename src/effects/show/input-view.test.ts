import { describe, expect, it } from "vitest"
import { newChannelRuntime } from "../channel/runtime/channel-runtime.ts"
import { policyOf } from "../config/input-policy.ts"
import { initialState } from "../engine/engine-state.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { channelStats, engineStats, legStats } from "../testing/FakeEngine.ts"
import { channelView } from "./views-of.ts"

const runtime = () => newChannelRuntime(0)

describe("the input of a channel", () => {
  const programme = {
    program_number: 1,
    pmt_pid: 480,
    pcr_pid: 481,
    version: 3,
    cuei: true,
    streams: [{ pid: 500, stream_type: 0x86 }],
  }
  const figures = {
    verdict: "degraded",
    reasons: ["3 continuity errors"],
    findings: [{ code: "vbr", message: "the bit rate varies" }],
    fec: { columns: 8, rows: 8, latency_ms: 120 },
    jitter_ms: 1.5,
    pcr_jitter_ms: 2.5,
    pcr_jitter_max_ms: 7,
    max_gap_ms: 12,
    pcr_bitrate: 8_000_000,
    access_point_interval_ms: 2000,
    rcvbuf_bytes: 425_984,
    pids: [{ pid: 481, packets: 5000, bitrate: 7_520_000 }],
    programmes: [programme],
  } as const
  const leg = legStats({
    ...figures,
    reasons: [...figures.reasons],
    findings: [...figures.findings],
    pids: [...figures.pids],
    programmes: [programme],
  })
  const joined = {
    merge: "rtp",
    path_difference_ms: -80.5,
    switches: 3,
    pending_source: "backup",
    redundancy: "ok",
  } as const
  const two = channelConfig({
    backup_rtp_ip: "127.0.0.1",
    backup_rtp_port: 5001,
    input: { mode: "merge", interface: "eth0" },
  })
  const moment = { runtime: runtime(), nowMs: 0, monotonicMs: 0 }
  const shown = (over: Partial<Parameters<typeof channelStats>[0]>) => {
    const stats = engineStats([channelStats({ id: "ch-1", ...over })])
    return channelView(two, { ...moment, engine: { ...initialState, connected: true, stats } }).input
  }

  it("shows every figure of a leg", () => {
    expect(shown({ legs: [leg] }).legs[0]).toMatchObject({ ...figures, scte35_pids: [500] })
  })
  it("shows what was counted for good, also of a channel that is stopped", () => {
    const totals = {
      leg: (source: "primary" | "backup") => ({ kernel_drops: source === "primary" ? 4 : 0, rtp_lost: 7 }),
      merge_lost: 2,
      merge_mismatches: 1,
      output: () => ({ bytes_sent: 5, packets_sent: 4, packets_dropped: 3, cues_sent: 2, cues_missed: 1 }),
    }
    const outputs = [outputConfig({})]
    for (const runtime of [moment.runtime, null]) {
      const view = channelView({ ...two, outputs }, { ...moment, runtime, engine: initialState, totals })
      expect(view.input).toMatchObject({ merge_lost: 2, merge_mismatches: 1 })
      expect(view.input.legs.map(({ counters, kernel_drops }) => [counters, kernel_drops])).toEqual([
        [{ rtp_lost: 7 }, 4],
        [{ rtp_lost: 7 }, 0],
      ])
      expect(view.outputs[0]).toMatchObject(totals.output())
    }
  })
  it("shows how the legs are joined, and the settings with their defaults", () => {
    const input = shown({ ...joined, legs: [leg, legStats({ name: "backup" })] })
    expect(input).toMatchObject({ ...joined, ...policyOf({}), mode: "merge", interface: "eth0" })
    expect(input.legs.map((l) => l.source)).toEqual(["primary", "backup"])
  })
  it("claims nothing of a channel that is stopped", () => {
    const stats = engineStats([channelStats({ id: "ch-1", ...joined, legs: [leg] })])
    const view = channelView(two, { ...moment, runtime: null, engine: { ...initialState, connected: true, stats } })
    expect(view.input).toMatchObject({ merge: "off", redundancy: "none", switches: 0, pending_source: null })
    expect(view.input.legs[0]).toMatchObject({
      verdict: "lost",
      reasons: [],
      findings: [],
      fec: null,
      pids: [],
      rcvbuf_bytes: 0,
    })
    expect(view.alarms).toEqual([])
  })
})
