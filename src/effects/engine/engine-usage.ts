/** Resources that the engines use, computed from their figures. Pure. */
import { type EngineState, enginesOf } from "./engine-state.ts"

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

/** What one of the engines uses; `usage` is null while it is away. */
export interface NumberedUsage {
  readonly number: number
  readonly usage: EngineUsage | null
}

export const usagesOf = (state: EngineState): ReadonlyArray<NumberedUsage> =>
  enginesOf(state).map((engine) => ({ number: engine.number, usage: engineUsageOf(engine) }))

/** What the engines use together, with the longest pass of any; null while all are away. */
export const totalUsage = (usages: ReadonlyArray<NumberedUsage>): EngineUsage | null => {
  const known = usages.flatMap(({ usage }) => usage ?? [])
  if (known.length === 0) return null
  const sum = (key: keyof EngineUsage) => known.reduce((total, usage) => total + usage[key], 0)
  return {
    cpu_seconds: sum("cpu_seconds"),
    cpu_percent: sum("cpu_percent"),
    rss_bytes: sum("rss_bytes"),
    loop_max_ms: Math.max(...known.map(({ loop_max_ms }) => loop_max_ms)),
  }
}
