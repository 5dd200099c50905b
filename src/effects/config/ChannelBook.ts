/**
 * The channels as this process knows them: their configurations, which the store has too, and which of them run. In
 * memory, never waits.
 */
import { Context, Deferred, Effect, Layer } from "effect"
import type { ChannelConfig } from "../model/channel.ts"
import type { NotFound } from "../model/Errors.ts"
import { findChannel } from "./find-config.ts"

export interface ChannelBookService {
  /** By id. */
  readonly configs: ReadonlyMap<string, ChannelConfig>
  readonly all: () => ReadonlyArray<ChannelConfig>
  /** By number. */
  readonly inOrder: () => ReadonlyArray<ChannelConfig>
  /** `ref` is a channel's UUID, slug or number. */
  readonly find: (ref: string) => Effect.Effect<ChannelConfig, NotFound>
  readonly put: (config: ChannelConfig) => void
  readonly delete: (id: string) => void
  readonly runs: (id: string) => boolean
  /** Notes that a channel runs from now on, or does not. */
  readonly setRuns: (id: string, runs: boolean) => void
  /**
   * Succeeds once the book holds what was stored at the start of the service: until then an empty book says nothing.
   */
  readonly loaded: Effect.Effect<void>
  readonly markLoaded: Effect.Effect<void>
}

export const makeChannelBook: Effect.Effect<ChannelBookService> = Effect.gen(function* () {
  const configs = new Map<string, ChannelConfig>()
  const running = new Set<string>()
  const loaded = yield* Deferred.make<void>()
  const all = () => [...configs.values()]
  return {
    configs,
    all,
    inOrder: () => all().sort((a, b) => a.number - b.number),
    find: (ref) => Effect.suspend(() => findChannel(all(), ref)),
    put: (config) => void configs.set(config.id, config),
    delete: (id) => void configs.delete(id),
    runs: (id) => running.has(id),
    setRuns: (id, runs) => void (runs ? running.add(id) : running.delete(id)),
    loaded: Deferred.await(loaded),
    markLoaded: Effect.asVoid(Deferred.succeed(loaded, undefined)),
  }
})

export class ChannelBook extends Context.Tag("distributor/ChannelBook")<ChannelBook, ChannelBookService>() {
  static readonly Live = Layer.effect(ChannelBook, makeChannelBook)
}
