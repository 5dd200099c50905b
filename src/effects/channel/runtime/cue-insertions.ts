/** Manual cues that the engine has been given and that have not gone out yet. Plain functions over a short list. */
import type { Happening } from "../../model/event.ts"

/** How long a manual cue may take to appear in the stream, in ms; the engine itself gives up after 2 s. */
export const INSERTED_WITHIN_MS = 5000
/** Most insertions kept at a time. The engine takes them one after the other, so this is only a bound. */
export const MAX_INSERTIONS = 16

export interface PendingInsertion {
  readonly base64: string
  readonly eventIds: ReadonlyArray<number>
  readonly description: string
  /** Who asked for it. */
  readonly by: string
  /** Monotonic ms. */
  readonly deadlineMs: number
  /** Null until the engine has named it. */
  pid: number | null
  /** True once `cue_inserted` has been recorded for it. */
  audited: boolean
}

/**
 * The record of an insertion, made by whichever comes first, the engine's answer or the cue itself; null when it
 * already exists.
 */
export const auditOf = (insertion: PendingInsertion): Happening | null => {
  if (insertion.audited) return null
  insertion.audited = true
  const { by, description, pid } = insertion
  return { kind: "cue_inserted", severity: "info", message: `inserted by ${by} on PID ${pid}: ${description}` }
}

/** Takes the insertion that a section of the stream belongs to off the list; undefined when the section is not ours. */
export const takeInsertion = (
  insertions: PendingInsertion[],
  base64: string,
  pid: number,
): PendingInsertion | undefined => {
  const place = insertions.findIndex((one) => one.base64 === base64 && (one.pid === null || one.pid === pid))
  const [found] = place < 0 ? [] : insertions.splice(place, 1)
  if (found !== undefined) found.pid = pid
  return found
}

/** Takes an insertion off the list, if it is still there. */
export const dropInsertion = (insertions: PendingInsertion[], insertion: PendingInsertion): void => {
  const place = insertions.indexOf(insertion)
  if (place >= 0) insertions.splice(place, 1)
}

/** Takes insertions whose deadline has passed off the list and returns what to record about them. */
export const expireInsertions = (insertions: PendingInsertion[], monotonicMs: number): ReadonlyArray<Happening> => {
  const over = insertions.filter(({ deadlineMs }) => monotonicMs >= deadlineMs)
  for (const insertion of over) dropInsertion(insertions, insertion)
  const seconds = INSERTED_WITHIN_MS / 1000
  return over.map(({ by, description }) => ({
    kind: "cue_not_inserted",
    severity: "warning",
    message: `a cue inserted by ${by} did not go out within ${seconds} s: ${description}`,
  }))
}
