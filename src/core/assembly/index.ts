// The ABI of the packet core. All state lives at the fixed addresses of memory/layout.ts; nothing is allocated, nothing
// throws.
import { MAX_CHANNELS, MAX_LEGS, RX_BATCH, TX_BATCH } from "./memory/layout";
import { takeForScte35 } from "./analysis/psi";
import { startChannelCounters, startLegCounters } from "./ingest/start-counters";
import { allowMerge as allowChannelMerge } from "./merge/merge-members";
import { initHeaders as initReceiveHeaders, resetHeader } from "./receive/receive";
import { beginInsertion } from "./ring/insertion";
import { fillMsgCtrl, initHeaders as initSendHeaders, payloadOf, setMessage, setRtpHeader } from "./ring/send";

export { ingest, ingestRelayed } from "./ingest/ingest";
export { fecPortsEmpty, ingestFec } from "./ingest/ingest-fec";
export { relay } from "./ingest/relay";
export { resetChannel, resetLeg } from "./ingest/reset";
export { readUntil, tick } from "./ingest/tick";
export { setSource } from "./merge/source";

/**
 * Starts the counters of a channel that wrap at `from`; behind `resetChannel`, before anything is fed. For tests: see
 * start-counters.ts.
 */
export function startChannelAt(channel: i32, from: u32): void {
  if (<u32>channel < <u32>MAX_CHANNELS) startChannelCounters(channel, from);
}

/** Starts the counters of a leg that wrap at `from`; behind `resetLeg`. For tests, as `startChannelAt` is. */
export function startLegAt(leg: i32, from: u32): void {
  if (<u32>leg < <u32>MAX_LEGS) startLegCounters(leg, from);
}

/**
 * Lets the first `count` packets at INSERTION_PACKETS of a channel, one section on one SCTE-35 PID, go out in place of
 * null packets, from `afterUs` on also as packets of their own, from `untilUs` on not at all. 0 when the tables do not
 * name the PID, four others were inserted into, or a section waits already; else 1. Times are CLOCK_MONOTONIC in
 * microseconds.
 */
export function insertPackets(channel: i32, pid: u32, count: u32, afterUs: f64, untilUs: f64, nowUs: f64): i32 {
  return <u32>channel < <u32>MAX_CHANNELS && beginInsertion(channel, pid, count, afterUs, untilUs, nowUs) ? 1 : 0;
}

/** Takes a PID of a leg for SCTE-35 although no PMT says so, instead of the one told before; 0 takes none. */
export function setScte35Pid(leg: i32, pid: u32): void {
  if (<u32>leg < <u32>MAX_LEGS) takeForScte35(leg, pid);
}

/**
 * Lets the legs of a channel be merged when they agree; a gap then waits for the other leg up to `windowUs`
 * microseconds.
 */
export function allowMerge(channel: i32, allowed: i32, windowUs: f64): void {
  if (<u32>channel < <u32>MAX_CHANNELS) allowChannelMerge(channel, allowed != 0, windowUs);
}

/** Fills the headers and iovecs of the receive batch, once. `base` is the native address of the memory. */
export function initReceive(base: u64): void {
  initReceiveHeaders(base);
}

/**
 * Gives all headers of the receive batch full room. `ingest` does so for those it has read, so this is for other uses.
 */
export function prepareReceive(): void {
  for (let index = 0; index < RX_BATCH; index++) resetHeader(index);
}

/** Prepares the send batch, once: two iovecs a message, no name, no control data. `base` as for `initReceive`. */
export function initSend(base: u64): void {
  initSendHeaders(base);
}

/**
 * Message `index` of the send batch: `length` bytes of the payload of the slot at `slotAddress`, from byte `offset` of
 * that payload on; with `withHeader` behind an RTP header of payload type 33.
 */
export function setSend(
  index: i32, slotAddress: i32, offset: i32, length: i32, withHeader: i32, sequence: i32, timestamp: u32, ssrc: u32,
): void {
  if (<u32>index >= <u32>TX_BATCH) return;
  setMessage(index, payloadOf(<usize>slotAddress, offset), length);
  if (withHeader) setRtpHeader(index, sequence, timestamp, ssrc);
}

/** Fills the SRT_MSGCTRL with the slot's receive time as srctime, but not less than `minUs`. */
export function setMsgCtrl(slotAddress: i32, minUs: f64): void {
  fillMsgCtrl(<usize>slotAddress, minUs);
}
