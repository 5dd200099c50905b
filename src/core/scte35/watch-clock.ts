/** The stream's clock against the monotonic one: where a splice point lies in time, and when the clock jumped. */
import { PTS_MODULUS, TICKS_PER_SECOND } from "./timing.ts"

const TICKS_PER_MS = TICKS_PER_SECOND / 1000
/**
 * What buffers and retransmission shift; more is another timeline: an encoder that started again, a file that loops.
 */
export const TIMELINE_SLACK_MS = 10_000
/** Two clocks drift apart; crystals keep 100 ppm with ease. */
const DRIFT = 1e-4

/** A moment on both clocks. */
export interface ClockSample {
  readonly atMs: number
  readonly clock90k: number
}

/** From `from` to `to` the shorter way around the 33-bit circle, in ticks: negative when `to` is behind. */
export const ticksBetween = (from: number, to: number): number => {
  const ahead = (((to - from) % PTS_MODULUS) + PTS_MODULUS) % PTS_MODULUS
  return ahead >= PTS_MODULUS / 2 ? ahead - PTS_MODULUS : ahead
}

/** Milliseconds from `clock90k` to `pts`, negative when it is past. */
export const msBetween = (clock90k: number, pts: number): number => ticksBetween(clock90k, pts) / TICKS_PER_MS

/** By how many milliseconds the clock moved more than time did between two samples, the shorter way around. */
export const clockJumpMs = (from: ClockSample, to: ClockSample): number =>
  ticksBetween(from.clock90k + Math.round((to.atMs - from.atMs) * TICKS_PER_MS), to.clock90k) / TICKS_PER_MS

/** Whether the clock went on from one sample to the other as clocks do. */
export const isSameTimeline = (from: ClockSample, to: ClockSample): boolean =>
  Math.abs(clockJumpMs(from, to)) <= TIMELINE_SLACK_MS + Math.abs(to.atMs - from.atMs) * DRIFT
