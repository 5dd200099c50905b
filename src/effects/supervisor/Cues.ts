/** The SCTE-35 cues of channels: read, of one or of all of them, and inserted. */
import { Context, Effect, Layer } from "effect"
import { insertCue } from "../channel/insert-cue.ts"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { CueInput } from "../config/request-bodies.ts"
import { channelFigures } from "../engine/channel-figures.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import type { ChannelCueView, CueAnswer, CueQuery, CueView } from "../model/cue.ts"
import type { Conflict, EngineUnavailable, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"
import { Changes } from "../store/Changes.ts"
import { CueLog } from "../store/CueLog.ts"
import { acrossChannels } from "./across-channels.ts"

export interface CuesService {
  /** The cues of a channel, newest first. */
  readonly list: (ref: string, query: CueQuery) => Effect.Effect<ReadonlyArray<CueView>, NotFound | StoreError>
  /** The cues of all channels, or of the one that `channel` names, newest first. */
  readonly listAll: (
    query: CueQuery & { readonly channel?: string | undefined },
  ) => Effect.Effect<ReadonlyArray<ChannelCueView>, NotFound | StoreError>
  /**
   * Puts a cue into the stream; answers when the engine has taken it. Refused with `Conflict` unless
   * `input.manual_cues` is set and the stream runs.
   *
   * @param by who asks, for the record
   */
  readonly insert: (
    ref: string,
    input: CueInput,
    by: string,
  ) => Effect.Effect<CueAnswer, NotFound | InvalidInput | Conflict | EngineUnavailable>
}

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { command } = yield* Changes
  const engine = yield* EngineClient
  const log = yield* CueLog
  const running = yield* RunningChannels
  const all = (query: CueQuery) =>
    Effect.map(log.listAll(query), (found) => found.map(({ channelId, cue }) => ({ channelId, row: cue })))

  return Cues.of({
    list: (ref, query) => Effect.flatMap(book.find(ref), ({ id }) => log.list(id, query)),
    listAll: acrossChannels(book, log.list, all),
    insert: Effect.fn("Cues.insert")(
      function* (ref: string, input: CueInput, by: string) {
        const config = yield* book.find(ref)
        const figures = Effect.zipRight(engine.refresh(config.id), channelFigures(engine, config.id))
        const lastCues = log.list(config.id, { limit: 1000 })
        return yield* insertCue({ config, channel: running.get(config.id), engine, figures, lastCues }, input, by)
      },
      (effect) => command(effect),
    ),
  })
})

export class Cues extends Context.Tag("distributor/Cues")<Cues, CuesService>() {
  static readonly Live = Layer.effect(Cues, make)
}
