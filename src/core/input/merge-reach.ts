/** How far apart the paths of two legs may be for a merge to find the legs alike, and what it means when it did not. */
import { MERGE_CELLS, TS_PACKET } from "../assembly/memory/layout.ts"

/**
 * `too_far`: whether the legs carry the same packets cannot be known, because they are further apart than can be
 * compared.
 */
export type Alignment = "same" | "different" | "too_far" | "unknown"

/** Whether `legs` was compared, and what is known of how far apart the two are. */
export interface LegsFacts {
  /** What the comparison of packets has found; `different`: none in common. */
  readonly found: "same" | "different" | "unknown"
  /** How far apart packets can be to be compared, in ms; null while the packet rate is not known. */
  readonly reachMs: number | null
  readonly windowMs: number
  /** How much later the backup carries the same PCR than the primary, in ms; null where their clocks do not tell. */
  readonly apartMs: number | null
}

/** What a leg shows of its clock. */
export interface LegClock {
  /** Last PCR, in 27 MHz ticks, and its PID; and when the leg's last packet came, monotonic us. */
  readonly pcr27m: number
  readonly pcrPid: number
  readonly lastUs: number
}

const PCR_MODULUS = 2 ** 33 * 300
const TICKS_PER_MS = 27_000
/** PCRs further apart than this are of two clocks: what they say is not of the paths. */
const APART_MAX_MS = 30_000
/** Legs are compared for so long beyond the window before the core says that they differ (ALIGNMENT_TRIAL_US). */
const TRIAL_MS = 3000

/** What a merge reaches at a rate in TS packets a second, in ms; null for 0, which is no rate. */
export const mergeReachMs = (packetsPerS: number): number | null =>
  packetsPerS > 0 ? (MERGE_CELLS * 1000) / packetsPerS : null

/** TS bit rate, bit/s, at which a merge reaches so far. */
export const bitrateOfReach = (reachMs: number): number => (MERGE_CELLS * TS_PACKET * 8 * 1000) / reachMs

/**
 * How much later the backup carries the same PCR, to about 100 ms; null where the legs show no PCR of one PID, or those
 * of two clocks.
 */
export const pathsApartMs = (primary: LegClock, backup: LegClock): number | null => {
  if (primary.lastUs === 0 || backup.lastUs === 0 || primary.pcrPid === 0 || primary.pcrPid !== backup.pcrPid)
    return null
  const rest = (((backup.pcr27m - primary.pcr27m) % PCR_MODULUS) + PCR_MODULUS) % PCR_MODULUS
  const ahead = rest >= PCR_MODULUS / 2 ? rest - PCR_MODULUS : rest
  const apartMs = (backup.lastUs - primary.lastUs) / 1000 - ahead / TICKS_PER_MS
  return Math.abs(apartMs) <= APART_MAX_MS ? apartMs : null
}

/**
 * Legs that were found to have nothing in common may still be the same where the paths are, or may be, further apart
 * than was looked.
 */
export const judgeAlignment = ({ apartMs, found, reachMs, windowMs }: LegsFacts, hasPcr: boolean): Alignment => {
  if (found !== "different" || reachMs === null) return found
  if (apartMs !== null) return Math.abs(apartMs) > Math.min(reachMs, windowMs + TRIAL_MS) ? "too_far" : "different"
  // Without a clock only the window says how far apart they may be; two clocks are of two encoders.
  return !hasPcr && reachMs < windowMs ? "too_far" : "different"
}

const seconds = (ms: number): string => `${(Math.abs(ms) / 1000).toFixed(2)} s`
const megabits = (reachMs: number): string => (bitrateOfReach(reachMs) / 1e6).toFixed(1)

/** A sentence on legs that are `too_far`. */
export const describeTooFar = ({
  apartMs,
  reachMs,
  windowMs,
}: Pick<LegsFacts, "apartMs" | "reachMs" | "windowMs">): string => {
  const at = reachMs === null ? "" : ` at ${megabits(reachMs)} Mbit/s`
  const reach = Math.min(reachMs ?? windowMs, windowMs + TRIAL_MS)
  const apart =
    apartMs === null
      ? "the paths may be further apart than that"
      : `by their PCR the paths are ${seconds(apartMs)} apart`
  return `primary and backup are too far apart to be merged${at}: packets are compared over ${seconds(reach)}, and ${apart}; whether they carry the same packets is not known`
}
