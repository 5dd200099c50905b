// The clock of the TR 101 290 checks: arrival time of the packets analysed, with silences left out. It stands still
// while nothing arrives, so a leg that is gone is one fault and not a missing PAT twice a second, and what was due
// before goes on afterwards.
import { STATE_TR101290 } from "./leg";

/** f64 us: latest arrival analysed, 0 before the first one of a sender; silences up to then. */
const CLOCK = STATE_TR101290;
const SILENT = STATE_TR101290 + 8;
/** u32: packets analysed, modulo 2^32. */
export const PACKETS_ANALYSED = STATE_TR101290 + 16;
/** u32: silences so far. */
const SILENCES = STATE_TR101290 + 20;
/** f64 us: when the host last had the timers checked. */
const LOOKED_AT = STATE_TR101290 + 24;

/** A leg that brings nothing for longer is lost (us). */
export const SILENCE_US: f64 = 500000;
const LOOK_EVERY_US: f64 = 50000;

/** Arrival of the packets that are being analysed (us). */
export let arrivalUs: f64 = 0;
/** Number of the first of those packets on the leg, modulo 2^32, and how many there are. */
export let firstPacket: u32 = 0;
export let packetsTogether: u32 = 0;

/** Now, on the clock of the checks (us). */
// @ts-ignore: decorator
@inline
export function checkTime(leg: usize): f64 {
  return load<f64>(leg + CLOCK) - load<f64>(leg + SILENT);
}

// @ts-ignore: decorator
@inline
export function silences(leg: usize): u32 {
  return load<u32>(leg + SILENCES);
}

/**
 * Moves the clock on to packets about to be analysed; true when they are the first of a sender. Arrivals may run back
 * after reordering.
 */
// @ts-ignore: decorator
@inline
export function advanceClock(leg: usize, packets: u32, rxUs: f64): bool {
  arrivalUs = rxUs;
  packetsTogether = packets;
  firstPacket = load<u32>(leg + PACKETS_ANALYSED);
  store<u32>(leg + PACKETS_ANALYSED, firstPacket + packets);
  const gapUs = rxUs - load<f64>(leg + CLOCK);
  if (!(gapUs > 0)) return false;
  if (gapUs > SILENCE_US) return endSilence(leg, rxUs, gapUs);
  store<f64>(leg + CLOCK, rxUs);
  return false;
}

function endSilence(leg: usize, rxUs: f64, gapUs: f64): bool {
  const isFirst = load<f64>(leg + CLOCK) == 0;
  store<f64>(leg + CLOCK, rxUs);
  store<u32>(leg + SILENCES, load<u32>(leg + SILENCES) + 1);
  if (isFirst) return true;
  store<f64>(leg + SILENT, load<f64>(leg + SILENT) + gapUs);
  return false;
}

/** Another sender: the next packets are the first of theirs. */
export function stopClock(leg: usize): void {
  store<f64>(leg + CLOCK, 0);
}

export function isClockRunning(leg: usize): bool {
  return load<f64>(leg + CLOCK) > 0;
}

/** True every 50 ms of the host's time. */
export function isTimeToLook(leg: usize, nowUs: f64): bool {
  if (nowUs - load<f64>(leg + LOOKED_AT) < LOOK_EVERY_US) return false;
  store<f64>(leg + LOOKED_AT, nowUs);
  return true;
}

/**
 * How often a period has passed since `sinceUs`, each time to be counted once: 0 up to the period itself, 1 from then
 * on, ...
 */
export function periodsOver(sinceUs: f64, nowUs: f64, periodUs: f64): i32 {
  return nowUs - sinceUs > periodUs ? <i32>(Math.ceil((nowUs - sinceUs) / periodUs) - 1) : 0;
}
