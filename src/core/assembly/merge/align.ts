// Do the two legs of a channel carry the same TS packets, and how far apart are their counts?
//
// Every packet's hash is kept by its leg's own count. A packet whose hash the other leg has had proposes an offset
// between the counts; from then on each packet is compared with the one at that offset, and AGREEMENT of them in a row,
// without one that differs, settle it. Null packets, tables and packets that repeat (filler), which any two encoders
// may have alike, neither propose nor count.
import {
  ALIGNMENT_DIFFERENT, ALIGNMENT_TRIAL_US, ALIGNMENT_UNKNOWN, ALIGN_BUCKETS, ALIGN_TABLES, CHANNEL_ALIGNMENT,
  CHANNEL_MERGE_WINDOW_US, MERGE_CELLS, MERGE_HASHES, TS_PACKET,
} from "../memory/layout";
import { CHANNEL_ALIGN_STATE, channelField, setChannelField } from "../memory/channel";
import { NULL_PID, pidOf, readHeader } from "../memory/packet";
import { WATCHED, pidStateAddress } from "../memory/continuity";
import { cellOf, hashAddress } from "./merge-cells";
import { HASHED_FROM, HIGH, ahead, legMerge } from "./merge-state";

const AGREEMENT: u32 = 64;
/** Legs that differ are looked at again for one second in ten, and as long as one leg may be behind the other. */
const LOOK_US: f64 = 1000000;
const LOOK_EVERY_US: f64 = 10000000;
/** Reserved PIDs, of tables. */
const LOWEST_PID: u32 = 0x20;

/** u32: 1 while an offset is proposed; that offset, to be added to the backup's count; packets that agreed. */
const PROPOSED = CHANNEL_ALIGN_STATE;
const PROPOSAL = CHANNEL_ALIGN_STATE + 4;
const AGREED = CHANNEL_ALIGN_STATE + 8;
/** f64 us: when the trial began, 0 before. */
const TRIAL_SINCE = CHANNEL_ALIGN_STATE + 16;
/** u32: 1 while hashes are kept. */
const LOOKING = CHANNEL_ALIGN_STATE + 24;
/** u32: packets in a row that the other leg did not have, or not yet, where the proposal says. */
const UNKNOWN = CHANNEL_ALIGN_STATE + 28;
/** The slower leg's own packets decide: of the faster one's, which are all unknown, there are about as many. */
const UNKNOWN_MAX: u32 = 1024;

const PRIME_A: u64 = 0x9e3779b97f4a7c15;
const PRIME_B: u64 = 0xc2b2ae3d27d4eb4f;

/** 32-bit hash of a TS packet. */
function hashPacket(packet: usize): u32 {
  let a: u64 = 0x243f6a8885a308d3;
  let b: u64 = 0x13198a2e03707344;
  for (let offset: usize = 0; offset < 176; offset += 16) {
    a = rotl<u64>((a ^ load<u64>(packet + offset)) * PRIME_A, 29);
    b = rotl<u64>((b ^ load<u64>(packet + offset, 8)) * PRIME_B, 31);
  }
  a = (a ^ load<u64>(packet, 176)) * PRIME_A;
  b = (b ^ <u64>load<u32>(packet, 184)) * PRIME_B;
  const mixed = a ^ rotl<u64>(b, 17);
  return <u32>(mixed ^ (mixed >> 32));
}

/** True for packets that two different programmes are not likely to have in common. */
// @ts-ignore: decorator
@inline
function isTelling(index: i32, packet: usize): bool {
  const pid = pidOf(readHeader(packet));
  return pid >= LOWEST_PID && pid != <u32>NULL_PID && !(<u32>load<u8>(pidStateAddress(index, pid)) & WATCHED);
}

// @ts-ignore: decorator
@inline
function bucketAddress(index: i32, hash: u32): usize {
  return <usize>(ALIGN_TABLES + ((index * ALIGN_BUCKETS + <i32>(hash & (ALIGN_BUCKETS - 1))) << 2));
}

/** What is kept of a hash, never 0. Its low bits choose the bucket: together they are as good as all 32. */
// @ts-ignore: decorator
@inline
export function keyOf(hash: u32): u32 {
  return (hash >>> 16) | 1;
}

/** Key of the packet at `position` of a leg's count, 0 when that is not known. */
export function hashAt(index: i32, leg: usize, position: u32): u32 {
  const age = ahead(load<u32>(leg + HIGH), position);
  if (age <= 0 || age > MERGE_CELLS || ahead(position, load<u32>(leg + HASHED_FROM)) < 0) return 0;
  return load<u16>(hashAddress(index, position));
}

/** Starts afresh: nothing known of either leg. */
export function forgetAlignment(channel: usize): void {
  store<u32>(channel + PROPOSED, 0);
  store<u32>(channel + AGREED, 0);
  store<f64>(channel + TRIAL_SINCE, 0);
  store<u32>(channel + LOOKING, 0);
  setChannelField(channel, CHANNEL_ALIGNMENT, ALIGNMENT_UNKNOWN);
}

/**
 * Whether hashes are worth their time now: always in the first seconds of both legs, later for a while every ten
 * seconds.
 */
export function isLooking(channel: usize, index: i32, nowUs: f64): bool {
  let since = load<f64>(channel + TRIAL_SINCE);
  if (since == 0) {
    since = nowUs;
    store<f64>(channel + TRIAL_SINCE, since);
  }
  const trial = nowUs - since;
  const windowUs = channelField(channel, CHANNEL_MERGE_WINDOW_US);
  if (trial >= ALIGNMENT_TRIAL_US + windowUs) setChannelField(channel, CHANNEL_ALIGNMENT, ALIGNMENT_DIFFERENT);
  const looks = trial < LOOK_EVERY_US || trial % LOOK_EVERY_US < LOOK_US + windowUs;
  if (looks && !load<u32>(channel + LOOKING)) {
    // What was kept before is too old to be compared with.
    for (let leg = 0; leg < 2; leg++) {
      const state = legMerge(channel, leg);
      store<u32>(state + HASHED_FROM, load<u32>(state + HIGH));
    }
    store<u32>(channel + PROPOSED, 0);
  }
  store<u32>(channel + LOOKING, looks ? 1 : 0);
  return looks;
}

/** The offset to be added to the backup's count; valid once `compare` has returned true. */
export function agreedOffset(channel: usize): u32 {
  return load<u32>(channel + PROPOSAL);
}

/**
 * Takes the packet at `position` of a leg's own count, whose hash `keepHash` has kept; true when the legs are found to
 * agree.
 */
export function compare(channel: usize, index: i32, packet: usize, position: u32, hash: u32): bool {
  if (!isTelling(index, packet)) return false;
  const isBackup = (index & 1) == 1;
  const isUnique = makeFindable(index, legMerge(channel, index & 1), position, hash);
  const other = legMerge(channel, isBackup ? 0 : 1);
  if (load<u32>(channel + PROPOSED)) {
    const offset = load<u32>(channel + PROPOSAL);
    const found = hashAt(index ^ 1, other, isBackup ? position + offset : position - offset);
    if (found == 0) {
      const unknown = load<u32>(channel + UNKNOWN) + 1;
      store<u32>(channel + UNKNOWN, unknown);
      if (unknown >= UNKNOWN_MAX) store<u32>(channel + PROPOSED, 0);
      return false;
    }
    store<u32>(channel + UNKNOWN, 0);
    if (found == keyOf(hash)) {
      if (!isUnique) return false;
      const agreed = load<u32>(channel + AGREED) + 1;
      store<u32>(channel + AGREED, agreed);
      return agreed >= AGREEMENT;
    }
    store<u32>(channel + PROPOSED, 0);
  }
  store<u32>(channel + AGREED, 0);
  if (!isUnique) return false;
  const candidate = load<u32>(bucketAddress(index ^ 1, hash));
  if (hashAt(index ^ 1, other, candidate) != keyOf(hash)) return false;
  store<u32>(channel + PROPOSED, 1);
  store<u32>(channel + UNKNOWN, 0);
  store<u32>(channel + PROPOSAL, isBackup ? candidate - position : position - candidate);
  return false;
}

/** Keeps the key of a leg's packet at `position`; returns its hash. */
export function keepHash(index: i32, packet: usize, position: u32): u32 {
  const hash = hashPacket(packet);
  store<u16>(hashAddress(index, position), keyOf(hash));
  return hash;
}

/**
 * Makes the packet at `position` one that can be found by its hash; false when the leg has had the same lately. Filler
 * of different encoders is alike and comes in long runs: what repeats tells nothing.
 */
function makeFindable(index: i32, leg: usize, position: u32, hash: u32): bool {
  const bucket = bucketAddress(index, hash);
  const before = load<u32>(bucket);
  store<u32>(bucket, position);
  return before == position || hashAt(index, leg, before) != keyOf(hash);
}

/** Makes the hashes of positions that never came unknown. */
export function skipHashes(index: i32, from: u32, to: u32): void {
  const missing = ahead(to, from);
  if (missing <= 0) return;
  if (missing >= MERGE_CELLS) {
    memory.fill(<usize>(MERGE_HASHES + index * MERGE_CELLS * 2), 0, MERGE_CELLS * 2);
    return;
  }
  // Up to the end of the cells, and on from their beginning.
  const first = min(missing, MERGE_CELLS - <i32>cellOf(from));
  memory.fill(hashAddress(index, from), 0, first * 2);
  if (missing > first) memory.fill(hashAddress(index, from + first), 0, (missing - first) * 2);
}

/** A whole number of TS packets. */
export function packetsIn(length: u32): u32 {
  return length / TS_PACKET;
}
