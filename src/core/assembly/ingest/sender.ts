// Which sender a leg listens to. Two senders on one port must not be mixed: the one in use stays until it is silent.
import {
  ALLOWED_FIELDS, EVENT_SENDER, LEG_ALLOWED, LEG_ALLOWED_COUNT, LEG_FIRST_RX_US, LEG_FOREIGN, LEG_FRAMING, LEG_IDENTITY,
  LEG_JITTER_90K, LEG_LAST_RX_US, LEG_MAX_GAP_US, LEG_SENDER_CHANGES, LEG_SOURCE_ADDRESS, LEG_SOURCE_PORT,
} from "../memory/layout";
import {
  STATE_BUCKET_LAST, STATE_BUCKET_MAX, STATE_BUCKET_START, STATE_FRAMING, STATE_IDENTITY, STATE_RIVAL_FRAMING,
  STATE_RIVAL_IDENTITY, STATE_RIVAL_RUN, STATE_SOURCE, STATE_TRANSIT_VALID, count, gauge, setGauge,
} from "../memory/leg";
import { forgetContinuity, watchPat } from "../memory/continuity";
import { abandonSections } from "../analysis/sections";
import { postEvent } from "../memory/events";
import { forgetSequence } from "./sequence";

// Silence after which another sender may take over: four times the longest recent gap, within these bounds (us).
const SILENCE_GAPS: f64 = 4;
const SILENCE_MIN_US: f64 = 20000;
const SILENCE_MAX_US: f64 = 1000000;
/** Datagrams the other one must have sent in a row. */
const TAKEOVER_RUN: u32 = 2;
const BUCKET_US: f64 = 1000000;

const AF_INET = 2;
const AF_INET6 = 10;

// @ts-ignore: decorator
@inline
function mix(value: u32): u32 {
  value = (value ^ (value >>> 16)) * 0x85ebca6b;
  value = (value ^ (value >>> 13)) * 0xc2b2ae35;
  return value ^ (value >>> 16);
}

/** 32-bit mix of the address and port in a socket address; the same sender always has the same. */
export function sourceIdentity(name: usize): u32 {
  const family = load<u16>(name);
  let value = <u32>load<u16>(name, 2) * 0x9e3779b1;
  if (family == AF_INET) return mix(value ^ load<u32>(name, 4));
  if (family != AF_INET6) return 0;
  for (let word: usize = 8; word < 24; word += 4) value = mix(value ^ load<u32>(name + word));
  return value;
}

// Source address of the datagram at hand, as `readSource` found it: four words in host order, IPv4 in its mapped form.
let source0: u32 = 0;
let source1: u32 = 0;
let source2: u32 = 0;
let source3: u32 = 0;

/** Takes the address of a socket address; `name` 0, or one of another family, has none. */
export function readSource(name: usize): void {
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  if (name == 0) return;
  const family = load<u16>(name);
  if (family == AF_INET) {
    source2 = 0xffff;
    source3 = bswap(load<u32>(name, 4));
  } else if (family == AF_INET6) {
    source0 = bswap(load<u32>(name, 8));
    source1 = bswap(load<u32>(name, 12));
    source2 = bswap(load<u32>(name, 16));
    source3 = bswap(load<u32>(name, 20));
  }
}

/** Keeps the address that `readSource` took in four fields of a leg. */
export function keepSource(leg: usize, field: i32): void {
  setGauge(leg, field, <f64>source0);
  setGauge(leg, field + 1, <f64>source1);
  setGauge(leg, field + 2, <f64>source2);
  setGauge(leg, field + 3, <f64>source3);
}

/** Family, port and address of an IPv4 socket address in one word. */
// @ts-ignore: decorator
@inline
function ipv4Source(name: usize): u64 {
  return load<u16>(name) == AF_INET ? load<u64>(name) : 0;
}

/**
 * Keeps the source of a datagram that was taken; `name` 0 when it has none. Nearly always it is that of the one before.
 */
// @ts-ignore: decorator
@inline
export function keepTaken(leg: usize, name: usize): void {
  const source = name == 0 ? 0 : ipv4Source(name);
  if (source != 0 && source == load<u64>(leg + STATE_SOURCE)) return;
  store<u64>(leg + STATE_SOURCE, source);
  readSource(name);
  keepSource(leg, LEG_SOURCE_ADDRESS);
  setGauge(leg, LEG_SOURCE_PORT, name == 0 ? 0 : <f64>sourcePort(name));
}

/** True when four fields of a leg hold no address, or the one that `readSource` took. */
export function isSourceOrNone(leg: usize, field: i32): bool {
  const a = <u32>gauge(leg, field), b = <u32>gauge(leg, field + 1), c = <u32>gauge(leg, field + 2),
    d = <u32>gauge(leg, field + 3);
  if ((a | b | c | d) == 0) return true;
  return a == source0 && b == source1 && c == source2 && d == source3;
}

export function sourcePort(name: usize): u32 {
  const family = load<u16>(name);
  return family == AF_INET || family == AF_INET6 ? bswap(<u32>load<u16>(name, 2)) >>> 16 : 0;
}

function trackGap(leg: usize, rxUs: f64, gapUs: f64): void {
  if (rxUs - load<f64>(leg + STATE_BUCKET_START) >= BUCKET_US) {
    store<f64>(leg + STATE_BUCKET_LAST, load<f64>(leg + STATE_BUCKET_MAX));
    store<f64>(leg + STATE_BUCKET_MAX, 0);
    store<f64>(leg + STATE_BUCKET_START, rxUs);
  }
  if (gapUs > load<f64>(leg + STATE_BUCKET_MAX)) store<f64>(leg + STATE_BUCKET_MAX, gapUs);
}

function silenceLimit(leg: usize): f64 {
  const longest = max(load<f64>(leg + STATE_BUCKET_MAX), load<f64>(leg + STATE_BUCKET_LAST));
  return min(max(SILENCE_GAPS * longest, SILENCE_MIN_US), SILENCE_MAX_US);
}

/** All that was learnt from one sender and means nothing for the next. */
function adopt(index: i32, leg: usize, identity: u32, framing: u32, rxUs: f64): void {
  store<u32>(leg + STATE_IDENTITY, identity);
  store<u32>(leg + STATE_FRAMING, framing);
  setGauge(leg, LEG_IDENTITY, <f64>identity);
  setGauge(leg, LEG_FRAMING, <f64>framing);
  setGauge(leg, LEG_JITTER_90K, 0);
  store<u32>(leg + STATE_TRANSIT_VALID, 0);
  forgetSequence(leg);
  store<f64>(leg + STATE_BUCKET_START, rxUs);
  store<f64>(leg + STATE_BUCKET_MAX, 0);
  store<f64>(leg + STATE_BUCKET_LAST, 0);
  forgetContinuity(index);
  watchPat(index);
  abandonSections(index);
}

function challenge(index: i32, leg: usize, identity: u32, framing: u32, rxUs: f64): bool {
  const isSameRival = load<u32>(leg + STATE_RIVAL_IDENTITY) == identity &&
    load<u32>(leg + STATE_RIVAL_FRAMING) == framing;
  const run = isSameRival ? load<u32>(leg + STATE_RIVAL_RUN) + 1 : 1;
  const silentUs = rxUs - gauge(leg, LEG_LAST_RX_US);
  // A sender that was away this long has no packet in flight that could be mixed up: nothing of the next one is lost.
  if (silentUs >= SILENCE_MAX_US || (run >= TAKEOVER_RUN && silentUs >= silenceLimit(leg))) {
    count(leg, LEG_SENDER_CHANGES);
    postEvent(EVENT_SENDER, index, 0, identity, load<u32>(leg + STATE_IDENTITY), 0, 0);
    adopt(index, leg, identity, framing, rxUs);
    return true;
  }
  store<u32>(leg + STATE_RIVAL_IDENTITY, identity);
  store<u32>(leg + STATE_RIVAL_FRAMING, framing);
  store<u32>(leg + STATE_RIVAL_RUN, run);
  count(leg, LEG_FOREIGN);
  return false;
}

/** What `acceptSender` says of a datagram: not to be taken; of the sender in use; the first of a new one. */
export const SENDER_REFUSED = 0;
export const SENDER_CURRENT = 1;
export const SENDER_NEW = 2;

/**
 * Whether the bits in which a word of an address differs from a network's lie behind the prefix; `bits` of it are in
 * this word or before.
 */
// @ts-ignore: decorator
@inline
function agrees(difference: u32, bits: i32): bool {
  if (bits <= 0) return true;
  return bits >= 32 ? difference == 0 : difference >>> (32 - bits) == 0;
}

/**
 * True when a datagram from a socket address (`name` 0: unknown) may come: no list of networks is in force, or one of
 * them holds it.
 */
// @ts-ignore: decorator
@inline
export function isAllowed(leg: usize, name: usize): bool {
  return gauge(leg, LEG_ALLOWED_COUNT) == 0 || isOfNetworks(leg, name);
}

function isOfNetworks(leg: usize, name: usize): bool {
  readSource(name);
  const networks = <i32>gauge(leg, LEG_ALLOWED_COUNT);
  const isIpv4 = (source0 | source1) == 0 && source2 == 0xffff;
  for (let i = 0; i < networks; i++) {
    const at = LEG_ALLOWED + i * ALLOWED_FIELDS;
    const bits = <i32>gauge(leg, at + 4);
    // A short prefix of IPv6, such as ::/0, would hold the mapped form too; it is not meant.
    if (isIpv4 && bits < 96) continue;
    if (
      agrees(source0 ^ <u32>gauge(leg, at), bits) && agrees(source1 ^ <u32>gauge(leg, at + 1), bits - 32) &&
      agrees(source2 ^ <u32>gauge(leg, at + 2), bits - 64) && agrees(source3 ^ <u32>gauge(leg, at + 3), bits - 96)
    ) return true;
  }
  return false;
}

/** Whether a datagram of this sender is to be taken, SENDER_*; keeps first, last and gap times of the leg. */
export function acceptSender(index: i32, leg: usize, identity: u32, framing: u32, rxUs: f64): i32 {
  let answer = SENDER_CURRENT;
  const current = load<u32>(leg + STATE_FRAMING);
  if (current == framing && load<u32>(leg + STATE_IDENTITY) == identity) {
    trackGap(leg, rxUs, rxUs - gauge(leg, LEG_LAST_RX_US));
  } else if (current == 0) {
    adopt(index, leg, identity, framing, rxUs);
    setGauge(leg, LEG_FIRST_RX_US, rxUs);
    setGauge(leg, LEG_LAST_RX_US, rxUs);
  } else if (challenge(index, leg, identity, framing, rxUs)) {
    answer = SENDER_NEW;
  } else {
    return SENDER_REFUSED;
  }
  store<u32>(leg + STATE_RIVAL_RUN, 0);
  const gap = rxUs - gauge(leg, LEG_LAST_RX_US);
  if (gap > gauge(leg, LEG_MAX_GAP_US)) setGauge(leg, LEG_MAX_GAP_US, gap);
  setGauge(leg, LEG_LAST_RX_US, rxUs);
  return answer;
}
