/** Undoes a removal: checked against changes made since, stored in one transaction, then carried out. */
import { Clock, Effect } from "effect"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { Conflict, type StoreError } from "../model/Errors.ts"
import type { StoreService } from "../store/Store.ts"
import type { RemovalsService } from "./Removals.ts"

/** Result of an undo: the channel as it is now, and the output when one came back. */
export interface Restored {
  readonly config: ChannelConfig
  /** The channel before the undo. */
  readonly before: ChannelConfig | null
  readonly output: OutputConfig | null
}

export interface UndoDeps {
  readonly store: Pick<StoreService, "insertOutput" | "restoreChannel">
  readonly configs: ReadonlyMap<string, ChannelConfig>
  readonly removals: RemovalsService
  /** Fails when ports or directories are taken. */
  readonly check: (
    config: ChannelConfig,
    pathOf: (output: OutputConfig) => string | null,
    legs: boolean,
  ) => Effect.Effect<void, Conflict>
}

const refuse = (path: string, message: string) => new Conflict({ errors: [{ path, message }] })
const isTaken = (what: string, slug: string) =>
  refuse("slug", `the ${what} "${slug}" exists already: remove or rename it first`)

/**
 * Makes the verb that stores a removal again; running it is up to the caller. A refusal keeps the token, for another
 * try.
 */
export const makeUndo =
  ({ check, configs, removals, store }: UndoDeps) =>
  (token: string): Effect.Effect<Restored, Conflict | StoreError> =>
    Effect.gen(function* () {
      const removed = removals.find(token, yield* Clock.currentTimeMillis)
      if (removed === null) {
        return yield* refuse(
          "undo",
          "it is too late: this was undone already, is longer ago than 10 minutes, or the service was restarted",
        )
      }
      if (removed.kind === "channel") {
        const { channel } = removed
        const all = [...configs.values()]
        if (all.some(({ id, slug }) => id === channel.id || slug === channel.slug))
          return yield* isTaken("channel", channel.slug)
        yield* check(channel, (output) => `outputs[${channel.outputs.indexOf(output)}].url`, true)
        yield* store.restoreChannel(channel)
        removals.forget(token)
        return { config: channel, before: null, output: null }
      }
      const { output } = removed
      const before = configs.get(removed.channel.id)
      if (before === undefined)
        return yield* refuse("channel", `the channel "${removed.channel.name}" is gone: bring it back first`)
      if (before.outputs.some(({ id, slug }) => id === output.id || slug === output.slug))
        return yield* isTaken("output", output.slug)
      const config = { ...before, outputs: [...before.outputs, output] }
      yield* check(config, (one) => (one === output ? "url" : null), false)
      yield* store.insertOutput(config.id, output)
      removals.forget(token)
      return { config, before, output }
    })
