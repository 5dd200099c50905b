/**
 * The few libc calls the load tools need, a fixed piece of native memory, and the clocks. The bindings are their own on
 * purpose: the senders and sinks that judge the product share no code with it.
 */
import koffi from "koffi"

const lib = koffi.load("libc.so.6")
const addressOfBytes = lib.func("memcpy", "uintptr_t", ["void *", "void *", "size_t"])

export const libc = {
  /** int socket(int domain, int type, int protocol) */
  socket: lib.func("socket", "int", ["int", "int", "int"]),
  /** int bind(int fd, const struct sockaddr *addr, socklen_t len) */
  bind: lib.func("bind", "int", ["int", "void *", "uint32_t"]),
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *len) */
  getsockname: lib.func("getsockname", "int", ["int", "void *", "void *"]),
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t len) */
  setsockopt: lib.func("setsockopt", "int", ["int", "int", "int", "void *", "uint32_t"]),
  /** int getsockopt(int fd, int level, int name, void *value, socklen_t *len) */
  getsockopt: lib.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]),
  /** int close(int fd) */
  close: lib.func("close", "int", ["int"]),
  /** int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags, struct timespec *timeout) */
  recvmmsg: lib.func("recvmmsg", "int", ["int", "uintptr_t", "uint32_t", "int", "uintptr_t"]),
  /** int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags) */
  sendmmsg: lib.func("sendmmsg", "int", ["int", "uintptr_t", "uint32_t", "int"]),
  /** int clock_gettime(clockid_t clock, struct timespec *ts) */
  clockGettime: lib.func("clock_gettime", "int", ["int", "void *"]),
  /** int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remain) */
  clockNanosleep: lib.func("clock_nanosleep", "int", ["int", "int", "void *", "uintptr_t"]),
}

/** errno of the last libc call on this thread. */
export const errno = (): number => koffi.errno()

const errnoNames = new Map<number, string>(Object.entries(koffi.os.errno).map(([name, code]) => [Number(code), name]))

/** An Error naming the call that failed and its errno. */
export const systemError = (call: string): Error => {
  const code = errno()
  return new Error(`${call}: ${errnoNames.get(code) ?? `errno ${code}`}`)
}

/**
 * Native memory that never moves, seen as bytes and as little-endian 32-bit words, with its address for pointers in C
 * structures.
 */
export interface Arena {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly address: number
}

interface MemoryConstructor {
  new (size: { initial: number; maximum: number }): { readonly buffer: ArrayBuffer }
}
/** The compiler's own types for WebAssembly come only with the DOM. */
const { Memory } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: MemoryConstructor } })
  .WebAssembly

/** A WebAssembly memory is the one buffer every runtime keeps in place. `size` is rounded up to 64 KiB. */
export const createArena = (size: number): Arena => {
  const pages = Math.ceil(size / 65536)
  const { buffer } = new Memory({ initial: pages, maximum: pages })
  const bytes = new Uint8Array(buffer)
  return { bytes, words: new Uint32Array(buffer), address: Number(addressOfBytes(bytes, bytes, 0)) }
}

/** Writes a 64-bit number (below 2^53) at a byte offset that is a multiple of 4. */
export const writeU64 = (words: Uint32Array, byteOffset: number, value: number): void => {
  words[byteOffset >> 2] = value >>> 0
  words[(byteOffset >> 2) + 1] = Math.floor(value / 4294967296)
}

export const AF_INET = 2
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000
export const SOL_SOCKET = 1
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_REUSEADDR = 2
export const SO_TIMESTAMPNS = 35
export const SO_MEMINFO = 55
export const IPPROTO_IP = 0
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_ADD_MEMBERSHIP = 35
export const IP_MULTICAST_ALL = 49
export const MSG_DONTWAIT = 0x40
export const EAGAIN = 11
export const ECONNREFUSED = 111
export const ENOBUFS = 105
/** struct mmsghdr: {name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48} msg_len@56. */
export const MMSGHDR_SIZE = 64
/** struct iovec {base@0 len@8}. */
export const IOVEC_SIZE = 16

/** struct sockaddr_in of an IPv4 literal. */
export const sockaddrIn = (ip: string, port: number): Uint8Array => {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_INET, true)
  view.setUint16(2, port)
  bytes.set(ipv4(ip), 4)
  return bytes
}

/** The four bytes of a dotted IPv4 address. */
export const ipv4 = (ip: string): Uint8Array => Uint8Array.from(ip.split(".").map(Number))

/** A non-blocking UDP socket; throws with the errno's name. */
export const udpSocket = (): number => {
  const fd = libc.socket(AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) throw systemError("socket")
  return fd
}

/** Sets an int option; failures of tuning options are the caller's to judge. */
export const setInt = (fd: number, level: number, name: number, value: number): boolean =>
  libc.setsockopt(fd, level, name, new Uint8Array(Int32Array.of(value).buffer), 4) === 0

/** Port of a bound socket. */
export const boundPort = (fd: number): number => {
  const address = new Uint8Array(16)
  if (libc.getsockname(fd, address, Uint32Array.of(16)) !== 0) throw systemError("getsockname")
  return new DataView(address.buffer).getUint16(2)
}

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const TIMER_ABSTIME = 1
const timespec = new Uint32Array(4)
const timespecBytes = new Uint8Array(timespec.buffer)

const readClock = (clock: number): number => {
  libc.clockGettime(clock, timespecBytes)
  return ((timespec[0] ?? 0) + (timespec[1] ?? 0) * 4294967296) * 1e9 + (timespec[2] ?? 0)
}

/** CLOCK_MONOTONIC in nanoseconds. */
export const monotonicNs = (): number => readClock(CLOCK_MONOTONIC)

/**
 * What to take from a CLOCK_REALTIME stamp (SO_TIMESTAMPNS) to get CLOCK_MONOTONIC, split so that no precision is lost.
 */
export const realtimeOffset = (): { seconds: number; ns: number } => {
  libc.clockGettime(CLOCK_REALTIME, timespecBytes)
  const seconds = (timespec[0] ?? 0) + (timespec[1] ?? 0) * 4294967296
  const ns = timespec[2] ?? 0
  libc.clockGettime(CLOCK_MONOTONIC, timespecBytes)
  return { seconds: seconds - ((timespec[0] ?? 0) + (timespec[1] ?? 0) * 4294967296), ns: ns - (timespec[2] ?? 0) }
}

/** Blocks the thread until CLOCK_MONOTONIC reaches `ns`; an absolute deadline, so waits never add up. */
export const sleepUntilNs = (ns: number): void => {
  const seconds = Math.floor(ns / 1e9)
  timespec[0] = seconds >>> 0
  timespec[1] = Math.floor(seconds / 4294967296)
  timespec[2] = Math.floor(ns - seconds * 1e9)
  timespec[3] = 0
  libc.clockNanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, timespecBytes, 0)
}
