import { describe, expect, it } from "vitest"
import type { LegStats } from "../../engine/protocol/messages.ts"
import { channelConfig } from "../testing/configs.ts"
import { channelStats, legStats } from "../testing/FakeEngine.ts"
import { srtInputStats } from "../testing/srt-input-stats.ts"
import { newChannelRuntime } from "./runtime/channel-runtime.ts"
import { channelStatus, SILENT_AFTER_MS } from "./status.ts"
import { deadLeg } from "./switch-refusal.ts"

const SECRET = "0123456789abcdef"
const listener = channelConfig({
  input_url: `srt://:9100?mode=listener&passphrase=${SECRET}`,
  rtp_ip: "0.0.0.0",
  rtp_port: 9100,
})
const caller = channelConfig({ input_url: "srt://encoder.example:9000", rtp_ip: "encoder.example", rtp_port: 9000 })

type Srt = NonNullable<LegStats["srt"]>
const reason = (message: string) => ({ code: "srt", message, transient: true })
const statsOf = (over: Partial<Srt>, leg: Partial<LegStats> = {}) =>
  channelStats({
    id: "ch-1",
    legs: [legStats({ receiving: false, framing: "none", srt: srtInputStats(over), ...leg })],
  })
const told = (config: typeof listener, stats: ReturnType<typeof statsOf>, afterMs = SILENT_AFTER_MS) =>
  channelStatus(config, newChannelRuntime(0), stats, afterMs)

describe("a channel whose SRT input is silent", () => {
  it.each([
    [
      listener,
      {},
      "no SRT sender on 0.0.0.0:9100: check that the encoder calls this port and that no firewall drops UDP",
    ],
    [
      listener,
      { refused: 2, last_refused: `192.0.2.7:4000 has another passphrase than ${SECRET}` },
      "no SRT sender on 0.0.0.0:9100: the last one was refused: 192.0.2.7:4000 has another passphrase than ***",
    ],
    [
      listener,
      { connections: 1, last_error: reason("connection was broken") },
      "no SRT sender on 0.0.0.0:9100: connection was broken",
    ],
    [
      listener,
      { state: "connected", peer: "192.0.2.7:4000" },
      "SRT sender 192.0.2.7:4000 is connected, but no packets arrive from it",
    ],
    [caller, { mode: "caller", state: "connecting" }, "connecting to encoder.example:9000 by SRT"],
    [
      caller,
      { mode: "caller", state: "connecting", last_error: reason("connection timed out") },
      "not connected to encoder.example:9000 by SRT: connection timed out",
    ],
  ] as const)("says how the connection is: %#", (config, over, error) => {
    const { last_error = null, ...rest } = over as Partial<Srt>
    expect(told(config, statsOf({ ...rest, last_error }))).toEqual({ status: "error", error })
    expect(told(config, statsOf({ ...rest, last_error }), 1000)).toEqual({ status: "starting", error })
  })

  it("says first what is wrong with its socket", () => {
    const problem = reason("port 9100 is in use")
    expect(told(listener, statsOf({}, { problem })).error).toBe("port 9100 is in use")
  })

  it("is no leg to switch to, with the same sentence", () => {
    const both = { ...caller, backup_input_url: listener.input_url, backup_rtp_ip: "0.0.0.0", backup_rtp_port: 9100 }
    const stats = channelStats({
      id: "ch-1",
      legs: [legStats(), legStats({ name: "backup", receiving: false, srt: srtInputStats({}) })],
    })
    expect(deadLeg(both, null, stats, "backup")).toBe(
      "nothing arrives on the backup: no SRT sender on 0.0.0.0:9100: check that the encoder calls this port and that no firewall drops UDP",
    )
  })

  it("leaves the sentences about RTP as they are", () => {
    expect(told(channelConfig(), statsOf({}, { srt: null })).error).toContain("no packets on 127.0.0.1:5000 for 5 s")
  })
})
