/** Opens the UDP socket of a leg: bind, multicast join, receive buffer, kernel receive times. */
import { formatEndpoint, isMulticast, needsZone, zoneOf } from "../../core/net/address.ts"
import * as c from "../ffi/libc.ts"
import { encodeSockaddr, sockaddrScope, zoneIndex } from "../ffi/sockaddr.ts"
import type { LegSpec } from "../protocol/messages.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { describeErrno } from "../system/describe-errno.ts"
import { joinGroup, leaveGroup } from "./multicast-membership.ts"

/** Half a second of 60 Mbit/s: rides out a stalled loop without loss. */
export const DEFAULT_RECEIVE_BUFFER = 4 << 20

export interface InputSocket {
  readonly fd: number
  /** What the kernel granted; it counts its own overhead, about half is payload. */
  readonly rcvbuf: number
  readonly warnings: ReadonlyArray<string>
  /**
   * Index of the interface the group was joined on; 0 when the kernel chose one that is not known, null for unicast.
   */
  readonly joinedOn: number | null
  /** Index of the interface that the kernel has tied the socket to for the zone of its address; 0: to none. */
  readonly scope: number
}

/** The kernel's figures of a socket, in bytes and datagrams; the bytes count the kernel's overhead of each datagram. */
export interface SocketMemory {
  /** Waiting to be read. */
  readonly queued: number
  /** Room there is in all. */
  readonly rcvbuf: number
  /** Datagrams dropped since the socket was opened, because the buffer was full. */
  readonly drops: number
}

const value = new Uint32Array(c.SK_MEMINFO_VARS)
const length = Int32Array.of(0)

const getOption = (fd: number, name: number, words: number): boolean => {
  length[0] = words * 4
  value.fill(0)
  return c.libc.getsockopt(fd, c.SOL_SOCKET, name, value, length) === 0
}

const setInt = (fd: number, level: number, name: number, option: number): boolean =>
  c.libc.setsockopt(fd, level, name, new Uint8Array(Int32Array.of(option).buffer), 4) === 0

const fail = (doing: string): never => {
  const code = c.errno()
  throw new SetupFailure({ code: c.errnoName(code), message: describeErrno(code, doing), transient: true })
}

/**
 * What to say of a receive buffer of `granted` bytes, in the kernel's doubled count (socket(7)), where `wanted` were
 * asked for; null when that is enough. Above net.core.rmem_max the kernel grants more only to CAP_NET_ADMIN.
 */
export const bufferWarning = (granted: number, wanted: number): string | null =>
  granted >= wanted * 2
    ? null
    : `the kernel granted a receive buffer of ${granted >> 1} bytes instead of ${wanted}, so packets may be dropped while the machine is busy: raise it with sysctl -w net.core.rmem_max=${wanted}, or lower input.rcvbuf`

/**
 * True when the interface of the socket's zone is another one than it was opened on, or gone: the kernel keeps the
 * socket tied to the index of old, which comes to nothing, so it has to be opened again.
 */
export const hasLostZone = ({ scope }: InputSocket, { ip }: LegSpec): boolean =>
  scope !== 0 && zoneIndex(zoneOf(ip) ?? "") !== scope

/** Throws SetupFailure with the reason when the address cannot be used. IPv6 sockets take IPv6 alone, also on `::`. */
export const openInputSocket = (spec: LegSpec): InputSocket => {
  const address = encodeSockaddr(spec.ip, spec.port)
  const shown = formatEndpoint(spec.ip, spec.port)
  const v6 = address.length === 28
  const fd = c.libc.socket(v6 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) fail(`opening a socket for ${shown}`)
  try {
    const multicast = isMulticast(spec.ip)
    // Unicast without SO_REUSEADDR: a second receiver must fail loudly, not steal the stream.
    if (multicast) setInt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, 1)
    const wanted = spec.rcvbuf ?? DEFAULT_RECEIVE_BUFFER
    // The force variant passes net.core.rmem_max, given CAP_NET_ADMIN.
    if (!setInt(fd, c.SOL_SOCKET, c.SO_RCVBUFFORCE, wanted)) setInt(fd, c.SOL_SOCKET, c.SO_RCVBUF, wanted)
    setInt(fd, c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1)
    if (v6) setInt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, 1)
    // Without it a socket bound to a port gets every group that anyone on the host has joined.
    if (multicast) setInt(fd, v6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP, v6 ? c.IPV6_MULTICAST_ALL : c.IP_MULTICAST_ALL, 0)
    if (c.libc.bind(fd, address, address.length) !== 0) fail(`listening on ${shown}/udp`)
    const joinedOn = multicast ? joinGroup(fd, spec) : null
    const rcvbuf = getOption(fd, c.SO_RCVBUF, 1) ? (value[0] ?? 0) : 0
    const warning = bufferWarning(rcvbuf, wanted)
    return {
      fd,
      rcvbuf,
      warnings: warning === null ? [] : [warning],
      joinedOn,
      scope: needsZone(spec.ip) ? sockaddrScope(address) : 0,
    }
  } catch (cause) {
    c.libc.close(fd)
    throw cause
  }
}

/**
 * Leaves the group, which was joined on the interface with index `joinedOn`, and joins it again, so that routers and
 * switches hear of it anew. Returns the new index; throws SetupFailure when the group cannot be joined now.
 */
export const rejoin = (fd: number, spec: LegSpec, joinedOn: number): number => {
  leaveGroup(fd, spec, joinedOn)
  return joinGroup(fd, spec)
}

/** Fill level and drops of a socket; all 0 when it is closed. */
export const socketMemory = (fd: number): SocketMemory => {
  const known = getOption(fd, c.SO_MEMINFO, c.SK_MEMINFO_VARS)
  const figure = (index: number) => (known ? (value[index] ?? 0) : 0)
  return {
    queued: figure(c.SK_MEMINFO_RMEM_ALLOC),
    rcvbuf: figure(c.SK_MEMINFO_RCVBUF),
    drops: figure(c.SK_MEMINFO_DROPS),
  }
}

/** Datagrams the kernel dropped because the buffer was full, since the socket was opened. */
export const kernelDrops = (fd: number): number => socketMemory(fd).drops
