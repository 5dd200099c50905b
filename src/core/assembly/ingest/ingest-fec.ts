// The receive batch of an FEC port (SMPTE 2022-1).
import { LEG_FEC_BAD, LEG_NOT_ALLOWED, LEG_SOURCE_ADDRESS, MAX_LEGS, RX_BATCH } from "../memory/layout";
import { count, legAddress } from "../memory/leg";
import { datagramAddress, datagramLength, hasName, isTruncated, nameAddress, resetHeader } from "../receive/receive";
import { takeFec } from "../order/fec";
import { isAllowed, isSourceOrNone, readSource } from "./sender";

/** FEC of anybody but the media's own sender could only spoil what it rebuilds. */
function takeFecDatagram(leg: i32, address: usize, index: i32, isRow: bool, nowUs: f64): void {
  const name: usize = hasName(index) ? nameAddress(index) : 0;
  readSource(name);
  if (!isAllowed(address, name)) count(address, LEG_NOT_ALLOWED);
  else if (isTruncated(index) || !isSourceOrNone(address, LEG_SOURCE_ADDRESS)) count(address, LEG_FEC_BAD);
  else takeFec(leg, address, datagramAddress(index), datagramLength(index), isRow, nowUs);
}

/**
 * Takes the first `datagrams` of the receive batch as SMPTE 2022-1 packets of a leg, from its row port or its column
 * port.
 */
export function ingestFec(leg: i32, isRow: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): void {
  if (<u32>leg >= <u32>MAX_LEGS) return;
  const address = legAddress(leg);
  const end = min(datagrams, RX_BATCH);
  for (let index = 0; index < end; index++) {
    takeFecDatagram(leg, address, index, isRow != 0, nowUs);
    resetHeader(index);
  }
}
