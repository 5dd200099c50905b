/**
 * Keeps packets from libsrt's UDP ports that no sound peer sends, in the kernel: what libsrt does not see costs it no
 * memory and none of its threads' time.
 *
 * - DROPREQ control packets (draft-sharabayko-srt 3.2.9): only a receiver has a use for them, and here every SRT socket
 *   sends. libsrt 1.5.1 walks through the range of sequence numbers that such a packet names, one by one, on the thread
 *   that receives for the whole port: one forged range holds up every receiver of a listener, and every caller of a
 *   shared port, for seconds.
 * - Handshakes (3.2.1) that are cut short, whose extensions do not add up, or whose fields lie outside what peers send.
 *   libsrt 1.5.1 sets up a connection before it reads the extensions, and allocates and fills 24 bytes for each packet
 *   of the window that the peer names: one handshake of 112 bytes made it take 1.5 GB.
 * - While a listener is flooded with handshakes, those of most sources; see `handshake-gate.ts`.
 */
import { readdirSync } from "node:fs"
import * as c from "../ffi/libc.ts"
import { formatSockaddr, SOCKADDR_STORAGE } from "../ffi/sockaddr.ts"
import { assemble, BPF, type BpfInstruction, type BpfLine, DROP, PASS } from "./bpf.ts"

/** Who asks libsrt's port for connections: everybody, or nobody but those that are called. */
export type FilterRole = "listener" | "caller"

/**
 * Which new connections a listener's port lets through: all, none, or those of a quarter of all sources, chosen anew by
 * each `salt`, an odd number below 2^32.
 */
export type Admission = "all" | "none" | { readonly salt: number }

/**
 * Largest flow window a peer may name, in packets: 172 MB under way, 14 s at 100 Mbit/s. It costs 3 MB a connection.
 */
export const WINDOW_MAX = 131_072
/** Smallest MSS: IP, UDP and SRT headers and one TS packet. */
const MSS_MIN = 28 + 16 + 188
const SOURCES_BITS = 2

/** Classic BPF sees a UDP socket's packets from the UDP header on. */
const UDP_HEADER = 8
const SRT = UDP_HEADER
const HANDSHAKE = SRT + 16
const EXTENSIONS = HANDSHAKE + 48
const CONTROL_HANDSHAKE = 0x8000
const CONTROL_DROPREQ = 0x8007
const VERSION_4 = 4
const VERSION_5 = 5
const INDUCTION = 1
const CONCLUSION = 0xffffffff
/** Types from here to 2^31 are refusals, which cost libsrt nothing. */
const REFUSED = 1000
/** Upper half of the field of encryption and extensions: key length in bytes / 8. */
const ENCRYPTION_MAX = 4
const HSREQ_WORDS = 3
/** libsrt sends six at most. */
const EXTENSIONS_MAX = 8
/** Offset from which BPF counts from the IP header on (SKF_NET_OFF). */
const IP_HEADER = 0xfff00000

const {
  add,
  addIndex,
  and,
  ifAbove,
  ifAtLeast,
  ifAtLeastIndex,
  ifEqual,
  loadByte,
  loadHalf,
  loadHalfAtIndex,
  loadWord,
} = BPF

/** Walks along the extensions: type and words in a half each, then the words; they must end where the packet ends. */
const extensionsAddUp: ReadonlyArray<BpfLine> = [
  { code: loadHalf, k: EXTENSIONS },
  // HSREQ (1) or its answer, HSRSP (2), stands first and is whole.
  { code: ifEqual, k: 0, yes: DROP },
  { code: ifAbove, k: 2, yes: DROP },
  { code: loadHalf, k: EXTENSIONS + 2 },
  { code: ifAtLeast, k: HSREQ_WORDS, no: DROP },
  { code: BPF.loadConstantIndex, k: EXTENSIONS },
  ...Array.from({ length: EXTENSIONS_MAX }, (): BpfLine[] => [
    { code: loadHalfAtIndex, k: 2 },
    { code: BPF.shiftLeft, k: 2 },
    { code: add, k: 4 },
    { code: addIndex },
    { code: BPF.toIndex },
    { code: BPF.loadLength },
    { code: ifAtLeastIndex, no: DROP },
    { code: BPF.subtractIndex },
    { code: ifEqual, k: 0, yes: PASS },
  ]).flat(),
]

/** An odd number whose bits follow no pattern. */
const MIX = 0x2c1b3c6d

/**
 * A number that is the same for all packets of an IPv4 address or an IPv6 /64, multiplied by the salt: its highest bits
 * must be 0.
 */
const sourceIsChosen = (salt: number): ReadonlyArray<BpfLine> => [
  { code: loadByte, k: IP_HEADER },
  { code: BPF.shiftRight, k: 4 },
  { code: ifEqual, k: 6, no: "ipv4" },
  { code: loadWord, k: IP_HEADER + 8 },
  { code: BPF.toIndex },
  { code: loadWord, k: IP_HEADER + 12 },
  { code: BPF.xorIndex },
  { code: ifAtLeast, k: 0, yes: "hash" },
  { code: loadWord, k: IP_HEADER + 12, at: "ipv4" },
  // Added first, so that no address is always chosen.
  { code: add, k: salt >>> 3, at: "hash" },
  // Neighbours are far apart before the salt counts: by some salts they would all have the same turn.
  { code: BPF.multiply, k: MIX },
  { code: BPF.toIndex },
  { code: BPF.shiftRight, k: 15 },
  { code: BPF.xorIndex },
  { code: BPF.multiply, k: salt },
  { code: BPF.shiftRight, k: 32 - SOURCES_BITS },
  { code: ifEqual, k: 0, no: DROP },
]

const admitted = (admission: Admission): ReadonlyArray<BpfLine> => {
  if (admission === "all") return []
  if (admission === "none") return [{ code: ifAtLeast, k: 0, yes: DROP, no: DROP }]
  return sourceIsChosen(admission.salt)
}

/** Handshakes to no socket of ours: those of callers, which a listener's port gets from strangers. */
const newcomers = (role: FilterRole, admission: Admission): ReadonlyArray<BpfLine> => {
  if (role === "caller") return []
  return [
    { code: loadWord, k: SRT + 12 },
    { code: ifEqual, k: 0, no: "known" },
    { code: loadWord, k: HANDSHAKE + 20 },
    { code: ifEqual, k: INDUCTION, yes: "newcomer" },
    { code: ifEqual, k: CONCLUSION, no: DROP },
    { code: loadWord, k: HANDSHAKE, at: "newcomer" },
    ...admitted(admission),
  ]
}

export const packetFilter = (role: FilterRole, admission: Admission = "all"): BpfInstruction[] =>
  assemble([
    { code: loadHalf, k: SRT },
    { code: ifEqual, k: CONTROL_DROPREQ, yes: DROP },
    { code: ifEqual, k: CONTROL_HANDSHAKE, no: PASS },
    { code: BPF.loadLength },
    { code: ifAtLeast, k: EXTENSIONS, no: DROP },
    { code: and, k: 3 },
    { code: ifEqual, k: 0, no: DROP },
    ...newcomers(role, admission),
    { code: loadWord, k: HANDSHAKE + 20, at: "known" },
    { code: ifEqual, k: CONCLUSION, yes: "version" },
    { code: ifAtLeast, k: 0x80000000, yes: "version" },
    { code: ifAtLeast, k: REFUSED, yes: PASS },
    { code: loadWord, k: HANDSHAKE, at: "version" },
    { code: ifEqual, k: VERSION_5, yes: "sizes" },
    { code: ifEqual, k: VERSION_4, no: DROP },
    { code: loadWord, k: HANDSHAKE + 20, at: "sizes" },
    // Its answer comes before anything is set up, and nothing of it is kept.
    { code: ifEqual, k: INDUCTION, yes: PASS },
    { code: loadWord, k: HANDSHAKE + 12 },
    { code: ifAtLeast, k: MSS_MIN, no: DROP },
    { code: loadWord, k: HANDSHAKE + 16 },
    { code: ifEqual, k: 0, yes: DROP },
    { code: ifAbove, k: WINDOW_MAX, yes: DROP },
    { code: loadWord, k: HANDSHAKE + 20 },
    { code: ifEqual, k: CONCLUSION, no: PASS },
    { code: loadWord, k: HANDSHAKE },
    { code: ifEqual, k: VERSION_5, no: PASS },
    { code: loadHalf, k: HANDSHAKE + 4 },
    { code: ifAbove, k: ENCRYPTION_MAX, yes: DROP },
    ...extensionsAddUp,
  ])

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
 * UDP sockets of this process that are bound to `address`: libsrt keeps the descriptors of its ports to itself. None
 * where there is no /proc.
 */
export const udpSocketsOn = (address: Uint8Array): number[] => {
  const shown = formatSockaddr(address)
  try {
    return readdirSync("/proc/self/fd")
      .map(Number)
      .filter((fd) => isBoundTo(fd, shown))
  } catch {
    return []
  }
}

/** Those of them that are still bound to `address`. */
export const stillOn = (sockets: ReadonlyArray<number>, address: Uint8Array): number[] => {
  const shown = formatSockaddr(address)
  return sockets.filter((fd) => isBoundTo(fd, shown))
}

/**
 * Sets the filter on these sockets in place of the one before. Returns on how many; 0 where the system has no such
 * filters.
 */
export const attachFilter = (sockets: ReadonlyArray<number>, filter: ReadonlyArray<BpfInstruction>): number => {
  const program = { len: filter.length, filter }
  return sockets.filter(
    (fd) => c.libc.attachFilter(fd, c.SOL_SOCKET, c.SO_ATTACH_FILTER, program, SOCK_FPROG_SIZE) === 0,
  ).length
}

/** Sets the filter on libsrt's port; call it when libsrt has just bound it. Returns on how many sockets. */
export const filterPackets = (address: Uint8Array, role: FilterRole): number =>
  attachFilter(udpSocketsOn(address), packetFilter(role))
