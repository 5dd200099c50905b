// Hitless merge (SMPTE 2022-7 for RTP; by content where the datagrams of the legs differ): of two legs that carry the
// same TS packets, each packet goes out once, from whichever leg brings it first. A gap waits for the other leg.
import {
  CHANNEL_MERGE, CHANNEL_MERGE_ALLOWED, CHANNEL_MERGE_MISMATCHES, CHANNEL_PATH_DIFFERENCE_US, MERGE_CELLS,
  MERGE_END_DIFFERENT, MERGE_END_SILENT, MERGE_OFF, SLOT_PAYLOAD_MAX, TS_PACKET,
} from "../memory/layout";
import {
  CHANNEL_COUNT_FROM, channelAddress, channelField, numberOf, setChannelField, sourceOf,
} from "../memory/channel";
import { compare, hashAt, isLooking, keepHash, keyOf, packetsIn, skipHashes } from "./align";
import { place, releaseOverdue } from "./merge-flow";
import { WAITS, flagAddress, lowTime, noteCellClock, setTime, timeAt } from "./merge-cells";
import {
  NEAR, comeBack, endFlagged, goOnWithout, isOutlived, isSilent, join, leave, mergeLegRestarted,
} from "./merge-members";
import {
  ABSENT, BOTH_FROM, EXTENDED, HASHED_FROM, HIGH, MISMATCHES, NEXT, OFFSET, SAMPLES, STARTED, STRIDE, WAITING, ahead,
  isCarriedByOne, isPresent, legMerge, takesPart,
} from "./merge-state";
import { sequenceDistance } from "../receive/rtp";
import { appendScanned } from "../ring/flagging";

/** Compared packets in a row that differ: two datagrams' worth. */
const DIFFERENT: u32 = 14;
/** A sequence number stands for no more packets than a slot holds. */
const STRIDE_MAX: u32 = 7;

/** Ages from here on are those of a mark that lies ahead, as it does until the slower leg gets there. */
const AHEAD: u32 = 0xff000000;

/** Called every 10 ms or so. */
export function tickMerge(channelIndex: i32, nowUs: f64): void {
  const channel = channelAddress(channelIndex);
  ageMarks(channel);
  if (<i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF) return;
  if (load<u32>(channel + WAITING) > 0) releaseOverdue(channelIndex, channel, nowUs);
  if (!isPresent(channel, 0) || !isPresent(channel, 1)) return;
  for (let leg = 0; leg < 2; leg++) {
    if (!isOutlived(channelIndex * 2 + leg)) continue;
    store<u32>(legMerge(channel, leg) + ABSENT, 1);
    goOnWithout(channelIndex, channel, leg, MERGE_END_SILENT);
  }
}

/**
 * Moves along what was marked long ago. A mark is left behind by the positions compared with it, and half of 2^32
 * packets later, which is after 1.9 days at 20 Mbit/s, it would lie ahead of them.
 */
function ageMarks(channel: usize): void {
  for (let leg = 0; leg < 2; leg++) {
    const state = legMerge(channel, leg);
    const high = load<u32>(state + HIGH);
    // Never ahead of the leg's count, so this holds for 2^32 packets.
    if (high - load<u32>(state + HASHED_FROM) > <u32>MERGE_CELLS) store<u32>(state + HASHED_FROM, high - MERGE_CELLS);
  }
  if (<i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF) return;
  const next = load<u32>(channel + NEXT);
  const age = next - load<u32>(channel + BOTH_FROM);
  if (age > <u32>MERGE_CELLS && age < AHEAD) store<u32>(channel + BOTH_FROM, next - MERGE_CELLS);
}

/** Takes the packets of a datagram that the leg has accepted, in the order of arrival. */
export function mergeArrived(index: i32, isRtp: bool, sequence: u32, payload: usize, length: u32, rxUs: f64): void {
  const channelIndex = index >> 1;
  const channel = channelAddress(channelIndex);
  if (channelField(channel, CHANNEL_MERGE_ALLOWED) == 0) return;
  const me = index & 1;
  const state = legMerge(channel, me);
  const packets = packetsIn(length);
  if (isRtp && packets > (load<u32>(state + STARTED) ? load<u32>(state + STRIDE) : STRIDE_MAX)) {
    outgrow(index, channel, payload, length, rxUs);
    if (packets > STRIDE_MAX) return;
  }
  const position = positionOf(index, state, isRtp, sequence, packets);
  if (load<u32>(state + ABSENT)) returnOrLeave(index, channel, position + load<u32>(state + OFFSET), isRtp);
  const hasBoth = isPresent(channel, 0) && isPresent(channel, 1);
  const stride = isRtp ? load<u32>(state + STRIDE) : packets;
  const isHashing = !isSilent(index ^ 1, rxUs) && (hasBoth || isLooking(channel, index, rxUs));
  const high = load<u32>(state + HIGH);
  if (ahead(position + stride, high) > 0) {
    skipHashes(index, high, position);
    store<u32>(state + HIGH, position + stride);
  }
  if (!isHashing) store<u32>(state + HASHED_FROM, load<u32>(state + HIGH));
  if (isHashing && !hasBoth) {
    let agrees = false;
    for (let i: u32 = 0; i < packets; i++) {
      const packet = payload + i * TS_PACKET;
      const hash = keepHash(index, packet, position + i);
      if (compare(channel, index, packet, position + i, hash)) agrees = true;
    }
    for (let i = packets; i < stride; i++) skipHashes(index, position + i, position + i + 1);
    if (agrees) {
      const wasDirect = <i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF;
      join(channelIndex, channel);
      // Its packets have gone out in the leg's own order already, or are not ahead of it.
      if (wasDirect && <i32>channelField(channel, CHANNEL_MERGE) != MERGE_OFF && sourceOf(channel) == numberOf(index)) {
        return;
      }
    }
  }
  if (!takesPart(channel, me)) return;
  const joint = position + load<u32>(state + OFFSET);
  noteCellClock(channel, rxUs);
  if (hasBoth && !verify(index, channel, state, position, joint, packets, stride, payload, rxUs)) return;
  if (!hasBoth) noteTimes(channelIndex, joint, packets, rxUs);
  place(channelIndex, channel, me, joint, packets, stride, payload, rxUs);
}

/** The leg's own count of the datagram's first packet. RTP: by sequence number, so that losses do not shift it. */
function positionOf(index: i32, state: usize, isRtp: bool, sequence: u32, packets: u32): u32 {
  const isNew = !load<u32>(state + STARTED);
  if (isNew) {
    store<u32>(state + STARTED, 1);
    const from = load<u32>(channelAddress(index >> 1) + CHANNEL_COUNT_FROM);
    const extended = ((from / packets) & 0xffff0000) | sequence;
    store<u32>(state + EXTENDED, extended);
    store<u32>(state + STRIDE, isRtp ? packets : 0);
    store<u32>(state + HIGH, isRtp ? extended * packets : from);
    store<u32>(state + HASHED_FROM, load<u32>(state + HIGH));
  }
  if (!isRtp) return load<u32>(state + HIGH);
  const highest = load<u32>(state + EXTENDED);
  const extended = highest + sequenceDistance(sequence, highest);
  if (<i32>(extended - highest) > 0) store<u32>(state + EXTENDED, extended);
  return extended * load<u32>(state + STRIDE);
}

/**
 * A datagram larger than those before: the leg's count starts over. When it was alone in the merge, it goes out by
 * itself.
 */
function outgrow(index: i32, channel: usize, payload: usize, length: u32, rxUs: f64): void {
  const wasAlone = takesPart(channel, index & 1) && !isPresent(channel, (index & 1) ^ 1);
  mergeLegRestarted(index);
  if (!wasAlone) return;
  for (let offset: u32 = 0; offset < length; offset += SLOT_PAYLOAD_MAX) {
    appendScanned(index >> 1, payload + offset, min<u32>(length - offset, SLOT_PAYLOAD_MAX), rxUs, 0, 0);
  }
}

/** A silent leg is heard: by its numbers it is where the joint stream is, or it has to be aligned again. */
function returnOrLeave(index: i32, channel: usize, joint: u32, isRtp: bool): void {
  const isNear = abs(ahead(joint, load<u32>(channel + NEXT))) <= NEAR;
  if (isRtp && isNear) comeBack(index >> 1, channel, index & 1);
  else leave(index >> 1, channel, index & 1, MERGE_END_SILENT);
}

function noteTimes(channelIndex: i32, joint: u32, packets: u32, rxUs: f64): void {
  const time = lowTime(rxUs);
  for (let i: u32 = 0; i < packets; i++) {
    if (!(load<u8>(flagAddress(channelIndex, joint + i)) & WAITS)) setTime(channelIndex, joint + i, time);
  }
}

/**
 * Compares a datagram of a merged leg with what the other leg had at the same places; false when the legs have parted.
 */
function verify(
  index: i32, channel: usize, state: usize, position: u32, joint: u32, packets: u32, stride: u32, payload: usize,
  rxUs: f64,
): bool {
  const channelIndex = index >> 1;
  const other = legMerge(channel, (index & 1) ^ 1);
  const shift = load<u32>(state + OFFSET) - load<u32>(other + OFFSET);
  const time = lowTime(rxUs);
  let isSampled = false;
  for (let i: u32 = 0; i < packets; i++) {
    const hash = keepHash(index, payload + i * TS_PACKET, position + i);
    const found = hashAt(index ^ 1, other, position + i + shift);
    if (found == 0) {
      setTime(channelIndex, joint + i, time);
    } else if (found == keyOf(hash)) {
      store<u32>(channel + MISMATCHES, 0);
      if (!isSampled) samplePath(channelIndex, channel, index & 1, joint + i, rxUs);
      isSampled = true;
    } else if (noteMismatch(channel)) {
      endFlagged(channelIndex, channel, MERGE_END_DIFFERENT);
      return false;
    }
  }
  for (let i = packets; i < stride; i++) skipHashes(index, position + i, position + i + 1);
  return true;
}

/** Path difference from a packet that the other leg brought before, at the time kept in its cell. */
function samplePath(channelIndex: i32, channel: usize, leg: i32, position: u32, rxUs: f64): void {
  if (isCarriedByOne(channel, position)) return;
  const later = rxUs - timeAt(channelIndex, channel, position);
  const sample = leg == 1 ? later : -later;
  const samples = load<u32>(channel + SAMPLES);
  const before = channelField(channel, CHANNEL_PATH_DIFFERENCE_US);
  const weight: f64 = samples < 32 ? 1.0 / <f64>(samples + 1) : 0.03125;
  setChannelField(channel, CHANNEL_PATH_DIFFERENCE_US, before + (sample - before) * weight);
  store<u32>(channel + SAMPLES, samples + 1);
}

/** A leg that takes part differs from the other one at a place both have: true when that has gone on too long. */
function noteMismatch(channel: usize): bool {
  setChannelField(channel, CHANNEL_MERGE_MISMATCHES, channelField(channel, CHANNEL_MERGE_MISMATCHES) + 1);
  const run = load<u32>(channel + MISMATCHES) + 1;
  store<u32>(channel + MISMATCHES, run);
  return run >= DIFFERENT;
}

/** Takes the packets of a datagram that FEC has rebuilt. */
export function mergeRecovered(index: i32, sequence: u32, payload: usize, length: u32, rxUs: f64): void {
  if (length % TS_PACKET == 0) mergeArrived(index, true, sequence, payload, length, rxUs);
}
