// The send batch: mmsghdr with one or two iovecs a message, RTP headers, and the SRT_MSGCTRL of libsrt.
import {
  IOVEC_SIZE, MMSGHDR_SIZE, SLOT_PAYLOAD, SLOT_RX_US, TX_BATCH, TX_IOVEC, TX_MMSG, TX_MSGCTRL, TX_RTP_HEADER,
  TX_RTP_HEADER_SIZE,
} from "../memory/layout";

/** MPEG-2 transport streams (RFC 3551 6). */
const PAYLOAD_TYPE_MP2T = 33;
const RTP_HEADER = 12;
const CLOCK_MAX_US: f64 = 9007199254740991;

let memoryBase: u64 = 0;

// @ts-ignore: decorator
@inline
function iovecs(index: i32): usize {
  return <usize>(TX_IOVEC + index * 2 * IOVEC_SIZE);
}

export function initHeaders(base: u64): void {
  memoryBase = base;
  memory.fill(TX_MMSG, 0, TX_BATCH * MMSGHDR_SIZE);
  for (let index = 0; index < TX_BATCH; index++) {
    const pair = iovecs(index);
    store<u64>(pair, base + <u64>(TX_RTP_HEADER + index * TX_RTP_HEADER_SIZE));
    store<u64>(pair, RTP_HEADER, 8);
    store<u64>(pair, 0, IOVEC_SIZE);
    store<u64>(pair, 0, IOVEC_SIZE + 8);
  }
}

export function setMessage(index: i32, payload: usize, length: u32): void {
  const message = <usize>(TX_MMSG + index * MMSGHDR_SIZE);
  const second = iovecs(index) + IOVEC_SIZE;
  store<u64>(second, memoryBase + <u64>payload);
  store<u64>(second, length, 8);
  store<u64>(message, memoryBase + <u64>second, 16);
  store<u64>(message, 1, 24);
}

/** Puts an RTP header (RFC 3550 5.1, version 2, nothing optional) before the payload `setMessage` has set. */
export function setRtpHeader(index: i32, sequence: u32, timestamp: u32, ssrc: u32): void {
  const message = <usize>(TX_MMSG + index * MMSGHDR_SIZE);
  const rtp = <usize>(TX_RTP_HEADER + index * TX_RTP_HEADER_SIZE);
  store<u32>(rtp, bswap<u32>(0x80000000 | (PAYLOAD_TYPE_MP2T << 16) | (sequence & 0xffff)));
  store<u32>(rtp, bswap(timestamp), 4);
  store<u32>(rtp, bswap(ssrc), 8);
  store<u64>(message, memoryBase + <u64>iovecs(index), 16);
  store<u64>(message, 2, 24);
}

/**
 * SRT_MSGCTRL of a live message: no time to live, in order, srctime in microseconds of the monotonic clock, the rest at
 * its default.
 *
 * In order matters to receivers without TSBPD: they would read what came after a lost packet before it is there again.
 */
export function fillMsgCtrl(slot: usize, minUs: f64): void {
  const rxUs = load<f64>(slot, SLOT_RX_US);
  let srctime = minUs > rxUs ? minUs : rxUs;
  if (!(srctime > 0)) srctime = 0;
  if (srctime > CLOCK_MAX_US) srctime = CLOCK_MAX_US;
  store<i32>(TX_MSGCTRL, 0);
  store<i32>(TX_MSGCTRL, -1, 4);
  store<i32>(TX_MSGCTRL, 1, 8);
  store<i32>(TX_MSGCTRL, 0, 12);
  store<i64>(TX_MSGCTRL, <i64>srctime, 16);
  store<i32>(TX_MSGCTRL, -1, 24);
  store<i32>(TX_MSGCTRL, -1, 28);
  store<u64>(TX_MSGCTRL, 0, 32);
  store<u64>(TX_MSGCTRL, 0, 40);
}

export function payloadOf(slot: usize, offset: i32): usize {
  return slot + SLOT_PAYLOAD + offset;
}
