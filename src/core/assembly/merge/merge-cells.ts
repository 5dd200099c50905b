// The cells of a merge, one a TS packet of the joint stream or of a leg: a position modulo MERGE_CELLS. Packets that
// wait lie at places of their own, so that a channel touches no more memory than as many packets as ever waited at a
// time.
import {
  MERGE_CELLS, MERGE_FLAGS, MERGE_HASHES, MERGE_PACKETS, MERGE_PLACES, MERGE_TIMES, TS_PACKET,
} from "../memory/layout";
import { PLACES_SIZE, forgetPlaces, givePlaceTo, takePlaceOf } from "../memory/places";
import { MERGE_CELLS_STATE } from "./merge-state";

/** State of the places in which packets wait, see places.ts. */
const PACKET_PLACES = MERGE_CELLS_STATE;
/** f64 us: a time near those in the cells, which hold its low 32 bits. */
const CELL_CLOCK = MERGE_CELLS_STATE + PLACES_SIZE;

export const WAITS: u8 = 1;
/** No packet belongs here: the datagram was shorter than the stride. */
export const VOID: u8 = 2;
/** It came from the backup. */
export const BY_BACKUP: u8 = 4;

// @ts-ignore: decorator
@inline
export function cellOf(position: u32): u32 {
  return position & (MERGE_CELLS - 1);
}

// @ts-ignore: decorator
@inline
export function flagAddress(channel: i32, position: u32): usize {
  return <usize>(MERGE_FLAGS + channel * MERGE_CELLS) + cellOf(position);
}

// @ts-ignore: decorator
@inline
function timeAddress(channel: i32, position: u32): usize {
  return <usize>(MERGE_TIMES + channel * MERGE_CELLS * 4) + (cellOf(position) << 2);
}

/** The low 32 bits of a time in us. */
// @ts-ignore: decorator
@inline
export function lowTime(us: f64): u32 {
  return <u32>(<i64>us);
}

// @ts-ignore: decorator
@inline
export function setTime(channel: i32, position: u32, low: u32): void {
  store<u32>(timeAddress(channel, position), low);
}

/** Time of a cell (us), which must lie within half an hour of the last call of `noteCellClock`. */
// @ts-ignore: decorator
@inline
export function timeAt(index: i32, channel: usize, position: u32): f64 {
  const clock = load<f64>(channel + CELL_CLOCK);
  return Math.floor(clock) - <f64>(<i32>(lowTime(clock) - load<u32>(timeAddress(index, position))));
}

// @ts-ignore: decorator
@inline
export function noteCellClock(channel: usize, us: f64): void {
  store<f64>(channel + CELL_CLOCK, us);
}

// @ts-ignore: decorator
@inline
function placeAddress(channel: i32, position: u32): usize {
  return <usize>(MERGE_PLACES + channel * MERGE_CELLS * 2) + (cellOf(position) << 1);
}

// @ts-ignore: decorator
@inline
function packetsOf(channel: i32): usize {
  return <usize>(MERGE_PACKETS + channel * MERGE_CELLS * TS_PACKET);
}

// @ts-ignore: decorator
@inline
function packetAt(channel: i32, place: u32): usize {
  return packetsOf(channel) + place * TS_PACKET;
}

/** The packet that waits in a cell. */
// @ts-ignore: decorator
@inline
export function packetAddress(channel: i32, position: u32): usize {
  return packetAt(channel, load<u16>(placeAddress(channel, position)));
}

/** A place for the packet that is to wait in a cell. Cells are as many as places. */
export function takePlace(index: i32, channel: usize, position: u32): usize {
  const place = takePlaceOf(channel + PACKET_PLACES, packetsOf(index), TS_PACKET, MERGE_CELLS);
  store<u16>(placeAddress(index, position), place);
  return packetAt(index, place);
}

/** The packet of a cell has gone, or will not. */
export function freePlace(index: i32, channel: usize, position: u32): void {
  givePlaceTo(channel + PACKET_PLACES, packetsOf(index), TS_PACKET, load<u16>(placeAddress(index, position)));
}

/** No packet waits any more. */
export function freeAllPlaces(channel: usize): void {
  forgetPlaces(channel + PACKET_PLACES);
}

/** Hash of a packet of a leg, by the leg's own count; 0 when it has none there. */
// @ts-ignore: decorator
@inline
export function hashAddress(index: i32, position: u32): usize {
  return <usize>(MERGE_HASHES + index * MERGE_CELLS * 2) + (cellOf(position) << 1);
}
