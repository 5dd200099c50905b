// Hitless merge (SMPTE 2022-7 for RTP; by content where the datagrams of the legs differ): of two legs that carry the same TS
// packets, each packet goes out once, from whichever leg brings it first. A gap waits for the other leg.
import {
  ALIGNMENT_SAME, CHANNEL_ALIGNMENT, CHANNEL_HELD, CHANNEL_MERGE, CHANNEL_MERGE_ALLOWED, CHANNEL_MERGE_BOTH, CHANNEL_MERGE_LOST,
  CHANNEL_MERGE_MISMATCHES, CHANNEL_MERGE_WINDOW_US, CHANNEL_PATH_DIFFERENCE_US, CHANNEL_PENDING, CHANNEL_SOURCE, EVENT_MERGE, EVENT_MERGE_LEG,
  LEG_LAST_RX_US, LEG_MERGE_USED, LEG_REORDER_US, MERGE_CELLS, MERGE_CONTENT, MERGE_END_ASKED, MERGE_END_DIFFERENT, MERGE_END_RESTARTED, MERGE_END_SILENT,
  MERGE_FLAGS, MERGE_OFF, MERGE_RTP, SLOT_PAYLOAD_MAX, TS_PACKET,
} from "./layout";
import { count, gauge, legAddress } from "./leg";
import {
  CHANNEL_AT_ONCE, CHANNEL_RELEASED, channelAddress, channelField, mayRelease, numberOf, setChannelField, sourceOf,
} from "./channel";
import { agreedOffset, compare, forgetAlignment, hashAt, isLooking, keepHash, packetsIn, skipHashes } from "./align";
import {
  BY_BACKUP, EXTENDED, GAP_SINCE, HASHED_FROM, HIGH, MISMATCHES, NEXT, OFFSET, SAMPLES, STARTED, STRIDE, TAKES_PART, TIMES_FROM, VOID,
  WAITING, WAITS, ahead, cellOf, flagAddress, legMerge, packetAddress, timeAddress,
} from "./merge-state";
import { postEvent } from "./events";
import { isHolding } from "./reorder";
import { appendScanned } from "./scan";

const SILENT_US: f64 = 1000000;
/** Compared packets in a row that differ: two datagrams' worth. */
const DIFFERENT: u32 = 14;
const SLOT_PACKETS: u32 = 7;
/** A sequence number stands for no more packets than a slot holds. */
const STRIDE_MAX: u32 = 7;

/** The channel's legs start afresh. */
export function resetMerge(channelIndex: i32): void {
  const channel = channelAddress(channelIndex);
  for (let leg = 0; leg < 2; leg++) memory.fill(legMerge(channel, leg), 0, 48);
  store<u32>(channel + WAITING, 0);
  setChannelField(channel, CHANNEL_MERGE, MERGE_OFF);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 0);
  setChannelField(channel, CHANNEL_HELD, 0);
  forgetAlignment(channel);
}

// @ts-ignore: decorator
@inline
function takesPart(channel: usize, leg: i32): bool {
  return load<u32>(legMerge(channel, leg) + TAKES_PART) != 0;
}

function isSilent(index: i32, nowUs: f64): bool {
  const last = gauge(legAddress(index), LEG_LAST_RX_US);
  return last == 0 || nowUs - last > SILENT_US;
}

/** How much later than the other leg this one is, in microseconds; 0 for the earlier one. */
function lateness(channel: usize, isBackup: bool): f64 {
  const difference = channelField(channel, CHANNEL_PATH_DIFFERENCE_US);
  return max<f64>(0, isBackup ? difference : -difference);
}

function setWaiting(channel: usize, waiting: u32): void {
  store<u32>(channel + WAITING, waiting);
  setChannelField(channel, CHANNEL_HELD, waiting);
}

/** Sends out what waits from the next position on, in slots of up to seven packets. */
function drain(channelIndex: i32, channel: usize): void {
  let next = load<u32>(channel + NEXT);
  let waiting = load<u32>(channel + WAITING);
  for (;;) {
    const flags = load<u8>(flagAddress(channelIndex, next));
    if (flags & VOID) {
      store<u8>(flagAddress(channelIndex, next), 0);
      next++;
      continue;
    }
    if (waiting == 0 || !(flags & WAITS) || !mayRelease(channel)) break;
    let packets: u32 = 0;
    while (packets < SLOT_PACKETS && packets < waiting && cellOf(next) + packets < <u32>MERGE_CELLS) {
      const flag = flagAddress(channelIndex, next + packets);
      if (!(load<u8>(flag) & WAITS)) break;
      store<u8>(flag, 0);
      packets++;
    }
    const rxUs = load<f64>(timeAddress(channelIndex, next)) - lateness(channel, (flags & BY_BACKUP) != 0);
    appendScanned(channelIndex, packetAddress(channelIndex, next), packets * TS_PACKET, rxUs, 0, 0);
    store<u32>(channel + CHANNEL_RELEASED, load<u32>(channel + CHANNEL_RELEASED) + 1);
    next += packets;
    waiting -= packets;
  }
  store<u32>(channel + NEXT, next);
  setWaiting(channel, waiting);
  if (waiting == 0 || load<u8>(flagAddress(channelIndex, next))) return;
  // The next gap is as old as the first packet behind it.
  store<f64>(channel + GAP_SINCE, load<f64>(timeAddress(channelIndex, firstWaiting(channelIndex, next))));
}

function firstWaiting(channelIndex: i32, next: u32): u32 {
  for (let i: u32 = 0; i < <u32>MERGE_CELLS; i++) {
    if (load<u8>(flagAddress(channelIndex, next + i)) & WAITS) return next + i;
  }
  return next;
}

/** Gives up what is missing before the first packet that waits. */
function skipGap(channelIndex: i32, channel: usize): void {
  const next = load<u32>(channel + NEXT);
  const first = firstWaiting(channelIndex, next);
  let lost = 0;
  for (let position = next; position != first; position++) {
    const flag = flagAddress(channelIndex, position);
    if (!(load<u8>(flag) & VOID)) lost++;
    store<u8>(flag, 0);
  }
  setChannelField(channel, CHANNEL_MERGE_LOST, channelField(channel, CHANNEL_MERGE_LOST) + lost);
  store<u32>(channel + NEXT, first);
  drain(channelIndex, channel);
}

/** True when no leg can be expected to fill the gap any more. */
function isOver(channelIndex: i32, channel: usize, nowUs: f64): bool {
  const age = nowUs - load<f64>(channel + GAP_SINCE);
  if (age >= channelField(channel, CHANNEL_MERGE_WINDOW_US)) return true;
  const next = load<u32>(channel + NEXT);
  let reorderUs: f64 = 0;
  for (let leg = 0; leg < 2; leg++) {
    if (!takesPart(channel, leg)) continue;
    const state = legMerge(channel, leg);
    // Not there yet: it is the slower path.
    if (ahead(load<u32>(state + HIGH) + load<u32>(state + OFFSET), next) <= 0) return false;
    reorderUs = max(reorderUs, gauge(legAddress(channelIndex * 2 + leg), LEG_REORDER_US));
  }
  // The cells behind the gap hold the time of the leg that came first; the slower one passed it later by the path difference.
  return age >= reorderUs + abs(channelField(channel, CHANNEL_PATH_DIFFERENCE_US));
}

function releaseOverdue(channelIndex: i32, channel: usize, nowUs: f64): void {
  while (load<u32>(channel + WAITING) > 0 && mayRelease(channel)) {
    if (load<u8>(flagAddress(channelIndex, load<u32>(channel + NEXT)))) drain(channelIndex, channel);
    else if (isOver(channelIndex, channel, nowUs)) skipGap(channelIndex, channel);
    else return;
  }
}

/** Ends the merge; what waits goes out, gaps and all, as far as the ring can take it. `why` is 0 or MERGE_END_*. */
export function endMerge(channelIndex: i32, why: u32): void {
  const channel = channelAddress(channelIndex);
  if (<i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF) return;
  while (load<u32>(channel + WAITING) > 0 && mayRelease(channel)) skipGap(channelIndex, channel);
  const left = load<u32>(channel + WAITING);
  if (left > 0) setChannelField(channel, CHANNEL_MERGE_LOST, channelField(channel, CHANNEL_MERGE_LOST) + left);
  setWaiting(channel, 0);
  memory.fill(<usize>(MERGE_FLAGS + channelIndex * MERGE_CELLS), 0, MERGE_CELLS);
  for (let leg = 0; leg < 2; leg++) store<u32>(legMerge(channel, leg) + TAKES_PART, 0);
  setChannelField(channel, CHANNEL_MERGE, MERGE_OFF);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 0);
  forgetAlignment(channel);
  postEvent(EVENT_MERGE, channelIndex * 2, 0, MERGE_OFF, why, 0, 0);
}

/** The source goes on by itself, flagged: its own order has nothing to do with where the merge was. */
function endFlagged(channelIndex: i32, channel: usize, why: u32): void {
  endMerge(channelIndex, why);
  if (channelField(channel, CHANNEL_PENDING) == 0) {
    setChannelField(channel, CHANNEL_PENDING, sourceOf(channel));
    store<u32>(channel + CHANNEL_AT_ONCE, 1);
  }
  setChannelField(channel, CHANNEL_SOURCE, 0);
}

/** A leg leaves the merge; the last one ends it. */
function leave(channelIndex: i32, channel: usize, leg: i32, why: u32): void {
  store<u32>(legMerge(channel, leg) + TAKES_PART, 0);
  forgetAlignment(channel);
  if (!takesPart(channel, leg ^ 1)) {
    setChannelField(channel, CHANNEL_SOURCE, leg + 1);
    endMerge(channelIndex, why);
    return;
  }
  setChannelField(channel, CHANNEL_SOURCE, (leg ^ 1) + 1);
  if (<i32>channelField(channel, CHANNEL_PENDING) == (leg ^ 1) + 1) setChannelField(channel, CHANNEL_PENDING, 0);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 0);
  postEvent(EVENT_MERGE_LEG, channelIndex * 2 + leg, 0, 0, why, 0, 0);
}

/** The leg's stream starts over (another sender, other sequence numbers): what was known of its place is void. */
export function mergeLegRestarted(index: i32): void {
  const channel = channelAddress(index >> 1);
  const state = legMerge(channel, index & 1);
  const tookPart = load<u32>(state + TAKES_PART) != 0;
  store<u32>(state + STARTED, 0);
  if (tookPart) leave(index >> 1, channel, index & 1, MERGE_END_RESTARTED);
  else if (<i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF) forgetAlignment(channel);
}

/**
 * Packets are missing from the count of a raw UDP leg, whose datagrams have no numbers. While the other leg takes part this
 * one has to be aligned again; alone it goes on as it comes.
 */
export function mergeCountBroken(index: i32): void {
  const channel = channelAddress(index >> 1);
  if (!takesPart(channel, index & 1) || takesPart(channel, (index & 1) ^ 1)) mergeLegRestarted(index);
}

/** Lets legs that agree be merged, or ends that. `windowUs`: longest wait for the other leg. */
export function allowMerge(channelIndex: i32, allowed: bool, windowUs: f64): void {
  const channel = channelAddress(channelIndex);
  setChannelField(channel, CHANNEL_MERGE_WINDOW_US, windowUs);
  setChannelField(channel, CHANNEL_MERGE_ALLOWED, allowed ? 1 : 0);
  if (allowed) return;
  if (<i32>channelField(channel, CHANNEL_MERGE) != MERGE_OFF) endFlagged(channelIndex, channel, MERGE_END_ASKED);
  forgetAlignment(channel);
}

/** True when the leg takes part in a merge, so that making it the source changes nothing on the outputs. */
export function isMerged(index: i32): bool {
  return takesPart(channelAddress(index >> 1), index & 1);
}

/** Called every 10 ms or so. */
export function tickMerge(channelIndex: i32, nowUs: f64): void {
  const channel = channelAddress(channelIndex);
  if (<i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF) return;
  if (load<u32>(channel + WAITING) > 0) releaseOverdue(channelIndex, channel, nowUs);
  for (let leg = 0; leg < 2; leg++) {
    if (takesPart(channel, leg) && takesPart(channel, leg ^ 1) && isSilent(channelIndex * 2 + leg, nowUs)) leave(channelIndex, channel, leg, MERGE_END_SILENT);
  }
}

/** A datagram's packets: those not gone out yet go out, or wait behind the gap before them. */
function place(channelIndex: i32, channel: usize, leg: i32, position: u32, packets: u32, stride: u32, payload: usize, rxUs: f64): void {
  const next = load<u32>(channel + NEXT);
  const end = position + packets;
  if (ahead(end, next) <= 0) {
    // A shorter datagram ends with cells that stay empty.
    if (ahead(position + stride, next) > 0 && ahead(position, next) <= 0) {
      store<u32>(channel + NEXT, position + stride);
      drain(channelIndex, channel);
    }
    return;
  }
  if (ahead(position + stride, next) > MERGE_CELLS) {
    // Further ahead than can wait: the gap is given up.
    while (load<u32>(channel + WAITING) > 0 && mayRelease(channel)) skipGap(channelIndex, channel);
    memory.fill(<usize>(MERGE_FLAGS + channelIndex * MERGE_CELLS), 0, MERGE_CELLS);
    setWaiting(channel, 0);
    setChannelField(channel, CHANNEL_MERGE_LOST, channelField(channel, CHANNEL_MERGE_LOST) + max(0, ahead(position, load<u32>(channel + NEXT))));
    store<u32>(channel + NEXT, position);
  }
  const from = load<u32>(channel + NEXT);
  const used = legAddress(channelIndex * 2 + leg);
  if (ahead(position, from) <= 0) {
    const skipped = from - position;
    const fresh = packets - skipped;
    count(used, LEG_MERGE_USED, fresh);
    const time = rxUs - lateness(channel, leg == 1);
    appendScanned(channelIndex, payload + skipped * TS_PACKET, fresh * TS_PACKET, time, 0, 0);
    for (let cell = from; cell != position + stride; cell++) clearCell(channelIndex, channel, cell);
    store<u32>(channel + NEXT, position + stride);
    drain(channelIndex, channel);
    return;
  }
  let waiting = load<u32>(channel + WAITING);
  if (waiting == 0) store<f64>(channel + GAP_SINCE, rxUs);
  for (let i: u32 = 0; i < stride; i++) {
    const flag = flagAddress(channelIndex, position + i);
    if (load<u8>(flag)) continue;
    if (i >= packets) {
      store<u8>(flag, VOID);
      continue;
    }
    store<u8>(flag, leg == 1 ? WAITS | BY_BACKUP : WAITS);
    memory.copy(packetAddress(channelIndex, position + i), payload + i * TS_PACKET, TS_PACKET);
    waiting++;
    count(used, LEG_MERGE_USED);
  }
  setWaiting(channel, waiting);
  releaseOverdue(channelIndex, channel, rxUs);
}

/** The packet of this cell goes out from elsewhere. */
// @ts-ignore: decorator
@inline
function clearCell(channelIndex: i32, channel: usize, position: u32): void {
  const flag = flagAddress(channelIndex, position);
  const flags = load<u8>(flag);
  if (!flags) return;
  if (flags & WAITS) setWaiting(channel, load<u32>(channel + WAITING) - 1);
  store<u8>(flag, 0);
}

/** Both legs are found to carry the same packets: they are joined where the source's own order has got to. */
function join(channelIndex: i32, channel: usize, nowUs: f64): void {
  const offset = agreedOffset(channel);
  const mode = <i32>channelField(channel, CHANNEL_MERGE);
  const primary = legMerge(channel, 0);
  const backup = legMerge(channel, 1);
  if (mode == MERGE_OFF) {
    const source = sourceOf(channel);
    // A leg that has a gap of its own open has packets in flight that the merge does not know.
    if (source == 0 || isHolding(legAddress(channelIndex * 2 + source - 1))) return;
    store<u32>(primary + OFFSET, 0);
    store<u32>(backup + OFFSET, offset);
    const from = source == 1 ? load<u32>(primary + HIGH) : load<u32>(backup + HIGH) + offset;
    store<u32>(channel + NEXT, from);
    setWaiting(channel, 0);
    memory.fill(<usize>(MERGE_FLAGS + channelIndex * MERGE_CELLS), 0, MERGE_CELLS);
    setChannelField(channel, CHANNEL_PENDING, 0);
  } else if (takesPart(channel, 0)) {
    store<u32>(backup + OFFSET, load<u32>(primary + OFFSET) + offset);
  } else {
    store<u32>(primary + OFFSET, load<u32>(backup + OFFSET) - offset);
  }
  const joined = takesPart(channel, 0) ? 1 : 0;
  store<u32>(primary + TAKES_PART, 1);
  store<u32>(backup + TAKES_PART, 1);
  store<u32>(channel + MISMATCHES, 0);
  // Cell times are of the joint stream from here on.
  const high = load<u32>(primary + HIGH) + load<u32>(primary + OFFSET);
  const backupHigh = load<u32>(backup + HIGH) + load<u32>(backup + OFFSET);
  store<u32>(channel + TIMES_FROM, ahead(high, backupHigh) > 0 ? high : backupHigh);
  store<u32>(channel + SAMPLES, 0);
  setChannelField(channel, CHANNEL_ALIGNMENT, ALIGNMENT_SAME);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 1);
  if (mode == MERGE_OFF) {
    setChannelField(channel, CHANNEL_PATH_DIFFERENCE_US, 0);
    const kind = isByRtp(primary, backup, offset) ? MERGE_RTP : MERGE_CONTENT;
    setChannelField(channel, CHANNEL_MERGE, kind);
    postEvent(EVENT_MERGE, channelIndex * 2, 0, kind, 0, 0, 0);
  } else {
    setChannelField(channel, CHANNEL_MERGE, isByRtp(primary, backup, offset) ? MERGE_RTP : MERGE_CONTENT);
    postEvent(EVENT_MERGE_LEG, channelIndex * 2 + joined, 0, 1, 0, 0, 0);
  }
}

/** The same sequence numbers stand for the same packets. */
function isByRtp(primary: usize, backup: usize, offset: u32): bool {
  const stride = load<u32>(primary + STRIDE);
  return stride > 0 && stride == load<u32>(backup + STRIDE) && <i32>offset % (<i32>stride << 16) == 0;
}

/** Path difference from a packet that the other leg brought before, at the time kept in its cell. */
function samplePath(channelIndex: i32, channel: usize, leg: i32, position: u32, rxUs: f64): void {
  if (ahead(position, load<u32>(channel + TIMES_FROM)) < 0) return;
  const later = rxUs - load<f64>(timeAddress(channelIndex, position));
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

/** The leg's own count of the datagram's first packet. RTP: by sequence number, so that losses do not shift it. */
function positionOf(index: i32, state: usize, isRtp: bool, sequence: u32, packets: u32): u32 {
  const isNew = !load<u32>(state + STARTED);
  if (isNew) {
    store<u32>(state + STARTED, 1);
    store<u32>(state + EXTENDED, sequence);
    store<u32>(state + STRIDE, isRtp ? packets : 0);
    store<u32>(state + HIGH, isRtp ? sequence * packets : 0);
    store<u32>(state + HASHED_FROM, load<u32>(state + HIGH));
  }
  if (!isRtp) return load<u32>(state + HIGH);
  const highest = load<u32>(state + EXTENDED);
  const extended = highest + ((<i32>((sequence - highest) << 16)) >> 16);
  if (<i32>(extended - highest) > 0) store<u32>(state + EXTENDED, extended);
  return extended * load<u32>(state + STRIDE);
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
  const hasBoth = takesPart(channel, 0) && takesPart(channel, 1);
  const position = positionOf(index, state, isRtp, sequence, packets);
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
      const hash = keepHash(index, packet, position + i, true);
      if (compare(channel, index, packet, position + i, hash)) agrees = true;
    }
    for (let i = packets; i < stride; i++) skipHashes(index, position + i, position + i + 1);
    if (agrees) {
      const wasDirect = <i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF;
      join(channelIndex, channel, rxUs);
      // Its packets have gone out in the leg's own order already, or are not ahead of it.
      if (wasDirect && <i32>channelField(channel, CHANNEL_MERGE) != MERGE_OFF && sourceOf(channel) == numberOf(index)) return;
    }
  }
  if (!takesPart(channel, me)) return;
  const joint = position + load<u32>(state + OFFSET);
  if (hasBoth && !verify(index, channel, state, position, joint, packets, stride, payload, rxUs)) return;
  if (!hasBoth) noteTimes(channelIndex, channel, joint, packets, rxUs);
  place(channelIndex, channel, me, joint, packets, stride, payload, rxUs);
}

/** A datagram larger than those before: the leg's count starts over. When it was alone in the merge, it goes out by itself. */
function outgrow(index: i32, channel: usize, payload: usize, length: u32, rxUs: f64): void {
  const wasAlone = takesPart(channel, index & 1) && !takesPart(channel, (index & 1) ^ 1);
  mergeLegRestarted(index);
  if (!wasAlone) return;
  for (let offset: u32 = 0; offset < length; offset += SLOT_PAYLOAD_MAX) {
    appendScanned(index >> 1, payload + offset, min<u32>(length - offset, SLOT_PAYLOAD_MAX), rxUs, 0, 0);
  }
}

function noteTimes(channelIndex: i32, channel: usize, joint: u32, packets: u32, rxUs: f64): void {
  for (let i: u32 = 0; i < packets; i++) {
    if (!(load<u8>(flagAddress(channelIndex, joint + i)) & WAITS)) store<f64>(timeAddress(channelIndex, joint + i), rxUs);
  }
}

/** Compares a datagram of a merged leg with what the other leg had at the same places; false when the legs have parted. */
function verify(
  index: i32, channel: usize, state: usize, position: u32, joint: u32, packets: u32, stride: u32, payload: usize, rxUs: f64,
): bool {
  const channelIndex = index >> 1;
  const other = legMerge(channel, (index & 1) ^ 1);
  const shift = load<u32>(state + OFFSET) - load<u32>(other + OFFSET);
  let isSampled = false;
  for (let i: u32 = 0; i < packets; i++) {
    const hash = keepHash(index, payload + i * TS_PACKET, position + i, false);
    const found = hashAt(index ^ 1, other, position + i + shift);
    if (found == 0) {
      store<f64>(timeAddress(channelIndex, joint + i), rxUs);
    } else if (found == hash) {
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

/** The same for a datagram that FEC has rebuilt. */
export function mergeRecovered(index: i32, leg: usize, sequence: u32, payload: usize, length: u32, rxUs: f64, timestamp: u32): void {
  if (length % TS_PACKET == 0) mergeArrived(index, true, sequence, payload, length, rxUs);
}
