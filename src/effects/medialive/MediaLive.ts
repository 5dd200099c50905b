/** MediaLive as a service that is there or not: without `MEDIALIVE=on` nothing of it is loaded. */
import { Context, Effect, Layer } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import type { ChannelBook } from "../config/ChannelBook.ts"
import type { EngineClient } from "../engine/EngineClient.ts"
import type { StoreError } from "../model/Errors.ts"
import type { Schedules } from "../schedule/Schedules.ts"
import type { EventLog } from "../store/EventLog.ts"
import type { Store } from "../store/Store.ts"
import type { MediaLiveService } from "./medialive-service.ts"

export interface MediaLiveSlot {
  /** Null without `MEDIALIVE=on`. */
  readonly service: MediaLiveService | null
}

type Needs = AppConfig | ChannelBook | EngineClient | EventLog | Schedules | Store

export class MediaLive extends Context.Tag("distributor/MediaLive")<MediaLive, MediaLiveSlot>() {
  /** Fails with `StoreError` when what was stored cannot be read. */
  static readonly Live: Layer.Layer<MediaLive, StoreError, Needs> = Layer.scoped(
    MediaLive,
    Effect.gen(function* () {
      if (!(yield* AppConfig).medialive) return { service: null }
      const { makeMediaLive } = yield* Effect.promise(() => import("./live.ts"))
      return { service: yield* makeMediaLive(process.env) }
    }),
  )
}
