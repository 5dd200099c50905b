/** The health of the service, computed when asked. Pure. */
import manifest from "../../../package.json" with { type: "json" }
import type { MachineCheck } from "../../core/machine/machine-checks.ts"
import type { ChannelRuntime } from "../channel/runtime/channel-runtime.ts"
import { channelStatus } from "../channel/status.ts"
import type { KeptOut } from "../engine/Crashes.ts"
import { type EngineState, engineOf, enginesOf, type NumberedState } from "../engine/engine-state.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { AlarmKind } from "../model/event.ts"
import { channelAlarms } from "./views-of.ts"

/** One of the engines. */
export interface EngineHealth {
  readonly number: number
  readonly connected: boolean
  readonly pid: number | null
  readonly uptime: number
  readonly restarts: number
  /** Channels that are placed on it. */
  readonly channels: number
  /** True when it goes on since before an upgrade: it runs other code than is installed, until it is replaced. */
  readonly outdated: boolean
  /** Why it is not connected; null when it is. */
  readonly problem: string | null
}

export interface Health {
  /** `ok`, or `degraded` when the service runs but something needs attention. */
  readonly status: "ok" | "degraded"
  readonly version: string
  readonly uptime: number
  readonly channels: { readonly total: number; readonly running: number; readonly error: number }
  /** The engines as one: connected when all are, `pid` and `uptime` of the first, `restarts` of all. */
  readonly engine: {
    readonly connected: boolean
    readonly pid: number | null
    readonly uptime: number
    readonly restarts: number
  }
  /** Each engine that runs or is to run, by number. */
  readonly engines: ReadonlyArray<EngineHealth>
  readonly srt: { readonly available: boolean; readonly version: string | null; readonly problem: string | null }
  readonly store: { readonly ok: boolean }
  /** What the machine is like as a place for the service; a warning makes nothing `degraded` by itself. */
  readonly machine: ReadonlyArray<MachineCheck>
  /** Channels that are kept out of the engines, which died while they were at them. */
  readonly kept_out: ReadonlyArray<KeptOut>
  /** Sentences: what is wrong and what to do. Empty when all is well. */
  readonly problems: ReadonlyArray<string>
  /** Those of `problems` that are about one channel: no input, or no second one to fall back on. */
  readonly channel_problems: ReadonlyArray<string>
}

export interface HealthInput {
  readonly configs: ReadonlyArray<ChannelConfig>
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  readonly engine: EngineState
  /** Why the store cannot be used; null when it can. */
  readonly storeProblem: string | null
  /** Why channel events are not being stored; null when they are. */
  readonly eventsProblem: string | null
  readonly nowMs: number
  readonly monotonicMs: number
  /** Monotonic ms of the start of the service. */
  readonly startedMs: number
  readonly machine: ReadonlyArray<MachineCheck>
  readonly keptOut: ReadonlyArray<KeptOut>
}

const SENTENCES: Partial<Record<AlarmKind, string>> = {
  no_input: "has no input",
  redundancy_lost: "has lost its redundancy",
}

/**
 * One sentence for each channel in trouble, from its gravest alarm. Without its engine no channel has input, which the
 * sentence about the engine says.
 */
const channelProblems = ({ configs, runtimeOf, ...moment }: HealthInput): ReadonlyArray<string> =>
  configs.flatMap((config) => {
    if (!engineOf(moment.engine, config.id).connected) return []
    const alarm = channelAlarms(config, { ...moment, runtime: runtimeOf(config.id) }).find(
      ({ kind }) => kind in SENTENCES,
    )
    return alarm === undefined
      ? []
      : [`channel "${config.name}" ${SENTENCES[alarm.kind]} since ${alarm.since}: ${alarm.message}`]
  })

const keptOutProblems = ({ configs, keptOut }: HealthInput): ReadonlyArray<string> =>
  keptOut.map(({ channel_id, crash, since }) => {
    const name = configs.find(({ id }) => id === channel_id)?.name ?? channel_id
    return `channel "${name}" is kept out of the engine since ${since}: the engine died while it was at it (crash ${crash}). Release it on the System page when the cause is gone`
  })

const uptimeOf = ({ connected, info }: Pick<EngineState, "connected" | "info">, nowMs: number): number =>
  connected && info !== null ? Math.max(0, (nowMs - info.started_at) / 1000) : 0

/** How one engine is, at `nowMs` of the epoch. */
export const engineHealth = (engine: NumberedState, nowMs: number): EngineHealth => ({
  number: engine.number,
  connected: engine.connected,
  pid: engine.connected ? (engine.info?.pid ?? null) : null,
  uptime: uptimeOf(engine, nowMs),
  restarts: engine.restarts,
  channels: engine.channels.size,
  outdated: engine.outdated,
  problem: engine.connected ? null : (engine.problem ?? "the reason is not known"),
})

export const healthOf = (input: HealthInput): Health => {
  const { configs, engine, eventsProblem, monotonicMs, nowMs, runtimeOf, startedMs, storeProblem } = input
  const statuses = configs.map((config) => {
    const stats = engine.stats?.channels.find((channel) => channel.id === config.id)
    return channelStatus(config, runtimeOf(config.id), stats, monotonicMs).status
  })
  const engines = enginesOf(engine).map((one) => ({ one, shown: engineHealth(one, nowMs) }))
  const [first] = engines
  // The last known facts about libsrt stay while the engine is away.
  const srt = engine.info?.srt
  const channel_problems = channelProblems(input)
  const problems = [
    ...engines.flatMap(({ one, shown }) =>
      shown.problem === null ? [] : [`${one.name} is not connected: ${shown.problem}`],
    ),
    ...(engine.capacity ?? []),
    ...(srt?.problem == null ? [] : [srt.problem]),
    ...(storeProblem === null ? [] : [storeProblem]),
    ...(eventsProblem === null ? [] : [`what happens to channels is not being stored: ${eventsProblem}`]),
    ...keptOutProblems(input),
    ...channel_problems,
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
      pid: first?.shown.pid ?? null,
      uptime: first?.shown.uptime ?? 0,
      restarts: engine.restarts,
    },
    engines: engines.map(({ shown }) => shown),
    srt: { available: srt?.available ?? false, version: srt?.version ?? null, problem: srt?.problem ?? null },
    store: { ok: storeProblem === null },
    machine: input.machine,
    kept_out: input.keptOut,
    problems,
    channel_problems,
  }
}
