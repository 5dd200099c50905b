/**
 * Keeps DROPREQ control packets (draft-sharabayko-srt 3.2.9) from libsrt's UDP ports.
 *
 * Only a receiver has a use for them, and here every SRT socket sends. libsrt 1.5.1 walks through the range of sequence numbers
 * that such a packet names, one by one, on the thread that receives for the whole port: one forged range holds up every receiver
 * of a listener, and every caller of a shared port, for seconds. So the kernel drops them.
 */
import { readdirSync } from "node:fs"
import * as c from "../ffi/libc.ts"
import { formatSockaddr, SOCKADDR_STORAGE } from "../ffi/sockaddr.ts"

const DROPREQ = 0x8007
/** Classic BPF sees a UDP socket's packets from the UDP header on. */
const UDP_HEADER = 8
const LOAD_HALF = 0x28
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06

const PROGRAM = [
  { code: LOAD_HALF, jt: 0, jf: 0, k: UDP_HEADER },
  { code: JUMP_IF_EQUAL, jt: 0, jf: 1, k: DROPREQ },
  { code: RETURN, jt: 0, jf: 0, k: 0 },
  { code: RETURN, jt: 0, jf: 0, k: 0xffffffff },
]
const SOCK_FPROG_SIZE = 16

const name = new Uint8Array(SOCKADDR_STORAGE)
const type = new Int32Array(1)
const length = new Int32Array(1)

const isBoundTo = (fd: number, shown: string): boolean => {
  length[0] = 4
  if (c.libc.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, type, length) !== 0 || type[0] !== c.SOCK_DGRAM) return false
  length[0] = name.length
  return c.libc.getsockname(fd, name, length) === 0 && formatSockaddr(name.subarray(0, length[0])) === shown
}

/**
 * Sets the filter on the UDP sockets of this process that are bound to `address`; call it when libsrt has just bound it, as it
 * keeps the descriptor to itself. Returns how many there were; 0 where the system has no such filters.
 */
export const refuseDropRequests = (address: Uint8Array): number => {
  const shown = formatSockaddr(address)
  let filtered = 0
  try {
    for (const entry of readdirSync("/proc/self/fd")) {
      const fd = Number(entry)
      if (!isBoundTo(fd, shown)) continue
      const program = { len: PROGRAM.length, filter: PROGRAM }
      if (c.libc.attachFilter(fd, c.SOL_SOCKET, c.SO_ATTACH_FILTER, program, SOCK_FPROG_SIZE) === 0) filtered += 1
    }
  } catch {
    // No /proc: not Linux.
  }
  return filtered
}
