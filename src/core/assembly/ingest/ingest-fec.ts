// The receive batch of an FEC port (SMPTE 2022-1).
import { LEG_FEC_BAD, LEG_NOT_ALLOWED, LEG_SOURCE_ADDRESS, MAX_LEGS, RX_BATCH } from "../memory/layout";
import { count, legAddress } from "../memory/leg";
import { datagramAddress, datagramLength, hasName, isTruncated, nameAddress, resetHeader } from "../receive/receive";
import { fecLead, takeFec } from "../order/fec";
import { fecTaken } from "../order/reorder";
import { isAllowed, isSourceOrNone, readSource } from "./sender";

/** FEC of anybody but the media's own sender could only spoil what it rebuilds. */
function takeFecDatagram(leg: i32, address: usize, index: i32, isRow: bool, nowUs: f64): bool {
  const name: usize = hasName(index) ? nameAddress(index) : 0;
  readSource(name);
  if (!isAllowed(address, name)) count(address, LEG_NOT_ALLOWED);
  else if (isTruncated(index) || !isSourceOrNone(address, LEG_SOURCE_ADDRESS)) count(address, LEG_FEC_BAD);
  else return takeFec(leg, address, datagramAddress(index), datagramLength(index), isRow, nowUs);
  return false;
}

/**
 * Takes the first `datagrams` of the receive batch as SMPTE 2022-1 packets of a leg, from its row port or its column
 * port. Returns how many media datagrams the furthest of them is ahead of the media so far, 0 when none is.
 */
export function ingestFec(leg: i32, isRow: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  if (<u32>leg >= <u32>MAX_LEGS) return 0;
  const address = legAddress(leg);
  const end = min(datagrams, RX_BATCH);
  let lead = 0;
  for (let index = 0; index < end; index++) {
    if (takeFecDatagram(leg, address, index, isRow != 0, nowUs)) lead = max(lead, fecLead(address));
    resetHeader(index);
  }
  return lead;
}

/**
 * To be called whenever all that had come to the FEC ports of a leg was taken: only then is it known which of the media
 * have had their FEC, and a gap in those may be given up.
 */
export function fecPortsEmpty(leg: i32): void {
  if (<u32>leg < <u32>MAX_LEGS) fecTaken(legAddress(leg));
}
