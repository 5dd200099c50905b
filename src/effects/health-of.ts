/** The health of the service, computed when asked. Pure. */
import manifest from "../../package.json" with { type: "json" }
import type { ChannelRuntime } from "./channel-runtime.ts"
import type { Health } from "./Distributor.ts"
import type { EngineState } from "./engine-state.ts"
import type { ChannelConfig } from "./model.ts"
import { channelStatus } from "./views-of.ts"

export interface HealthInput {
  readonly configs: ReadonlyArray<ChannelConfig>
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  readonly engine: EngineState
  readonly storeOk: boolean
  readonly nowMs: number
  readonly monotonicMs: number
  /** Monotonic ms of the start of the service. */
  readonly startedMs: number
}

export const healthOf = ({ configs, engine, monotonicMs, nowMs, runtimeOf, startedMs, storeOk }: HealthInput): Health => {
  const statuses = configs.map((config) => {
    const stats = engine.stats?.channels.find((channel) => channel.id === config.id)
    return channelStatus(config, runtimeOf(config.id), stats, monotonicMs).status
  })
  const info = engine.connected ? engine.info : null
  // What is known of libsrt stays known while the engine is away.
  const srt = engine.info?.srt
  const problems = [
    ...(engine.connected ? [] : [`the engine is not connected: ${engine.problem ?? "the reason is not known"}`]),
    ...(srt?.problem == null ? [] : [srt.problem]),
    ...(storeOk ? [] : ["the configuration store does not answer"]),
  ]
  return {
    status: problems.length === 0 ? "ok" : "degraded",
    version: manifest.version,
    uptime: (monotonicMs - startedMs) / 1000,
    channels: {
      total: statuses.length,
      running: statuses.filter((status) => status === "running").length,
      error: statuses.filter((status) => status === "error").length,
    },
    engine: {
      connected: engine.connected,
      pid: info?.pid ?? null,
      uptime: info === null ? 0 : Math.max(0, (nowMs - info.started_at) / 1000),
      restarts: engine.restarts,
    },
    srt: { available: srt?.available ?? false, version: srt?.version ?? null, problem: srt?.problem ?? null },
    store: { ok: storeOk },
    problems,
  }
}
