// The ABI of the packet core. All state lives at the fixed addresses of layout.ts; nothing is allocated, nothing throws.
import {
  LEG_BYTES, LEG_DATAGRAMS, LEG_FOREIGN_IPV4, LEG_FOREIGN_PORT, LEG_FOREIGN_SSRC, LEG_FORWARDED, LEG_LAST_PROGRAMME_US, LEG_LAST_RX_US,
  LEG_PAYLOAD_TYPE, LEG_RTP_DATAGRAMS, LEG_SIZE, LEG_SOURCE_IPV4, LEG_SOURCE_PORT, LEG_TRUNCATED, LEG_TS_PACKETS, LEG_UDP_DATAGRAMS, MAX_CHANNELS, MAX_LEGS, PIDS, PID_PACKETS, PID_STATE, RX_BATCH,
  SLOT_PAYLOAD_MAX, TS_PACKET, TX_BATCH,
} from "./layout";
import { count, gauge, legAddress, setGauge } from "./leg";
import { FRAMING_RTP, FRAMING_UDP, classify, payloadAddress, payloadLength, rtpSequence, rtpSsrc, rtpTimestamp } from "./rtp";
import { acceptSender, sourceIdentity, sourceIpv4, sourcePort } from "./sender";
import { acceptSequence } from "./sequence";
import { updateJitter } from "./jitter";
import { analysePackets, slotHasProgramme } from "./packets";
import { appendSlot, headAddress } from "./ring";
import { clearSlots } from "./section-slots";
import { datagramAddress, datagramLength, hasName, initHeaders as initReceiveHeaders, isTruncated, nameAddress, receiveTime, resetHeader } from "./receive";
import { fillMsgCtrl, initHeaders as initSendHeaders, payloadOf, setMessage, setRtpHeader } from "./send";

/** Forgets everything about a leg: counters, gauges, PIDs and sections. */
export function resetLeg(leg: i32): void {
  if (<u32>leg >= <u32>MAX_LEGS) return;
  memory.fill(legAddress(leg), 0, LEG_SIZE);
  memory.fill(PID_STATE + leg * PIDS, 0, PIDS);
  memory.fill(PID_PACKETS + leg * PIDS * 4, 0, PIDS * 4);
  clearSlots(leg);
}

/** Empties a channel's ring: its head starts again at 0. */
export function resetChannel(channel: i32): void {
  if (<u32>channel < <u32>MAX_CHANNELS) store<u32>(headAddress(channel), 0);
}

/** Fills the headers and iovecs of the receive batch, once. `base` is the native address of the memory. */
export function initReceive(base: u64): void {
  initReceiveHeaders(base);
}

/** Gives all headers of the receive batch full room. `ingest` does so for those it has read, so this is for other uses. */
export function prepareReceive(): void {
  for (let index = 0; index < RX_BATCH; index++) resetHeader(index);
}

/** Forwards the TS packets found by `classify`, split into slots; returns the slots appended. */
function forward(leg: i32, address: usize, channel: i32, rxUs: f64, timestamp: u32, sequence: u32): i32 {
  let payload = payloadAddress;
  let remaining = payloadLength;
  let appended = 0;
  let hasProgramme = false;
  count(address, LEG_TS_PACKETS, remaining / TS_PACKET);
  while (remaining > 0) {
    const length = min<u32>(remaining, SLOT_PAYLOAD_MAX);
    analysePackets(leg, address, payload, length / TS_PACKET, rxUs);
    if (slotHasProgramme) hasProgramme = true;
    if (channel >= 0) {
      appendSlot(channel, payload, length, rxUs, timestamp, sequence);
      appended++;
    }
    payload += length;
    remaining -= length;
  }
  if (hasProgramme) setGauge(address, LEG_LAST_PROGRAMME_US, rxUs);
  if (appended > 0) count(address, LEG_FORWARDED, appended);
  return appended;
}

function ingestDatagram(leg: i32, channel: i32, index: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  const address = legAddress(leg);
  const rxUs = receiveTime(index, address, clockOffsetUs, nowUs);
  const data = datagramAddress(index);
  const length = datagramLength(index);
  count(address, LEG_DATAGRAMS);
  count(address, LEG_BYTES, length);
  if (isTruncated(index)) {
    count(address, LEG_TRUNCATED);
    return 0;
  }
  const kind = classify(data, length);
  if (kind != FRAMING_RTP && kind != FRAMING_UDP) {
    count(address, kind);
    return 0;
  }
  const isRtp = kind == FRAMING_RTP;
  const name = nameAddress(index);
  const isNamed = hasName(index);
  const identity = isRtp ? rtpSsrc(data) : isNamed ? sourceIdentity(name) : 0;
  const silentUs = rxUs - gauge(address, LEG_LAST_RX_US);
  if (!acceptSender(leg, address, identity, kind, rxUs)) {
    setGauge(address, LEG_FOREIGN_IPV4, isNamed ? <f64>sourceIpv4(name) : 0);
    setGauge(address, LEG_FOREIGN_PORT, isNamed ? <f64>sourcePort(name) : 0);
    setGauge(address, LEG_FOREIGN_SSRC, isRtp ? <f64>identity : -1);
    return 0;
  }
  setGauge(address, LEG_SOURCE_IPV4, isNamed ? <f64>sourceIpv4(name) : 0);
  setGauge(address, LEG_SOURCE_PORT, isNamed ? <f64>sourcePort(name) : 0);
  if (!isRtp) {
    count(address, LEG_UDP_DATAGRAMS);
    return forward(leg, address, channel, rxUs, 0, 0);
  }
  count(address, LEG_RTP_DATAGRAMS);
  setGauge(address, LEG_PAYLOAD_TYPE, <f64>(load<u8>(data, 1) & 0x7f));
  const sequence = rtpSequence(data);
  const timestamp = rtpTimestamp(data);
  if (!acceptSequence(leg, address, sequence, silentUs)) return 0;
  updateJitter(address, rxUs, timestamp);
  return forward(leg, address, channel, rxUs, timestamp, sequence);
}

/**
 * Takes the first `datagrams` of the receive batch for a leg, and appends what it accepts to the ring of `channel`, or only
 * analyses when that is -1. `clockOffsetUs` is CLOCK_REALTIME less CLOCK_MONOTONIC, `nowUs` CLOCK_MONOTONIC, both in
 * microseconds. Returns the slots appended; 0 for a leg or channel that does not exist.
 */
export function ingest(leg: i32, channel: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  if (<u32>leg >= <u32>MAX_LEGS || channel >= MAX_CHANNELS) return 0;
  const end = min(datagrams, RX_BATCH);
  let appended = 0;
  for (let index = 0; index < end; index++) {
    appended += ingestDatagram(leg, channel, index, clockOffsetUs, nowUs);
    resetHeader(index);
  }
  return appended;
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
