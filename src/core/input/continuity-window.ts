/**
 * When continuity counter errors (TR 101 290 1.4) make a leg unfit, as opposed to a moment of loss.
 *
 * The last five slots are looked at, together `max(1 s, failoverAfterMs)`. A leg is sick when all of
 * - every slot holds an error: one burst, which ends within four slots (600 ms or more), never does that;
 * - 5 errors a second on average: a picture that breaks up several times a second is not worth keeping;
 * - 0.1 % of the TS packets: 1 % of datagrams lost, which is what FEC is dimensioned for, makes at least one error in
 *   700 packets (0.14 %), while the scattered loss of a multiplex with a high bit rate stays below. It recovers when
 *   the five slots together hold at most one error a second.
 *
 * Products that judge by data alone (MediaConnect: 500 ms without any) stay on such a leg for ever; those with a limit
 * of errors and no share or spread leave a good one for a single burst.
 */

const SLOTS = 5
const SLOT_MIN_MS = 200
const SICK_ERRORS_PER_S = 5
const SICK_SHARE = 0.001
const RECOVERED_ERRORS_PER_S = 1

/** Mutable; owned by one leg's `LegFitness`. */
export interface ContinuityWindow {
  readonly errors: Float64Array
  readonly packets: Float64Array
  slot: number
  slotStart: number
  /** Totals when the slot began; negative before the first call. */
  errorsThen: number
  packetsThen: number
  sick: boolean
}

export const newContinuityWindow = (): ContinuityWindow => ({
  errors: new Float64Array(SLOTS),
  packets: new Float64Array(SLOTS),
  slot: 0,
  slotStart: 0,
  errorsThen: -1,
  packetsThen: -1,
  sick: false,
})

/**
 * Takes a leg's totals at `clock` (ms) and tells whether it is sick. Totals that fall were reset and count from there.
 */
export const observeContinuity = (
  window: ContinuityWindow,
  clock: number,
  failoverAfterMs: number,
  errors: number,
  packets: number,
): boolean => {
  const slotMs = Math.max(SLOT_MIN_MS, failoverAfterMs / SLOTS)
  if (window.errorsThen < 0) window.slotStart = clock
  else if (clock - window.slotStart < slotMs && packets >= window.packetsThen) return window.sick
  else {
    window.errors[window.slot] = Math.max(0, errors - window.errorsThen)
    window.packets[window.slot] = Math.max(0, packets - window.packetsThen)
    window.slot = (window.slot + 1) % SLOTS
    window.slotStart = clock
    window.sick = judge(window, (slotMs * SLOTS) / 1000)
  }
  window.errorsThen = errors
  window.packetsThen = packets
  return window.sick
}

const judge = (window: ContinuityWindow, seconds: number): boolean => {
  let errors = 0
  let packets = 0
  let slotsWithErrors = 0
  for (let i = 0; i < SLOTS; i++) {
    const inSlot = window.errors[i] ?? 0
    errors += inSlot
    packets += window.packets[i] ?? 0
    if (inSlot > 0) slotsWithErrors++
  }
  if (window.sick) return errors > RECOVERED_ERRORS_PER_S * seconds
  return slotsWithErrors === SLOTS && errors >= SICK_ERRORS_PER_S * seconds && errors >= SICK_SHARE * packets
}
