/** Datagrams of the batches that the kernel fills or is given, for a capture. Nothing of this runs without one. */
import * as L from "../../core/assembly/memory/layout.ts"
import { hostOfEndpoint } from "../../core/net/address.ts"
import type { DatagramEnd } from "../../core/net/pcap.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { realtimeUs } from "../ffi/clock.ts"
import { AF_INET, AF_INET6, libc, SOL_SOCKET } from "../ffi/libc.ts"
import { encodeSockaddr, SOCKADDR_STORAGE, sockaddrPort } from "../ffi/sockaddr.ts"
import type { DatagramCapture, NativeMemory } from "./datagram-capture.ts"

/** SO_TIMESTAMPNS_OLD and _NEW. */
const STAMPS: ReadonlySet<number> = new Set([35, 64])
const CONTROL_HEADER = 16

const NOBODY: DatagramEnd = { address: new Uint8Array(0), port: 0 }

/** The end that an encoded socket address means; one of no bytes when it is none of IP. */
export const endOfSockaddr = (sockaddr: Uint8Array): DatagramEnd => {
  const family = sockaddr.length < 16 ? 0 : (sockaddr[0] ?? 0) + (sockaddr[1] ?? 0) * 256
  if (family === AF_INET) return { address: sockaddr.slice(4, 8), port: sockaddrPort(sockaddr) }
  if (family === AF_INET6 && sockaddr.length >= 24)
    return { address: sockaddr.slice(8, 24), port: sockaddrPort(sockaddr) }
  return NOBODY
}

/** The end at an address literal. */
export const endAt = (ip: string, port: number): DatagramEnd => endOfSockaddr(encodeSockaddr(ip, port, () => 0))

/** The end that is written as `203.0.113.5:9000` or `[2001:db8::1]:9000`. */
export const endOfText = (text: string): DatagramEnd =>
  endAt(hostOfEndpoint(text), Number(text.slice(text.lastIndexOf(":") + 1)))

/** Asks for the name of a socket. */
type Ask = (socket: number, name: Uint8Array, length: Int32Array) => number

const named = (ask: Ask, fd: number): DatagramEnd => {
  const name = new Uint8Array(SOCKADDR_STORAGE)
  const length = Int32Array.of(name.length)
  return ask(fd, name, length) === 0 ? endOfSockaddr(name.subarray(0, length[0])) : NOBODY
}

/** Where a socket is bound. */
export const localEnd = (fd: number): DatagramEnd => named(libc.getsockname, fd)
/** Where a socket is connected to. */
export const remoteEnd = (fd: number): DatagramEnd => named(libc.getpeername, fd)

/** The time of arrival of a datagram in the receive batch, in µs of the clock that stamped it; null without a stamp. */
const stampOf = ({ u32 }: PacketCore, index: number): number | null => {
  let at = L.RX_CONTROL + index * L.RX_CONTROL_SIZE
  const length = u32[(L.RX_MMSG + index * L.MMSGHDR_SIZE + 40) >> 2] ?? 0
  const end = at + Math.min(length, L.RX_CONTROL_SIZE)
  while (at + CONTROL_HEADER < end) {
    const word = at >> 2
    const size = u32[word] ?? 0
    if (size < CONTROL_HEADER) return null
    if (u32[word + 2] === SOL_SOCKET && STAMPS.has(u32[word + 3] ?? 0))
      return ((u32[word + 4] ?? 0) + (u32[word + 5] ?? 0) * 2 ** 32) * 1e6 + (u32[word + 6] ?? 0) / 1000
    at += (size + 7) & ~7
  }
  return null
}

const senderOf = ({ u8, u32 }: PacketCore, index: number): DatagramEnd => {
  const length = u32[(L.RX_MMSG + index * L.MMSGHDR_SIZE + 8) >> 2] ?? 0
  const name = L.RX_NAME + index * L.RX_NAME_SIZE
  return endOfSockaddr(u8.subarray(name, name + Math.min(length, L.RX_NAME_SIZE)))
}

/**
 * Takes the first `count` datagrams of the receive batch, which must not have been ingested yet. `from` is their sender
 * where the batch does not name it, and `clockUs` what makes Unix times of their stamps.
 */
export const captureReceived = (
  capture: DatagramCapture,
  core: PacketCore,
  count: number,
  to: DatagramEnd,
  from: DatagramEnd | null = null,
  clockUs = 0,
): void => {
  const nowUs = realtimeUs()
  for (let i = 0; i < count; i++) {
    const stamp = stampOf(core, i)
    const us = stamp === null ? nowUs : stamp + clockUs
    const length = Math.min(core.u32[(L.RX_MMSG + i * L.MMSGHDR_SIZE + 56) >> 2] ?? 0, L.RX_STRIDE)
    capture.take(core.u8, L.RX_DATA + i * L.RX_STRIDE, length, us, from ?? senderOf(core, i), to)
  }
}

/** Takes the first `count` datagrams of the send batch, which `fd` has sent to where it is connected to. */
export const captureSent = (
  capture: DatagramCapture,
  { base, core }: { readonly base: number; readonly core: PacketCore },
  fd: number,
  count: number,
): void => {
  const memory: NativeMemory = { bytes: core.u8, u32: core.u32, base }
  const [from, to, us] = [localEnd(fd), remoteEnd(fd), realtimeUs()]
  for (let i = 0; i < count; i++) {
    const message = (L.TX_MMSG + i * L.MMSGHDR_SIZE) >> 2
    const iovecs = (core.u32[message + 4] ?? 0) + (core.u32[message + 5] ?? 0) * 2 ** 32 - base
    capture.gather(memory, iovecs, core.u32[message + 6] ?? 0, us, from, to)
  }
}

/**
 * Takes the datagrams of the struct mmsghdr at `msg`, which `fd` has sent and the kernel has cut into pieces of `segment`
 * bytes; each of them has iovecs of its own.
 */
export const captureMessage = (
  capture: DatagramCapture,
  memory: NativeMemory,
  msg: number,
  segment: number,
  fd: number,
): void => {
  const { base, bytes, u32 } = memory
  const pointer = (at: number) => (u32[at >> 2] ?? 0) + (u32[(at + 4) >> 2] ?? 0) * 2 ** 32 - base
  const name = pointer(msg)
  const to = endOfSockaddr(bytes.subarray(name, name + (u32[(msg + 8) >> 2] ?? 0)))
  const [from, us] = [localEnd(fd), realtimeUs()]
  const iovecs = pointer(msg + 16)
  const count = u32[(msg + 24) >> 2] ?? 0
  for (let first = 0; first < count; ) {
    let next = first
    for (let size = 0; next < count && size < segment; next++) size += u32[((iovecs + next * 16) >> 2) + 2] ?? 0
    capture.gather(memory, iovecs + first * 16, next - first, us, from, to)
    first = next
  }
}
