// SMPTE 2022-1 receive: column FEC on the media port + 2, row FEC on + 4.
//
// An FEC packet is kept only while datagrams it protects are missing, so without loss there is nothing to look at. A
// datagram is rebuilt once a later one has come: until then it may just not have been read yet. And it is rebuilt only
// while the FEC packets that can be checked are right.
import {
  FEC_SLOTS, LEG_FEC_BAD, LEG_FEC_COLUMNS, LEG_FEC_PACKETS, LEG_FEC_RECOVERED, LEG_FEC_ROWS, LEG_LAST_RX_US,
  STORE_SLOTS, STORE_WAITING,
} from "../memory/layout";
import { STATE_FEC, count, gauge, setGauge } from "../memory/leg";
import { expireMatrix, learnMatrix } from "./fec-matrix";
import { fecGroup, keepFec, readFec } from "./fec-packet";
import { countMissing, missing, rebuild } from "./fec-rebuild";
import { checkDatagram, checkGroup, isTrusted } from "./fec-trust";
import {
  EXPIRY_US, IS_READY, LAST_MEMBER, MEDIA_THEN, NEWEST, READY, SPAN, STATE_SIZE, WAIT_SPAN, covers, fecSlot, firstFree, groupAt,
  groupBase, groupLast, isEmpty, nextUsed, occupy, release,
} from "./fec-state";
import { sequenceDistance } from "../receive/rtp";
import { recovered } from "./recovered";
import { entryOf } from "./store";

/** Media older than this says nothing about where the sequence numbers are now. */
const MEDIA_AGE_MAX_US: f64 = 1000000;

/** Set while datagrams are rebuilt; what is stored meanwhile is found by the same loop. */
let isResolving = false;

/** Forgets the matrix and the FEC packets of a leg. */
export function resetFec(index: i32, leg: usize): void {
  memory.fill(leg + STATE_FEC, 0, STATE_SIZE);
  setGauge(leg, LEG_FEC_COLUMNS, 0);
  setGauge(leg, LEG_FEC_ROWS, 0);
}

/** Releases the FEC packets whose datagrams are out of the store's reach. */
function releaseFar(leg: usize): void {
  const newest = load<u32>(leg + NEWEST);
  for (let slot = nextUsed(leg, 0); slot < <u32>FEC_SLOTS; slot = nextUsed(leg, slot + 1)) {
    const ahead = sequenceDistance(groupBase(groupAt(leg, slot)), newest);
    if (ahead <= -STORE_SLOTS || ahead >= STORE_SLOTS) release(leg, slot);
  }
}

/** An FEC packet about numbers far from those that arrive now is of another stream or damaged. */
function isWithinReach(leg: usize, rxUs: f64): bool {
  if (load<u32>(leg + SPAN) == 0 || rxUs - gauge(leg, LEG_LAST_RX_US) >= MEDIA_AGE_MAX_US) return true;
  const ahead = sequenceDistance(groupBase(fecGroup), load<u32>(leg + NEWEST));
  return ahead > -STORE_SLOTS && ahead < STORE_SLOTS;
}

function isKept(leg: usize, group: u32): bool {
  for (let slot = nextUsed(leg, 0); slot < <u32>FEC_SLOTS; slot = nextUsed(leg, slot + 1)) {
    if (groupAt(leg, slot) == group) return true;
  }
  return false;
}

/** A slot for a group: a free one, else that of the group that begins first. */
function takeSlot(leg: usize, group: u32): u32 {
  const free = firstFree(leg);
  if (free < <u32>FEC_SLOTS) return free;
  let oldest: u32 = 0;
  for (let slot: u32 = 1; slot < <u32>FEC_SLOTS; slot++) {
    const ahead = sequenceDistance(groupBase(groupAt(leg, slot)), groupBase(group));
    if (ahead < sequenceDistance(groupBase(groupAt(leg, oldest)), groupBase(group))) oldest = slot;
  }
  return oldest;
}

/** A datagram of an FEC port; true when it was an FEC packet, whose group is then in `fecGroup`. */
export function takeFec(index: i32, leg: usize, data: usize, length: u32, isRow: bool, rxUs: f64): bool {
  if (!readFec(data, length, isRow) || !isWithinReach(leg, rxUs)) {
    count(leg, LEG_FEC_BAD);
    return false;
  }
  use(index, leg, data, length, rxUs);
  return true;
}

/** Rebuilds from the packet `readFec` has just accepted, or keeps it until that can be. */
function use(index: i32, leg: usize, data: usize, length: u32, rxUs: f64): void {
  count(leg, LEG_FEC_PACKETS);
  learnMatrix(leg, rxUs);
  if (load<u32>(leg + SPAN) != 0 && !isEmpty(leg)) releaseFar(leg);
  const group = fecGroup;
  const lacking = countMissing(index, leg, group);
  if (lacking == 0) {
    if (checkDatagram(index, leg, group, data)) resolve(index, leg, rxUs);
    return;
  }
  if (isKept(leg, group)) return;
  const last = groupLast(group);
  if (isEmpty(leg) || sequenceDistance(last, load<u32>(leg + LAST_MEMBER)) > 0) store<u32>(leg + LAST_MEMBER, last);
  const slot = takeSlot(leg, group);
  keepFec(fecSlot(index, slot), data, length);
  occupy(leg, slot, group);
  if (lacking == 1) resolve(index, leg, rxUs);
}

/**
 * The lone missing datagram of an FEC slot comes after all media so far: it is looked at again when a later one is
 * stored.
 */
function setReady(leg: usize, sequence: u32): void {
  if (load<u32>(leg + IS_READY) && sequenceDistance(sequence, load<u32>(leg + READY)) >= 0) return;
  store<u32>(leg + READY, sequence);
  store<u32>(leg + IS_READY, 1);
}

/**
 * Looks at one FEC slot; true when others may now be of more use: a datagram was rebuilt from it, or it was found
 * right.
 */
function resolveSlot(index: i32, leg: usize, slot: u32, rxUs: f64): bool {
  const group = groupAt(leg, slot);
  const lacking = countMissing(index, leg, group);
  if (lacking == 0) {
    release(leg, slot);
    return checkGroup(index, leg, group, fecSlot(index, slot));
  }
  if (lacking != 1 || !isTrusted(leg)) return false;
  const sequence = missing;
  const behind = sequenceDistance(load<u32>(leg + NEWEST), sequence);
  if (behind <= 0) {
    setReady(leg, sequence);
    return false;
  }
  release(leg, slot);
  // Numbers before the first datagram were never lost; a place something waits in is not free.
  if (behind >= <i32>load<u32>(leg + SPAN) || entryOf(index, sequence) & STORE_WAITING) return false;
  if (!rebuild(index, leg, slot, rxUs)) {
    count(leg, LEG_FEC_BAD);
    return false;
  }
  count(leg, LEG_FEC_RECOVERED);
  recovered(index, leg, sequence, rxUs);
  return true;
}

/** Rows and columns in turn until none of them helps any more. Each round but the last uses up an FEC packet. */
function resolve(index: i32, leg: usize, rxUs: f64): void {
  if (isResolving || load<u32>(leg + SPAN) == 0) return;
  isResolving = true;
  let isProgress = true;
  while (isProgress) {
    isProgress = false;
    store<u32>(leg + IS_READY, 0);
    for (let slot = nextUsed(leg, 0); slot < <u32>FEC_SLOTS; slot = nextUsed(leg, slot + 1)) {
      if (resolveSlot(index, leg, slot, rxUs)) isProgress = true;
    }
  }
  isResolving = false;
}

/** Keeps the highest sequence number and how far back the run of numbers reaches. */
// @ts-ignore: decorator
@inline
function trackMedia(leg: usize, sequence: u32): void {
  const span = load<u32>(leg + SPAN);
  const ahead = span ? sequenceDistance(sequence, load<u32>(leg + NEWEST)) : STORE_SLOTS;
  if (ahead > -STORE_SLOTS && ahead < STORE_SLOTS) {
    if (ahead > 0) {
      store<u32>(leg + NEWEST, sequence);
      store<u32>(leg + SPAN, min<u32>(span + ahead, STORE_SLOTS));
    } else store<u32>(leg + SPAN, max<u32>(span, 1 - ahead));
    return;
  }
  store<u32>(leg + NEWEST, sequence);
  store<u32>(leg + SPAN, 1);
}

/** True when a datagram may complete the group of some FEC slot. */
function helps(index: i32, leg: usize, sequence: u32): bool {
  if (load<u32>(leg + IS_READY) && sequenceDistance(sequence, load<u32>(leg + READY)) > 0) return true;
  if (sequenceDistance(sequence, load<u32>(leg + LAST_MEMBER)) > 0) return false;
  for (let slot = nextUsed(leg, 0); slot < <u32>FEC_SLOTS; slot = nextUsed(leg, slot + 1)) {
    const group = groupAt(leg, slot);
    if (covers(group, sequence) && countMissing(index, leg, group) < 2) return true;
  }
  return false;
}

/** The media datagram `sequence` is in the leg's store: others may now be rebuilt. */
export function mediaStored(index: i32, leg: usize, sequence: u32, rxUs: f64): void {
  trackMedia(leg, sequence);
  const expiry = load<f64>(leg + EXPIRY_US);
  if (expiry != 0 && rxUs >= expiry) expireMatrix(leg, rxUs);
  if (!isEmpty(leg) && helps(index, leg, sequence)) resolve(index, leg, rxUs);
}

/** The FEC ports were empty when media had come up to the number `sequence`: their FEC so far is here. */
export function noteFecTaken(leg: usize, sequence: u32): void {
  store<u32>(leg + MEDIA_THEN, sequence);
}

/**
 * True while FEC may still give back the datagram `sequence`: two matrices behind it have not yet gone by. Media count
 * only up to where the FEC ports were empty. What came later may have been read before its FEC, because the ports are
 * read one after the other and a busy machine stops the reader in between.
 */
export function mayComeBack(leg: usize, sequence: u32): bool {
  const span = load<u32>(leg + WAIT_SPAN);
  return span > 0 && sequenceDistance(load<u32>(leg + MEDIA_THEN), sequence) <= <i32>span;
}

/** Media datagrams between the newest one and the first that the packet just taken protects; 0 before any media. */
export function fecLead(leg: usize): i32 {
  return load<u32>(leg + SPAN) == 0 ? 0 : sequenceDistance(groupBase(fecGroup), load<u32>(leg + NEWEST));
}
