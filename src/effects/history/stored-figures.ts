/**
 * Figures that survive: what each leg and output did is summed up by the minute and stored, in one transaction a minute
 * for all channels. Streams do not depend on it: while the store fails, minutes wait, and beyond an hour the oldest are
 * given up.
 */
import { Clock, Effect, Queue, type Scope, Stream } from "effect"
import type { ChannelSums } from "../../core/figures/figure-sums.ts"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { makeBatchWriter } from "../store/batch-writer.ts"
import type { FigureNames } from "../store/figure-egress.ts"
import { type FigureMinute, type FigureRows, MINUTE_S } from "../store/figure-rows.ts"
import { type Covered, FigureSampler } from "./figure-sampler.ts"

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
/** Longest time between two messages of figures that counts in full; of a longer one nobody knows how it was. */
const MAX_COVERED_S = 5

interface Minute {
  readonly at: number
  readonly channels: Map<number, ChannelSums>
}

/** What channels are called, from their configurations. */
export const namesOf =
  (configs: ReadonlyMap<string, ChannelConfig>): FigureNames =>
  (channel) => {
    for (const { number, outputs, slug } of configs.values())
      if (number === channel) return { name: slug, outputs: new Map(outputs.map((one) => [one.number, one.slug])) }
    return undefined
  }

/** The time between two messages of figures. */
const coveredBy = (
  before: { readonly ms: number; readonly at: number } | null,
  now: { readonly ms: number; readonly at: number },
): Covered => {
  // It tells where the counters stand, and not since when.
  if (before === null) return { whole: 0, seconds: 0 }
  const received = Math.max(0.001, (now.ms - before.ms) / 1000)
  const counted = (now.at - before.at) / 1000
  const whole = Math.floor(now.ms / 1000) - Math.floor(before.ms / 1000)
  return {
    whole: whole > MAX_COVERED_S ? 1 : Math.max(0, whole),
    // The clock that the engine reads may be set at any time.
    seconds: counted > received / 2 && counted < received * 2 ? counted : received,
  }
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
    const sampler = new FigureSampler()
    const names: FigureNames = (channel) => namesOf(book.configs)(channel)
    const ended: Minute[] = []
    const something = yield* Queue.sliding<void>(1)
    let minute: Minute | null = null
    let last: { readonly ms: number; readonly at: number } | null = null
    let lost = 0

    const end = () => {
      if (minute === null || minute.channels.size === 0) return
      ended.push(minute)
      if (ended.length > maxWaiting) {
        ended.shift()
        lost++
      }
      something.unsafeOffer(undefined)
    }
    const note = (stats: EngineStats | null, ms: number, wallS: number) => {
      if (stats === null) {
        last = null
        return
      }
      const now = { ms, at: stats.at }
      const covered = coveredBy(last, now)
      last = now
      const at = Math.floor(wallS / MINUTE_S) * MINUTE_S
      if (minute === null || minute.at !== at) {
        end()
        minute = { at, channels: new Map() }
      }
      const byId = new Map(stats.channels.map((channel) => [channel.id, channel]))
      const running = new Set<string>()
      for (const config of book.configs.values()) {
        if (!book.runs(config.id) || !isOurs(config.id)) continue
        running.add(config.id)
        const sums = minute.channels.get(config.number) ?? new Map()
        minute.channels.set(config.number, sums)
        sampler.take(config, byId.get(config.id), covered, sums)
      }
      sampler.keep(running)
    }
    const observe = Stream.runForEach(engine.state.changes, ({ stats }) =>
      Effect.zipWith(monotonicMs, Clock.currentTimeMillis, (ms, wallMs) => note(stats, ms, wallMs / 1000)),
    )

    const { flush, problem } = yield* makeBatchWriter({
      what: "minutes of figures",
      ready: Effect.suspend(() => (ended.length === 0 ? Queue.take(something) : Effect.void)),
      writeBatch: Effect.gen(function* () {
        const batch = [...ended]
        if (batch.length === 0) return true
        yield* rows.write(batch, Math.floor((yield* Clock.currentTimeMillis) / 1000), names)
        // Those that came meanwhile are behind them; those that were given up meanwhile were in front.
        for (const one of batch) if (ended[0] === one) ended.shift()
        return false
      }),
      dropped: () => lost,
      beforeEnd: () => {
        end()
        minute = null
      },
    })
    yield* Effect.forkScoped(observe)

    return {
      read: rows.read,
      oldest: rows.oldest,
      egress: (month) => Effect.zipRight(flush, rows.egress(month, names)),
      current: () => minute,
      flush,
      problem,
    }
  })
