/** The engine's counters of the SRT side of one leg, summed over the times that it was opened. */
import { SRT_INPUT_COUNTERS, type SrtInputStats } from "../../engine/protocol/messages.ts"
import { SRT_LEG_SUMS, type SrtLegFigures, type SrtLegSum } from "./metrics-model.ts"
import { makeRunningSums } from "./running-sums.ts"

const countersOf = ({ connections, figures, refused }: SrtInputStats): Readonly<Record<SrtLegSum, number>> => {
  const counters = SRT_INPUT_COUNTERS.map((name) => [name, figures?.[name] ?? 0] as const)
  return { connections, refused, ...(Object.fromEntries(counters) as Record<(typeof counters)[number][0], number>) }
}

/** Counters that fall only when the leg is opened again. */
const NEVER_FALL = ["connections", "refused", "packets_received"] as const satisfies ReadonlyArray<SrtLegSum>

export const makeSrtLegLedger = () => {
  const sums = makeRunningSums(SRT_LEG_SUMS)
  let opened = 0
  let before: Readonly<Record<SrtLegSum, number>> | null = null
  return {
    /** Takes the engine's figures; null when it does not receive the leg by SRT. `run` names the engine process. */
    observe: (srt: SrtInputStats | null, run: string, baseline: boolean): void => {
      const now = srt === null ? null : countersOf(srt)
      const last = before
      if (now === null || (last !== null && NEVER_FALL.some((name) => now[name] < last[name]))) opened++
      before = now
      sums.advance(now === null ? [] : [[`${run} ${opened}`, now]], baseline)
    },
    figures: (srt: SrtInputStats | null): SrtLegFigures => {
      const live = srt?.state === "connected" ? srt.figures : null
      return {
        sums: sums.total,
        connected: srt?.state === "connected",
        rttMs: live?.rtt_ms ?? null,
        latencyMs: live?.latency_ms ?? null,
        receiveBufferMs: live?.receive_buffer_ms ?? 0,
        bandwidthMbps: live?.bandwidth_mbps ?? null,
      }
    },
  }
}
export type SrtLegLedger = ReturnType<typeof makeSrtLegLedger>
