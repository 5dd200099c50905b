/**
 * Notices and messages on their way to the store: changed notices are marked, and written in the state they have by
 * then. Whatever the store refuses waits.
 */
import { Effect, Queue, type Scope } from "effect"
import { makeBatchWriter } from "../store/batch-writer.ts"
import type { Notice } from "./notice.ts"
import type { NotificationRows, Outgoing } from "./notification-rows.ts"

/** Most notices and messages that wait for a store that does not answer. */
const MAX_UNWRITTEN = 2000

export interface Unwritten {
  /** Marks a notice, by its UUID, as one to be written. */
  readonly mark: (noticeId: string) => void
  /** Takes a message that is on its way from now on. */
  readonly add: (outgoing: Outgoing) => void
  /** Notes that a message is delivered or given up, and wakes the writer. */
  readonly settled: (outgoing: Outgoing) => void
  /** Drops the messages for a destination that is gone. */
  readonly forget: (destinationId: string) => void
  /** Wakes the writer. */
  readonly changed: () => void
}

/**
 * Starts the writer, until the scope ends.
 *
 * @param find returns a notice by its UUID, as it is now
 */
export const makeUnwritten = (
  rows: NotificationRows,
  find: (id: string) => Notice | undefined,
): Effect.Effect<Unwritten, never, Scope.Scope> =>
  Effect.gen(function* () {
    const something = yield* Queue.sliding<void>(1)
    const unwritten = { notices: new Set<string>(), added: new Map<string, Outgoing>(), done: new Set<string>() }
    let dropped = 0
    const writeBatch = Effect.gen(function* () {
      const notices = [...unwritten.notices]
      const added = [...unwritten.added.values()]
      const done = [...unwritten.done]
      if (notices.length + added.length + done.length === 0) return true
      for (const id of notices) unwritten.notices.delete(id)
      for (const { id } of added) unwritten.added.delete(id)
      for (const id of done) unwritten.done.delete(id)
      const putBack = () => {
        for (const id of notices) unwritten.notices.add(id)
        // A message that has been delivered in the meantime need not be stored.
        for (const one of added) if (!unwritten.done.delete(one.id)) unwritten.added.set(one.id, one)
        for (const id of done) unwritten.done.add(id)
        for (const one of [unwritten.notices, unwritten.added, unwritten.done]) {
          for (const id of one.keys()) {
            if (one.size <= MAX_UNWRITTEN) break
            one.delete(id)
            dropped++
          }
        }
      }
      const found = notices.flatMap((id) => find(id) ?? [])
      yield* Effect.tapErrorCause(rows.write(found, added, done), () => Effect.sync(putBack))
      return false
    })
    yield* makeBatchWriter({ what: "notifications", ready: Queue.take(something), writeBatch, dropped: () => dropped })
    const changed = () => void something.unsafeOffer(undefined)
    return {
      mark: (id) => void unwritten.notices.add(id),
      add: (outgoing) => void unwritten.added.set(outgoing.id, outgoing),
      settled: ({ id }) => {
        if (!unwritten.added.delete(id)) unwritten.done.add(id)
        changed()
      },
      forget: (destinationId) => {
        for (const [key, one] of unwritten.added) if (one.destinationId === destinationId) unwritten.added.delete(key)
      },
      changed,
    }
  })
