// The start of a PES packet (ISO/IEC 13818-1 2.4.3.6), and TR 101 290 2.5: its PTS.
//
// The distance of two PTS is taken by arrival, not by their values: those run in the order of presentation, jump with
// the time base and wrap, and none of that is what 2.5 looks for, a decoder left without a time stamp.
import { LEG_PTS_ERRORS } from "../memory/layout";
import { count } from "../memory/leg";
import { checkTime, periodsOver } from "../memory/check-clock";
import { HAS_PTS, PTS_LATE, PTS_TIME, flagsOf, setFlags } from "./stream-record";

const LIMIT_US: f64 = 700000;
/** Without any PTS the fault is reported again and again. */
const AGAIN_US: f64 = 1000000;

/** Up to PES_header_data_length. */
const PES_HEADER: u32 = 9;
const PTS_FIELD: u32 = 5;

/** packet_start_code_prefix, and the marker '10' of a header with flags. */
// @ts-ignore: decorator
@inline
function hasHeader(payload: usize, length: u32): bool {
  if (length < PES_HEADER) return false;
  return (load<u32>(payload) & 0xffffff) == 0x010000 && (load<u8>(payload, 6) & 0xc0) == 0x80;
}

/**
 * Bytes before the elementary stream in the payload of a packet in which a PES packet starts; 0 when there is no sound
 * header.
 */
export function pesHeaderLength(payload: usize, length: u32): u32 {
  if (!hasHeader(payload, length)) return 0;
  return min<u32>(PES_HEADER + <u32>load<u8>(payload, 8), length);
}

function hasPts(payload: usize, length: u32): bool {
  if (!hasHeader(payload, length) || !(load<u8>(payload, 7) & 0x80)) return false;
  return <u32>load<u8>(payload, 8) >= PTS_FIELD && length >= PES_HEADER + PTS_FIELD;
}

/** Reports a PTS that is missing: after 700 ms, and each second from then on. */
export function checkPtsRepetition(leg: usize, stream: usize): void {
  const flags = flagsOf(stream);
  if (!(flags & HAS_PTS)) return;
  const now = checkTime(leg);
  let since = load<f64>(stream, PTS_TIME);
  if (!(flags & PTS_LATE)) {
    if (now - since <= LIMIT_US) return;
    since += LIMIT_US;
    count(leg, LEG_PTS_ERRORS);
    setFlags(stream, flags | PTS_LATE);
  }
  const over = periodsOver(since, now, AGAIN_US);
  if (over > 0) count(leg, LEG_PTS_ERRORS, over);
  store<f64>(stream, since + <f64>over * AGAIN_US, PTS_TIME);
}

/** The payload in which a PES packet of a followed video or audio PID starts. */
export function takePts(leg: usize, stream: usize, payload: usize, length: u32): void {
  if (!hasPts(payload, length)) return;
  checkPtsRepetition(leg, stream);
  setFlags(stream, (flagsOf(stream) | HAS_PTS) & ~PTS_LATE);
  store<f64>(stream, checkTime(leg), PTS_TIME);
}

/** What is scrambled cannot be read: nothing is due until it is in the clear again. */
export function suspendPts(leg: usize, stream: usize): void {
  checkPtsRepetition(leg, stream);
  setFlags(stream, flagsOf(stream) & ~(HAS_PTS | PTS_LATE));
}
