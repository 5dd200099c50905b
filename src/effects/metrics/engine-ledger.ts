/** The engine's counters about itself, summed over its runs, and how evenly its loop ran. */
import { MALFORMED } from "../../core/srt/protocol/packet.ts"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import { LOOP_DELAY_BUCKETS } from "./metrics-model.ts"
import { makeRunningSums } from "./running-sums.ts"

const MOST_OF_A_SECOND_MS = 900

export const makeEngineLedger = () => {
  const sums = makeRunningSums(["cpu_seconds", "event_overflows", "output_faults", "input_faults", "engine_faults"])
  const malformed = makeRunningSums(MALFORMED)
  let passes = 0
  const delay = { buckets: LOOP_DELAY_BUCKETS.map(() => 0), count: 0, sum: 0 }
  let lastAt = Number.NEGATIVE_INFINITY
  return {
    delay,
    sums: sums.total,
    malformed: malformed.total,
    passes: () => passes,
    /** Takes a message of figures. `run` names the engine process. */
    observe: (stats: EngineStats, run: string, baseline: boolean): void => {
      sums.advance([[run, stats]], baseline)
      malformed.advance([[run, stats.srt_malformed ?? {}]], baseline)
      // These cover the last second; figures asked for in between would be counted twice.
      if (Math.abs(stats.at - lastAt) < MOST_OF_A_SECOND_MS) return
      lastAt = stats.at
      if (baseline || stats.loop_passes === 0) return
      passes += stats.loop_passes
      const seconds = stats.loop_max_ms / 1000
      delay.count++
      delay.sum += seconds
      for (const [index, bound] of LOOP_DELAY_BUCKETS.entries())
        if (seconds <= bound) delay.buckets[index] = (delay.buckets[index] ?? 0) + 1
    },
  }
}
export type EngineLedger = ReturnType<typeof makeEngineLedger>
