/**
 * The cues of late, to know one that is sent again. Bounded: the events that were not heard of for longest are
 * forgotten.
 */
import type { CueAction } from "./cue-key.ts"
import { TIMELINE_SLACK_MS } from "./watch-clock.ts"

/** Events remembered at most. */
const MOST_FAMILIES = 1024
/** Things remembered of one event at most; a segment has a start and an end for each type. */
const MOST_SLOTS = 16
/** Without a time, the same words soon after are the same cue, and later another. */
const UNTIMED_REPEAT_MS = 10_000
/** With a time but without a clock to place it. */
const UNPLACED_REPEAT_MS = 600_000

/** A cue as it was told. */
export interface Telling {
  readonly signature: string
  readonly timed: boolean
  readonly atMs: number
  /** Splice point in monotonic milliseconds; null when immediate, or without a clock. */
  readonly spliceMs: number | null
}

interface Told extends Telling {
  readonly cue: number
  seenMs: number
}

export type CueMemory = Map<string, Map<string, Told>>

/** A cancel is of the event, whatever signalled it. */
const slotOf = (kind: string, signal: number): string => (kind === "cancel" ? kind : `${kind}/${signal}`)

const isSame = (told: Told, telling: Telling): boolean => {
  if (told.signature !== telling.signature) return false
  if (told.spliceMs !== null && telling.spliceMs !== null)
    return Math.abs(told.spliceMs - telling.spliceMs) <= TIMELINE_SLACK_MS
  return telling.atMs - told.seenMs <= (telling.timed ? UNPLACED_REPEAT_MS : UNTIMED_REPEAT_MS)
}

/**
 * Number of the sighting that told all of the same before, nothing else having been told of these events since; or
 * null.
 */
export const recall = (memory: CueMemory, actions: ReadonlyArray<CueAction>, telling: Telling): number | null => {
  const found: Told[] = []
  for (const { family, kind, signal } of actions) {
    const told = memory.get(family)?.get(slotOf(kind, signal))
    if (told === undefined || !isSame(told, telling)) return null
    found.push(told)
  }
  for (const told of found) told.seenMs = telling.atMs
  return found[0]?.cue ?? null
}

const OPPOSITE: Readonly<Record<string, string>> = { out: "in", in: "out", start: "end", end: "start" }

/** Remembers what sighting `cue` told; a cancel wipes out what was told of its event before. */
export const remember = (memory: CueMemory, actions: ReadonlyArray<CueAction>, telling: Telling, cue: number): void => {
  for (const { family, kind, signal } of actions) {
    const slots = kind === "cancel" ? new Map<string, Told>() : (memory.get(family) ?? new Map<string, Told>())
    memory.delete(family)
    memory.set(family, slots)
    slots.delete(slotOf("cancel", 0))
    // Out, in and out again without times are three cues, however fast.
    const opposite = slotOf(OPPOSITE[kind] ?? "", signal)
    if (slots.get(opposite)?.timed === false) slots.delete(opposite)
    const slot = slotOf(kind, signal)
    slots.delete(slot)
    slots.set(slot, { ...telling, cue, seenMs: telling.atMs })
    for (const oldest of slots.keys()) {
      if (slots.size <= MOST_SLOTS) break
      slots.delete(oldest)
    }
  }
  for (const oldest of memory.keys()) {
    if (memory.size <= MOST_FAMILIES) break
    memory.delete(oldest)
  }
}
