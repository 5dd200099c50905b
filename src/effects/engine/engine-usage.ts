/** Resources that the engine process uses, computed from its figures. Pure. */
import type { EngineState } from "./engine-state.ts"

export interface EngineUsage {
  /** CPU time since it started, in seconds. */
  readonly cpu_seconds: number
  /** CPU use over the last second, in per cent of one core. */
  readonly cpu_percent: number
  /** Resident memory in bytes. */
  readonly rss_bytes: number
  /** Longest pass of the packet loop in the last second, in ms. */
  readonly loop_max_ms: number
}

/** The engine's usage; null while the engine is away. */
export const engineUsageOf = ({ previous, stats }: Pick<EngineState, "previous" | "stats">): EngineUsage | null => {
  if (stats === null) return null
  const ms = previous === null ? 0 : stats.at - previous.at
  const seconds = previous === null ? 0 : stats.cpu_seconds - previous.cpu_seconds
  return {
    cpu_seconds: stats.cpu_seconds,
    cpu_percent: ms <= 0 ? 0 : Math.max(0, (seconds * 100_000) / ms),
    rss_bytes: stats.rss_bytes,
    loop_max_ms: stats.loop_max_ms,
  }
}
