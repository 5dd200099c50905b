/** News in each message of figures: lines to log, events to keep. */
import type { ChannelStats } from "../../engine/protocol/messages.ts"
import { activeLeg } from "../engine/active-leg.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Happening } from "../model/event.ts"
import { type AlarmMoment, noteAlarms } from "./runtime/alarms.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"
import { channelStatus, scte35PidsOf } from "./status.ts"

export interface Observed {
  readonly lines: ReadonlyArray<{ readonly message: string; readonly warn: boolean }>
  readonly events: ReadonlyArray<Happening>
}

const NOTHING: Observed = { lines: [], events: [] }

/**
 * Takes note of the figures of one channel: when its input last arrived, which SCTE-35 PIDs it has, what is wrong with
 * it.
 */
export const observeChannel = (
  config: ChannelConfig,
  runtime: ChannelRuntime,
  stats: ChannelStats | undefined,
  moment: AlarmMoment,
): Observed => {
  const { monotonicMs } = moment
  const lines: Array<{ message: string; warn: boolean }> = []
  const events: Array<Happening> = []
  if (stats !== undefined && stats.pending_source === null) runtime.source = stats.active_source
  runtime.noted = noteAlarms(runtime.noted, config, stats, moment)
  const leg = activeLeg(stats)
  if (leg?.receiving === true) runtime.lastInputMs = monotonicMs
  if (leg !== undefined && leg.programmes.length > 0) {
    const pids = scte35PidsOf(leg)
    if (pids.join() !== runtime.scte35Pids.join()) {
      const found = pids.length > 0
      lines.push({
        message: found ? `SCTE-35 on PID ${pids.join(", ")}` : "the programme no longer has an SCTE-35 PID",
        warn: !found,
      })
      runtime.scte35Pids = pids
    }
  }
  const { error, status } = channelStatus(config, runtime, stats, monotonicMs)
  if (status === "error" && !runtime.toldNoInput) {
    runtime.toldNoInput = true
    events.push({ kind: "no_input", severity: "critical", message: error ?? "no packets arrive" })
  } else if (status === "running" && runtime.toldNoInput) {
    runtime.toldNoInput = false
    events.push({
      kind: "input_back",
      severity: "info",
      message: `packets arrive again, from the ${runtime.source} input`,
    })
  }
  const now = status === "error" ? `error: ${error}` : status
  if (now !== runtime.logged) {
    // Rates inside the reason change every second, so the sentence is compared without its numbers.
    const withoutNumbers = (s: string) => s.replace(/\d+/g, "")
    if (withoutNumbers(now) !== withoutNumbers(runtime.logged)) lines.push({ message: now, warn: status === "error" })
    runtime.logged = now
  }
  return lines.length + events.length === 0 ? NOTHING : { lines, events }
}
