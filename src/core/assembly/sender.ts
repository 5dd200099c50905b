// Which sender a leg listens to. Two senders on one port must not be mixed: the one in use stays until it is silent.
import {
  EVENT_SENDER, LEG_ALLOWED, LEG_ALLOWED_COUNT, LEG_FIRST_RX_US, LEG_FOREIGN, LEG_FRAMING, LEG_IDENTITY, LEG_JITTER_90K, LEG_LAST_RX_US, LEG_MAX_GAP_US,
  LEG_SENDER_CHANGES,
} from "./layout";
import {
  STATE_BUCKET_LAST, STATE_BUCKET_MAX, STATE_BUCKET_START, STATE_FRAMING, STATE_IDENTITY, STATE_RIVAL_FRAMING, STATE_RIVAL_IDENTITY,
  STATE_RIVAL_RUN, STATE_TRANSIT_VALID, count, gauge, setGauge,
} from "./leg";
import { forgetContinuity, watchPat } from "./continuity";
import { abandonSections } from "./sections";
import { postEvent } from "./events";
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

/** IPv4 address of a socket address, host order; 0 when it has none. */
export function sourceIpv4(name: usize): u32 {
  const family = load<u16>(name);
  if (family == AF_INET) return bswap(load<u32>(name, 4));
  const isMapped = family == AF_INET6 && load<u64>(name, 8) == 0 && load<u32>(name, 16) == 0xffff0000;
  return isMapped ? bswap(load<u32>(name, 20)) : 0;
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
  const isSameRival = load<u32>(leg + STATE_RIVAL_IDENTITY) == identity && load<u32>(leg + STATE_RIVAL_FRAMING) == framing;
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

/** True when a datagram may come from this address: no list of networks is in force, or one of them holds it. */
export function isAllowed(leg: usize, address: u32): bool {
  const networks = <i32>gauge(leg, LEG_ALLOWED_COUNT);
  if (networks == 0) return true;
  for (let i = 0; i < networks; i++) {
    const network = <u32>gauge(leg, LEG_ALLOWED + i * 2);
    const mask = <u32>gauge(leg, LEG_ALLOWED + i * 2 + 1);
    if ((address & mask) == (network & mask)) return true;
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
