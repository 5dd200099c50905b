/**
 * Notices: what holds long enough is opened, what is gone long enough is over, and of each change it is decided when it is told.
 * Without clocks and stores of its own: it is stepped once a second.
 */
import { randomUUID } from "node:crypto"
import type { Condition, Named } from "./conditions.ts"
import { isOfService, kindInfo, type NoticeKind, type NoticeSeverity } from "./notice-kinds.ts"

export interface Notice {
  /** UUID of this occurrence. */
  readonly id: string
  /** The same each time the same thing happens to the same channel and output. */
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
  /** It ended because the channel or output was stopped or removed. */
  readonly stopped: boolean
  readonly acknowledged: { readonly by: string; readonly at: number } | null
  /** When it was last told; null when it never was. */
  readonly toldAt: number | null
}

/** What of a notice is told. */
export type Telling = "opened" | "resolved" | "repeated"
export interface Told {
  readonly telling: Telling
  readonly notice: Notice
}

export interface BookPolicy {
  readonly outputDownMs: number
  /** How long the first of a channel waits for others. */
  readonly groupWaitMs: number
  /** Shortest time between two tellings about one channel. */
  readonly groupIntervalMs: number
  /** 0 never repeats. */
  readonly repeatMs: number
}

export interface StepInput {
  readonly conditions: ReadonlyArray<Condition>
  /** False while nothing is known of channels: their notices stay as they are. */
  readonly known: boolean
  readonly isWatched: (channel: string | null, output: string | null) => boolean
  readonly isMuted: (channel: string | null, output: string | null) => boolean
  /** False when nobody is to hear of it. */
  readonly isWanted: (told: Told) => boolean
  readonly policy: BookPolicy
  readonly nowMs: number
  readonly monotonicMs: number
}

export interface Stepped {
  /** To be stored. */
  readonly changed: ReadonlyArray<Notice>
  /** What goes out now: a list for each channel and one for the service, or one for all when more than three have news. */
  readonly groups: ReadonlyArray<ReadonlyArray<Told>>
}

export interface NoticeBook {
  readonly step: (input: StepInput) => Stepped
  /** Marks an open notice; undefined when there is none. */
  readonly acknowledge: (key: string, by: string, nowMs: number) => Notice | undefined
  readonly find: (id: string) => Notice | undefined
  readonly open: () => ReadonlyArray<Notice>
  /** Those that are over, newest first. */
  readonly recent: () => ReadonlyArray<Notice>
}

/** Notices that are over and still shown. */
export const MAX_RECENT = 200
/** Channels that are told of one by one; when more have news, there is one message for all. */
export const MAX_APART = 3
/** After a restart of the service, what was open is looked for so long, in ms: outputs have to try again first. */
export const RESTART_GRACE_MS = 60_000

/** What a lack of input brings about by itself. */
const OF_MISSING_INPUT: ReadonlySet<NoticeKind> = new Set(["output_down", "output_flapping"])

export const keyOf = ({ channel, kind, output }: Pick<Condition, "channel" | "kind" | "output">): string =>
  [kind, channel?.slug, output?.slug].filter((part) => part !== undefined).join(":")

interface Held {
  notice: Notice
  /** Monotonic ms since when its condition is gone; null while it holds. */
  goneMs: number | null
  /** Found in the store and not seen since. */
  restored: boolean
}

export const makeNoticeBook = (stored: ReadonlyArray<Notice> = []): NoticeBook => {
  /** Conditions that do not hold long enough yet, with the monotonic ms of their beginning. */
  const pending = new Map<string, number>()
  const held = new Map<string, Held>(
    stored.filter(({ resolvedAt }) => resolvedAt === null).map((notice) => [notice.key, { notice, goneMs: null, restored: true }]),
  )
  let recent = stored
    .filter(({ resolvedAt }) => resolvedAt !== null)
    .sort((a, b) => (b.resolvedAt ?? 0) - (a.resolvedAt ?? 0))
    .slice(0, MAX_RECENT)
  /** What waits to be told, by channel, with the monotonic ms of the first of it. */
  const waiting = new Map<string, { readonly sinceMs: number; readonly tellings: Map<string, Told> }>()
  /** Monotonic ms of the last telling of each channel. */
  const lastTold = new Map<string, number>()
  /** The same of the last telling about many of them. */
  let lastMergedMs = Number.NEGATIVE_INFINITY

  const groupOf = ({ channel }: Notice) => channel?.slug ?? ""
  const wait = (told: Told, monotonicMs: number) => {
    const name = groupOf(told.notice)
    const group = waiting.get(name) ?? { sinceMs: monotonicMs, tellings: new Map<string, Told>() }
    waiting.set(name, group)
    // One that is over before it was told is told as a whole.
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
      // Without input outputs have nothing to send, and servers close such connections: that is said of the input, once.
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

  /** Open ones that nobody was told of, or not for long; those that are muted wait for the end of that. */
  const remind = ({ isMuted, isWanted, monotonicMs, nowMs, policy }: StepInput) => {
    for (const { notice } of held.values()) {
      const { acknowledged, channel, output, toldAt } = notice
      if (acknowledged !== null || isWaiting(notice) || isMuted(channel?.slug ?? null, output?.slug ?? null)) continue
      const isLong = toldAt === null || (policy.repeatMs > 0 && nowMs - toldAt >= policy.repeatMs && !kindInfo(notice.kind).moment)
      const told: Told = { telling: toldAt === null ? "opened" : "repeated", notice }
      if (isLong && isWanted(told)) wait(told, monotonicMs)
    }
  }

  /** What has waited long enough, without what was muted or acknowledged meanwhile. */
  const release = ({ isMuted, monotonicMs, nowMs, policy }: StepInput, changed: Map<string, Notice>) => {
    const groups: Array<ReadonlyArray<Told>> = []
    const { groupIntervalMs, groupWaitMs } = policy
    const isDue = (name: string, sinceMs: number) =>
      monotonicMs - sinceMs >= groupWaitMs && monotonicMs - (lastTold.get(name) ?? Number.NEGATIVE_INFINITY) >= groupIntervalMs
    const due = [...waiting].filter(([name, { sinceMs }]) => isDue(name, sinceMs))
    if (due.length === 0 || monotonicMs - lastMergedMs < groupIntervalMs) return groups
    // What hits many channels at once is one matter: nobody wants a message for each.
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
        // Of one that nobody was told of when it began, the end is the first that is heard.
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
