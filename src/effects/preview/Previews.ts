/**
 * Live previews: a channel's outgoing stream for a browser, from a random access point on. A few at a time, each for a
 * few minutes.
 */
import { Context, Data, Deferred, Effect, Layer, type Scope } from "effect"
import { AccessPointStart } from "../../core/preview/access-point-start.ts"
import { registrationOf } from "../../core/ts/psi.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { NotFound } from "../model/Errors.ts"
import { Taps, type TapsService } from "../taps/Taps.ts"

/** Why a preview ended, as the viewer is told. */
export type PreviewEndKind = "not_running" | "too_many" | "no_picture" | "time_is_up" | "too_slow" | "lost"
export class PreviewEnded extends Data.TaggedError("PreviewEnded")<{
  readonly kind: PreviewEndKind
  readonly reason: string
}> {}

/** What the viewer needs to know before the first byte: stream types and registrations of the PMT. */
export interface PreviewStreams {
  readonly streams: ReadonlyArray<{
    readonly pid: number
    readonly stream_type: number
    readonly registration: string | null
  }>
}

export interface PreviewViewer {
  /** Told once, before the first bytes. */
  readonly begin: (streams: PreviewStreams) => void
  /** Takes TS bytes, which nobody writes to afterwards. */
  readonly data: (bytes: Uint8Array) => void
  /** Number of bytes handed over and not yet sent. */
  readonly bufferedBytes: () => number
}

export interface PreviewsService {
  /** Shows what a channel (UUID, slug or number) sends out until interrupted; fails with the reason when it is over. */
  readonly watch: (ref: string, viewer: PreviewViewer) => Effect.Effect<never, NotFound | PreviewEnded>
}

/** The previews by the ids of their channels, which are all taken for known. */
interface OpenPreviews {
  /** Runs until the preview is over, and fails with the reason; interrupted when the viewer has gone. */
  readonly watch: (channelId: string, viewer: PreviewViewer) => Effect.Effect<never, PreviewEnded>
  readonly size: () => number
}

export const MAX_VIEWERS = 4
export const LASTS = "5 minutes"
/** Largest backlog of a viewer, in bytes; one with more unread is no longer watching live. */
export const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
/** How long the first access point is waited for; broadcasts have one at least every ten seconds. */
const FIRST_WITHIN = "15 seconds"

export const makePreviews = (taps: TapsService): OpenPreviews => {
  let viewers = 0

  const run = (channelId: string, viewer: PreviewViewer): Effect.Effect<never, PreviewEnded, Scope.Scope> =>
    Effect.gen(function* () {
      const over = yield* Deferred.make<never, PreviewEnded>()
      const begun = yield* Deferred.make<void>()
      const start = new AccessPointStart()
      let told = false
      let full = false
      const onData = (bytes: Uint8Array) => {
        if (full) return
        for (const part of start.push(bytes)) {
          if (!told) {
            told = true
            viewer.begin({
              streams: start.streams.map(({ descriptors, pid, stream_type }) => ({
                pid,
                stream_type,
                registration: descriptors.map(registrationOf).find((name) => name !== null) ?? null,
              })),
            })
            Deferred.unsafeDone(begun, Effect.void)
          }
          viewer.data(part)
        }
        if (viewer.bufferedBytes() <= MAX_BUFFERED_BYTES) return
        full = true
        const reason = "the connection is too slow for the stream"
        Deferred.unsafeDone(over, new PreviewEnded({ kind: "too_slow", reason }))
      }
      const ofTap = yield* taps
        .open(channelId, onData)
        .pipe(Effect.mapError(({ reason }) => new PreviewEnded({ kind: "not_running", reason })))
      const lost = Effect.mapError(Deferred.await(ofTap), ({ reason }) => new PreviewEnded({ kind: "lost", reason }))
      const limit = Effect.gen(function* () {
        yield* Effect.timeoutFail(Deferred.await(begun), {
          duration: FIRST_WITHIN,
          onTimeout: () =>
            new PreviewEnded({ kind: "no_picture", reason: "no random access point of video came within 15 s" }),
        })
        yield* Effect.sleep(LASTS)
        return yield* new PreviewEnded({ kind: "time_is_up", reason: "the preview stops after 5 minutes" })
      })
      return yield* Effect.raceFirst(Effect.raceFirst(Deferred.await(over), lost), limit)
    })

  return {
    size: () => viewers,
    watch: (channelId, viewer) =>
      Effect.acquireUseRelease(
        Effect.suspend(() => {
          if (viewers >= MAX_VIEWERS) {
            return new PreviewEnded({
              kind: "too_many",
              reason: `${MAX_VIEWERS} previews are open already, which is the most there can be`,
            })
          }
          viewers += 1
          return Effect.void
        }),
        () => Effect.scoped(run(channelId, viewer)),
        () =>
          Effect.sync(() => {
            viewers -= 1
          }),
      ),
  }
}

export class Previews extends Context.Tag("distributor/Previews")<Previews, PreviewsService>() {
  static readonly Live = Layer.effect(
    Previews,
    Effect.gen(function* () {
      const book = yield* ChannelBook
      const previews = makePreviews(yield* Taps)
      return {
        watch: (ref: string, viewer: PreviewViewer) =>
          Effect.flatMap(book.find(ref), ({ id }) => previews.watch(id, viewer)),
      }
    }),
  )
}
