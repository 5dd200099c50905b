// A leg becomes the source of its channel: first a packet with discontinuity_indicator for each of its PIDs, those of PAT and
// PMT with the table itself, so that a decoder can start at the access point that follows (ISO/IEC 13818-1 2.4.3.4, 2.4.3.5).
import {
  CHANNEL_MERGE, CHANNEL_PENDING, CHANNEL_SOURCE, CHANNEL_SWITCHES, EVENT_SWITCHED, LEG_PCR_BITRATE, PIDS, SCRATCH, SECTION_SLOTS, SLOT_PAYLOAD_MAX, TS_PACKET,
} from "./layout";
import { pidStateAddress } from "./continuity";
import { KIND_PAT, KIND_PMT, kindOf, psiCopy, slotAt, slotPid } from "./section-slots";
import {
  ADAPTATION_MAX, ADAPTATION_PRESENT, ADAPTATION_WITH_PCR, FLAG_DISCONTINUITY, FLAG_PCR, PAYLOAD_PRESENT, SYNC_BYTE, adaptationControl, adaptationFlags,
  adaptationLength, continuityCounter, pidOf, readHeader, readPcr, syncByte,
} from "./packet";
import { firstPacket } from "./check-clock";
import { HAS_PCR, PCR, PCR_ANYWHERE, PCR_PACKET, PCR_PID, findStream, flagsOf, saidOf } from "./streams";
import { gauge } from "./leg";
import { CHANNEL_AT_ONCE, channelAddress, channelField, numberOf, setChannelField, sourceOf } from "./channel";
import { postEvent } from "./events";
import { headAddress } from "./ring";
import { appendScanned } from "./scan";
import { endMerge } from "./merge-members";

/** 50 ms in 27 MHz ticks. */
const LATE_MAX: f64 = 1350000;
const PCR_MODULUS: f64 = 2576980377600;
/** Payload beside an adaptation field of one flags byte: 188 - 4 - 2. */
const BESIDE_FLAGS: u32 = 182;
const WHOLE_PAYLOAD: u32 = 184;
const NULL_PID: u32 = 0x1fff;

/** State byte of a PID (continuity.ts): a counter was seen, and the last one. */
const KNOWN: u32 = 0x20;

// @ts-ignore: decorator
@inline
function isKnownPid(state: usize): bool {
  return (<u32>load<u8>(state) & KNOWN) != 0;
}

// @ts-ignore: decorator
@inline
function counterOf(state: usize): u32 {
  return <u32>load<u8>(state) & 15;
}

/** Bytes of packets in the scratch slot. */
let filled: u32 = 0;

function flush(channel: i32, rxUs: f64): void {
  if (filled > 0) appendScanned(channel, SCRATCH, filled, rxUs, 0, 0);
  filled = 0;
}

/** Address of a new packet: header with adaptation field and payload as told, the rest stuffing. */
function newPacket(channel: i32, rxUs: f64, pid: u32, hasUnitStart: bool, control: u32, counter: u32): usize {
  if (filled == <u32>SLOT_PAYLOAD_MAX) flush(channel, rxUs);
  const packet = <usize>(SCRATCH + filled);
  filled += TS_PACKET;
  memory.fill(packet, 0xff, TS_PACKET);
  store<u8>(packet, SYNC_BYTE);
  store<u8>(packet, (hasUnitStart ? 0x40 : 0) | (pid >>> 8), 1);
  store<u8>(packet, pid, 2);
  store<u8>(packet, (control << 4) | (counter & 15), 3);
  return packet;
}

/**
 * Adaptation field alone: whatever counter follows is right after it. On a PCR PID it has the first PCR of the new time base, for
 * only there may the counter break (2.4.3.5); `pcr` is negative on others.
 */
function signalOnly(channel: i32, rxUs: f64, pid: u32, counter: u32, pcr: f64): void {
  const packet = newPacket(channel, rxUs, pid, false, 2, counter);
  store<u8>(packet, 183, 4);
  store<u8>(packet, pcr < 0 ? FLAG_DISCONTINUITY : FLAG_DISCONTINUITY | FLAG_PCR, 5);
  if (pcr < 0) return;
  const base = Math.floor(pcr / 300);
  const extension = <u32>(pcr - base * 300);
  const low = <u32>(<u64>base & 1);
  store<u32>(packet, bswap(<u32>(<u64>base >> 1)), 6);
  store<u8>(packet, (low << 7) | 0x7e | (extension >>> 8), 10);
  store<u8>(packet, extension, 11);
}

/** Time of `packets` TS packets at the leg's bit rate, in 27 MHz ticks; 0 while that is unknown. */
function ticksOf(leg: usize, packets: f64): f64 {
  const bitrate = gauge(leg, LEG_PCR_BITRATE);
  return bitrate > 0 ? Math.floor((packets * <f64>(TS_PACKET * 8) * 27000000) / bitrate) : 0;
}

/**
 * What the PCR of a PID is just before packet `first` of the slot, reckoned from the next one there or from the last one before;
 * negative when the PID has none.
 */
function pcrBefore(index: i32, leg: usize, pid: u32, payload: usize, packets: u32, first: u32): f64 {
  const stream = findStream(index, leg, pid);
  if (!stream || !(flagsOf(stream) & HAS_PCR) || !(saidOf(flagsOf(stream)) & (PCR_PID | PCR_ANYWHERE))) return -1;
  for (let position = first; position < packets; position++) {
    const packet = payload + position * TS_PACKET;
    const header = readHeader(packet);
    if (syncByte(header) != SYNC_BYTE || pidOf(header) != pid || !hasPcr(packet, header)) continue;
    return wrapped(readPcr(packet) - ticksOf(leg, <f64>(position - first + 1)));
  }
  const since = firstPacket + first - load<u32>(stream, PCR_PACKET);
  // A PCR of before `first` in this very slot, or an earlier slot's. Far from it the bit rate says nothing any more.
  const ticks = <i32>since > 0 ? min(ticksOf(leg, <f64>since), LATE_MAX) : 0;
  return wrapped(load<f64>(stream, PCR) + ticks);
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

/** 33 bits of base at 300 ticks each. */
function wrapped(ticks: f64): f64 {
  return ticks - Math.floor(ticks / PCR_MODULUS) * PCR_MODULUS;
}

/** The section behind a pointer_field, in as many packets as it takes, the last with counter `counter`. */
function signalTable(channel: i32, rxUs: f64, pid: u32, counter: u32, section: usize, length: u32): void {
  const rest = length + 1 > BESIDE_FLAGS ? length + 1 - BESIDE_FLAGS : 0;
  const packets: u32 = 1 + (rest + WHOLE_PAYLOAD - 1) / WHOLE_PAYLOAD;
  let number = counter - (packets - 1);
  let packet = newPacket(channel, rxUs, pid, true, 3, number);
  store<u8>(packet, 1, 4);
  store<u8>(packet, FLAG_DISCONTINUITY, 5);
  store<u8>(packet, 0, 6);
  let done = min(length, BESIDE_FLAGS - 1);
  memory.copy(packet + 7, section, done);
  while (done < length) {
    number++;
    packet = newPacket(channel, rxUs, pid, false, 1, number);
    const part = min(length - done, WHOLE_PAYLOAD);
    memory.copy(packet + 4, section + done, part);
    done += part;
  }
}

/** The counter before the first packet of `pid` that is still to go out, from packet `first` of the slot on. */
function counterBefore(index: i32, pid: u32, payload: usize, packets: u32, first: u32): u32 {
  for (let position = first; position < packets; position++) {
    const header = readHeader(payload + position * TS_PACKET);
    if (syncByte(header) != SYNC_BYTE || pidOf(header) != pid || !(adaptationControl(header) & PAYLOAD_PRESENT)) continue;
    return (continuityCounter(header) - 1) & 15;
  }
  return counterOf(pidStateAddress(index, pid));
}

function signalAll(index: i32, leg: usize, payload: usize, packets: u32, first: u32, rxUs: f64): void {
  const channel = index >> 1;
  filled = 0;
  // Tables in front, the PAT in slot 0 first of all.
  for (let number = 0; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_PAT && kindOf(slot) != KIND_PMT) continue;
    const pid = slotPid(slot);
    if (!isKnownPid(pidStateAddress(index, pid))) continue;
    const copy = psiCopy(index, slot);
    const length = load<u32>(copy);
    const counter = counterBefore(index, pid, payload, packets, first);
    if (length > 0) signalTable(channel, rxUs, pid, counter, copy + 64, length);
    else signalOnly(channel, rxUs, pid, counter, -1);
  }
  for (let pid: u32 = 1; pid < <u32>PIDS - 1; pid++) {
    if (!isKnownPid(pidStateAddress(index, pid)) || isTable(index, pid)) continue;
    const counter = counterBefore(index, pid, payload, packets, first);
    signalOnly(channel, rxUs, pid, counter, pcrBefore(index, leg, pid, payload, packets, first));
  }
  assert(NULL_PID == <u32>PIDS - 1);
  flush(channel, rxUs);
}

function isTable(index: i32, pid: u32): bool {
  for (let number = 0; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if ((kindOf(slot) == KIND_PAT || kindOf(slot) == KIND_PMT) && slotPid(slot) == pid) return true;
  }
  return false;
}

/**
 * The leg fills the ring from packet `first` of this slot on. Its analysis has seen the slot already. Where nothing went out
 * before, nothing has to be signalled.
 */
export function takeOver(index: i32, leg: usize, payload: usize, length: u32, first: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  const channel = channelAddress(index >> 1);
  const before = sourceOf(channel);
  const isClean = !load<u32>(channel + CHANNEL_AT_ONCE);
  if (channelField(channel, CHANNEL_MERGE) != 0) endMerge(index >> 1, 0);
  setChannelField(channel, CHANNEL_SOURCE, numberOf(index));
  setChannelField(channel, CHANNEL_PENDING, 0);
  setChannelField(channel, CHANNEL_SWITCHES, channelField(channel, CHANNEL_SWITCHES) + 1);
  store<u32>(channel + CHANNEL_AT_ONCE, 0);
  postEvent(EVENT_SWITCHED, index, 0, isClean ? 1 : 0, before, 0, 0);
  if (load<u32>(headAddress(index >> 1)) != 0) signalAll(index, leg, payload, length / TS_PACKET, first, rxUs);
  const skipped = first * TS_PACKET;
  appendScanned(index >> 1, payload + skipped, length - skipped, rxUs, timestamp, sequence);
}
