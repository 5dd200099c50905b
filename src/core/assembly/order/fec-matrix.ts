// The matrix of a leg, L columns by D rows, learnt from its FEC packets: a column has offset L and NA D, a row has NA
// L.
import { FEC_SLOTS, LEG_FEC_COLUMNS, LEG_FEC_LAST_US, LEG_FEC_ROWS, STORE_SLOTS } from "../memory/layout";
import { gauge, setGauge } from "../memory/leg";
import { fecGroup, fecIsRow } from "./fec-packet";
import {
  COLUMN_AT, COLUMN_CANDIDATE, COLUMN_MATRIX, COLUMN_US, EXPIRY_US, NEWEST, ROW_AT, ROW_CANDIDATE, ROW_MATRIX, ROW_US,
  USED, WAIT_SPAN, groupCount, groupOffset, isEmpty,
} from "./fec-state";

/**
 * Columns or rows have stopped when none came for 2 s and for the datagrams of two matrices: at low bit rates a matrix
 * takes seconds, and some encoders send its column packets all at once. (us)
 */
const SILENCE_US: f64 = 2000000;
/**
 * Nothing is waited for longer than this: 200 datagrams, two matrices of 10 x 10, at 0.21 Mbit/s (us).
 * docs/configuration.md says so.
 */
export const FEC_WAIT_MAX_US: f64 = 10000000;
/** Between two looks at what may have stopped (us). */
const LOOK_US: f64 = 100000;

function show(leg: usize): void {
  const column = load<u32>(leg + COLUMN_MATRIX);
  const row = load<u32>(leg + ROW_MATRIX);
  const columns = column ? column & 0xff : row >> 8;
  const rows = column >> 8;
  setGauge(leg, LEG_FEC_COLUMNS, <f64>columns);
  setGauge(leg, LEG_FEC_ROWS, <f64>rows);
  if (column | row) setWaitSpan(leg, columns, rows);
  else waitForCandidates(leg);
}

/** A column packet is sent in the course of the next matrix, a row packet behind its row. */
function setWaitSpan(leg: usize, columns: u32, rows: u32): void {
  store<u32>(leg + WAIT_SPAN, min<u32>(2 * columns * max<u32>(rows, 1), STORE_SLOTS / 2));
}

/** While no matrix is in force, what is missing may be given back by the one that the first packets speak of. */
function waitForCandidates(leg: usize): void {
  const column = load<u32>(leg + COLUMN_CANDIDATE);
  setWaitSpan(leg, column ? column & 0xff : load<u32>(leg + ROW_CANDIDATE) >> 8, column >> 8);
}

/**
 * Learns from the packet `readFec` has just accepted. Two packets in a row must agree, so that a stray one changes
 * nothing; an encoder's new matrix is in force with its second packet.
 */
export function learnMatrix(leg: usize, rxUs: f64): void {
  const geometry = groupOffset(fecGroup) | (groupCount(fecGroup) << 8);
  const matrix = leg + (fecIsRow ? ROW_MATRIX : COLUMN_MATRIX);
  const candidate = leg + (fecIsRow ? ROW_CANDIDATE : COLUMN_CANDIDATE);
  setGauge(leg, LEG_FEC_LAST_US, rxUs);
  if (load<f64>(leg + EXPIRY_US) == 0) store<f64>(leg + EXPIRY_US, rxUs + SILENCE_US);
  if (load<u32>(matrix) != geometry) {
    if (load<u32>(candidate) != geometry) {
      store<u32>(candidate, geometry);
      if ((load<u32>(leg + COLUMN_MATRIX) | load<u32>(leg + ROW_MATRIX)) == 0) waitForCandidates(leg);
      return;
    }
    store<u32>(matrix, geometry);
    show(leg);
  }
  store<u32>(candidate, geometry);
  store<f64>(leg + (fecIsRow ? ROW_US : COLUMN_US), rxUs);
  store<u32>(leg + (fecIsRow ? ROW_AT : COLUMN_AT), load<u32>(leg + NEWEST));
}

/** True when the last packet of a kind came long ago, in time and in datagrams. */
function hasStopped(leg: usize, us: usize, at: usize, rxUs: f64): bool {
  const silentUs = rxUs - load<f64>(leg + us);
  if (silentUs < SILENCE_US) return false;
  return silentUs >= FEC_WAIT_MAX_US ||
    ((load<u32>(leg + NEWEST) - load<u32>(leg + at)) & 0xffff) > load<u32>(leg + WAIT_SPAN);
}

/** Forgets what has stopped, and sets the time to look again. */
export function expireMatrix(leg: usize, rxUs: f64): void {
  let oldest: f64 = Infinity;
  if (load<u32>(leg + COLUMN_MATRIX)) {
    if (hasStopped(leg, COLUMN_US, COLUMN_AT, rxUs)) store<u64>(leg + COLUMN_MATRIX, 0);
    else oldest = load<f64>(leg + COLUMN_US);
  }
  if (load<u32>(leg + ROW_MATRIX)) {
    if (hasStopped(leg, ROW_US, ROW_AT, rxUs)) store<u64>(leg + ROW_MATRIX, 0);
    else oldest = min(oldest, load<f64>(leg + ROW_US));
  }
  if (!isEmpty(leg)) {
    if (rxUs - gauge(leg, LEG_FEC_LAST_US) >= FEC_WAIT_MAX_US) memory.fill(leg + USED, 0, FEC_SLOTS / 8);
    else oldest = min(oldest, gauge(leg, LEG_FEC_LAST_US));
  }
  if (rxUs - gauge(leg, LEG_FEC_LAST_US) >= SILENCE_US) {
    if (!load<u32>(leg + COLUMN_MATRIX)) store<u32>(leg + COLUMN_CANDIDATE, 0);
    if (!load<u32>(leg + ROW_MATRIX)) store<u32>(leg + ROW_CANDIDATE, 0);
  } else if (load<u32>(leg + COLUMN_CANDIDATE) | load<u32>(leg + ROW_CANDIDATE)) oldest = min(oldest,
    gauge(leg, LEG_FEC_LAST_US));
  store<f64>(leg + EXPIRY_US, oldest == Infinity ? 0 : max(oldest + SILENCE_US, rxUs + LOOK_US));
  show(leg);
}
