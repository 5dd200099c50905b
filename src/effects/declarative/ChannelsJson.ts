/**
 * The channels as one file `channels.json`: taken over at the first start of a service, and written for those who keep
 * their channels so.
 */
import { Context, Effect, Layer } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { outputHostOf } from "../config/output-host.ts"
import type { StartRefused, StoreError } from "../model/Errors.ts"
import { Store } from "../store/Store.ts"
import { importChannelsJson, writeChannelsJson } from "./channels-json.ts"

export interface ChannelsJsonService {
  /** Takes over the file of the data directory into a store that never had a channel: see `importChannelsJson`. */
  readonly import: Effect.Effect<void, StartRefused | StoreError>
  /** The file as it is now; without `secrets` they are masked, and the file cannot be imported. */
  readonly text: (secrets: boolean) => Effect.Effect<string>
}

export class ChannelsJson extends Context.Tag("distributor/ChannelsJson")<ChannelsJson, ChannelsJsonService>() {
  static readonly Live = Layer.effect(
    ChannelsJson,
    Effect.gen(function* () {
      const settings = yield* AppConfig
      const book = yield* ChannelBook
      const store = yield* Store
      return {
        import: importChannelsJson(settings.dataDir, store, outputHostOf(settings)),
        text: (secrets: boolean) => Effect.sync(() => writeChannelsJson(book.all(), secrets)),
      }
    }),
  )
}
