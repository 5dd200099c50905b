/**
 * The way of cues into the store: taken at once, written in batches by one fiber, never waited for. A cue is written as
 * soon as it came, and again as its proofs and repetitions come in.
 */
import { Clock, Context, Effect, Layer, Queue, type Scope } from "effect"
import type { CueQuery, CueView, NewCue } from "../model/cue.ts"
import type { StoreError } from "../model/Errors.ts"
import { makeBatchWriter } from "./batch-writer.ts"
import { Store, type StoreService } from "./Store.ts"

/** A cue that may still change. */
export interface CueEntry {
  readonly current: () => NewCue
  /** Changes what is kept of it; never waits, never fails. */
  readonly update: (change: (cue: NewCue) => NewCue) => void
}

export interface CueLogService {
  /** Takes a cue; never waits, never fails. */
  readonly add: (cue: NewCue) => CueEntry
  /** Cues of a channel, newest first, those of this moment included. */
  readonly list: (channelId: string, query: CueQuery) => Effect.Effect<ReadonlyArray<CueView>, StoreError>
  /** Those of all channels. */
  readonly listAll: (
    query: CueQuery,
  ) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly cue: CueView }>, StoreError>
  /** Why cues are not written at present; null when they are. */
  readonly problem: () => string | null
  readonly counts: () => { readonly waiting: number; readonly dropped: number; readonly failures: number }
}

interface Kept {
  id: number | null
  cue: NewCue
  /** Given up: the queue was full, or the channel is gone. */
  lost: boolean
}

export const CUE_BATCH = 100
export const MAX_CUES_WAITING = 1000
const EVERY = "250 millis"

/** The scope's end writes what waits, within 0.5 s. */
export const makeCueLog = (
  store: Pick<StoreService, "writeCues" | "cues" | "allCues">,
): Effect.Effect<CueLogService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const waiting = new Set<Kept>()
    const something = yield* Queue.sliding<void>(1)
    let dropped = 0

    const enqueue = (kept: Kept) => {
      if (kept.lost) return
      if (kept.id === null && !waiting.has(kept) && waiting.size >= MAX_CUES_WAITING) {
        dropped++
        kept.lost = true
      } else waiting.add(kept)
      something.unsafeOffer(undefined)
    }

    /** What changes while it is written is written again. */
    const writeBatch = Effect.gen(function* () {
      const batch = [...waiting].slice(0, CUE_BATCH)
      if (batch.length === 0) return true
      for (const kept of batch) waiting.delete(kept)
      const ids = yield* store.writeCues(batch.map(({ cue, id }) => ({ cue, id }))).pipe(
        Effect.tapErrorCause(() =>
          Effect.sync(() => {
            // In front of those that came meanwhile, so that ids follow arrival.
            const later = [...waiting]
            waiting.clear()
            for (const kept of [...batch, ...later]) waiting.add(kept)
          }),
        ),
      )
      for (const [index, kept] of batch.entries()) {
        kept.id = ids[index] ?? null
        kept.lost = kept.id === null
        if (kept.lost) waiting.delete(kept)
      }
      return false
    })

    const ready = Effect.gen(function* () {
      if (waiting.size === 0) yield* Queue.take(something)
      yield* Effect.sleep(EVERY)
    })

    const { failures, flush, problem } = yield* makeBatchWriter({
      what: "cues",
      ready,
      writeBatch,
      dropped: () => dropped,
    })

    return {
      add: (cue) => {
        const kept: Kept = { id: null, cue, lost: false }
        enqueue(kept)
        return {
          current: () => kept.cue,
          update: (change) => {
            kept.cue = change(kept.cue)
            enqueue(kept)
          },
        }
      },
      list: (channelId, query) =>
        Effect.zipRight(
          flush,
          Effect.flatMap(Clock.currentTimeMillis, (nowMs) => store.cues(channelId, query, nowMs)),
        ),
      listAll: (query) =>
        Effect.zipRight(
          flush,
          Effect.flatMap(Clock.currentTimeMillis, (nowMs) => store.allCues(query, nowMs)),
        ),
      problem,
      counts: () => ({ waiting: waiting.size, dropped, failures: failures() }),
    }
  })

export class CueLog extends Context.Tag("distributor/CueLog")<CueLog, CueLogService>() {
  static readonly Live = Layer.scoped(CueLog, Effect.flatMap(Store, makeCueLog))
}
