/**
 * Figures that survive: what each leg and output did is summed up by the minute and stored, in one transaction a minute
 * for all channels. Streams do not depend on it: while the store fails, minutes wait, and beyond an hour the oldest are
 * given up.
 */
import { Clock, Effect, Queue, type Scope, Stream } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { makeBatchWriter } from "../store/batch-writer.ts"
import type { FigureNames } from "../store/figure-egress.ts"
import type { FigureMinute, FigureRows } from "../store/figure-rows.ts"
import { FigureMinutes } from "./figure-minutes.ts"

export interface FiguresService extends Pick<FigureRows, "oldest" | "read"> {
  /** What outputs sent in a month such as `2026-11`. */
  readonly egress: (month: string) => ReturnType<FigureRows["egress"]>
  /** The minute that is being counted, which no row has yet; null before there was one. */
  readonly current: () => FigureMinute | null
  /** Writes the minutes that have ended, as far as the store takes them. */
  readonly flush: Effect.Effect<void>
  /** Why figures are not stored at present; null when they are. */
  readonly problem: () => string | null
}

export interface FiguresDeps {
  readonly engine: Pick<EngineClientService, "state">
  readonly book: Pick<ChannelBookService, "configs" | "runs">
  /** False for a channel whose figures another node keeps. */
  readonly isOurs: (channelId: string) => boolean
  readonly rows: FigureRows
  /** Minutes that wait for the store at most; an hour of them when left out. */
  readonly maxWaiting?: number
}

/** Minutes that wait for the store at most. */
const MAX_WAITING_MINUTES = 60

/** What channels are called, from their configurations. */
const namesOf =
  (configs: ReadonlyMap<string, ChannelConfig>): FigureNames =>
  (channel) => {
    for (const { number, outputs, slug } of configs.values())
      if (number === channel) return { name: slug, outputs: new Map(outputs.map((one) => [one.number, one.slug])) }
    return undefined
  }

/** Follows the engine until the scope ends, whose end stores the minute that is being counted. */
export const makeFigures = ({
  book,
  engine,
  isOurs,
  maxWaiting = MAX_WAITING_MINUTES,
  rows,
}: FiguresDeps): Effect.Effect<FiguresService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const names: FigureNames = (channel) => namesOf(book.configs)(channel)
    const something = yield* Queue.sliding<void>(1)
    const minutes = new FigureMinutes(maxWaiting, () => something.unsafeOffer(undefined))

    const observe = Stream.runForEach(engine.state.changes, ({ stats }) =>
      Effect.zipWith(monotonicMs, Clock.currentTimeMillis, (ms, wallMs) => {
        const ours = [...book.configs.values()].filter(({ id }) => book.runs(id) && isOurs(id))
        minutes.note(stats, ours, ms, wallMs / 1000)
      }),
    )

    const { flush, problem } = yield* makeBatchWriter({
      what: "minutes of figures",
      ready: Effect.suspend(() => (minutes.waiting.length === 0 ? Queue.take(something) : Effect.void)),
      writeBatch: Effect.gen(function* () {
        const batch = [...minutes.waiting]
        if (batch.length === 0) return true
        yield* rows.write(batch, Math.floor((yield* Clock.currentTimeMillis) / 1000), names)
        minutes.stored(batch)
        return false
      }),
      dropped: () => minutes.lost,
      beforeEnd: () => minutes.end(),
    })
    yield* Effect.forkScoped(observe)

    return {
      read: rows.read,
      oldest: rows.oldest,
      egress: (month) => Effect.zipRight(flush, rows.egress(month, names)),
      current: () => minutes.current,
      flush,
      problem,
    }
  })
