/**
 * Whether a leg is fit to be a channel's source, from counters and times of arrival alone: what PCR, PTS, RTP sequence
 * numbers or SSRC do is none of its business.
 *
 * Time is observed time: it runs with the caller's clock, but at most `STEP_MAX_MS` between two calls and never
 * backwards, so that a stalled process or a clock that jumps is not taken for silence on the network.
 */
import { type ContinuityWindow, newContinuityWindow, observeContinuity } from "./continuity-window.ts"

/** Why a leg cannot be used, or why the switch was made. */
export type FailoverReason = "no_packets" | "null_packets" | "sync_loss" | "no_pat" | "no_pmt" | "continuity" | "closed"

/** What is known of one leg at this moment. Times are monotonic milliseconds; null: never. */
export interface LegNumbers {
  /** Socket open. */
  readonly open: boolean
  readonly lastPacketAt: number | null
  /** Last packet that was not a null packet. */
  readonly lastProgrammeAt: number | null
  readonly lastPatAt: number | null
  readonly lastPmtAt: number | null
  readonly inSync: boolean
  /** Totals since the leg was opened. */
  readonly continuityErrors: number
  readonly tsPackets: number
}

/** A leg that has just sent programme packets did so within this time, in ms. */
const FRESH_MS = 100
/** Most that observed time advances in one call, in ms; callers come every 20 ms or so. */
export const STEP_MAX_MS = 40
/** How long a leg must have been without fault to be usable, in ms. */
export const PROVEN_MS = 200
/**
 * PAT and PMT may be away this long, in ms, or `failoverAfterMs` where that is more. TR 101 290 1.3 and 1.5 allow 500
 * ms, MediaLive can be set to 1000 ms (PatInterval, PmtInterval), and what such a stream had all along is no reason to
 * leave it.
 */
export const PSI_MISSING_MS = 1250
/** A stream whose first PAT or PMT has not come after this time is faulty, in ms. */
export const PSI_START_MS = 2000

/** When one of the times in `LegNumbers` last moved. */
interface Mark {
  value: number | null
  at: number
}

/** Mutable; owned by `FailoverState`. Times in observed ms. */
export interface LegFitness {
  fault: FailoverReason | null
  faultSince: number
  /** Programme packets with PAT and PMT flow without fault since then; null while they do not. */
  fitSince: number | null
  flowSince: number | null
  outOfSyncSince: number | null
  readonly packet: Mark
  readonly programme: Mark
  readonly pat: Mark
  readonly pmt: Mark
  readonly continuity: ContinuityWindow
}

const newMark = (): Mark => ({ value: null, at: 0 })

export const newLegFitness = (): LegFitness => ({
  fault: null,
  faultSince: 0,
  fitSince: null,
  flowSince: null,
  outOfSyncSince: null,
  packet: newMark(),
  programme: newMark(),
  pat: newMark(),
  pmt: newMark(),
  continuity: newContinuityWindow(),
})

/** Observed time and how far this call moved it, with the caller's clock beside. */
export interface Tick {
  now: number
  clock: number
  step: number
}

/** Takes a leg's numbers. `merged`: gaps are filled from the other leg, so that continuity errors are no fault. */
export const observeLeg = (
  leg: LegFitness,
  numbers: LegNumbers,
  failoverAfterMs: number,
  tick: Tick,
  merged: boolean,
): void => {
  const { clock } = tick
  move(leg.packet, numbers.lastPacketAt, tick)
  move(leg.programme, numbers.lastProgrammeAt, tick)
  move(leg.pat, numbers.lastPatAt, tick)
  move(leg.pmt, numbers.lastPmtAt, tick)

  const arrives = numbers.open && clock - leg.packet.at < failoverAfterMs
  if (numbers.inSync || !arrives) leg.outOfSyncSince = null
  else leg.outOfSyncSince ??= clock - tick.step
  const flows = arrives && leg.programme.value !== null && clock - leg.programme.at < failoverAfterMs
  if (!flows) leg.flowSince = null
  else leg.flowSince ??= clock - tick.step
  const sick = observeContinuity(leg.continuity, clock, failoverAfterMs, numbers.continuityErrors, numbers.tsPackets)

  const fault = faultOf(leg, numbers.open, failoverAfterMs, clock, sick && !merged)
  if (fault !== null && leg.fault === null) leg.faultSince = clock
  leg.fault = fault
  if (fault !== null || leg.flowSince === null) leg.fitSince = null
  else if (
    leg.fitSince === null &&
    numbers.inSync &&
    seenSince(leg.pat, leg.flowSince) &&
    seenSince(leg.pmt, leg.flowSince)
  )
    leg.fitSince = clock
}

/** Forgets a leg that is not configured, so that its time starts when it is added. */
export const forgetLeg = (leg: LegFitness, tick: Tick): void => {
  leg.fault = null
  leg.fitSince = null
  leg.flowSince = null
  leg.packet.value = null
  leg.packet.at = tick.clock
  leg.programme.value = null
  leg.programme.at = tick.clock
}

const move = (mark: Mark, value: number | null, tick: Tick): void => {
  if (value === mark.value) return
  mark.value = value
  if (value !== null) mark.at = tick.clock - Math.min(Math.max(tick.now - value, 0), tick.step)
}

const seenSince = (mark: Mark, since: number): boolean => mark.value !== null && mark.at >= since

const faultOf = (
  leg: LegFitness,
  open: boolean,
  failoverAfterMs: number,
  clock: number,
  sick: boolean,
): FailoverReason | null => {
  if (!open) return "closed"
  if (clock - leg.packet.at >= failoverAfterMs) return "no_packets"
  if (leg.outOfSyncSince !== null && clock - leg.outOfSyncSince >= failoverAfterMs) return "sync_loss"
  // Packets have to arrive for that: the last ones before the end of a stream may well be null packets.
  if (clock - leg.programme.at >= failoverAfterMs && clock - leg.packet.at < failoverAfterMs / 2) return "null_packets"
  if (leg.flowSince === null) return null
  if (isMissing(leg.pat, leg.flowSince, failoverAfterMs, clock)) return "no_pat"
  if (isMissing(leg.pmt, leg.flowSince, failoverAfterMs, clock)) return "no_pmt"
  return sick ? "continuity" : null
}

const isMissing = (table: Mark, flowSince: number, failoverAfterMs: number, clock: number): boolean =>
  seenSince(table, flowSince)
    ? clock - table.at >= Math.max(PSI_MISSING_MS, failoverAfterMs)
    : clock - flowSince >= Math.max(PSI_START_MS, failoverAfterMs)

/** Fit for at least `forMs`, and so at least `PROVEN_MS`. */
export const isUsable = (leg: LegFitness, clock: number, forMs = PROVEN_MS): boolean =>
  leg.fitSince !== null && clock - leg.fitSince >= Math.max(forMs, PROVEN_MS)

/** Programme packets came a moment ago. */
export const isFresh = (leg: LegFitness, clock: number): boolean => clock - leg.programme.at <= FRESH_MS

/** The fault of a leg in words, as the rest of a sentence that names the leg. */
export const describeFault = (leg: LegFitness, reason: FailoverReason, failoverAfterMs: number): string => {
  const psiMs = Math.max(PSI_MISSING_MS, failoverAfterMs)
  switch (reason) {
    case "closed":
      return "its socket is closed"
    case "no_packets":
      return leg.packet.value === null ? "no packets since the start" : `no packets for ${failoverAfterMs} ms`
    case "null_packets":
      return `nothing but null packets for ${failoverAfterMs} ms`
    case "sync_loss":
      return `no TS sync for ${failoverAfterMs} ms`
    case "no_pat":
      return `no PAT for ${psiMs} ms`
    case "no_pmt":
      return `no PMT for ${psiMs} ms`
    case "continuity":
      return "continuity counter errors go on, at least 5 a second"
  }
}
