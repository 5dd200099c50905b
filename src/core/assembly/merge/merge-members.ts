// Which legs take part in a merge: joining, falling silent, coming back, leaving, and the end of the merge.
import {
  ALIGNMENT_SAME, CHANNEL_ALIGNMENT, CHANNEL_MERGE, CHANNEL_MERGE_ALLOWED, CHANNEL_MERGE_BOTH, CHANNEL_MERGE_WINDOW_US,
  CHANNEL_PATH_DIFFERENCE_US, CHANNEL_PENDING, CHANNEL_SOURCE, EVENT_MERGE, EVENT_MERGE_LEG, LEG_LAST_RX_US,
  LEG_READ_US, MERGE_CONTENT, MERGE_END_ASKED, MERGE_END_RESTARTED, MERGE_OFF, MERGE_RTP, UNREAD_BEHIND_LAST,
} from "../memory/layout";
import { gauge, legAddress } from "../memory/leg";
import {
  CHANNEL_AT_ONCE, channelAddress, channelField, mayRelease, setChannelField, sourceOf,
} from "../memory/channel";
import { agreedOffset, forgetAlignment } from "./align";
import { dropWaiting, skipGap } from "./merge-flow";
import {
  ABSENT, BOTH_FROM, EXTENDED, HIGH, MISMATCHES, NEXT, OFFSET, SAMPLES, STARTED, STRIDE, TAKES_PART, WAITING, ahead,
  isPresent, legMerge, takesPart,
} from "./merge-state";
import { postEvent } from "../memory/events";
import { isHolding } from "../memory/order-state";
import { sequenceDistance } from "../receive/rtp";

const SILENT_US: f64 = 1000000;
/** A leg that comes back has its old place when it is no further, in TS packets, from where the joint stream is. */
export const NEAR: i32 = 4096;

export function isSilent(index: i32, nowUs: f64): bool {
  const last = gauge(legAddress(index), LEG_LAST_RX_US);
  return last == 0 || nowUs - last > SILENT_US;
}

/**
 * True when the other leg has been heard for so long without this one that it goes on alone. While nothing comes on
 * either, or this process has stood still, neither is the one to go on with; and a leg of which more waits to be read is
 * not silent.
 */
export function isOutlived(index: i32): bool {
  const leg = legAddress(index);
  if (gauge(leg, LEG_READ_US) == UNREAD_BEHIND_LAST) return false;
  return gauge(legAddress(index ^ 1), LEG_LAST_RX_US) - gauge(leg, LEG_LAST_RX_US) > SILENT_US;
}

/** Ends the merge; what waits goes out, gaps and all, as far as the ring can take it. `why` is 0 or MERGE_END_*. */
export function endMerge(channelIndex: i32, why: u32): void {
  const channel = channelAddress(channelIndex);
  if (<i32>channelField(channel, CHANNEL_MERGE) == MERGE_OFF) return;
  while (load<u32>(channel + WAITING) > 0 && mayRelease(channel)) skipGap(channelIndex, channel);
  dropWaiting(channelIndex, channel);
  for (let leg = 0; leg < 2; leg++) {
    store<u32>(legMerge(channel, leg) + TAKES_PART, 0);
    store<u32>(legMerge(channel, leg) + ABSENT, 0);
  }
  setChannelField(channel, CHANNEL_MERGE, MERGE_OFF);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 0);
  forgetAlignment(channel);
  postEvent(EVENT_MERGE, channelIndex * 2, 0, MERGE_OFF, why, 0, 0);
}

/** The source goes on by itself, flagged: its own order has nothing to do with where the merge was. */
export function endFlagged(channelIndex: i32, channel: usize, why: u32): void {
  endMerge(channelIndex, why);
  if (channelField(channel, CHANNEL_PENDING) == 0) {
    setChannelField(channel, CHANNEL_PENDING, sourceOf(channel));
    store<u32>(channel + CHANNEL_AT_ONCE, 1);
  }
  setChannelField(channel, CHANNEL_SOURCE, 0);
}

/** A leg leaves the merge; the last one ends it. */
export function leave(channelIndex: i32, channel: usize, leg: i32, why: u32): void {
  const wasAbsent = !isPresent(channel, leg);
  store<u32>(legMerge(channel, leg) + TAKES_PART, 0);
  store<u32>(legMerge(channel, leg) + ABSENT, 0);
  forgetAlignment(channel);
  if (!isPresent(channel, leg ^ 1)) {
    setChannelField(channel, CHANNEL_SOURCE, leg + 1);
    endMerge(channelIndex, why);
  } else if (!wasAbsent) goOnWithout(channelIndex, channel, leg, why);
}

export function goOnWithout(channelIndex: i32, channel: usize, leg: i32, why: u32): void {
  const other = (leg ^ 1) + 1;
  setChannelField(channel, CHANNEL_SOURCE, other);
  if (<i32>channelField(channel, CHANNEL_PENDING) == other) setChannelField(channel, CHANNEL_PENDING, 0);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 0);
  postEvent(EVENT_MERGE_LEG, channelIndex * 2 + leg, 0, 0, why, 0, 0);
}

/** A leg that was silent is heard again, at a place in the joint stream. */
export function comeBack(channelIndex: i32, channel: usize, leg: i32): void {
  store<u32>(legMerge(channel, leg) + ABSENT, 0);
  store<u32>(channel + MISMATCHES, 0);
  store<u32>(channel + BOTH_FROM, load<u32>(channel + NEXT));
  setChannelField(channel, CHANNEL_MERGE_BOTH, 1);
  postEvent(EVENT_MERGE_LEG, channelIndex * 2 + leg, 0, 1, 0, 0, 0);
}

/**
 * A sequence number far from the leg's last ones, from the sender it had. True when it is where the joint stream is by
 * now: the numbers went on while the leg was cut off, and it takes its place again at once.
 */
export function mergeFindsPlace(index: i32, sequence: u32): bool {
  const channel = channelAddress(index >> 1);
  const state = legMerge(channel, index & 1);
  const stride = load<u32>(state + STRIDE);
  if (!takesPart(channel, index & 1) || !isPresent(channel, (index & 1) ^ 1) || stride == 0) return false;
  // From the leg's last number on, since positions wrap sooner than a multiple of the numbers does.
  const highest = load<u32>(state + EXTENDED);
  const moved = ahead(load<u32>(channel + NEXT) - load<u32>(state + OFFSET), highest * stride);
  const expected = highest + <u32>(moved / <i32>stride);
  const extended = expected + sequenceDistance(sequence, expected);
  if (abs(ahead(extended, expected)) * <i32>stride > NEAR) return false;
  store<u32>(state + EXTENDED, extended);
  return true;
}

/** The leg's stream starts over (another sender, other sequence numbers): what was known of its place is void. */
export function mergeLegRestarted(index: i32): void {
  const channel = channelAddress(index >> 1);
  const state = legMerge(channel, index & 1);
  const tookPart = load<u32>(state + TAKES_PART) != 0;
  store<u32>(state + STARTED, 0);
  if (tookPart) leave(index >> 1, channel, index & 1, MERGE_END_RESTARTED);
  // What was proposed spoke of positions that are void now.
  else forgetAlignment(channel);
}

/**
 * Packets are missing from the count of a raw UDP leg, whose datagrams have no numbers. While the other leg takes part
 * this one has to be aligned again; alone it goes on as it comes.
 */
export function mergeCountBroken(index: i32): void {
  const channel = channelAddress(index >> 1);
  if (!takesPart(channel, index & 1) || isPresent(channel, (index & 1) ^ 1)) mergeLegRestarted(index);
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
  return isPresent(channelAddress(index >> 1), index & 1);
}

/** Both legs are found to carry the same packets: they are joined where the source's own order has got to. */
export function join(channelIndex: i32, channel: usize): void {
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
    dropWaiting(channelIndex, channel);
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
  // What the faster leg brought before it took part has not been kept.
  const high = load<u32>(primary + HIGH) + load<u32>(primary + OFFSET);
  const backupHigh = load<u32>(backup + HIGH) + load<u32>(backup + OFFSET);
  store<u32>(channel + BOTH_FROM, ahead(high, backupHigh) > 0 ? high : backupHigh);
  store<u32>(channel + SAMPLES, 0);
  setChannelField(channel, CHANNEL_ALIGNMENT, ALIGNMENT_SAME);
  setChannelField(channel, CHANNEL_MERGE_BOTH, 1);
  const kind = isByRtp(primary, backup, offset) ? MERGE_RTP : MERGE_CONTENT;
  setChannelField(channel, CHANNEL_MERGE, kind);
  if (mode == MERGE_OFF) {
    setChannelField(channel, CHANNEL_PATH_DIFFERENCE_US, 0);
    postEvent(EVENT_MERGE, channelIndex * 2, 0, kind, 0, 0, 0);
  } else {
    postEvent(EVENT_MERGE_LEG, channelIndex * 2 + joined, 0, 1, 0, 0, 0);
  }
}

/** True when equal sequence numbers on both legs stand for equal packets. */
function isByRtp(primary: usize, backup: usize, offset: u32): bool {
  const stride = load<u32>(primary + STRIDE);
  if (stride == 0 || stride != load<u32>(backup + STRIDE)) return false;
  const apart = ahead(load<u32>(primary + EXTENDED) * stride, load<u32>(backup + EXTENDED) * stride + offset);
  if (apart % <i32>stride != 0) return false;
  const numbers = load<u32>(primary + EXTENDED) - load<u32>(backup + EXTENDED);
  return ((numbers - <u32>(apart / <i32>stride)) & 0xffff) == 0;
}
