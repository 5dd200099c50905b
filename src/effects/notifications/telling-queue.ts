/**
 * News on its way to people, grouped: the first of a channel waits for others, messages about one channel keep a
 * distance, and what hits many channels at once becomes one message.
 */
import type { Notice, Told } from "./notice.ts"

export interface GroupPolicy {
  /** How long the first news of a channel waits for others, in ms. */
  readonly groupWaitMs: number
  /** Shortest time between two messages about one channel, in ms. */
  readonly groupIntervalMs: number
}

export interface TellingQueue {
  /** Puts news into its channel's group; it replaces older news of the same notice. */
  readonly wait: (told: Told, monotonicMs: number) => void
  readonly isWaiting: (notice: Notice) => boolean
  /**
   * Takes out what has waited long enough: a list for each channel and one for the service, or one for all when more
   * than `MAX_APART` have news. `tell` returns the news as it goes out, or null when it is no longer to be told.
   */
  readonly release: (
    policy: GroupPolicy,
    monotonicMs: number,
    tell: (told: Told) => Told | null,
  ) => ReadonlyArray<ReadonlyArray<Told>>
}

/** Channels that are told of one by one; when more have news, there is one message for all. */
export const MAX_APART = 3

/** The group of a notice: its channel, or "" for the service. */
const groupOf = ({ channel }: Notice) => channel?.slug ?? ""

export const makeTellingQueue = (): TellingQueue => {
  /** News by group, with the monotonic ms of the first of it. */
  const waiting = new Map<string, { readonly sinceMs: number; readonly tellings: Map<string, Told> }>()
  /** Monotonic ms of the last message about each group. */
  const lastTold = new Map<string, number>()
  /** Monotonic ms of the last message about many channels. */
  let lastMergedMs = Number.NEGATIVE_INFINITY

  const isDue = (name: string, sinceMs: number, { groupIntervalMs, groupWaitMs }: GroupPolicy, monotonicMs: number) =>
    monotonicMs - sinceMs >= groupWaitMs &&
    monotonicMs - (lastTold.get(name) ?? Number.NEGATIVE_INFINITY) >= groupIntervalMs

  return {
    wait: (told, monotonicMs) => {
      const name = groupOf(told.notice)
      const group = waiting.get(name) ?? { sinceMs: monotonicMs, tellings: new Map<string, Told>() }
      waiting.set(name, group)
      // A notice that is over before it was told is told as a whole.
      group.tellings.set(told.notice.id, told)
    },
    isWaiting: (notice) => waiting.get(groupOf(notice))?.tellings.has(notice.id) === true,
    release: (policy, monotonicMs, tell) => {
      const { groupIntervalMs } = policy
      const due = [...waiting].filter(([name, { sinceMs }]) => isDue(name, sinceMs, policy, monotonicMs))
      if (due.length === 0 || monotonicMs - lastMergedMs < groupIntervalMs) return []
      // What hits many channels at once is one matter: nobody wants a message for each.
      const merged = waiting.size > MAX_APART
      const groups: Array<ReadonlyArray<Told>> = []
      for (const [name, { tellings }] of merged ? [...waiting] : due) {
        waiting.delete(name)
        const group = [...tellings.values()].map(tell).filter((told) => told !== null)
        if (group.length === 0) continue
        lastTold.set(name, monotonicMs)
        groups.push(group)
      }
      for (const [name, ms] of lastTold) if (monotonicMs - ms >= groupIntervalMs) lastTold.delete(name)
      if (!merged || groups.length === 0) return groups
      lastMergedMs = monotonicMs
      return [groups.flat()]
    },
  }
}
