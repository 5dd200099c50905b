/**
 * What the HTTP side may ask of the control plane. `Supervisor.ts` provides the real one; tests provide fakes.
 */
import { Context, type Effect, type Stream } from "effect"
import type { CueQuery, CueView } from "./cue-model.ts"
import type { Conflict, EngineUnavailable, InvalidInput, NotFound, StoreError } from "./Errors.ts"
import type { ChannelEventView, ChannelView, EventQuery, OutputView, SourceName } from "./model.ts"
import type { ChannelInput, ChannelUpdate, OutputInput, OutputUpdate } from "./request-bodies.ts"

export interface Health {
  /** `ok`, or `degraded` when the service runs but something needs attention. */
  readonly status: "ok" | "degraded"
  readonly version: string
  readonly uptime: number
  readonly channels: { readonly total: number; readonly running: number; readonly error: number }
  readonly engine: { readonly connected: boolean; readonly pid: number | null; readonly uptime: number; readonly restarts: number }
  readonly srt: { readonly available: boolean; readonly version: string | null; readonly problem: string | null }
  readonly store: { readonly ok: boolean }
  /** Sentences: what is wrong and what to do. Empty when all is well. */
  readonly problems: ReadonlyArray<string>
  /** Those of `problems` that are about one channel: no input, or no second one to fall back on. */
  readonly channel_problems: ReadonlyArray<string>
}

type Refused = InvalidInput | Conflict | StoreError

/** `ref` is a channel's UUID, slug or number; `output` an output's UUID or slug. */
export interface DistributorService {
  readonly health: Effect.Effect<Health>
  readonly list: Effect.Effect<ReadonlyArray<ChannelView>>
  readonly get: (ref: string) => Effect.Effect<ChannelView, NotFound>
  readonly create: (input: ChannelInput) => Effect.Effect<ChannelView, Refused>
  readonly update: (ref: string, input: ChannelUpdate) => Effect.Effect<ChannelView, NotFound | Refused>
  /** Stops the channel first when it runs. */
  readonly remove: (ref: string) => Effect.Effect<void, NotFound | StoreError>
  readonly start: (ref: string) => Effect.Effect<ChannelView, NotFound | StoreError | EngineUnavailable>
  readonly stop: (ref: string) => Effect.Effect<ChannelView, NotFound | StoreError>
  /** Refused with `Conflict` when nothing usable arrives on that source, unless forced. */
  readonly switchSource: (
    ref: string,
    source: SourceName,
    force?: boolean,
  ) => Effect.Effect<ChannelView, NotFound | InvalidInput | Conflict | EngineUnavailable>
  /** What happened to a channel, newest first. */
  readonly events: (ref: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, NotFound | StoreError>
  /** The SCTE-35 cues of a channel, newest first. */
  readonly cues: (ref: string, query: CueQuery) => Effect.Effect<ReadonlyArray<CueView>, NotFound | StoreError>
  readonly addOutput: (ref: string, input: OutputInput) => Effect.Effect<OutputView, NotFound | Refused>
  readonly updateOutput: (ref: string, output: string, input: OutputUpdate) => Effect.Effect<OutputView, NotFound | Refused>
  readonly removeOutput: (ref: string, output: string) => Effect.Effect<void, NotFound | StoreError>
  readonly startOutput: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | StoreError>
  readonly stopOutput: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | StoreError>
  /** Emits when something a viewer would see has changed; at most a few times a second. */
  readonly changes: Stream.Stream<void>
}

export class Distributor extends Context.Tag("distributor/Distributor")<Distributor, DistributorService>() {}
