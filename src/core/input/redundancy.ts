/**
 * When a leg counts as lost and as back, and what that does to redundancy, with hysteresis so that events do not flap.
 */
import { describeFault, type FailoverReason, isFresh, isUsable, type LegFitness } from "./leg-fitness.ts"

export type Leg = "primary" | "backup"

/** `none`: one leg only; `ok`: the other leg could take over; `lost`: it could not. */
export type Redundancy = "none" | "ok" | "lost"

export interface SafetyEvent {
  readonly kind: "leg_lost" | "leg_back" | "redundancy_lost" | "redundancy_back"
  /** The leg it is about; of redundancy the one that could (not) take over. */
  readonly leg: Leg
  readonly reason: FailoverReason | "usable" | "not_usable"
  /** A sentence for a person. */
  readonly detail: string
}

/**
 * A lost leg is back when it was usable for this long without a break, in ms; doubled for each loss soon after it was
 * back.
 */
export const BACK_AFTER_MS = 1000
const BACK_AFTER_MAX_MS = 32_000
/** A leg lost sooner than this after it was back flaps. */
const STEADY_MS = 60_000
/** A leg that has not come at all is missed when the other one has been usable for this long, in ms. */
export const MISSED_AFTER_MS = 5000

/** Mutable; owned by `FailoverState`. */
export interface Presence {
  /** `new`: has not been usable yet. */
  state: "new" | "up" | "lost"
  upSince: number
  lostSince: number
  backAfterMs: number
}

export const newPresence = (): Presence => ({ state: "new", upSince: 0, lostSince: 0, backAfterMs: BACK_AFTER_MS })

export const noEvents: readonly SafetyEvent[] = []

/**
 * Moves one leg on; an event when it was lost or came back. A fault has lasted `failoverAfterMs` already, but for a
 * closed socket.
 */
export const trackLeg = (
  presence: Presence,
  name: Leg,
  leg: LegFitness,
  failoverAfterMs: number,
  clock: number,
  events: readonly SafetyEvent[],
): readonly SafetyEvent[] => {
  if (presence.state === "up") {
    if (leg.fault === null || (leg.fault === "closed" && clock - leg.faultSince < failoverAfterMs)) return events
    const wasBack = presence.lostSince > 0 && clock - presence.upSince < STEADY_MS
    presence.backAfterMs = wasBack ? Math.min(presence.backAfterMs * 2, BACK_AFTER_MAX_MS) : BACK_AFTER_MS
    presence.state = "lost"
    presence.lostSince = clock
    const detail = `the ${name} leg can no longer be used: ${describeFault(leg, leg.fault, failoverAfterMs)}`
    return [...events, { kind: "leg_lost", leg: name, reason: leg.fault, detail }]
  }
  const wasLost = presence.state === "lost"
  if (!isUsable(leg, clock, wasLost ? presence.backAfterMs : 0) || !isFresh(leg, clock)) return events
  presence.state = "up"
  presence.upSince = clock
  if (!wasLost) return events
  const seconds = ((clock - presence.lostSince) / 1000).toFixed(1)
  return [
    ...events,
    { kind: "leg_back", leg: name, reason: "usable", detail: `the ${name} leg is back after ${seconds} s` },
  ]
}

/** What was last told of redundancy; null before anything was. */
export interface Announced {
  redundancy: Exclude<Redundancy, "none"> | null
}

/** The event that the change of redundancy deserves. `other` is the leg that is not active. */
export const trackRedundancy = (
  announced: Announced,
  isOk: boolean,
  other: Leg,
  otherLeg: LegFitness,
  activeLeg: LegFitness,
  failoverAfterMs: number,
  clock: number,
  events: readonly SafetyEvent[],
): readonly SafetyEvent[] => {
  if (isOk) {
    const wasLost = announced.redundancy === "lost"
    announced.redundancy = "ok"
    if (!wasLost) return events
    return [
      ...events,
      { kind: "redundancy_back", leg: other, reason: "usable", detail: `the ${other} leg can take over again` },
    ]
  }
  if (announced.redundancy === "lost") return events
  if (announced.redundancy === null && !isUsable(activeLeg, clock, MISSED_AFTER_MS)) return events
  announced.redundancy = "lost"
  const why =
    otherLeg.fault === null ? "it is not usable yet" : describeFault(otherLeg, otherLeg.fault, failoverAfterMs)
  const detail = `redundancy is lost: the ${other} leg could not take over (${why})`
  return [...events, { kind: "redundancy_lost", leg: other, reason: otherLeg.fault ?? "not_usable", detail }]
}
