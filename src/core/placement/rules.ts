/**
 * The rules by which no two nodes ever send one channel. Each is needed: `placement.test.ts` shows what happens without it.
 *
 * An owner sends while it has a lease. PostgreSQL grants it (a beat that finds the row to be its own), and so does the
 * channel's partner when PostgreSQL cannot be asked. The partner alone takes over: when PostgreSQL says that the owner
 * has been silent for the dead time, and it has granted nothing itself for as long. The lease is shorter than the dead
 * time, and each is counted from before the question, so that the old owner is silent before the new one speaks.
 */
import type { PlacementRow } from "./model.ts"
import type { Timing } from "./timing.ts"

/** When a node last granted a channel's lease, at the latest: before its start it may have granted any. */
export interface GrantsGiven {
  readonly startedMs: number
  readonly lastGrantMs: number | undefined
}

const sinceGrant = ({ lastGrantMs, startedMs }: GrantsGiven, nowMs: number) => nowMs - (lastGrantMs ?? startedMs)

/** What a node knows of an owner's silence. */
export interface Silence {
  /** Since PostgreSQL last heard of the owner, by PostgreSQL's clock, in ms; infinite when it has left. */
  readonly silentMs: number
  /** Since when this node has heard PostgreSQL without a break and its clock has made no step, in ms. */
  readonly watchedMs: number
}

export const RULES = {
  /** A lease begins when the question was sent, not when it was answered. */
  leaseUntil: (sentMs: number, _nowMs: number, { leaseMs }: Timing): number => sentMs + leaseMs,

  /** An owner that may have granted the lease of the one before waits until that has run out. */
  mayOpen: (row: PlacementRow, given: GrantsGiven, nowMs: number, { deadMs }: Timing): boolean =>
    row.openEpoch === row.epoch || sinceGrant(given, nowMs) >= deadMs,

  /**
   * A partner grants what it does not own, unless it knows that the channel has gone on to another epoch. Who has just
   * started knows nothing, and may own the channel itself.
   */
  mayGrant: (known: PlacementRow | undefined, self: string, asker: string, epoch: number): boolean => {
    if (known === undefined) return false
    if (known.epoch < epoch) return true
    return known.epoch === epoch && known.owner === asker && known.partner === self
  },

  /** An owner asks its partner only while no statement is under way that may have given the channel another one. */
  mayAskPartner: (isUnsettled: boolean): boolean => !isUnsettled,

  /**
   * Only the partner takes over, or anybody where there is none; after the dead time by both clocks. Not from an owner
   * that may not send itself yet: it may not know that it is the owner, and may grant the lease of the one before.
   */
  mayTakeOver: (
    row: PlacementRow,
    self: string,
    { silentMs, watchedMs }: Silence,
    given: GrantsGiven,
    nowMs: number,
    { deadMs }: Timing,
  ): boolean => {
    if (row.owner === self || (row.partner !== null && row.partner !== self)) return false
    if (row.openEpoch !== row.epoch) return false
    if (silentMs === Number.POSITIVE_INFINITY) return true
    return silentMs >= deadMs && watchedMs >= deadMs && sinceGrant(given, nowMs) >= deadMs
  },

  /** A channel gets another partner only while its lease is PostgreSQL's: that of the last beat. */
  mayPair: (fenceMs: number, beatFenceMs: number): boolean => fenceMs <= beatFenceMs,

  /** An owner that may not send yet has nothing to give away. */
  mayLeave: (mayOpen: boolean): boolean => mayOpen,

  /** A channel is given away after its outputs were closed, or its lease has run out. */
  mayRelease: (isClosed: boolean, fenceMs: number, nowMs: number): boolean => isClosed || nowMs > fenceMs,

  /** What is being given away stays closed until PostgreSQL has said that it was not, or a later statement has. */
  mayReopen: (mayBeReleased: boolean): boolean => !mayBeReleased,
} as const

/** The rules, or in a test others in their place. */
export type Rules = typeof RULES
