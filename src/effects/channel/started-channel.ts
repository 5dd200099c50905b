/** What the fibers of one started channel share. */
import type { Deferred, Effect, Mailbox, SubscriptionRef } from "effect"
import type { OutputHost } from "../config/output-place.ts"
import type { ChannelEngine } from "../engine/EngineClient.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { NewCue } from "../model/cue.ts"
import type { Happening } from "../model/event.ts"
import type { RelayHosts } from "../nodes/Nodes.ts"
import type { CueEntry } from "../store/CueLog.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"

export type RecordHappening = (happening: Happening) => Effect.Effect<void>

export interface WritersRequest {
  readonly outputs: ReadonlyArray<OutputConfig>
  /** Who made the change; null for nobody in particular. */
  readonly by: string | null
  readonly done: Deferred.Deferred<void>
}

export interface Channel {
  readonly id: string
  readonly slug: string
  /** The engine that it is placed on. */
  readonly engine: ChannelEngine
  readonly host: OutputHost
  readonly config: SubscriptionRef.SubscriptionRef<ChannelConfig>
  readonly runtime: ChannelRuntime
  /** Number of the engine connection in which the engine has taken this channel. */
  readonly taken: SubscriptionRef.SubscriptionRef<number>
  /** True when the outputs that it starts with may have run in an engine that died with the control plane. */
  readonly resumes: boolean
  readonly writerRequests: Mailbox.Mailbox<WritersRequest>
  /** Run this when something that a viewer sees has changed. */
  readonly changed: Effect.Effect<void>
  /** Keeps what happened to the channel. Never fails, never waits for the store. */
  readonly record: RecordHappening
  /** Keeps a cue. Never fails, never waits for the store. */
  readonly keepCue: (cue: NewCue) => CueEntry
  /** Until when the engine may send it; see `NodesService.fenceUs`. */
  readonly fenceUs: () => number | undefined
  /** Between which nodes its legs are relayed; see `NodesService.relayOf`. */
  readonly relay: SubscriptionRef.SubscriptionRef<RelayHosts | null>
}
