/**
 * Keeps what flaps from flooding the store: each subject has a burst of events, then one every few seconds. What is
 * held back is not lost: the newest waits for its turn and says how many came before it. What is kept for an audit is
 * never held back. Pure; times are monotonic ms.
 */
import { AUDIT, type NewEvent, subjectOf } from "../model/event.ts"

export interface EventLimit {
  /** True when the event may go at once; else it waits in place of an older one. */
  readonly admit: (event: NewEvent, nowMs: number) => boolean
  /** Takes the events whose turn has come. */
  readonly due: (nowMs: number) => ReadonlyArray<NewEvent>
  /** Takes everything that waits. */
  readonly drain: () => ReadonlyArray<NewEvent>
  /** When the next turn comes; null while nothing waits. */
  readonly nextDueMs: () => number | null
}

export const BURST = 10
export const ONE_EVERY_MS = 10_000

interface Subject {
  tokens: number
  /** When `tokens` was last brought up to date. */
  atMs: number
  waiting: NewEvent | null
  /** Events that gave way to the one that waits. */
  replaced: number
}

const release = (subject: Subject): ReadonlyArray<NewEvent> => {
  const { replaced, waiting } = subject
  if (waiting === null) return []
  subject.waiting = null
  subject.replaced = 0
  return [
    replaced === 0 ? waiting : { ...waiting, message: `${waiting.message} (and ${replaced} more like it before)` },
  ]
}

export const makeEventLimit = (burst = BURST, everyMs = ONE_EVERY_MS): EventLimit => {
  const subjects = new Map<string, Subject>()

  const refill = (subject: Subject, nowMs: number) => {
    const gained = Math.floor(Math.max(0, nowMs - subject.atMs) / everyMs)
    subject.tokens = Math.min(burst, subject.tokens + gained)
    subject.atMs = subject.tokens === burst ? nowMs : subject.atMs + gained * everyMs
  }

  return {
    admit: (event, nowMs) => {
      if (AUDIT.has(event.kind)) return true
      const key = subjectOf(event)
      const subject = subjects.get(key) ?? { tokens: burst, atMs: nowMs, waiting: null, replaced: 0 }
      subjects.set(key, subject)
      refill(subject, nowMs)
      // Never past one that waits: order is what tells how the subject is now.
      if (subject.tokens > 0 && subject.waiting === null) {
        subject.tokens--
        return true
      }
      if (subject.waiting !== null) subject.replaced++
      subject.waiting = event
      return false
    },
    due: (nowMs) => {
      const found: NewEvent[] = []
      for (const [key, subject] of subjects) {
        refill(subject, nowMs)
        if (subject.waiting !== null && subject.tokens > 0) {
          subject.tokens--
          found.push(...release(subject))
        } else if (subject.tokens === burst) subjects.delete(key)
      }
      return found
    },
    drain: () => [...subjects.values()].flatMap(release),
    nextDueMs: () => {
      let next: number | null = null
      for (const { atMs, waiting } of subjects.values()) {
        if (waiting !== null && (next === null || atMs + everyMs < next)) next = atMs + everyMs
      }
      return next
    },
  }
}
