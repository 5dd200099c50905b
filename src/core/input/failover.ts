/**
 * Which leg a channel should take: a pure decision over plain numbers, many times a second.
 *
 * - A leg with a fault (`leg-fitness.ts`) is left for the other one when that is usable. Both bad: stay.
 * - `failback: auto` returns to the primary leg once it was usable for `failbackAfterMs` while the backup was active.
 * - An operator's switch holds: there is no failback until the leg chosen fails or the operator switches again. That
 *   leg has `failoverAfterMs` before a fault counts.
 * - Flapping: from the third switch within 10 s on, each doubles how long a leg must have been usable before the stream
 *   goes to it (200 ms at first, 10 s at most), until a minute passes without a switch. A steady leg takes over at once
 *   all the same: only one that was bad a moment ago waits.
 */
import {
  describeFault,
  type FailoverReason,
  forgetLeg,
  isFresh,
  isUsable,
  type LegFitness,
  type LegNumbers,
  newLegFitness,
  observeLeg,
  PROVEN_MS,
  STEP_MAX_MS,
  type Tick,
} from "./leg-fitness.ts"
import {
  type Announced,
  type Leg,
  newPresence,
  noEvents,
  type Presence,
  type Redundancy,
  type SafetyEvent,
  trackLeg,
  trackRedundancy,
} from "./redundancy.ts"

export type { FailoverReason, LegNumbers } from "./leg-fitness.ts"
export type { Leg, Redundancy, SafetyEvent } from "./redundancy.ts"

export interface FailoverPolicy {
  /** From 50. */
  readonly failoverAfterMs: number
  readonly failback: "auto" | "manual"
  readonly failbackAfterMs: number
}

export interface SwitchAction {
  readonly to: Leg
  readonly reason: FailoverReason | "failback"
  /** A sentence for a person. */
  readonly detail: string
}

/** Valid until the next call of `decide` with the same state, which writes the next one over it. */
export interface Decision {
  readonly action: SwitchAction | null
  /** Without fault, with PAT and PMT, for 200 ms or more. */
  readonly usable: Readonly<Record<Leg, boolean>>
  readonly faults: Readonly<Record<Leg, FailoverReason | null>>
  readonly redundancy: Redundancy
  /** What changed with this call, mostly nothing. */
  readonly events: readonly SafetyEvent[]
}

/**
 * Mutable; owned by the caller, one for each channel, and changed by `decide` and `manual` only. Times in observed ms.
 */
export interface FailoverState {
  readonly tick: Tick
  readonly legs: Record<Leg, LegFitness>
  readonly presence: Record<Leg, Presence>
  readonly announced: Announced
  active: Leg
  activeSince: number
  /** The leg an operator chose, and when; null when the last switch was not an operator's. */
  chosen: Leg | null
  chosenAt: number
  /** Asked of the caller and not done yet. */
  asked: Leg | null
  askedAt: number
  holdMs: number
  lastSwitchAt: number
  switchBeforeAt: number
  readonly decision: {
    action: SwitchAction | null
    usable: Record<Leg, boolean>
    faults: Record<Leg, FailoverReason | null>
    redundancy: Redundancy
    events: readonly SafetyEvent[]
  }
}

/** An action the caller has not followed is repeated after this time, in ms. */
const REPEAT_MS = 1000
const PILE_UP_MS = 10_000
const HOLD_MAX_MS = 10_000
const CALM_MS = 60_000

/** The state of a channel that starts at `atMs` (monotonic) on its primary leg. */
export const newFailover = (atMs: number): FailoverState => ({
  tick: { now: atMs, clock: 0, step: 0 },
  legs: { primary: newLegFitness(), backup: newLegFitness() },
  presence: { primary: newPresence(), backup: newPresence() },
  announced: { redundancy: null },
  active: "primary",
  activeSince: 0,
  chosen: null,
  chosenAt: 0,
  asked: null,
  askedAt: 0,
  holdMs: PROVEN_MS,
  lastSwitchAt: Number.NEGATIVE_INFINITY,
  switchBeforeAt: Number.NEGATIVE_INFINITY,
  decision: {
    action: null,
    usable: { primary: false, backup: false },
    faults: { primary: null, backup: null },
    redundancy: "none",
    events: noEvents,
  },
})

/** The operator chose a leg. To be called before the next `decide`, which is to be told it as the active one. */
export const manual = (state: FailoverState, to: Leg): void => {
  state.chosen = to
  state.chosenAt = state.tick.clock
  state.asked = null
}

export const otherLeg = (leg: Leg): Leg => (leg === "primary" ? "backup" : "primary")

/**
 * Decides at `now` (monotonic ms). To be called every 20 ms or so, after what the sockets held was taken in.
 *
 * `active` is the leg the stream comes from, or the one that a switch under way leads to. Of a leg that is not
 * configured the numbers are null. `merged`: both legs make up the stream, so that gaps of one alone are no fault.
 * Allocates only when something happens.
 */
export const decide = (
  state: FailoverState,
  policy: FailoverPolicy,
  now: number,
  active: Leg,
  numbers: Readonly<Record<Leg, LegNumbers | null>>,
  merged = false,
): Decision => {
  const { tick, decision } = state
  tick.step = Math.min(Math.max(now - tick.now, 0), STEP_MAX_MS)
  tick.clock += tick.step
  tick.now = now
  if (active !== state.active) {
    state.active = active
    state.activeSince = tick.clock
    state.asked = null
  }
  decision.events = noEvents
  lookAt("primary", state, policy, numbers.primary, merged)
  lookAt("backup", state, policy, numbers.backup, merged)
  const other = otherLeg(active)
  if (numbers.primary === null || numbers.backup === null) {
    decision.redundancy = "none"
    state.announced.redundancy = null
  } else {
    const isOk = state.presence[other].state === "up"
    decision.redundancy = isOk ? "ok" : "lost"
    decision.events = trackRedundancy(
      state.announced,
      isOk,
      other,
      state.legs[other],
      state.legs[active],
      policy.failoverAfterMs,
      tick.clock,
      decision.events,
    )
  }
  decision.action = act(state, policy, active, other)
  return decision
}

const lookAt = (
  name: Leg,
  state: FailoverState,
  policy: FailoverPolicy,
  numbers: LegNumbers | null,
  merged: boolean,
): void => {
  const { tick, decision } = state
  const leg = state.legs[name]
  if (numbers === null) {
    forgetLeg(leg, tick)
    state.presence[name].state = "new"
    decision.faults[name] = null
    decision.usable[name] = false
    return
  }
  observeLeg(leg, numbers, policy.failoverAfterMs, tick, merged)
  decision.faults[name] = leg.fault
  decision.usable[name] = isUsable(leg, tick.clock)
  decision.events = trackLeg(state.presence[name], name, leg, policy.failoverAfterMs, tick.clock, decision.events)
}

const act = (state: FailoverState, policy: FailoverPolicy, active: Leg, other: Leg): SwitchAction | null => {
  const { clock } = state.tick
  const reason = reasonToSwitch(state, policy, active, other)
  if (reason === null) return null
  const sinceAsked = state.asked === other ? clock - state.askedAt : Number.POSITIVE_INFINITY
  if (sinceAsked < REPEAT_MS) return null
  if (sinceAsked > 2 * REPEAT_MS) noteSwitch(state)
  state.chosen = null
  state.asked = other
  state.askedAt = clock
  const detail =
    reason === "failback"
      ? `back to the ${other} leg, which was usable for ${policy.failbackAfterMs / 1000} s`
      : `to the ${other} leg: on the ${active} leg ${describeFault(state.legs[active], reason, policy.failoverAfterMs)}`
  return { to: other, reason, detail }
}

const reasonToSwitch = (
  state: FailoverState,
  policy: FailoverPolicy,
  active: Leg,
  other: Leg,
): FailoverReason | "failback" | null => {
  const { clock } = state.tick
  const target = state.legs[other]
  // A leg that fell silent with the active one, its own time not yet over, is no way out.
  if (!isUsable(target, clock, holdOf(state)) || !isFresh(target, clock)) return null
  const { fault } = state.legs[active]
  if (fault !== null) return state.chosen === active && clock - state.chosenAt < policy.failoverAfterMs ? null : fault
  if (active === "primary" || policy.failback === "manual" || state.chosen === active) return null
  return isUsable(target, clock, policy.failbackAfterMs) && clock - state.activeSince >= policy.failbackAfterMs
    ? "failback"
    : null
}

const holdOf = (state: FailoverState): number =>
  state.tick.clock - state.lastSwitchAt >= CALM_MS ? PROVEN_MS : state.holdMs

const noteSwitch = (state: FailoverState): void => {
  const { clock } = state.tick
  state.holdMs = clock - state.switchBeforeAt < PILE_UP_MS ? Math.min(holdOf(state) * 2, HOLD_MAX_MS) : holdOf(state)
  state.switchBeforeAt = state.lastSwitchAt
  state.lastSwitchAt = clock
}
