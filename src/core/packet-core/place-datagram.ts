/** Datagrams that another than the kernel puts into the receive batch, as messages received by SRT are. */
import { MMSGHDR_SIZE, RX_CONTROL, RX_CONTROL_SIZE, RX_MMSG } from "../assembly/memory/layout.ts"
import type { PacketCore } from "./packet-core.ts"

const SOL_SOCKET = 1
const SCM_TIMESTAMPNS = 35
/** A control message with a struct timespec. */
const STAMP_SIZE = 32

/**
 * Makes datagram `index` of the receive batch the `length` bytes at `RX_DATA + index * RX_STRIDE`, without a source,
 * received at `rxUs` (CLOCK_MONOTONIC). It is to be ingested with a clock offset of 0.
 */
export const placeDatagram = ({ u32 }: Pick<PacketCore, "u32">, index: number, length: number, rxUs: number): void => {
  const header = (RX_MMSG + index * MMSGHDR_SIZE) >> 2
  const control = (RX_CONTROL + index * RX_CONTROL_SIZE) >> 2
  const seconds = Math.floor(rxUs / 1e6)
  // msg_namelen@8, msg_controllen@40, msg_flags@48, msg_len@56.
  u32[header + 2] = 0
  u32[header + 10] = STAMP_SIZE
  u32[header + 11] = 0
  u32[header + 12] = 0
  u32[header + 14] = length
  // struct cmsghdr: length u64@0, level@8, type@12; struct timespec@16.
  u32[control] = STAMP_SIZE
  u32[control + 1] = 0
  u32[control + 2] = SOL_SOCKET
  u32[control + 3] = SCM_TIMESTAMPNS
  u32[control + 4] = seconds >>> 0
  u32[control + 5] = Math.floor(seconds / 2 ** 32)
  u32[control + 6] = Math.floor((rxUs - seconds * 1e6) * 1000)
  u32[control + 7] = 0
}
