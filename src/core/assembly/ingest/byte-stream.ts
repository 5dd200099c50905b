// Raw UDP as a stream of bytes: for senders whose datagrams are no whole number of TS packets (ffmpeg's are 1472 bytes
// long), or of packets of 204 bytes. Datagrams that are whole and even, of a sender that never sent others, do not come
// here.
import {
  CUTTER_GROUP, LEG_BAD_SYNC, LEG_CC_ERRORS, LEG_RESYNCS, LEG_SKIPPED_BYTES, LEG_TS_204, LEG_UNALIGNED, SLOT_TS_PACKETS,
  TS_PACKET,
} from "../memory/layout";
import { STATE_CUTS, STATE_FRAMING, STATE_IDENTITY, count, gauge } from "../memory/leg";
import {
  CARRIED, GROUPED, GROUP_RX, IDENTITY, LAST_RX, NO_PACKET, PLACE_LOST, SIZE, clearCutter, continues, cutterOf,
  findAgain, hasPlace, hasRunBeside, heldPacket, joinsRunBeside, leaveOver, nextPacket, skipped, takeUp, wasFound,
} from "./cutter";
import { deliver } from "../order/deliver";
import { mergeArrived } from "../merge/merge";
import { mergeCountBroken } from "../merge/merge-members";
import {
  FRAMING_RTP, FRAMING_UDP, RTP_204, SYNC_BYTE, findRtpPayload, isEven, payloadAddress, payloadLength, rtpSsrc,
  strip204,
} from "../receive/rtp";

/** What `reconsider` returns for bytes of a stream, which `takeBytes` or `passBytes` goes through. */
export const BYTES = -2;
/** Neither a packet that may be wrong nor a group of less than seven waits longer for the next datagram (us). */
const WAIT_US: f64 = 2000;
/** Extension bit of RTP: FEC takes such a datagram for one it cannot rebuild. */
const EXTENSION: u32 = 0x10;

/** True when the datagram that `reconsider` has found to be BYTES is from the sender in use. */
let isOwn: bool = false;

/** Packets of raw UDP in their order: analysed, sent on, merged. */
export function takePackets(index: i32, leg: usize, payload: usize, length: u32, rxUs: f64): void {
  const errors = gauge(leg, LEG_CC_ERRORS);
  deliver(index, leg, payload, length, rxUs, 0, 0);
  if (gauge(leg, LEG_CC_ERRORS) > errors) mergeCountBroken(index);
  mergeArrived(index, false, 0, payload, length, rxUs);
}

function sendGroup(index: i32, leg: usize, cutter: usize): void {
  const packets = load<u32>(cutter + GROUPED);
  if (packets == 0) return;
  store<u32>(cutter + GROUPED, 0);
  takePackets(index, leg, cutter + CUTTER_GROUP, packets * TS_PACKET, load<f64>(cutter + GROUP_RX));
}

function addToGroup(index: i32, leg: usize, cutter: usize, packet: usize, rxUs: f64): void {
  const packets = load<u32>(cutter + GROUPED);
  memory.copy(cutter + CUTTER_GROUP + packets * TS_PACKET, packet, TS_PACKET);
  store<u32>(cutter + GROUPED, packets + 1);
  store<f64>(cutter + GROUP_RX, rxUs);
  if (load<u32>(cutter + SIZE) != TS_PACKET) count(leg, LEG_TS_204);
  if (packets + 1 == SLOT_TS_PACKETS) sendGroup(index, leg, cutter);
}

/** Sends on what has waited long enough for the sender's next datagram. To be called only while STATE_CUTS is set. */
export function settleBytes(index: i32, leg: usize, nowUs: f64): void {
  const cutter = cutterOf(index, true);
  if (nowUs - load<f64>(cutter + LAST_RX) < WAIT_US) return;
  const packet = heldPacket(cutter);
  if (packet) {
    addToGroup(index, leg, cutter, packet, load<f64>(cutter + LAST_RX));
    store<u32>(cutter + CARRIED, 0);
  }
  sendGroup(index, leg, cutter);
}

/** The leg's sender is another, or sends whole packets: nothing is carried over. */
export function dropBytes(index: i32, leg: usize): void {
  clearCutter(cutterOf(index, true));
  store<u32>(leg + STATE_CUTS, 0);
}

/** Forgets the bytes of a leg's senders. */
export function resetBytes(index: i32): void {
  clearCutter(cutterOf(index, true));
  clearCutter(cutterOf(index, false));
}

/** The place of packets in the sender's bytes is lost: so is the count of them. */
function noteLoss(index: i32, leg: usize, cutter: usize): void {
  sendGroup(index, leg, cutter);
  count(leg, LEG_RESYNCS);
  mergeCountBroken(index);
}

/** A datagram that would be RTP but for its length: no evidence for raw bytes. */
function isBrokenRtp(data: usize, length: u32): bool {
  return load<u8>(data) >> 6 == 2 && findRtpPayload(data, length) && payloadLength > 0 &&
    load<u8>(payloadAddress) == SYNC_BYTE;
}

/** Takes the bytes up; BYTES, or the counter to raise when they do not show where packets are. */
function consider(index: i32, leg: usize, cutter: usize, data: usize, length: u32, kind: i32): i32 {
  const hadPlace = hasPlace(cutter);
  const goesOn = continues(cutter, data, length);
  if (isOwn && hadPlace && !goesOn) noteLoss(index, leg, cutter);
  const isTaken = takeUp(cutter, data, length);
  if (isOwn) {
    store<u32>(leg + STATE_CUTS, 1);
    if (wasFound(cutter)) count(leg, LEG_SKIPPED_BYTES, skipped);
  }
  if (isTaken) return BYTES;
  return kind == FRAMING_RTP || kind == FRAMING_UDP || kind == RTP_204 ? LEG_BAD_SYNC : kind;
}

/**
 * Says again what a datagram is that `classify` took for `kind`, now with what its sender has sent before: FRAMING_RTP,
 * FRAMING_UDP, BYTES, or the LEG_BAD_* counter to raise. `source` is the identity of its source address.
 */
export function reconsider(index: i32, leg: usize, data: usize, length: u32, kind: i32, source: u32, rxUs: f64): i32 {
  if (load<u32>(leg + STATE_CUTS)) settleBytes(index, leg, rxUs);
  const framing = load<u32>(leg + STATE_FRAMING);
  const identity = load<u32>(leg + STATE_IDENTITY);
  isOwn = framing == FRAMING_UDP && identity == source;
  const cutter = cutterOf(index, isOwn);
  if (!isOwn && load<u32>(cutter + IDENTITY) != source) {
    clearCutter(cutter);
    store<u32>(cutter + IDENTITY, source);
  }
  if (length == 0) return kind;
  const goesOn = continues(cutter, data, length);
  if (kind == RTP_204) {
    if (goesOn) return consider(index, leg, cutter, data, length, kind);
    count(leg, LEG_TS_204, strip204());
    store<u8>(data, load<u8>(data) | EXTENSION);
    return FRAMING_RTP;
  }
  if (kind == FRAMING_RTP) {
    const isCurrent = framing == FRAMING_RTP && identity == rtpSsrc(data);
    if (isCurrent) return kind;
    const isSure = isEven(payloadAddress, payloadLength, TS_PACKET);
    if (!goesOn && (isSure || !hasRunBeside(data, length, <u32>(payloadAddress - data)))) return kind;
  } else if (kind == FRAMING_UDP) {
    if (!wasFound(cutter) && (isEven(data, length, TS_PACKET) || !joinsRunBeside(cutter, data, length))) {
      if (isOwn) dropBytes(index, leg);
      else clearCutter(cutter);
      return kind;
    }
  } else if (!goesOn && isBrokenRtp(data, length)) return kind;
  return consider(index, leg, cutter, data, length, kind);
}

/** The rival whose bytes were taken up is now the sender in use. */
function promote(index: i32, leg: usize): usize {
  const own = cutterOf(index, true);
  if (isOwn) return own;
  const rival = cutterOf(index, false);
  memory.copy(own, rival, CUTTER_GROUP);
  clearCutter(rival);
  store<u32>(own + GROUPED, 0);
  store<u32>(leg + STATE_CUTS, 1);
  isOwn = true;
  return own;
}

/** Sends on the packets of the bytes that `reconsider` has taken up. */
export function takeBytes(index: i32, leg: usize, length: u32, rxUs: f64): void {
  const cutter = promote(index, leg);
  if (length % load<u32>(cutter + SIZE) != 0) count(leg, LEG_UNALIGNED);
  store<f64>(cutter + LAST_RX, rxUs);
  for (;;) {
    const packet = nextPacket(cutter);
    if (packet == NO_PACKET) break;
    if (packet != PLACE_LOST) {
      addToGroup(index, leg, cutter, packet, rxUs);
      continue;
    }
    noteLoss(index, leg, cutter);
    const isFound = findAgain(cutter);
    count(leg, LEG_SKIPPED_BYTES, skipped);
    if (!isFound) return;
  }
  leaveOver(cutter);
}

/**
 * Goes through the bytes of a sender that is not listened to, so that it is known where its packets are should it be.
 */
export function passBytes(index: i32): void {
  const cutter = cutterOf(index, false);
  for (;;) {
    const packet = nextPacket(cutter);
    if (packet == NO_PACKET) break;
    if (packet == PLACE_LOST && !findAgain(cutter)) return;
  }
  leaveOver(cutter);
}
