/** What happened to channels: to one, or to all of them, each event with the name of its channel. */
import { Context, Effect, Layer } from "effect"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { NotFound, StoreError } from "../model/Errors.ts"
import type { ChannelEventOfView, ChannelEventView, EventQuery } from "../model/event.ts"
import { EventLog } from "../store/EventLog.ts"
import { acrossChannels } from "./across-channels.ts"

export interface EventsService {
  /** What happened to a channel, newest first. */
  readonly list: (
    ref: string,
    query: EventQuery,
  ) => Effect.Effect<ReadonlyArray<ChannelEventView>, NotFound | StoreError>
  /** The events of all channels, or of the one that `channel` names, newest first. */
  readonly listAll: (
    query: EventQuery & { readonly channel?: string | undefined },
  ) => Effect.Effect<ReadonlyArray<ChannelEventOfView>, NotFound | StoreError>
}

export class Events extends Context.Tag("distributor/Events")<Events, EventsService>() {
  static readonly Live = Layer.effect(
    Events,
    Effect.gen(function* () {
      const book = yield* ChannelBook
      const log = yield* EventLog
      const all = (query: EventQuery) =>
        Effect.map(log.listAll(query), (found) => found.map(({ channelId, event }) => ({ channelId, row: event })))
      return {
        list: (ref: string, query: EventQuery) => Effect.flatMap(book.find(ref), ({ id }) => log.list(id, query)),
        listAll: acrossChannels(book, log.list, all),
      }
    }),
  )
}
