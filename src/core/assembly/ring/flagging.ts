// discontinuity_indicator after a switch of source (ISO/IEC 13818-1 2.4.3.4, 2.4.3.5). PAT and PMT go out with the
// switch, in packets that carry the flag and the table; each other PID is flagged by a packet of its own right before
// its first one of the new leg, when its counter is known for sure. PCR PIDs are flagged before all of these: no time
// stamp of a new time base may come before its first PCR. The flag on a PCR PID comes with a PCR: only there may the
// counter break.
import {
  DUE_FLAGS, LEG_PCR_BITRATE, PIDS, PID_STATE, SCRATCH, SECTION_SLOTS, SLOT_PAYLOAD_MAX, TS_PACKET,
} from "../memory/layout";
import { gauge, legAddress } from "../memory/leg";
import { CHANNEL_DUE, channelAddress, sourceLeg } from "../memory/channel";
import { firstPacket } from "../memory/check-clock";
import { COUNTER, KNOWN, pidStateAddress } from "../memory/continuity";
import { KIND_PAT, KIND_PMT, kindOf, psiCopy, slotAt, slotPid } from "../analysis/section-slots";
import {
  HAS_PCR, PCR, PCR_ANYWHERE, PCR_PACKET, PCR_PID, findStream, flagsOf, saidOf, streamAt, streamCount, streamPid,
} from "../analysis/stream-record";
import {
  ADAPTATION_MAX, ADAPTATION_PRESENT, ADAPTATION_WITH_PCR, FLAG_DISCONTINUITY, FLAG_PCR, NULL_PID, PAYLOAD_PRESENT,
  SYNC_BYTE, adaptationControl, adaptationFlags, adaptationLength, continuityCounter, hasTransportError, pidOf,
  readHeader, readPcr, syncByte,
} from "../memory/packet";
import { appendFound } from "./insertion";

/** Payload beside an adaptation field of one flags byte: 188 - 4 - 2. */
const BESIDE_FLAGS: u32 = 182;
const WHOLE_PAYLOAD: u32 = 184;
/** 50 ms in 27 MHz ticks. */
const LATE_MAX: f64 = 1350000;
/** 33 bits of base at 300 ticks each. */
const PCR_MODULUS: f64 = 2576980377600;

// What a PID owes.
/** The flag, before its next packet. */
const DUE: u8 = 0x80;
/** Nothing if its next packet has the counter after this one: its table went out with the switch. */
const SIGNALLED: u8 = 0x40;

/** Bytes of packets in the scratch slot, and what the slot is to be appended with. */
let filled: u32 = 0;
let slotTime: f64 = 0;
let slotTimestamp: u32 = 0;
let slotSequence: u32 = 0;

// @ts-ignore: decorator
@inline
function dueAddress(channel: i32, pid: u32): usize {
  return <usize>(DUE_FLAGS + channel * PIDS) + pid;
}

function begin(rxUs: f64, timestamp: u32, sequence: u32): void {
  filled = 0;
  slotTime = rxUs;
  slotTimestamp = timestamp;
  slotSequence = sequence;
}

function flush(channel: i32): void {
  if (filled > 0) appendFound(channel, SCRATCH, filled, slotTime, slotTimestamp, slotSequence);
  filled = 0;
}

/** Room for one more packet of the slot. */
function room(channel: i32): usize {
  if (filled == <u32>SLOT_PAYLOAD_MAX) flush(channel);
  const packet = <usize>(SCRATCH + filled);
  filled += TS_PACKET;
  return packet;
}

/** A new packet: header with adaptation field and payload as told, the rest stuffing. */
function newPacket(channel: i32, pid: u32, hasUnitStart: bool, control: u32, counter: u32): usize {
  const packet = room(channel);
  memory.fill(packet, 0xff, TS_PACKET);
  store<u8>(packet, SYNC_BYTE);
  store<u8>(packet, (hasUnitStart ? 0x40 : 0) | (pid >>> 8), 1);
  store<u8>(packet, pid, 2);
  store<u8>(packet, (control << 4) | (counter & 15), 3);
  return packet;
}

/** Adaptation field alone, with a PCR unless that is negative. */
function signalOnly(channel: i32, pid: u32, counter: u32, pcr: f64): void {
  const packet = newPacket(channel, pid, false, 2, counter);
  store<u8>(packet, 183, 4);
  store<u8>(packet, pcr < 0 ? FLAG_DISCONTINUITY : FLAG_DISCONTINUITY | FLAG_PCR, 5);
  if (pcr < 0) return;
  const base = Math.floor(pcr / 300);
  const extension = <u32>(pcr - base * 300);
  store<u32>(packet, bswap(<u32>(<u64>base >> 1)), 6);
  store<u8>(packet, (<u32>(<u64>base & 1) << 7) | 0x7e | (extension >>> 8), 10);
  store<u8>(packet, extension, 11);
}

/** The section behind a pointer_field, in as many packets as it takes, the last with counter `counter`. */
function signalTable(channel: i32, pid: u32, counter: u32, section: usize, length: u32): void {
  const rest = length + 1 > BESIDE_FLAGS ? length + 1 - BESIDE_FLAGS : 0;
  const packets: u32 = 1 + (rest + WHOLE_PAYLOAD - 1) / WHOLE_PAYLOAD;
  let number = counter - (packets - 1);
  let packet = newPacket(channel, pid, true, 3, number);
  store<u8>(packet, 1, 4);
  store<u8>(packet, FLAG_DISCONTINUITY, 5);
  store<u8>(packet, 0, 6);
  let done = min(length, BESIDE_FLAGS - 1);
  memory.copy(packet + 7, section, done);
  while (done < length) {
    number++;
    packet = newPacket(channel, pid, false, 1, number);
    const part = min(length - done, WHOLE_PAYLOAD);
    memory.copy(packet + 4, section + done, part);
    done += part;
  }
}

/** Time of `packets` TS packets at the leg's bit rate, in 27 MHz ticks; 0 while that is unknown. */
function ticksOf(leg: usize, packets: f64): f64 {
  const bitrate = gauge(leg, LEG_PCR_BITRATE);
  return bitrate > 0 ? Math.floor((packets * <f64>(TS_PACKET * 8) * 27000000) / bitrate) : 0;
}

function hasPcr(packet: usize, header: u32): bool {
  const length = adaptationLength(packet);
  return (
    (adaptationControl(header) & ADAPTATION_PRESENT) != 0 &&
    length >= ADAPTATION_WITH_PCR &&
    length <= ADAPTATION_MAX &&
    (adaptationFlags(packet) & FLAG_PCR) != 0
  );
}

function wrapped(ticks: f64): f64 {
  return ticks - Math.floor(ticks / PCR_MODULUS) * PCR_MODULUS;
}

/**
 * What the PCR of a PID is just before packet `first` of the slot just analysed, reckoned from the next one there or
 * from the last one before; negative when the PID has none.
 */
function pcrBefore(index: i32, pid: u32, payload: usize, packets: u32, first: u32): f64 {
  const leg = legAddress(index);
  const stream = findStream(index, leg, pid);
  if (!stream || !(flagsOf(stream) & HAS_PCR) || !(saidOf(flagsOf(stream)) & (PCR_PID | PCR_ANYWHERE))) return -1;
  for (let position = first; position < packets; position++) {
    const packet = payload + position * TS_PACKET;
    const header = readHeader(packet);
    if (syncByte(header) != SYNC_BYTE || pidOf(header) != pid || !hasPcr(packet, header)) continue;
    return wrapped(readPcr(packet) - ticksOf(leg, <f64>(position - first + 1)));
  }
  const since = <i32>(firstPacket + first - load<u32>(stream, PCR_PACKET));
  // Far from it the bit rate says nothing any more.
  return wrapped(load<f64>(stream, PCR) + (since > 0 ? min(ticksOf(leg, <f64>since), LATE_MAX) : 0));
}

// @ts-ignore: decorator
@inline
function owe(channel: i32, pid: u32, what: u8): void {
  const address = dueAddress(channel, pid);
  const due = channelAddress(channel) + CHANNEL_DUE;
  if (!load<u8>(address)) store<u32>(due, load<u32>(due) + 1);
  store<u8>(address, what);
}

/**
 * Sends PAT and PMT of the leg, flagged, and has every other PID that either leg has shown flagged before its next
 * packet.
 */
export function signalSwitch(index: i32, rxUs: f64): void {
  const channel = index >> 1;
  for (let leg = channel * 2; leg < channel * 2 + 2; leg++) {
    const states = <usize>(PID_STATE + leg * PIDS);
    for (let pid: u32 = 0; pid < <u32>NULL_PID; pid++) if (<u32>load<u8>(states + pid) & KNOWN) owe(channel, pid, DUE);
  }
  begin(rxUs, 0, 0);
  for (let number = 0; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_PAT && kindOf(slot) != KIND_PMT) continue;
    const pid = slotPid(slot);
    const state = <u32>load<u8>(pidStateAddress(index, pid));
    const length = load<u32>(psiCopy(index, slot));
    if (!(state & KNOWN) || length == 0) continue;
    signalTable(channel, pid, state, psiCopy(index, slot) + 64, length);
    owe(channel, pid, <u8>(SIGNALLED | (state & COUNTER)));
  }
  flush(channel);
}

/** Nothing is owed any more: the ring starts again. */
export function forgetDue(channel: i32): void {
  const due = channelAddress(channel) + CHANNEL_DUE;
  if (!load<u32>(due)) return;
  memory.fill(dueAddress(channel, 0), 0, PIDS);
  store<u32>(due, 0);
}

/** Copies packets behind what is in the scratch slot, with a flagged packet before each that owes one. */
export function appendFlagged(
  channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32,
): void {
  const index = sourceLeg(channel);
  const packets = length / TS_PACKET;
  begin(rxUs, timestamp, sequence);
  for (let position: u32 = 0; position < packets; position++) {
    const packet = payload + position * TS_PACKET;
    const header = readHeader(packet);
    if (syncByte(header) == SYNC_BYTE && !hasTransportError(header)) {
      settle(channel, index, header, payload, packets, position);
    }
    memory.copy(room(channel), packet, TS_PACKET);
  }
  flush(channel);
}

/** What the counter was before a packet. */
function counterBefore(header: u32): u32 {
  const counter = continuityCounter(header);
  return (adaptationControl(header) & PAYLOAD_PRESENT ? counter - 1 : counter) & 15;
}

/** The counter of a PID before packet `first` of the slot just analysed; negative when none was seen yet. */
function counterAt(index: i32, pid: u32, payload: usize, packets: u32, first: u32): i32 {
  for (let position = first; position < packets; position++) {
    const header = readHeader(payload + position * TS_PACKET);
    if (syncByte(header) == SYNC_BYTE && pidOf(header) == pid && !hasTransportError(header)) {
      return counterBefore(header);
    }
  }
  const state = <u32>load<u8>(pidStateAddress(index, pid));
  return state & KNOWN ? state & COUNTER : -1;
}

function discharge(channel: i32, pid: u32): void {
  const due = channelAddress(channel) + CHANNEL_DUE;
  store<u8>(dueAddress(channel, pid), 0);
  store<u32>(due, load<u32>(due) - 1);
}

/** Flags the PCR PIDs that owe it. */
function settleClocks(channel: i32, index: i32, payload: usize, packets: u32, position: u32): void {
  const count = streamCount(legAddress(index));
  for (let number: u32 = 0; number < count; number++) {
    const stream = streamAt(index, number);
    const pid = streamPid(stream);
    if (!(saidOf(flagsOf(stream)) & PCR_PID) || !load<u8>(dueAddress(channel, pid))) continue;
    const pcr = pcrBefore(index, pid, payload, packets, position);
    const counter = counterAt(index, pid, payload, packets, position);
    if (pcr < 0 || counter < 0) continue;
    discharge(channel, pid);
    signalOnly(channel, pid, counter, pcr);
  }
}

/** Flags the PID of a packet that is about to go out, if it owes that, and before it the PCR PIDs. */
function settle(channel: i32, index: i32, header: u32, payload: usize, packets: u32, position: u32): void {
  const pid = pidOf(header);
  if (!load<u8>(dueAddress(channel, pid))) return;
  settleClocks(channel, index, payload, packets, position);
  const owed = load<u8>(dueAddress(channel, pid));
  if (!owed) return;
  discharge(channel, pid);
  const before = counterBefore(header);
  if (owed & SIGNALLED && (owed & 15) == before) return;
  signalOnly(channel, pid, before, pcrBefore(index, pid, payload, packets, position));
}

/**
 * Appends up to seven packets that were not analysed as they are; after a switch each PID that owes it is flagged
 * first.
 */
export function appendScanned(
  channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32,
): void {
  if (load<u32>(channelAddress(channel) + CHANNEL_DUE)) appendFlagged(channel, payload, length, rxUs, timestamp,
    sequence);
  else appendFound(channel, payload, length, rxUs, timestamp, sequence);
}
