/**
 * The book of notices: a condition that holds long enough opens one, a condition that is gone long enough ends it, and
 * the book decides when each change is told. It has neither clock nor store and is stepped once a second.
 */
import { randomUUID } from "node:crypto"
import type { Condition, Named } from "./conditions.ts"
import { isOfService, kindInfo, type NoticeKind, type NoticeSeverity } from "./notice-kinds.ts"

export interface Notice {
  /** UUID of this occurrence. */
  readonly id: string
  /** Identifies what happened to which channel and output; equal whenever that happens again. */
  readonly key: string
  readonly kind: NoticeKind
  readonly severity: NoticeSeverity
  readonly channel: Named | null
  readonly output: Named | null
  readonly message: string
  /** Unix time in ms. */
  readonly openedAt: number
  /** Null while it is open. */
  readonly resolvedAt: number | null
  /** True when it ended because the channel or output was stopped or removed. */
  readonly stopped: boolean
  readonly acknowledged: { readonly by: string; readonly at: number } | null
  /** When it was last told; null when it never was. */
  readonly toldAt: number | null
}

/** Which change of a notice is told. */
export type Telling = "opened" | "resolved" | "repeated"
export interface Told {
  readonly telling: Telling
  readonly notice: Notice
}

export interface BookPolicy {
  readonly outputDownMs: number
  /** How long a channel's first notice waits for others to be told with it. */
  readonly groupWaitMs: number
  /** Shortest time between two tellings about one channel. */
  readonly groupIntervalMs: number
  /** Time between two tellings of an open notice; 0 never repeats. */
  readonly repeatMs: number
}

export interface StepInput {
  readonly conditions: ReadonlyArray<Condition>
  /** False while nothing is known about the channels, whose notices then stay as they are. */
  readonly known: boolean
  readonly isWatched: (channel: string | null, output: string | null) => boolean
  readonly isMuted: (channel: string | null, output: string | null) => boolean
  /** False when no rule sends it to anybody. */
  readonly isWanted: (told: Told) => boolean
  readonly policy: BookPolicy
  readonly nowMs: number
  readonly monotonicMs: number
}

export interface Stepped {
  /** Notices that changed and are to be stored. */
  readonly changed: ReadonlyArray<Notice>
  /**
   * Tellings that go out now: a list for each channel and one for the service, or one for all when more than three have
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

/** Most notices that are over and still shown. */
export const MAX_RECENT = 200
/** Most channels with a message each; when more have news, one message covers all. */
export const MAX_APART = 3
/**
 * How long after a restart open notices wait for their condition to be seen again, in ms: outputs need time to
 * reconnect.
 */
export const RESTART_GRACE_MS = 60_000

/** Kinds of notices that missing input causes by itself. */
const OF_MISSING_INPUT: ReadonlySet<NoticeKind> = new Set(["output_down", "output_flapping"])

export const keyOf = ({ channel, kind, output }: Pick<Condition, "channel" | "kind" | "output">): string =>
  [kind, channel?.slug, output?.slug].filter((part) => part !== undefined).join(":")

interface Held {
  notice: Notice
  /** Monotonic ms since which the condition has been gone; null while it holds. */
  goneMs: number | null
  /** True for a notice from the store whose condition has not been seen since. */
  restored: boolean
}

export const makeNoticeBook = (stored: ReadonlyArray<Notice> = []): NoticeBook => {
  /** Conditions that have not held long enough yet, with the monotonic ms at which they began. */
  const pending = new Map<string, number>()
  const held = new Map<string, Held>(
    stored.filter(({ resolvedAt }) => resolvedAt === null).map((notice) => [notice.key, { notice, goneMs: null, restored: true }]),
  )
  let recent = stored
    .filter(({ resolvedAt }) => resolvedAt !== null)
    .sort((a, b) => (b.resolvedAt ?? 0) - (a.resolvedAt ?? 0))
    .slice(0, MAX_RECENT)
  /** Tellings that wait, by channel, with the monotonic ms of the first. */
  const waiting = new Map<string, { readonly sinceMs: number; readonly tellings: Map<string, Told> }>()
  /** Monotonic ms of the last telling of each channel. */
  const lastTold = new Map<string, number>()
  /** Monotonic ms of the last message that covered many channels. */
  let lastMergedMs = Number.NEGATIVE_INFINITY

  const groupOf = ({ channel }: Notice) => channel?.slug ?? ""
  const wait = (told: Told, monotonicMs: number) => {
    const name = groupOf(told.notice)
    const group = waiting.get(name) ?? { sinceMs: monotonicMs, tellings: new Map<string, Told>() }
    waiting.set(name, group)
    // A notice that ends before it was told is told once, with its end.
    group.tellings.set(told.notice.id, told)
  }
  const isWaiting = (notice: Notice) => waiting.get(groupOf(notice))?.tellings.has(notice.id) === true

  const openNew = (input: StepInput, seen: ReadonlyMap<string, Condition>, changed: Map<string, Notice>) => {
    const { monotonicMs, nowMs, policy } = input
    for (const [key, { channel, kind, message, output }] of seen) {
      const old = held.get(key)
      if (old !== undefined) {
        Object.assign(old, {
          goneMs: null,
          restored: false,
          notice: old.notice.message === message ? old.notice : { ...old.notice, message },
        })
        continue
      }
      // Without input, outputs have nothing to send and servers close the connections: one notice about the input says
      // it all.
      if (OF_MISSING_INPUT.has(kind) && seen.has(keyOf({ kind: "input_lost", channel, output: null }))) {
        pending.delete(key)
        continue
      }
      const info = kindInfo(kind)
      const since = pending.get(key) ?? monotonicMs
      pending.set(key, since)
      if (monotonicMs - since < (kind === "output_down" ? policy.outputDownMs : info.openMs)) continue
      pending.delete(key)
      const notice: Notice = {
        ...{ id: randomUUID(), key, kind, severity: info.severity, channel, output, message },
        ...{ openedAt: nowMs, resolvedAt: null, stopped: false, acknowledged: null, toldAt: null },
      }
      held.set(key, { notice, goneMs: null, restored: false })
      changed.set(notice.id, notice)
    }
    for (const key of pending.keys()) if (!seen.has(key)) pending.delete(key)
  }

  const endOld = (input: StepInput, seen: ReadonlyMap<string, Condition>, changed: Map<string, Notice>) => {
    const { isMuted, isWanted, isWatched, known, monotonicMs, nowMs } = input
    for (const [key, one] of held) {
      const { notice } = one
      if (seen.has(key) || (!known && !isOfService(notice.kind))) {
        one.goneMs = null
        continue
      }
      const channel = notice.channel?.slug ?? null
      const output = notice.output?.slug ?? null
      const stopped = !isWatched(channel, output)
      one.goneMs ??= monotonicMs
      const info = kindInfo(notice.kind)
      if (!stopped && monotonicMs - one.goneMs < (one.restored ? Math.max(RESTART_GRACE_MS, info.resolveMs) : info.resolveMs)) continue
      held.delete(key)
      const over = { ...notice, resolvedAt: nowMs, stopped }
      recent = [over, ...recent].slice(0, MAX_RECENT)
      changed.set(over.id, over)
      const told: Told = { telling: "resolved", notice: over }
      const isNews = notice.toldAt !== null && !info.moment && !isMuted(channel, output) && isWanted(told)
      if (isNews || isWaiting(notice)) wait(told, monotonicMs)
    }
  }

  /** Open notices that nobody has been told of yet, or not for a long time. Muted ones wait for the end of the mute. */
  const remind = ({ isMuted, isWanted, monotonicMs, nowMs, policy }: StepInput) => {
    for (const { notice } of held.values()) {
      const { acknowledged, channel, output, toldAt } = notice
      if (acknowledged !== null || isWaiting(notice) || isMuted(channel?.slug ?? null, output?.slug ?? null)) continue
      const isLong = toldAt === null || (policy.repeatMs > 0 && nowMs - toldAt >= policy.repeatMs && !kindInfo(notice.kind).moment)
      const told: Told = { telling: toldAt === null ? "opened" : "repeated", notice }
      if (isLong && isWanted(told)) wait(told, monotonicMs)
    }
  }

  /** Tellings that have waited long enough, without those muted or acknowledged in the meantime. */
  const release = ({ isMuted, monotonicMs, nowMs, policy }: StepInput, changed: Map<string, Notice>) => {
    const groups: Array<ReadonlyArray<Told>> = []
    const { groupIntervalMs, groupWaitMs } = policy
    const isDue = (name: string, sinceMs: number) =>
      monotonicMs - sinceMs >= groupWaitMs && monotonicMs - (lastTold.get(name) ?? Number.NEGATIVE_INFINITY) >= groupIntervalMs
    const due = [...waiting].filter(([name, { sinceMs }]) => isDue(name, sinceMs))
    if (due.length === 0 || monotonicMs - lastMergedMs < groupIntervalMs) return groups
    // Trouble that hits many channels at once is one matter: nobody wants a message for each.
    const merged = waiting.size > MAX_APART
    for (const [name, { tellings }] of merged ? [...waiting] : due) {
      waiting.delete(name)
      const group: Told[] = []
      for (const { notice: then, telling } of tellings.values()) {
        const one = held.get(then.key)
        const current = one?.notice.id === then.id ? one.notice : then
        if (isMuted(current.channel?.slug ?? null, current.output?.slug ?? null)) continue
        if (telling !== "resolved" && current.acknowledged !== null) continue
        const notice = { ...current, toldAt: nowMs }
        if (one !== undefined && one.notice.id === notice.id) one.notice = notice
        recent = recent.map((old) => (old.id === notice.id ? notice : old))
        changed.set(notice.id, notice)
        // When nobody was told of the beginning, the end is the first that anybody hears.
        group.push({ telling, notice: telling === "resolved" ? { ...notice, toldAt: current.toldAt } : notice })
      }
      if (group.length === 0) continue
      lastTold.set(name, monotonicMs)
      groups.push(group)
    }
    for (const [name, ms] of lastTold) if (monotonicMs - ms >= groupIntervalMs) lastTold.delete(name)
    if (!merged || groups.length === 0) return groups
    lastMergedMs = monotonicMs
    return [groups.flat()]
  }

  return {
    step: (input) => {
      const seen = new Map(input.conditions.map((condition) => [keyOf(condition), condition]))
      const changed = new Map<string, Notice>()
      openNew(input, seen, changed)
      endOld(input, seen, changed)
      remind(input)
      const groups = release(input, changed)
      return { changed: [...changed.values()], groups }
    },
    acknowledge: (key, by, nowMs) => {
      const one = held.get(key)
      if (one === undefined) return undefined
      one.notice = { ...one.notice, acknowledged: one.notice.acknowledged ?? { by, at: nowMs } }
      return one.notice
    },
    find: (id) => [...held.values()].find(({ notice }) => notice.id === id)?.notice ?? recent.find((notice) => notice.id === id),
    open: () => [...held.values()].map(({ notice }) => notice),
    recent: () => recent,
  }
}
