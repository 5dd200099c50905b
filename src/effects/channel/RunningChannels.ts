/**
 * The channels that run: their fibers, what they record, and what the engine's figures and its coming and going mean
 * for them.
 */
import { Context, Effect, FiberRef, Layer } from "effect"
import { ChannelBook } from "../config/ChannelBook.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { Actor } from "../model/actor.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Happening } from "../model/event.ts"
import { within } from "../model/within.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { makeAssumeRoles } from "./assume-roles.ts"
import { awaitChannel, reconfigure } from "./Channel.ts"
import { runAs } from "./channel-roles.ts"
import { followFigures } from "./follow-engine.ts"
import { makeLocalChannels } from "./local-channels.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"
import type { Channel } from "./started-channel.ts"

export interface RunningChannelsService {
  readonly get: (id: string) => Channel | undefined
  /** What is known of a channel while it runs; null when it does not. */
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  /**
   * Starts a channel; `how` ends the sentence "started ...". On several machines nothing is started and null returned
   * where the channel belongs to other nodes.
   *
   * @param resumes true when it may have run in an engine that is gone: false when left out
   */
  readonly run: (config: ChannelConfig, how: string, resumes?: boolean) => Effect.Effect<Channel | null>
  /** Starts a channel and answers once the engine has it, so that the next command of a verb finds it there. */
  readonly runNow: (config: ChannelConfig, how: string) => Effect.Effect<unknown>
  /**
   * What is stored becomes what is known and what runs: outputs that stay as they are go on.
   *
   * @param by who has it so; the `Actor` when left out
   */
  readonly adopt: (config: ChannelConfig, by?: string) => Effect.Effect<void>
  /** Returns when the channel is closed; nothing happens when it does not run. */
  readonly halt: (id: string, why?: string) => Effect.Effect<void>
  /** True while a channel is being closed. */
  readonly isStopping: (id: string) => boolean
  /**
   * On several machines: makes what runs here as the roles of the channels have it, each channel by itself. Waits for
   * nothing: one that is slow to close must not keep another one dark.
   */
  readonly assumeRoles: Effect.Effect<void>
  /** Looks at each message of figures once, for all channels; never ends. */
  readonly follow: Effect.Effect<void>
  /** To be called when the service ends and the channels with it. */
  readonly recordShutdown: Effect.Effect<void>
}

const TAKEN_WITHIN = "1 second"

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const engine = yield* EngineClient
  const nodes = yield* Nodes
  const { publish: changed } = yield* ChangeFeed
  const local = yield* makeLocalChannels
  const { inTurn, roles, running, start, stop, stopping } = local

  const adopt: RunningChannelsService["adopt"] = (config, by) =>
    Effect.gen(function* () {
      book.put(config)
      const channel = running.get(config.id)
      if (channel === undefined) return yield* changed
      const as = runAs(roles.get(config.id) ?? "owner", config)
      yield* engine.place(config, book.all())
      yield* reconfigure(channel, as, by ?? (yield* FiberRef.get(Actor)))
      yield* changed
    }).pipe(inTurn(config.id))
  const run: RunningChannelsService["run"] = (config, how, resumes) => inTurn(config.id)(start(config, how, resumes))
  const runNow: RunningChannelsService["runNow"] = (config, how) =>
    Effect.flatMap(run(config, how), (channel) =>
      channel === null ? Effect.void : within(TAKEN_WITHIN)(awaitChannel(channel)(0)),
    )
  const recordAll = (happening: Happening) =>
    Effect.suspend(() =>
      Effect.forEach([...running.values()], (channel) => channel.record(happening), { discard: true }),
    )

  return RunningChannels.of({
    get: (id) => running.get(id),
    runtimeOf: (id) => running.get(id)?.runtime ?? null,
    run,
    runNow,
    adopt,
    halt: (id, why) => inTurn(id)(stop(id, why)),
    isStopping: (id) => stopping.has(id),
    assumeRoles: makeAssumeRoles(local, book, nodes, yield* Effect.scope),
    follow: followFigures(engine, book, running, changed),
    recordShutdown: recordAll({ kind: "stopped", severity: "info", message: "stopped with the service" }),
  })
})

export class RunningChannels extends Context.Tag("distributor/RunningChannels")<
  RunningChannels,
  RunningChannelsService
>() {
  /** The scope's end closes every channel, within 1.5 s. */
  static readonly Live = Layer.scoped(RunningChannels, make)
}
