/**
 * Makes what is known and what runs as the store has it: after a change of which nobody knows whether it was stored,
 * the store alone knows.
 */
import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import type { RunningChannelsService } from "../channel/RunningChannels.ts"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { StoreError } from "../model/Errors.ts"

const WHY = "as the store has it"

export interface RereadDeps {
  readonly load: Effect.Effect<ReadonlyArray<ChannelConfig>, StoreError>
  readonly book: Pick<ChannelBookService, "configs" | "delete" | "runs">
  readonly running: Pick<RunningChannelsService, "adopt" | "halt" | "runNow">
  readonly publish: Effect.Effect<void>
}

/** What is as it was known to be is left alone. */
export const rereadStore = ({ book, load, publish, running }: RereadDeps): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const stored = new Map((yield* load).map((config) => [config.id, config]))
    for (const id of [...book.configs.keys()].filter((one) => !stored.has(one))) {
      book.delete(id)
      yield* running.halt(id, `removed, ${WHY}`)
    }
    for (const config of stored.values()) {
      if (isDeepStrictEqual(book.configs.get(config.id), config)) continue
      yield* running.adopt(config, WHY)
      const runs = book.runs(config.id)
      if (config.should_run && !runs) yield* running.runNow(config, WHY)
      if (!config.should_run && runs) yield* running.halt(config.id, `stopped, ${WHY}`)
    }
    yield* publish
  })
