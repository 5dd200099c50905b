// The joint stream of two merged legs: each packet in its place, what is behind a gap waits, gaps are given up in time.
import {
  CHANNEL_HELD, CHANNEL_MERGE_LOST, CHANNEL_MERGE_WINDOW_US, CHANNEL_PATH_DIFFERENCE_US, LEG_MERGE_USED, LEG_REORDER_US,
  MERGE_CELLS, MERGE_FLAGS, MERGE_SCRATCH, TS_PACKET,
} from "../memory/layout";
import { count, gauge, legAddress } from "../memory/leg";
import { CHANNEL_RELEASED, channelField, mayRelease, setChannelField } from "../memory/channel";
import {
  BY_BACKUP, VOID, WAITS, flagAddress, freeAllPlaces, freePlace, lowTime, packetAddress, setTime, takePlace,
  timeAt,
} from "./merge-cells";
import { GAP_SINCE, HIGH, NEXT, OFFSET, WAITING, ahead, isCarriedByOne, isPresent, legMerge } from "./merge-state";
import { appendScanned } from "../ring/flagging";

const SLOT_PACKETS: u32 = 7;

/** How much later than the other leg this one is, in microseconds; 0 for the earlier one. */
export function lateness(channel: usize, isBackup: bool): f64 {
  const difference = channelField(channel, CHANNEL_PATH_DIFFERENCE_US);
  return max<f64>(0, isBackup ? difference : -difference);
}

export function setWaiting(channel: usize, waiting: u32): void {
  store<u32>(channel + WAITING, waiting);
  setChannelField(channel, CHANNEL_HELD, waiting);
  if (waiting == 0) freeAllPlaces(channel);
}

/** Puts packets that wait, from `position` on, one behind the other. */
function gather(channelIndex: i32, position: u32, packets: u32): usize {
  for (let i: u32 = 0; i < packets; i++) {
    memory.copy(<usize>MERGE_SCRATCH + i * TS_PACKET, packetAddress(channelIndex, position + i), TS_PACKET);
  }
  return MERGE_SCRATCH;
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
    const first = packetAddress(channelIndex, next);
    let packets: u32 = 0;
    let isInOnePiece = true;
    while (packets < SLOT_PACKETS && packets < waiting) {
      const flag = flagAddress(channelIndex, next + packets);
      if (!(load<u8>(flag) & WAITS)) break;
      store<u8>(flag, 0);
      if (packetAddress(channelIndex, next + packets) != first + packets * TS_PACKET) isInOnePiece = false;
      packets++;
    }
    const rxUs = timeAt(channelIndex, channel, next) - lateness(channel, (flags & BY_BACKUP) != 0);
    const payload = isInOnePiece ? first : gather(channelIndex, next, packets);
    appendScanned(channelIndex, payload, packets * TS_PACKET, rxUs, 0, 0);
    // Backwards, so that they are taken again in order and lie in one piece.
    for (let i = packets; i > 0; i--) freePlace(channelIndex, channel, next + i - 1);
    store<u32>(channel + CHANNEL_RELEASED, load<u32>(channel + CHANNEL_RELEASED) + 1);
    next += packets;
    waiting -= packets;
  }
  store<u32>(channel + NEXT, next);
  setWaiting(channel, waiting);
  if (waiting == 0 || load<u8>(flagAddress(channelIndex, next))) return;
  // The next gap is as old as the first packet behind it.
  store<f64>(channel + GAP_SINCE, timeAt(channelIndex, channel, firstWaiting(channelIndex, next)));
}

function firstWaiting(channelIndex: i32, next: u32): u32 {
  for (let i: u32 = 0; i < <u32>MERGE_CELLS; i++) {
    if (load<u8>(flagAddress(channelIndex, next + i)) & WAITS) return next + i;
  }
  return next;
}

/** Gives up what is missing before the first packet that waits. */
export function skipGap(channelIndex: i32, channel: usize): void {
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
  const next = load<u32>(channel + NEXT);
  // The leg that has to carry the stream up to where the other one joined is waited for until it falls silent.
  if (!isCarriedByOne(channel, next) && age >= channelField(channel, CHANNEL_MERGE_WINDOW_US)) return true;
  let reorderUs: f64 = 0;
  for (let leg = 0; leg < 2; leg++) {
    if (!isPresent(channel, leg)) continue;
    const state = legMerge(channel, leg);
    // Not there yet: it is the slower path.
    if (ahead(load<u32>(state + HIGH) + load<u32>(state + OFFSET), next) <= 0) return false;
    reorderUs = max(reorderUs, gauge(legAddress(channelIndex * 2 + leg), LEG_REORDER_US));
  }
  // The cells behind the gap hold the time of the leg that came first; the slower one passed it later by the path
  // difference.
  return age >= reorderUs + abs(channelField(channel, CHANNEL_PATH_DIFFERENCE_US));
}

export function releaseOverdue(channelIndex: i32, channel: usize, nowUs: f64): void {
  while (load<u32>(channel + WAITING) > 0 && mayRelease(channel)) {
    if (load<u8>(flagAddress(channelIndex, load<u32>(channel + NEXT)))) drain(channelIndex, channel);
    else if (isOver(channelIndex, channel, nowUs)) skipGap(channelIndex, channel);
    else return;
  }
}

/** The packet of this cell goes out from elsewhere. */
// @ts-ignore: decorator
@inline
function clearCell(channelIndex: i32, channel: usize, position: u32): void {
  const flag = flagAddress(channelIndex, position);
  const flags = load<u8>(flag);
  if (!flags) return;
  if (flags & WAITS) {
    freePlace(channelIndex, channel, position);
    setWaiting(channel, load<u32>(channel + WAITING) - 1);
  }
  store<u8>(flag, 0);
}

/**
 * True for packets of the leg that carries the stream up to where the other one joined, when what waits so far is the
 * other one's: the gap before them is a new one, of the carrying leg's own order.
 */
function isNearerBehindGap(channelIndex: i32, channel: usize, position: u32): bool {
  if (!isCarriedByOne(channel, position)) return false;
  return ahead(firstWaiting(channelIndex, load<u32>(channel + NEXT)), position) > 0;
}

/** A datagram's packets: those not gone out yet go out, or wait behind the gap before them. */
export function place(
  channelIndex: i32, channel: usize, leg: i32, position: u32, packets: u32, stride: u32, payload: usize, rxUs: f64,
): void {
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
    dropWaiting(channelIndex, channel);
    setChannelField(channel, CHANNEL_MERGE_LOST,
      channelField(channel, CHANNEL_MERGE_LOST) + max(0, ahead(position, load<u32>(channel + NEXT))));
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
  if (waiting == 0 || isNearerBehindGap(channelIndex, channel, position)) store<f64>(channel + GAP_SINCE, rxUs);
  for (let i: u32 = 0; i < stride; i++) {
    const flag = flagAddress(channelIndex, position + i);
    if (load<u8>(flag)) continue;
    if (i >= packets) {
      store<u8>(flag, VOID);
      continue;
    }
    store<u8>(flag, leg == 1 ? WAITS | BY_BACKUP : WAITS);
    setTime(channelIndex, position + i, lowTime(rxUs));
    memory.copy(takePlace(channelIndex, channel, position + i), payload + i * TS_PACKET, TS_PACKET);
    waiting++;
    count(used, LEG_MERGE_USED);
  }
  // Whether the gap is over is for the tick to say: what would fill it may be in the other leg's socket.
  setWaiting(channel, waiting);
}

/** Forgets what waits, counted as lost. */
export function dropWaiting(channelIndex: i32, channel: usize): void {
  const left = load<u32>(channel + WAITING);
  if (left > 0) setChannelField(channel, CHANNEL_MERGE_LOST, channelField(channel, CHANNEL_MERGE_LOST) + left);
  setWaiting(channel, 0);
  memory.fill(<usize>(MERGE_FLAGS + channelIndex * MERGE_CELLS), 0, MERGE_CELLS);
}
