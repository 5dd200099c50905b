// Complete sections: PAT (ISO/IEC 13818-1 2.4.4.3) and PMT (2.4.4.8) steer what is watched, SCTE-35 goes to the host.
import { STREAM_TYPE_SCTE35 } from "../memory/scte35-stream-type";
import {
  EVENT_PSI, EVENT_SCTE35, LEG_CRC_ERRORS, LEG_PAT_SECTIONS, LEG_PMT_SECTIONS, LEG_SCTE35_SECTIONS, PSI_COPY_SIZE,
  SECTION_SLOTS,
} from "../memory/layout";
import { count, legAddress } from "../memory/leg";
import { crc32 } from "../memory/crc32";
import { postEvent } from "../memory/events";
import {
  BUFFER, KIND_PAT, KIND_PMT, KIND_SCTE35, addOwner, closeSlot, findSlot, forgetSections, isAssignable, isKnownSection,
  kindOf, openSlot, ownerAt, ownerCount, psiCopy, rememberSection, removeOwnerAt, slotAt, slotPid,
} from "./section-slots";
import { streamKind } from "./stream-types";
import { CONSTANT, PCR_ANYWHERE, PCR_PID } from "./stream-record";
import { addStream, beginStreams, endStreams } from "./streams";
import { expectPmt, noteForeignTable, noteTablePat, noteTablePmt, settleChecks, updatePmtArrival } from "./tr101290";

const TABLE_PAT = 0x00;
const TABLE_PMT = 0x02;
const CRC_SIZE = 4;
/** Up to last_section_number, and CRC_32. */
const PAT_MIN = 12;
/** Up to program_info_length, and CRC_32. */
const PMT_MIN = 16;
/** Header and CRC_32. */
const SECTION_MIN: u32 = 7;

// @ts-ignore: decorator
@inline
function u16be(address: usize): u32 {
  return bswap(<u32>load<u16>(address)) >>> 16;
}

/**
 * Lets go of the streams and SCTE-35 PIDs of a PMT (pmtPid, programme), or of all its programmes when `programme` is
 * negative.
 */
function releaseStreams(index: i32, pmtPid: u32, programme: i32): void {
  beginStreams(index, pmtPid, programme);
  endStreams(index, false);
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_SCTE35) continue;
    for (let position = ownerCount(slot); position > 0; position--) {
      const owner = ownerAt(slot, position - 1);
      if (owner >>> 16 == pmtPid && (programme < 0 || (owner & 0xffff) == <u32>programme)) {
        removeOwnerAt(slot, position - 1);
      }
    }
    if (ownerCount(slot) == 0) closeSlot(index, slot);
  }
}

/** True when a PAT section lists the programme with this PMT PID. */
function listsProgramme(section: usize, length: u32, programme: u32, pid: u32): bool {
  for (let entry: u32 = 8; entry + 4 <= length - CRC_SIZE; entry += 4) {
    if (u16be(section + entry) == programme && (u16be(section + entry + 2) & 0x1fff) == pid) return true;
  }
  return false;
}

/** Lets go of the programmes of a PMT PID that this PAT section had and no longer has. */
function releaseProgrammes(index: i32, slot: usize, section: usize, length: u32): void {
  const number = <u32>load<u8>(section, 6);
  const last = <u32>load<u8>(section, 7);
  const pid = slotPid(slot);
  for (let position = ownerCount(slot); position > 0; position--) {
    const owner = ownerAt(slot, position - 1);
    const programme = owner & 0xffff;
    const isGone = owner >>> 16 > last || (owner >>> 16 == number && !listsProgramme(section, length, programme, pid));
    if (!isGone) continue;
    removeOwnerAt(slot, position - 1);
    forgetSections(slot, programme);
    releaseStreams(index, pid, programme);
  }
  if (ownerCount(slot) > 0) return;
  releaseStreams(index, pid, -1);
  closeSlot(index, slot);
}

function applyPat(index: i32, section: usize, length: u32): void {
  const leg = legAddress(index);
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) == KIND_PMT) releaseProgrammes(index, slot, section, length);
  }
  const sectionNumber = <u32>load<u8>(section, 6);
  for (let entry: u32 = 8; entry + 4 <= length - CRC_SIZE; entry += 4) {
    const programme = u16be(section + entry);
    const pid = u16be(section + entry + 2) & 0x1fff;
    // Programme 0 names the network PID, not a PMT.
    if (programme == 0 || !isAssignable(pid)) continue;
    let slot = findSlot(index, pid);
    if (slot && kindOf(slot) == KIND_SCTE35) {
      closeSlot(index, slot);
      slot = 0;
    }
    if (!slot) {
      slot = openSlot(index, pid, KIND_PMT);
      if (slot) expectPmt(leg, slot);
    }
    if (slot) addOwner(slot, (sectionNumber << 16) | programme);
  }
  updatePmtArrival(index, leg);
}

/** Address of the first elementary stream entry. */
// @ts-ignore: decorator
@inline
function firstStream(section: usize): u32 {
  return 12 + (u16be(section + 10) & 0xfff);
}

// @ts-ignore: decorator
@inline
function nextStream(section: usize, entry: u32): u32 {
  return entry + 5 + (u16be(section + entry + 3) & 0xfff);
}

function listsScte35(section: usize, length: u32, pid: u32): bool {
  for (let entry = firstStream(section); entry + 5 <= length - CRC_SIZE; entry = nextStream(section, entry)) {
    if (load<u8>(section + entry) == STREAM_TYPE_SCTE35 && (u16be(section + entry + 1) & 0x1fff) == pid) return true;
  }
  return false;
}

/** Video, audio and the PCR PID of a programme are followed. */
function followStreams(index: i32, pmtPid: u32, section: usize, length: u32): void {
  const programme = u16be(section + 3);
  const owner = (pmtPid << 16) | programme;
  const pcrPid = u16be(section + 8) & 0x1fff;
  const hasPcrPid = isAssignable(pcrPid);
  beginStreams(index, pmtPid, programme);
  let order: u32 = 0;
  for (let entry = firstStream(section); entry + 5 <= length - CRC_SIZE; entry = nextStream(section, entry)) {
    const pid = u16be(section + entry + 1) & 0x1fff;
    const end = min(nextStream(section, entry), length - CRC_SIZE);
    const kind = streamKind(load<u8>(section + entry), section + entry + 5, section + end);
    if (kind != 0 && isAssignable(pid)) addStream(index, pid, owner, order, hasPcrPid ? kind : kind | PCR_ANYWHERE);
    order++;
  }
  if (hasPcrPid) addStream(index, pcrPid, owner, order, PCR_PID | CONSTANT);
  endStreams(index, true);
}

function applyPmt(index: i32, pmtPid: u32, section: usize, length: u32): void {
  followStreams(index, pmtPid, section, length);
  const owner = (pmtPid << 16) | u16be(section + 3);
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_SCTE35 || listsScte35(section, length, slotPid(slot))) continue;
    for (let position = ownerCount(slot); position > 0; position--) {
      if (ownerAt(slot, position - 1) == owner) removeOwnerAt(slot, position - 1);
    }
    if (ownerCount(slot) == 0) closeSlot(index, slot);
  }
  for (let entry = firstStream(section); entry + 5 <= length - CRC_SIZE; entry = nextStream(section, entry)) {
    if (load<u8>(section + entry) != STREAM_TYPE_SCTE35) continue;
    const pid = u16be(section + entry + 1) & 0x1fff;
    if (!isAssignable(pid)) continue;
    let slot = findSlot(index, pid);
    if (!slot) slot = openSlot(index, pid, KIND_SCTE35);
    if (slot && kindOf(slot) == KIND_SCTE35) addOwner(slot, owner);
  }
}

/** Stands for the operator among the owners of a slot: no PMT has such a PID. */
const BY_HAND: u32 = 0xffffffff;

/** Assembles SCTE-35 from a PID because the operator says so, and no longer from the one named before; 0 names none. */
export function takeForScte35(index: i32, pid: u32): void {
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_SCTE35 || slotPid(slot) == pid) continue;
    for (let position = ownerCount(slot); position > 0; position--) {
      if (ownerAt(slot, position - 1) == BY_HAND) removeOwnerAt(slot, position - 1);
    }
    if (ownerCount(slot) == 0) closeSlot(index, slot);
  }
  if (!isAssignable(pid)) return;
  let slot = findSlot(index, pid);
  if (!slot) slot = openSlot(index, pid, KIND_SCTE35);
  if (slot && kindOf(slot) == KIND_SCTE35) addOwner(slot, BY_HAND);
}

/** Keeps the last good section of a slot's PID; of a PAT or PMT in several sections, the first. */
function rememberCopy(index: i32, slot: usize, section: usize, length: u32): void {
  if (load<u8>(section, 6) != 0 || length > <u32>PSI_COPY_SIZE - 64) return;
  const copy = psiCopy(index, slot);
  store<u32>(copy, length);
  memory.copy(copy + 64, section, length);
}

function completePsi(index: i32, leg: usize, slot: usize, section: usize, length: u32): void {
  const isPat = kindOf(slot) == KIND_PAT;
  const table: u32 = isPat ? TABLE_PAT : TABLE_PMT;
  const hasSyntax = (load<u8>(section, 1) & 0x80) != 0;
  if (isPat && load<u8>(section) != TABLE_PAT) noteForeignTable(leg);
  if (load<u8>(section) != table || !hasSyntax || length < <u32>(isPat ? PAT_MIN : PMT_MIN)) return;
  if (crc32(section, length) != 0) {
    count(leg, LEG_CRC_ERRORS);
    return;
  }
  count(leg, isPat ? LEG_PAT_SECTIONS : LEG_PMT_SECTIONS);
  // current_next_indicator 0: not yet in force.
  if (!(load<u8>(section, 5) & 1)) return;
  if (isPat) noteTablePat(leg);
  else noteTablePmt(index, leg, slot);
  const key = (u16be(section + 3) << 16) | (<u32>load<u8>(section, 6) << 8);
  const crc = bswap(load<u32>(section + length - CRC_SIZE));
  if (isKnownSection(slot, key, crc, length)) return;
  const pid = slotPid(slot);
  rememberCopy(index, slot, section, length);
  // When the host is behind, the section stays unknown and is told with its next repetition.
  if (postEvent(EVENT_PSI, index, pid, table, 1, section, length)) rememberSection(slot, key, crc, length);
  settleChecks(index, leg);
  if (isPat) applyPat(index, section, length);
  else applyPmt(index, pid, section, length);
}

/** Called with each whole section of a watched PID. */
export function completeSection(index: i32, leg: usize, slot: usize, length: u32): void {
  const section = slot + BUFFER;
  const kind = kindOf(slot);
  if (kind == KIND_PAT || kind == KIND_PMT) {
    completePsi(index, leg, slot, section, length);
  } else if (kind == KIND_SCTE35) {
    const isSound = length >= SECTION_MIN && crc32(section, length) == 0;
    count(leg, LEG_SCTE35_SECTIONS);
    if (!isSound) count(leg, LEG_CRC_ERRORS);
    postEvent(EVENT_SCTE35, index, slotPid(slot), load<u8>(section), isSound ? 1 : 0, section, length);
  }
}
