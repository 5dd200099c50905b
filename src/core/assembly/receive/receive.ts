// The receive batch: Linux mmsghdr, iovec, control data and source address of each datagram (64-bit layout, see
// layout.ts).
import {
  IOVEC_SIZE, MMSGHDR_SIZE, RX_BATCH, RX_CONTROL, RX_CONTROL_SIZE, RX_DATA, RX_IOVEC, RX_MMSG, RX_NAME, RX_NAME_SIZE,
  RX_STRIDE,
} from "../memory/layout";
import { STATE_CLOCK } from "../memory/leg";

const SOL_SOCKET = 1;
/** SO_TIMESTAMPNS_OLD and _NEW: on 64-bit both carry two 64-bit words. */
const SCM_TIMESTAMPNS = 35;
const SCM_TIMESTAMPNS_NEW = 64;
const MSG_TRUNC = 0x20;
const CMSG_HEADER: u32 = 16;

/** Kernel times further back than this are not believed (us). */
const RX_AGE_MAX_US: f64 = 1000000;
/** Highest time kept, so that a conversion to i64 can never fail. */
const CLOCK_MAX_US: f64 = 9007199254740991;

// @ts-ignore: decorator
@inline
function header(index: i32): usize {
  return <usize>(RX_MMSG + index * MMSGHDR_SIZE);
}

// @ts-ignore: decorator
@inline
export function datagramAddress(index: i32): usize {
  return <usize>(RX_DATA + index * RX_STRIDE);
}

// @ts-ignore: decorator
@inline
export function nameAddress(index: i32): usize {
  return <usize>(RX_NAME + index * RX_NAME_SIZE);
}

// @ts-ignore: decorator
@inline
export function datagramLength(index: i32): u32 {
  return min<u32>(load<u32>(header(index), 56), RX_STRIDE);
}

// @ts-ignore: decorator
@inline
export function isTruncated(index: i32): bool {
  return (load<u32>(header(index), 48) & MSG_TRUNC) != 0;
}

/** Gives the kernel full room again in the fields recvmmsg overwrites: namelen, controllen, flags. */
// @ts-ignore: decorator
@inline
export function resetHeader(index: i32): void {
  const address = header(index);
  store<u32>(address, RX_NAME_SIZE, 8);
  store<u64>(address, RX_CONTROL_SIZE, 40);
  store<u32>(address, 0, 48);
}

/** A datagram without a source address must not show the one before. */
// @ts-ignore: decorator
@inline
export function hasName(index: i32): bool {
  return load<u32>(header(index), 8) >= 8;
}

/** Points every header at its buffers; `base` is the native address of the memory's first byte. */
export function initHeaders(base: u64): void {
  memory.fill(RX_MMSG, 0, RX_BATCH * MMSGHDR_SIZE);
  for (let index = 0; index < RX_BATCH; index++) {
    const address = header(index);
    const iovec = RX_IOVEC + index * IOVEC_SIZE;
    store<u64>(address, base + <u64>nameAddress(index));
    store<u64>(address, base + <u64>iovec, 16);
    store<u64>(address, 1, 24);
    store<u64>(address, base + <u64>(RX_CONTROL + index * RX_CONTROL_SIZE), 32);
    store<u64>(iovec, base + <u64>datagramAddress(index));
    store<u64>(iovec, RX_STRIDE, 8);
    resetHeader(index);
  }
}

/**
 * Monotonic receive time in whole microseconds: the kernel's realtime stamp less the offset of the two clocks, within
 * the second before now, never before the leg's last; now when there is no stamp.
 */
export function receiveTime(index: i32, leg: usize, clockOffsetUs: f64, nowUs: f64): f64 {
  let rxUs = nowUs;
  let address = <usize>(RX_CONTROL + index * RX_CONTROL_SIZE);
  const end = address + <usize>min<u64>(load<u64>(header(index), 40), RX_CONTROL_SIZE);
  while (address + CMSG_HEADER <= end) {
    const length = load<u64>(address);
    if (length < CMSG_HEADER || length > <u64>(end - address)) break;
    const type = load<i32>(address, 12);
    const isStamp = load<i32>(address, 8) == SOL_SOCKET && (type == SCM_TIMESTAMPNS || type == SCM_TIMESTAMPNS_NEW);
    if (isStamp && length >= CMSG_HEADER + 16) {
      rxUs = <f64>load<i64>(address, 16) * 1000000 + <f64>load<i64>(address, 24) / 1000 - clockOffsetUs;
    }
    address += <usize>((length + 7) & ~7);
  }
  rxUs = Math.floor(min(max(rxUs, nowUs - RX_AGE_MAX_US), nowUs));
  const clock = load<f64>(leg + STATE_CLOCK);
  // Written so that NaN from a caller's clock ends up as the leg's last time.
  if (!(rxUs > clock)) rxUs = clock;
  if (rxUs > CLOCK_MAX_US) rxUs = CLOCK_MAX_US;
  store<f64>(leg + STATE_CLOCK, rxUs);
  return rxUs;
}
