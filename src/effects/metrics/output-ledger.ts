/** The engine's counters of one output, summed over its sessions and connections. */
import type { OutputStats, SrtStats } from "../../engine/protocol/messages.ts"
import { OUTPUT_SUMS, type OutputState, SRT_SUMS, type SrtFigures, type SrtSum } from "./metrics-model.ts"
import { type Life, makeRunningSums } from "./running-sums.ts"

type Connection = readonly [name: string, figures: SrtStats]

/** SRT connections of a session: a caller's own, or one for each receiver of a listener. */
const connectionsOf = (stats: OutputStats | undefined): ReadonlyArray<Connection> => {
  if (stats === undefined) return []
  const receivers = stats.receivers.flatMap(
    ({ connected_at, peer, srt }): ReadonlyArray<Connection> =>
      srt === null ? [] : [[`${stats.session} ${peer} ${connected_at}`, srt]],
  )
  // A listener with a single receiver also shows that receiver's figures as its own.
  return receivers.length > 0 || stats.srt === null ? receivers : [[stats.session, stats.srt]]
}

/** What is to be summed: the engine's own sums of a listener, which lose nothing of receivers that leave. */
const sumsOf = (stats: OutputStats | undefined): ReadonlyArray<Life<SrtSum>> =>
  stats?.srt_sums === undefined ? connectionsOf(stats) : [[stats.session, stats.srt_sums]]

const highest = (values: ReadonlyArray<number>) => (values.length === 0 ? null : Math.max(...values))
const lowest = (values: ReadonlyArray<number>) => (values.length === 0 ? null : Math.min(...values))

const backupOf = (stats: OutputStats["backup"]): SrtFigures["backup"] =>
  stats === undefined
    ? null
    : {
        carrier: stats.carrier,
        connected: { main: stats.main.state === "connected", backup: stats.backup.state === "connected" },
      }

export const makeOutputLedger = () => {
  const output = makeRunningSums(OUTPUT_SUMS)
  const srt = makeRunningSums(SRT_SUMS)
  let state: OutputState | null = null
  let since = 0
  return {
    sums: output.total,
    /** Takes the engine's figures of the output; undefined when it has no session. */
    observe: (stats: OutputStats | undefined, baseline: boolean): void => {
      const session: ReadonlyArray<Life<(typeof OUTPUT_SUMS)[number]>> =
        stats === undefined ? [] : [[stats.session, stats]]
      output.advance(session, baseline)
      srt.advance(sumsOf(stats), baseline)
    },
    /** Notes the output's state and returns the Unix time in ms since which it has been in it. */
    enter: (now: OutputState, nowMs: number): number => {
      if (state !== now) since = nowMs
      state = now
      return since
    },
    srtFigures: (stats: OutputStats | undefined): SrtFigures => {
      const live = stats?.state === "connected" ? connectionsOf(stats).map(([, figures]) => figures) : []
      const sum = (of: (figures: SrtStats) => number) => live.reduce((total, figures) => total + of(figures), 0)
      const backup = backupOf(stats?.backup)
      return {
        sums: srt.total,
        stack: stats?.srt_stack ?? null,
        connections: backup === null ? live.length : Object.values(backup.connected).filter(Boolean).length,
        rttMs: highest(live.map(({ rtt_ms }) => rtt_ms)),
        latencyMs: lowest(live.map(({ latency_ms }) => latency_ms)),
        sendBufferPackets: sum((figures) => figures.send_buffer_packets),
        sendBufferMs: highest(live.map(({ send_buffer_ms }) => send_buffer_ms)) ?? 0,
        flightPackets: sum((figures) => figures.flight_packets),
        bandwidthMbps: lowest(live.map(({ bandwidth_mbps }) => bandwidth_mbps)),
        backup,
      }
    },
  }
}
export type OutputLedger = ReturnType<typeof makeOutputLedger>
