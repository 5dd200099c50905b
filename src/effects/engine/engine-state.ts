/**
 * An engine's state: all of it in `state`, which changes every second, and the connection alone for those who wait for
 * it. Several engines are shown as one, with each of them in `engines`.
 */
import { Effect, SubscriptionRef } from "effect"
import type { EngineInfo, EngineStats } from "../../engine/protocol/messages.ts"

export interface EngineState {
  readonly connected: boolean
  readonly info: EngineInfo | null
  /**
   * Number of the connection: commands sent in an earlier one may have to be sent again. Each engine counts its own; of
   * several it is the sum, which tells only that one of them was attached.
   */
  readonly generation: number
  /** How often the engine was lost since the control plane started. */
  readonly restarts: number
  /** Why the engine is not connected; null when it is. */
  readonly problem: string | null
  /** True of an engine that goes on since before an upgrade: it runs other code than is installed. */
  readonly outdated: boolean
  /** The last two messages of figures, one second apart. */
  readonly stats: EngineStats | null
  readonly previous: EngineStats | null
  /** What is to be told before engines are full, as sentences; left out of the state of one engine. */
  readonly capacity?: ReadonlyArray<string>
  /** The engines that it stands for, lowest number first; left out of the state of one engine. */
  readonly engines?: ReadonlyArray<NumberedState>
}

/** The state of one engine of a pool. */
export interface NumberedState extends Omit<EngineState, "engines" | "capacity"> {
  readonly number: number
  /** How sentences name it: `the engine`, or `engine 2` where there may be several. */
  readonly name: string
  /** Channels that are placed on it, whether it carries them already or not. */
  readonly channels: ReadonlySet<string>
}

/**
 * The connection alone. It changes only when the engine comes or goes, so that a waiting fiber costs nothing in
 * between.
 */
export type EngineLink = Pick<EngineState, "connected" | "generation">

export const initialState: EngineState = {
  connected: false,
  info: null,
  generation: 0,
  restarts: 0,
  problem: "the engine is starting",
  outdated: false,
  stats: null,
  previous: null,
}

export interface EngineStateRef {
  readonly state: SubscriptionRef.SubscriptionRef<EngineState>
  readonly link: SubscriptionRef.SubscriptionRef<EngineLink>
  readonly update: (change: (s: EngineState) => Partial<EngineState>) => Effect.Effect<void>
}

export const makeEngineState: Effect.Effect<EngineStateRef> = Effect.gen(function* () {
  const state = yield* SubscriptionRef.make(initialState)
  const link = yield* SubscriptionRef.make<EngineLink>(initialState)
  const publish = ({ connected, generation }: EngineState) =>
    Effect.flatMap(SubscriptionRef.get(link), (old) =>
      old.connected === connected && old.generation === generation
        ? Effect.void
        : SubscriptionRef.set(link, { connected, generation }),
    )
  return {
    state,
    link,
    update: (change) =>
      Effect.flatMap(
        SubscriptionRef.updateAndGet(state, (s) => ({ ...s, ...change(s) })),
        publish,
      ),
  }
})

const NO_CHANNELS: ReadonlySet<string> = new Set()

/** The engines behind a state: one, unless it stands for several. */
export const enginesOf = (state: EngineState): ReadonlyArray<NumberedState> =>
  state.engines ?? [{ ...state, number: 1, name: "the engine", channels: NO_CHANNELS }]

/**
 * The state of the engine that a channel is placed on: what its figures and their times are to be read from. The state
 * itself for a channel that is placed nowhere.
 */
export const engineOf = (state: EngineState, channelId: string): Omit<EngineState, "engines" | "capacity"> =>
  state.engines?.find(({ channels }) => channels.has(channelId)) ?? state

const sumOf = <K extends string>(all: ReadonlyArray<Readonly<Record<K, number>>>, key: K): number =>
  all.reduce((sum, one) => sum + one[key], 0)

const addedUp = (all: ReadonlyArray<Readonly<Record<string, number>>>): Record<string, number> => {
  const sums: Record<string, number> = {}
  for (const one of all) for (const [key, value] of Object.entries(one)) sums[key] = (sums[key] ?? 0) + value
  return sums
}

/** One message of figures for all engines: sums, the longest pass of any, and the channels of each. */
const mergeStats = (all: ReadonlyArray<EngineStats | null>): EngineStats | null => {
  const known = all.flatMap((stats) => stats ?? [])
  const [first] = known
  if (first === undefined || known.length === 1) return first ?? null
  return {
    at: Math.max(...known.map(({ at }) => at)),
    cpu_seconds: sumOf(known, "cpu_seconds"),
    rss_bytes: sumOf(known, "rss_bytes"),
    loop_max_ms: Math.max(...known.map(({ loop_max_ms }) => loop_max_ms)),
    loop_passes: sumOf(known, "loop_passes"),
    event_overflows: sumOf(known, "event_overflows"),
    output_faults: sumOf(known, "output_faults"),
    input_faults: sumOf(known, "input_faults"),
    engine_faults: sumOf(known, "engine_faults"),
    srt_malformed: addedUp(known.map(({ srt_malformed = {} }) => srt_malformed)),
    clock: first.clock,
    channels: known.flatMap(({ channels }) => channels),
  }
}

/** Several engines as one, which is connected when all are. The first is the one whose process is shown. */
export const combineStates = (engines: ReadonlyArray<NumberedState>): EngineState => {
  const problems = engines.flatMap(({ connected, problem }) => (connected || problem === null ? [] : [problem]))
  return {
    connected: engines.every(({ connected }) => connected),
    info: engines[0]?.info ?? null,
    generation: sumOf(engines, "generation"),
    restarts: sumOf(engines, "restarts"),
    problem: problems.length === 0 ? null : problems.join("; "),
    outdated: engines.some(({ outdated }) => outdated),
    stats: mergeStats(engines.map(({ stats }) => stats)),
    previous: mergeStats(engines.map(({ previous }) => previous)),
    engines,
  }
}
