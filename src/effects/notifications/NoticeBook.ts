/**
 * The book of notices: a condition that holds long enough opens one, a condition that is gone long enough ends it, and
 * the book decides when each change is told. It has neither clock nor store and is stepped once a second.
 */
import { randomUUID } from "node:crypto"
import type { Condition } from "./conditions.ts"
import type { Notice, Told } from "./notice.ts"
import { isOfService, kindInfo, type NoticeKind } from "./notice-kinds.ts"
import { type GroupPolicy, makeTellingQueue, type TellingQueue } from "./telling-queue.ts"

export interface BookPolicy extends GroupPolicy {
  /** How long an output is down before that opens a notice, in ms. */
  readonly outputDownMs: number
  /** How long after a message an open notice is told again, in ms; 0 never repeats. */
  readonly repeatMs: number
}

export interface StepInput {
  readonly conditions: ReadonlyArray<Condition>
  /** False while the state of a channel is not known: its notices stay as they are. */
  readonly isKnown: (channel: string) => boolean
  /** Slugs of the channels whose engine is away. */
  readonly away: ReadonlyArray<string>
  readonly isWatched: (channel: string | null, output: string | null) => boolean
  readonly isMuted: (channel: string | null, output: string | null) => boolean
  /** False when no rule sends this news to anybody. */
  readonly isWanted: (told: Told) => boolean
  readonly policy: BookPolicy
  readonly nowMs: number
  readonly monotonicMs: number
}

export interface Stepped {
  /** Notices that are new or have changed, to be stored. */
  readonly changed: ReadonlyArray<Notice>
  /**
   * What goes out now: a list for each channel and one for the service, or one for all when more than `MAX_APART` have
   * news.
   */
  readonly groups: ReadonlyArray<ReadonlyArray<Told>>
}

export interface NoticeBook {
  readonly step: (input: StepInput) => Stepped
  /** Acknowledges an open notice; undefined when there is none. */
  readonly acknowledge: (key: string, by: string, nowMs: number) => Notice | undefined
  readonly find: (id: string) => Notice | undefined
  readonly open: () => ReadonlyArray<Notice>
  /** Notices that are over, newest first. */
  readonly recent: () => ReadonlyArray<Notice>
}

/** The number of notices that are over and still shown. */
export const MAX_RECENT = 200
/**
 * How long after a restart of the service a notice that was open stays open although its condition is not seen, in ms:
 * outputs have to try again first.
 */
export const RESTART_GRACE_MS = 60_000

/**
 * How long after the engine was connected, or this service was started, what that brings about by itself opens no
 * notice, in ms: a restart is one incident.
 */
export const SETTLE_MS = 30_000

/** Kinds that a lack of input brings about by itself. */
const OF_MISSING_INPUT: ReadonlySet<NoticeKind> = new Set([
  "output_down",
  "output_flapping",
  "output_drops",
  "cue_missed",
  "redundancy_lost",
])
/** Kinds that an output which is down brings about by itself. */
const OF_DOWN_OUTPUT: ReadonlySet<NoticeKind> = new Set(["cue_missed", "output_drops", "output_flapping"])
/** Kinds that a restart brings about by itself. */
const OF_RESTART: ReadonlySet<NoticeKind> = new Set(["cue_missed", "output_drops", "output_flapping", "kernel_drops"])

export const keyOf = ({ channel, kind, output }: Pick<Condition, "channel" | "kind" | "output">): string =>
  [kind, channel?.slug, output?.slug].filter((part) => part !== undefined).join(":")

/** An open notice. */
interface Held {
  notice: Notice
  /** Monotonic ms when its condition went; null while it holds. */
  goneMs: number | null
  /** True when it was found in the store and its condition has not been seen since. */
  restored: boolean
}

/** What a book holds. */
interface Pages {
  /** Conditions that do not hold long enough yet, with the monotonic ms of their beginning. */
  readonly pending: Map<string, number>
  /** Open notices by key. */
  readonly held: Map<string, Held>
  /** Messages of conditions that another one explains: they open a notice only when something new is told of them. */
  readonly explained: Map<string, string>
  /** Monotonic ms of the first step; null before it. */
  begunMs: number | null
  /** Monotonic ms at which the engine of a channel was last away. */
  readonly awayMs: Map<string, number>
  /** Notices that are over, newest first. */
  recent: ReadonlyArray<Notice>
  readonly queue: TellingQueue
}

/** One step of a book: its input, and what comes of it. */
interface Step extends StepInput {
  /** The conditions that hold now, by key. */
  readonly seen: ReadonlyMap<string, Condition>
  /** Notices to be stored, by id. */
  readonly changed: Map<string, Notice>
}

const slugsOf = ({ channel, output }: Notice) => [channel?.slug ?? null, output?.slug ?? null] as const

/**
 * True for what another condition explains: no input, an output that is down, a restart. It stays explained once that
 * is over, for as long as nothing new is told of it.
 */
const isExplained = (
  { awayMs, begunMs, explained }: Pages,
  { monotonicMs, seen }: Step,
  key: string,
  { channel, kind, message, output }: Condition,
): boolean => {
  const isSeen = (of: NoticeKind, what: Condition["output"]) => seen.has(keyOf({ kind: of, channel, output: what }))
  const restartedMs = awayMs.get(channel?.slug ?? "") ?? begunMs ?? monotonicMs
  const settles = monotonicMs - restartedMs < SETTLE_MS
  if (
    (OF_MISSING_INPUT.has(kind) && isSeen("input_lost", null)) ||
    (OF_DOWN_OUTPUT.has(kind) && isSeen("output_down", output)) ||
    (OF_RESTART.has(kind) && settles)
  ) {
    explained.set(key, message)
    return true
  }
  // A state counts anew once its cause is over; of a moment nothing is left but what was told of it.
  const isMoment = kindInfo(kind).moment || kind === "output_drops" || kind === "kernel_drops"
  return isMoment && explained.get(key) === message
}

/** Opens a notice for each condition that has held long enough, and keeps those open whose condition still holds. */
const openNew = (pages: Pages, step: Step) => {
  const { explained, held, pending } = pages
  const { away, changed, monotonicMs, nowMs, policy, seen } = step
  pages.begunMs ??= monotonicMs
  for (const slug of away) pages.awayMs.set(slug, monotonicMs)
  for (const [key, condition] of seen) {
    const { channel, kind, message, output } = condition
    const old = held.get(key)
    if (old !== undefined) {
      old.goneMs = null
      old.restored = false
      if (old.notice.message !== message) old.notice = { ...old.notice, message }
      continue
    }
    // Without input outputs have nothing to send, and servers close such connections: that is said of the input, once.
    if (isExplained(pages, step, key, condition)) {
      pending.delete(key)
      continue
    }
    const info = kindInfo(kind)
    const since = pending.get(key) ?? monotonicMs
    pending.set(key, since)
    if (monotonicMs - since < (kind === "output_down" ? policy.outputDownMs : info.openMs)) continue
    pending.delete(key)
    const notice: Notice = {
      id: randomUUID(),
      key,
      kind,
      severity: info.severity,
      channel,
      output,
      message,
      openedAt: nowMs,
      resolvedAt: null,
      stopped: false,
      acknowledged: null,
      toldAt: null,
    }
    held.set(key, { notice, goneMs: null, restored: false })
    changed.set(notice.id, notice)
  }
  for (const key of pending.keys()) if (!seen.has(key)) pending.delete(key)
  for (const key of explained.keys()) if (!seen.has(key)) explained.delete(key)
}

/** Ends notices whose condition is gone long enough, or whose channel or output was stopped. */
const endOld = (pages: Pages, { changed, isKnown, isMuted, isWanted, isWatched, monotonicMs, nowMs, seen }: Step) => {
  const { held, queue } = pages
  for (const [key, one] of held) {
    const { notice } = one
    if (seen.has(key) || (!isOfService(notice.kind) && notice.channel !== null && !isKnown(notice.channel.slug))) {
      one.goneMs = null
      continue
    }
    const [channel, output] = slugsOf(notice)
    const stopped = !isWatched(channel, output)
    one.goneMs ??= monotonicMs
    const info = kindInfo(notice.kind)
    const resolveMs = one.restored ? Math.max(RESTART_GRACE_MS, info.resolveMs) : info.resolveMs
    if (!stopped && monotonicMs - one.goneMs < resolveMs) continue
    held.delete(key)
    const over = { ...notice, resolvedAt: nowMs, stopped }
    pages.recent = [over, ...pages.recent].slice(0, MAX_RECENT)
    changed.set(over.id, over)
    const told: Told = { telling: "resolved", notice: over }
    const isNews = notice.toldAt !== null && !info.moment && !isMuted(channel, output) && isWanted(told)
    if (isNews || queue.isWaiting(notice)) queue.wait(told, monotonicMs)
  }
}

/**
 * Queues open notices that were never told, or are to be told again; muted ones wait until they are no longer muted.
 */
const remind = ({ held, queue }: Pages, { isMuted, isWanted, monotonicMs, nowMs, policy }: Step) => {
  for (const { notice } of held.values()) {
    const { acknowledged, kind, toldAt } = notice
    if (acknowledged !== null || queue.isWaiting(notice) || isMuted(...slugsOf(notice))) continue
    const isLong =
      toldAt === null || (policy.repeatMs > 0 && nowMs - toldAt >= policy.repeatMs && !kindInfo(kind).moment)
    const told: Told = { telling: toldAt === null ? "opened" : "repeated", notice }
    if (isLong && isWanted(told)) queue.wait(told, monotonicMs)
  }
}

/** Marks a notice as told and returns the news as it goes out; null when it was muted or acknowledged meanwhile. */
const tell = (pages: Pages, { changed, isMuted, nowMs }: Step, { notice: then, telling }: Told): Told | null => {
  const one = pages.held.get(then.key)
  const current = one?.notice.id === then.id ? one.notice : then
  if (isMuted(...slugsOf(current))) return null
  if (telling !== "resolved" && current.acknowledged !== null) return null
  const notice = { ...current, toldAt: nowMs }
  if (one !== undefined && one.notice.id === notice.id) one.notice = notice
  pages.recent = pages.recent.map((old) => (old.id === notice.id ? notice : old))
  changed.set(notice.id, notice)
  // When nobody was told of its beginning, the end of a notice is the first that is heard of it.
  return { telling, notice: telling === "resolved" ? { ...notice, toldAt: current.toldAt } : notice }
}

/** A book that goes on from the notices that are stored. */
export const makeNoticeBook = (stored: ReadonlyArray<Notice> = []): NoticeBook => {
  const isOpen = ({ resolvedAt }: Notice) => resolvedAt === null
  const pages: Pages = {
    pending: new Map(),
    explained: new Map(),
    begunMs: null,
    awayMs: new Map(),
    held: new Map(stored.filter(isOpen).map((notice) => [notice.key, { notice, goneMs: null, restored: true }])),
    recent: stored
      .filter((notice) => !isOpen(notice))
      .sort((a, b) => (b.resolvedAt ?? 0) - (a.resolvedAt ?? 0))
      .slice(0, MAX_RECENT),
    queue: makeTellingQueue(),
  }
  const { held, queue } = pages

  return {
    step: (input) => {
      const seen = new Map(input.conditions.map((condition) => [keyOf(condition), condition]))
      const step: Step = { ...input, seen, changed: new Map() }
      openNew(pages, step)
      endOld(pages, step)
      remind(pages, step)
      const groups = queue.release(input.policy, input.monotonicMs, (told) => tell(pages, step, told))
      return { changed: [...step.changed.values()], groups }
    },
    acknowledge: (key, by, nowMs) => {
      const one = held.get(key)
      if (one === undefined) return undefined
      one.notice = { ...one.notice, acknowledged: one.notice.acknowledged ?? { by, at: nowMs } }
      return one.notice
    },
    find: (id) =>
      [...held.values()].find(({ notice }) => notice.id === id)?.notice ??
      pages.recent.find((notice) => notice.id === id),
    open: () => [...held.values()].map(({ notice }) => notice),
    recent: () => pages.recent,
  }
}
