// The record of an elementary stream that TR 101 290 and the search for access points follow, and where a leg has its
// records: one for each stream of each programme. A PID that several programmes name has several; the first of them,
// the primary, has what is known of the PID. Records beyond STREAM_SLOTS are left out.
import { STREAMS, STREAM_SIZE, STREAM_SLOTS } from "../memory/layout";
import { STATE_TR101290 } from "../memory/leg";

// Record.
export const PID = 0; // u16
/** u16: place in the PMT. */
export const ORDER = 2;
/** u32: PMT PID and programme number. */
export const OWNER = 4;
/**
 * u32: what the record's PMT says; from bit 8 on what all PMTs say of the PID (primary only); from bit 16 on state of
 * the PID.
 */
const FLAGS = 8;
/** u32: packets of the PID when it was last looked at. */
export const PACKETS = 12;
/** f64: last PCR (27 MHz ticks), and when on the clock of the checks (us). */
export const PCR = 16;
export const PCR_TIME = 24;
/** f64 us: when the PID was last seen, or last reported missing. */
export const SEEN_TIME = 32;
/** f64 us: the same of its PTS. */
export const PTS_TIME = 40;
/** u32 of the last PCR: number of its packet, faults and silences of the leg then, arrival in ms. */
export const PCR_PACKET = 48;
export const PCR_FAULTS = 52;
export const PCR_SILENCES = 56;
export const PCR_ARRIVAL_MS = 60;

// What a PMT says.
export const CODEC_MASK: u32 = 7;
export const CODEC_MPEG2: u32 = 1;
export const CODEC_AVC: u32 = 2;
export const CODEC_HEVC: u32 = 3;
/** Video whose access points only random_access_indicator shows. */
export const CODEC_OTHER: u32 = 4;
export const AUDIO: u32 = 8;
export const PCR_PID: u32 = 16;
/** The programme names no PCR PID: PCRs are taken where they are. */
export const PCR_ANYWHERE: u32 = 32;
/** TR 101 290 1.6 applies. */
export const CONSTANT: u32 = 64;
export const SAID: u32 = 255;

// State of a PID.
export const HAS_PCR: u32 = 1 << 16;
/** discontinuity_indicator since the last PCR. */
export const EXCUSED: u32 = 1 << 17;
/** The missing PCR, or PTS, was reported. */
export const PCR_LATE: u32 = 1 << 18;
export const PTS_LATE: u32 = 1 << 19;
export const HAS_PTS: u32 = 1 << 20;
/** An access point was announced by a packet without payload; one was found in the PES packet in hand. */
export const POINT_AHEAD: u32 = 1 << 21;
export const POINT_FOUND: u32 = 1 << 22;
export const STATE_BITS: u32 = 0xff << 16;
export const STALE: u32 = 1 << 31;

/** u32 of the leg. */
const COUNT = STATE_TR101290 + 128;
/** 256 bits: PIDs, by their lowest eight bits, that may be in the table. */
const FILTER = STATE_TR101290 + 384;
const FILTER_SIZE = 32;

// @ts-ignore: decorator
@inline
export function streamAt(index: i32, number: u32): usize {
  assert(number < <u32>STREAM_SLOTS);
  return <usize>(STREAMS + (index * STREAM_SLOTS + <i32>number) * STREAM_SIZE);
}

// @ts-ignore: decorator
@inline
export function streamCount(leg: usize): u32 {
  return load<u32>(leg + COUNT);
}

// @ts-ignore: decorator
@inline
export function setStreamCount(leg: usize, records: u32): void {
  store<u32>(leg + COUNT, records);
}

// @ts-ignore: decorator
@inline
export function streamPid(stream: usize): u32 {
  return <u32>load<u16>(stream, PID);
}

// @ts-ignore: decorator
@inline
export function flagsOf(stream: usize): u32 {
  return load<u32>(stream, FLAGS);
}

// @ts-ignore: decorator
@inline
export function setFlags(stream: usize, flags: u32): void {
  store<u32>(stream, flags, FLAGS);
}

/** What all PMTs say of the PID; 0 for a record that is not the primary. */
// @ts-ignore: decorator
@inline
export function saidOf(flags: u32): u32 {
  return (flags >>> 8) & SAID;
}

/** False for most PIDs that are not in the table. */
// @ts-ignore: decorator
@inline
export function mayBeStream(leg: usize, pid: u32): bool {
  return ((<u32>load<u8>(leg + FILTER + ((pid & 255) >>> 3)) >>> (pid & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function clearFilter(leg: usize): void {
  memory.fill(leg + FILTER, 0, FILTER_SIZE);
}

export function addToFilter(leg: usize, pid: u32): void {
  const address = leg + FILTER + ((pid & 255) >>> 3);
  store<u8>(address, <u32>load<u8>(address) | (1 << (pid & 7)));
}

/** The primary of a PID, 0 when it has none. */
export function findStream(index: i32, leg: usize, pid: u32): usize {
  const end = streamAt(index, 0) + streamCount(leg) * STREAM_SIZE;
  for (let stream = streamAt(index, 0); stream < end; stream += STREAM_SIZE) {
    if (streamPid(stream) == pid) return stream;
  }
  return 0;
}
