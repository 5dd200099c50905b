/**
 * Pictures of the running channels, taken by a few short-lived ffmpeg processes: often while somebody looks at them,
 * seldom otherwise. Above a certain number of running channels there are none, since decoding would take the CPU time
 * that the streams need.
 */
import { Clock, Context, Effect, FiberMap, Layer, type Scope, SubscriptionRef } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { ThumbnailLimit } from "../config/thumbnail-limit.ts"
import { activeLeg } from "../engine/active-leg.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import type { NotFound } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { type TapEnded, Taps, type TapsService } from "../taps/Taps.ts"
import { captureKeyFrame, decodeKeyFrame } from "./picture-of.ts"
import type { Thumbnail, ThumbnailAnswer } from "./thumbnail-model.ts"

export interface ThumbnailsService {
  /** The latest picture of what a channel (UUID, slug or number) sends out. */
  readonly get: (ref: string) => Effect.Effect<ThumbnailAnswer, NotFound>
}

/** The pictures by the ids of their channels, which are all taken for known. */
interface Pictures {
  readonly get: (channelId: string) => Effect.Effect<ThumbnailAnswer>
}

export interface ThumbnailDeps {
  readonly limit: ThumbnailLimit
  /** Running channels, and whether packets arrive on each. */
  readonly running: Effect.Effect<ReadonlyMap<string, { readonly receiving: boolean }>>
  /** Takes the picture of a channel; replaced in tests. */
  readonly take?: (channelId: string) => Effect.Effect<Uint8Array, TapEnded>
}

/** ms between two pictures of a channel that somebody looked at within `WATCHED`; below, of any other channel. */
export const WATCHED_EVERY_MS = 8000
export const UNWATCHED_EVERY_MS = 60_000
const WATCHED_MS = 60_000
/** Age in ms from which a picture no longer counts as live, whether or not the channel has input. */
export const STALE_AFTER_MS = 30_000
export const OLD_AFTER_MS = 150_000
/** How many channels' key frames are waited for at a time, and below, how many ffmpeg processes run. */
const CAPTURES = 4
const DECODERS = 2

interface Known {
  thumbnail: Thumbnail | null
  problem: string | null
  /** Monotonic ms of the last attempt, and below, of the last look. */
  triedMs: number
  watchedMs: number
}

const none = (reason: string): ThumbnailAnswer => ({ ok: false, reason })

/** Follows the channels until the scope ends, which ends every process. */
export const makeThumbnails = (taps: TapsService, deps: ThumbnailDeps): Effect.Effect<Pictures, never, Scope.Scope> =>
  Effect.gen(function* () {
    const known = new Map<string, Known>()
    const fibers = yield* FiberMap.make<string>()
    const decoding = (yield* Effect.makeSemaphore(DECODERS)).withPermits(1)
    const capturing = (yield* Effect.makeSemaphore(CAPTURES)).withPermits(1)
    const take =
      deps.take ?? ((id) => Effect.flatMap(capturing(captureKeyFrame(taps, id)), (ts) => decoding(decodeKeyFrame(ts))))

    const attempt = (id: string, entry: Known) =>
      Effect.gen(function* () {
        const jpeg = yield* take(id)
        entry.thumbnail = { jpeg, at: yield* Clock.currentTimeMillis }
        entry.problem = null
      }).pipe(
        Effect.catchAllCause((cause) => {
          entry.problem = cause._tag === "Fail" ? cause.error.reason : "it could not be taken"
          return cause._tag === "Die" ? Effect.logError("a thumbnail could not be taken", cause) : Effect.void
        }),
      )

    const round = Effect.gen(function* () {
      const running = yield* deps.running
      for (const id of known.keys()) {
        if (running.has(id)) continue
        known.delete(id)
        yield* FiberMap.remove(fibers, id)
      }
      if (running.size > deps.limit) return known.clear()
      const nowMs = yield* monotonicMs
      for (const [id, { receiving }] of running) {
        const entry = known.get(id) ?? {
          thumbnail: null,
          problem: null,
          triedMs: Number.NEGATIVE_INFINITY,
          watchedMs: nowMs,
        }
        known.set(id, entry)
        const everyMs = nowMs - entry.watchedMs < WATCHED_MS ? WATCHED_EVERY_MS : UNWATCHED_EVERY_MS
        if (!receiving || nowMs - entry.triedMs < everyMs || (yield* FiberMap.has(fibers, id))) continue
        entry.triedMs = nowMs
        yield* FiberMap.run(fibers, id, attempt(id, entry))
      }
    })
    if (deps.limit > 0) yield* Effect.forkScoped(Effect.forever(Effect.zipRight(round, Effect.sleep("1 second"))))

    return {
      get: (id) =>
        Effect.gen(function* () {
          if (deps.limit === 0) return none("pictures are off (THUMBNAILS=off)")
          const running = yield* deps.running
          const state = running.get(id)
          if (state === undefined) return none("the channel does not run")
          if (running.size > deps.limit) {
            return none(`${running.size} channels run, and pictures are taken of ${deps.limit} at most (THUMBNAILS)`)
          }
          const entry = known.get(id)
          if (entry !== undefined) entry.watchedMs = yield* monotonicMs
          const found = entry?.thumbnail ?? null
          if (found === null)
            return none(entry?.problem ?? (state.receiving ? "the first picture is on its way" : "no packets arrive"))
          const ageMs = (yield* Clock.currentTimeMillis) - found.at
          if (!state.receiving && ageMs > STALE_AFTER_MS)
            return none("no packets arrive, and the last picture is older than 30 s")
          if (ageMs > OLD_AFTER_MS) return none(entry?.problem ?? "the last picture is too old")
          return { ok: true, thumbnail: found }
        }),
    }
  })

export class Thumbnails extends Context.Tag("distributor/Thumbnails")<Thumbnails, ThumbnailsService>() {
  static readonly Live = Layer.scoped(
    Thumbnails,
    Effect.gen(function* () {
      const book = yield* ChannelBook
      const engine = yield* EngineClient
      const pictures = yield* makeThumbnails(yield* Taps, {
        limit: (yield* AppConfig).thumbnails,
        running: Effect.map(SubscriptionRef.get(engine.state), ({ stats }) => {
          const carried = [...book.configs.keys()].filter(book.runs)
          return new Map(
            carried.map((id) => [
              id,
              { receiving: activeLeg(stats?.channels.find((c) => c.id === id))?.receiving === true },
            ]),
          )
        }),
      })
      return { get: (ref: string) => Effect.flatMap(book.find(ref), ({ id }) => pictures.get(id)) }
    }),
  )
}
