// continuity_counter (ISO/IEC 13818-1 2.4.3.3), one state byte a PID.
import { LEG_CC_DUPLICATES, LEG_CC_ERRORS, PIDS, PID_STATE } from "./layout";
import { count } from "./leg";

// State byte: bits 3..0 the last counter.
export const COUNTER = 0x0f;
/** The last packet was a legal duplicate already. */
const DUPLICATED = 0x10;
/** A counter was seen. */
export const KNOWN = 0x20;
/** The PID carries sections the core assembles. */
export const WATCHED = 0x40;

/** Next in order, or the first of its PID. */
export const IN_ORDER = 0;
/** Repeats the packet before: its payload has been seen. */
export const REPEATED = 1;
/** Packets are missing before this one. */
export const AFTER_GAP = 2;

// @ts-ignore: decorator
@inline
export function pidStateAddress(index: i32, pid: u32): usize {
  return <usize>(PID_STATE + index * PIDS) + pid;
}

/** True, and the counter taken, for the next packet in order of a PID that carries no sections: nearly all packets. */
// @ts-ignore: decorator
@inline
export function continuesPlainly(address: usize, counter: u32): bool {
  const state = <u32>load<u8>(address);
  if ((state & (WATCHED | KNOWN | 15)) != (KNOWN | ((counter - 1) & 15))) return false;
  store<u8>(address, KNOWN | counter);
  return true;
}

/** Checks a packet that has a payload; one report a fault, then on from the counter received. */
// @ts-ignore: decorator
@inline
export function checkContinuity(leg: usize, address: usize, counter: u32, isDiscontinuous: bool): i32 {
  const state = <u32>load<u8>(address);
  const next = (state & WATCHED) | KNOWN | counter;
  const isKnown = (state & KNOWN) != 0;
  if (!isKnown || ((state + 1) & 15) == counter) {
    store<u8>(address, next);
    return IN_ORDER;
  }
  if (isDiscontinuous) {
    store<u8>(address, next);
    return AFTER_GAP;
  }
  if ((state & 15) == counter) {
    count(leg, state & DUPLICATED ? LEG_CC_ERRORS : LEG_CC_DUPLICATES);
    store<u8>(address, state | DUPLICATED);
    return REPEATED;
  }
  count(leg, LEG_CC_ERRORS);
  store<u8>(address, next);
  return AFTER_GAP;
}

/** After discontinuity_indicator on a packet without payload any counter may follow. */
// @ts-ignore: decorator
@inline
export function excuseNext(address: usize): void {
  store<u8>(address, load<u8>(address) & WATCHED);
}

/** The PAT is watched from the first packet on. */
export function watchPat(index: i32): void {
  const state = pidStateAddress(index, 0);
  store<u8>(state, load<u8>(state) | WATCHED);
}

/** A new sender counts on its own. */
export function forgetContinuity(index: i32): void {
  const start = pidStateAddress(index, 0);
  for (let address = start; address < start + PIDS; address += 8) {
    store<u64>(address, load<u64>(address) & 0x4040404040404040);
  }
}
