// The ABI of the packet core. All state lives at the fixed addresses of layout.ts; nothing is allocated, nothing throws.
import {
  CHANNEL_PENDING, CHANNEL_SIZE, CHANNEL_SOURCE, LEG_BYTES, LEG_DATAGRAMS, LEG_FEC_BAD, LEG_FIRST_RX_US, LEG_FOREIGN_ADDRESS,
  LEG_FOREIGN_PORT, LEG_FOREIGN_SSRC, LEG_NOT_ALLOWED, LEG_SIZE, LEG_SOURCE_ADDRESS, LEG_TRUNCATED, LEG_UDP_DATAGRAMS, MAX_CHANNELS,
  MAX_LEGS, PIDS, PID_PACKETS, PID_STATE, RX_BATCH, TX_BATCH,
} from "./memory/layout";
import { STATE_CUTS, STATE_FRAMING, STATE_IDENTITY, count, gauge, legAddress, setGauge } from "./memory/leg";
import { BYTES, dropBytes, passBytes, reconsider, resetBytes, settleBytes, takeBytes, takePackets } from "./ingest/byte-stream";
import { FRAMING_RTP, FRAMING_UDP, SYNC_BYTE, classify, payloadAddress, payloadLength, rtpSsrc } from "./receive/rtp";
import { SENDER_NEW, SENDER_REFUSED, acceptSender, isAllowed, isSourceOrNone, keepSource, keepTaken, readSource, sourceIdentity, sourcePort } from "./ingest/sender";
import { CHANNEL_AT_ONCE, CHANNEL_RELEASED, channelAddress, setChannelField, sourceOf } from "./memory/channel";
import { forgetContinuity, watchPat } from "./memory/continuity";
import { takeFec } from "./order/fec";
import { forgetDue } from "./ring/flagging";
import { beginInsertion, forgetInsertion } from "./ring/insertion";
import { tickMerge } from "./merge/merge";
import { allowMerge as allowChannelMerge, isMerged, mergeLegRestarted } from "./merge/merge-members";
import { order, resetReorder, restartReorder, tickReorder } from "./order/reorder";
import { headAddress, takeAppended } from "./ring/ring";
import { takeForScte35 } from "./analysis/psi";
import { clearSlots } from "./analysis/section-slots";
import { startChannelCounters, startLegCounters } from "./ingest/start-counters";
import { abandonSections } from "./analysis/sections";
import { checkTimers } from "./analysis/tr101290";
import { datagramAddress, datagramLength, hasName, initHeaders as initReceiveHeaders, isTruncated, nameAddress, receiveTime, resetHeader } from "./receive/receive";
import { fillMsgCtrl, initHeaders as initSendHeaders, payloadOf, setMessage, setRtpHeader } from "./ring/send";
import { ingestRtp } from "./ingest/ingest-rtp";

/** Forgets everything about a leg: counters, gauges, settings, PIDs, sections and what waits. */
export function resetLeg(leg: i32): void {
  if (<u32>leg >= <u32>MAX_LEGS) return;
  mergeLegRestarted(leg);
  memory.fill(legAddress(leg), 0, LEG_SIZE);
  memory.fill(PID_STATE + leg * PIDS, 0, PIDS);
  memory.fill(PID_PACKETS + leg * PIDS * 4, 0, PIDS * 4);
  resetReorder(leg, legAddress(leg));
  resetBytes(leg);
  clearSlots(leg);
}

/** Starts the counters of a channel that wrap at `from`; behind `resetChannel`, before anything is fed. For tests: see start-counters.ts. */
export function startChannelAt(channel: i32, from: u32): void {
  if (<u32>channel < <u32>MAX_CHANNELS) startChannelCounters(channel, from);
}

/** The same for a leg, behind `resetLeg`. */
export function startLegAt(leg: i32, from: u32): void {
  if (<u32>leg < <u32>MAX_LEGS) startLegCounters(leg, from);
}

/** Empties a channel's ring: its head starts again at 0, it has no source, and its legs are not merged. */
export function resetChannel(channel: i32): void {
  if (<u32>channel >= <u32>MAX_CHANNELS) return;
  store<u32>(headAddress(channel), 0);
  forgetDue(channel);
  forgetInsertion(channel);
  const watch = MAX_LEGS + channel;
  memory.fill(legAddress(watch), 0, LEG_SIZE);
  memory.fill(PID_STATE + watch * PIDS, 0, PIDS);
  clearSlots(watch);
  memory.fill(channelAddress(channel), 0, CHANNEL_SIZE);
}

/**
 * Makes leg 1 (primary) or 2 (backup) the source of a channel: at once when there is none yet or both legs are merged, else
 * at its next access point, or with its next packet when `atOnce`. 0 takes the source away: the legs are only measured.
 */
export function setSource(channel: i32, leg: i32, atOnce: i32): void {
  if (<u32>channel >= <u32>MAX_CHANNELS || <u32>leg > 2) return;
  const address = channelAddress(channel);
  const current = sourceOf(address);
  const isSeamless = leg > 0 && isMerged(channel * 2 + leg - 1);
  if (leg == 0 || current == leg || isSeamless || current == 0) {
    setChannelField(address, CHANNEL_SOURCE, leg);
    setChannelField(address, CHANNEL_PENDING, 0);
    return;
  }
  setChannelField(address, CHANNEL_PENDING, leg);
  store<u32>(address + CHANNEL_AT_ONCE, atOnce ? 1 : 0);
}

/**
 * Lets the first `count` packets at INSERTION_PACKETS of a channel, one section on one SCTE-35 PID, go out in place of null packets, from
 * `afterUs` on also as packets of their own, from `untilUs` on not at all. 0 when the tables do not name the PID, four others were
 * inserted into, or a section waits already; else 1. Times are CLOCK_MONOTONIC in microseconds.
 */
export function insertPackets(channel: i32, pid: u32, count: u32, afterUs: f64, untilUs: f64, nowUs: f64): i32 {
  return <u32>channel < <u32>MAX_CHANNELS && beginInsertion(channel, pid, count, afterUs, untilUs, nowUs) ? 1 : 0;
}

/** Takes a PID of a leg for SCTE-35 although no PMT says so, instead of the one told before; 0 takes none. */
export function setScte35Pid(leg: i32, pid: u32): void {
  if (<u32>leg < <u32>MAX_LEGS) takeForScte35(leg, pid);
}

/** Lets the legs of a channel be merged when they agree; a gap then waits for the other leg up to `windowUs` microseconds. */
export function allowMerge(channel: i32, allowed: i32, windowUs: f64): void {
  if (<u32>channel < <u32>MAX_CHANNELS) allowChannelMerge(channel, allowed != 0, windowUs);
}

/**
 * To be called every 10 ms or so, after all sockets were read and before the outputs have their turn: gaps that have lasted too
 * long are given up, what waited goes on. `nowUs`: CLOCK_MONOTONIC before the sockets were read, since what came later may
 * still be in one of them.
 */
export function tick(nowUs: f64): void {
  for (let channel = 0; channel < MAX_CHANNELS; channel++) {
    const first = channel * 2;
    const hasPrimary = gauge(legAddress(first), LEG_FIRST_RX_US) > 0;
    const hasBackup = gauge(legAddress(first + 1), LEG_FIRST_RX_US) > 0;
    if (!hasPrimary && !hasBackup) continue;
    if (hasPrimary) tickLeg(first, nowUs);
    if (hasBackup) tickLeg(first + 1, nowUs);
    tickMerge(channel, nowUs);
    store<u32>(channelAddress(channel) + CHANNEL_RELEASED, 0);
  }
}

function tickLeg(index: i32, nowUs: f64): void {
  const leg = legAddress(index);
  if (load<u32>(leg + STATE_CUTS)) settleBytes(index, leg, nowUs);
  tickReorder(index, leg, nowUs);
  checkTimers(index, leg, nowUs);
}

/** Fills the headers and iovecs of the receive batch, once. `base` is the native address of the memory. */
export function initReceive(base: u64): void {
  initReceiveHeaders(base);
}

/** Gives all headers of the receive batch full room. `ingest` does so for those it has read, so this is for other uses. */
export function prepareReceive(): void {
  for (let index = 0; index < RX_BATCH; index++) resetHeader(index);
}

/** Nearly all datagrams: from the sender in use, framed as before, with a packet where the payload begins. */
// @ts-ignore: decorator
@inline
function isUsual(leg: usize, kind: i32, identity: u32): bool {
  return (
    load<u32>(leg + STATE_FRAMING) == <u32>kind &&
    load<u32>(leg + STATE_IDENTITY) == identity &&
    !load<u32>(leg + STATE_CUTS) &&
    load<u8>(payloadAddress) == SYNC_BYTE
  );
}

function ingestDatagram(leg: i32, index: i32, clockOffsetUs: f64, nowUs: f64): void {
  const address = legAddress(leg);
  const rxUs = receiveTime(index, address, clockOffsetUs, nowUs);
  const data = datagramAddress(index);
  const length = datagramLength(index);
  count(address, LEG_DATAGRAMS);
  count(address, LEG_BYTES, length);
  if (isTruncated(index)) {
    count(address, LEG_TRUNCATED);
    return;
  }
  const name = nameAddress(index);
  const isNamed = hasName(index);
  if (!isAllowed(address, isNamed ? name : 0)) {
    count(address, LEG_NOT_ALLOWED);
    keepSource(address, LEG_FOREIGN_ADDRESS);
    setGauge(address, LEG_FOREIGN_PORT, isNamed ? <f64>sourcePort(name) : 0);
    return;
  }
  let kind = classify(data, length);
  let identity = kind == FRAMING_RTP ? rtpSsrc(data) : isNamed ? sourceIdentity(name) : 0;
  if (!isUsual(address, kind, identity)) {
    kind = reconsider(leg, address, data, length, kind, isNamed ? sourceIdentity(name) : 0, rxUs);
    if (kind != FRAMING_RTP && kind != FRAMING_UDP && kind != BYTES) {
      count(address, kind);
      return;
    }
    identity = kind == FRAMING_RTP ? rtpSsrc(data) : isNamed ? sourceIdentity(name) : 0;
  }
  const isRtp = kind == FRAMING_RTP;
  const sender = acceptSender(leg, address, identity, isRtp ? FRAMING_RTP : FRAMING_UDP, rxUs);
  if (sender == SENDER_REFUSED) {
    readSource(isNamed ? name : 0);
    keepSource(address, LEG_FOREIGN_ADDRESS);
    setGauge(address, LEG_FOREIGN_PORT, isNamed ? <f64>sourcePort(name) : 0);
    setGauge(address, LEG_FOREIGN_SSRC, isRtp ? <f64>identity : -1);
    if (kind == BYTES) passBytes(leg);
    return;
  }
  if (sender == SENDER_NEW) {
    dropBytes(leg, address);
    mergeLegRestarted(leg);
    restartReorder(leg, address);
    // What had waited was the old sender's, and has been analysed only now.
    forgetContinuity(leg);
    watchPat(leg);
    abandonSections(leg);
  }
  keepTaken(address, isNamed ? name : 0);
  if (isRtp) {
    ingestRtp(leg, address, data, rxUs);
    return;
  }
  count(address, LEG_UDP_DATAGRAMS);
  if (kind == BYTES) takeBytes(leg, address, length, rxUs);
  else takePackets(leg, address, payloadAddress, payloadLength, rxUs);
}

/**
 * Takes the first `datagrams` of the receive batch for a leg. What its channel's source brings, in order, goes to the channel's
 * ring; the other leg is measured, or merged with it. `clockOffsetUs` is CLOCK_REALTIME less CLOCK_MONOTONIC, `nowUs`
 * CLOCK_MONOTONIC, both in microseconds. Returns the slots appended; 0 for a leg that does not exist.
 */
export function ingest(leg: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  if (<u32>leg >= <u32>MAX_LEGS) return 0;
  const end = min(datagrams, RX_BATCH);
  takeAppended();
  for (let index = 0; index < end; index++) {
    ingestDatagram(leg, index, clockOffsetUs, nowUs);
    resetHeader(index);
  }
  return takeAppended();
}

/** FEC of anybody but the media's own sender could only spoil what it rebuilds. */
function takeFecDatagram(leg: i32, address: usize, index: i32, isRow: bool, nowUs: f64): void {
  const name: usize = hasName(index) ? nameAddress(index) : 0;
  readSource(name);
  if (!isAllowed(address, name)) count(address, LEG_NOT_ALLOWED);
  else if (isTruncated(index) || !isSourceOrNone(address, LEG_SOURCE_ADDRESS)) count(address, LEG_FEC_BAD);
  else takeFec(leg, address, datagramAddress(index), datagramLength(index), isRow, nowUs);
}

/** Takes the first `datagrams` of the receive batch as SMPTE 2022-1 packets of a leg, from its row port or its column port. */
export function ingestFec(leg: i32, isRow: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): void {
  if (<u32>leg >= <u32>MAX_LEGS) return;
  const address = legAddress(leg);
  const end = min(datagrams, RX_BATCH);
  for (let index = 0; index < end; index++) {
    takeFecDatagram(leg, address, index, isRow != 0, nowUs);
    resetHeader(index);
  }
}

/** Prepares the send batch, once: two iovecs a message, no name, no control data. `base` as for `initReceive`. */
export function initSend(base: u64): void {
  initSendHeaders(base);
}

/**
 * Message `index` of the send batch: `length` bytes of the payload of the slot at `slotAddress`, from byte `offset` of that
 * payload on; with `withHeader` behind a RTP header of payload type 33.
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
