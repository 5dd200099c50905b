/** Opens the UDP socket of a leg: bind, multicast join, receive buffer, kernel receive times. */
import { isMulticast } from "../../core/address.ts"
import { describeErrno } from "../describe-errno.ts"
import * as c from "../ffi/libc.ts"
import { encodeSockaddr, formatSockaddr, ipv4Bytes } from "../ffi/sockaddr.ts"
import { interfaceAddress } from "../interface-address.ts"
import type { LegSpec } from "../messages.ts"
import { SetupFailure } from "../setup-failure.ts"

/** Half a second of 60 Mbit/s: rides out a stalled loop without loss. */
const DEFAULT_RECEIVE_BUFFER = 4 << 20

export interface InputSocket {
  readonly fd: number
  /** What the kernel granted; it counts its own overhead, about half is payload. */
  readonly rcvbuf: number
  readonly warnings: ReadonlyArray<string>
}

const value = new Uint32Array(9)
const length = Int32Array.of(0)

const getOption = (fd: number, name: number, words: number): number => {
  length[0] = words * 4
  return c.libc.getsockopt(fd, c.SOL_SOCKET, name, value, length) === 0 ? (value[words - 1] ?? 0) : 0
}

const setInt = (fd: number, level: number, name: number, option: number): boolean =>
  c.libc.setsockopt(fd, level, name, new Uint8Array(Int32Array.of(option).buffer), 4) === 0

const fail = (doing: string): never => {
  const code = c.errno()
  throw new SetupFailure({ code: c.errnoName(code), message: describeErrno(code, doing), transient: true })
}

const join = (fd: number, spec: LegSpec): void => {
  // Without it a socket bound to a port gets every group that anyone on the host has joined.
  setInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_ALL, 0)
  const via = ipv4Bytes(spec.interface === undefined ? "0.0.0.0" : interfaceAddress(spec.interface))
  // struct ip_mreq {group, interface}; Linux orders ip_mreq_source {group, interface, source}.
  const request = spec.source === undefined ? [...ipv4Bytes(spec.ip), ...via] : [...ipv4Bytes(spec.ip), ...via, ...ipv4Bytes(spec.source)]
  const name = spec.source === undefined ? c.IP_ADD_MEMBERSHIP : c.IP_ADD_SOURCE_MEMBERSHIP
  if (c.libc.setsockopt(fd, c.IPPROTO_IP, name, Uint8Array.from(request), request.length) !== 0)
    fail(
      `joining ${spec.ip}${spec.source === undefined ? "" : ` from ${spec.source}`}${spec.interface === undefined ? "" : ` on ${spec.interface}`}`,
    )
}

/** Throws SetupFailure with the reason when the address cannot be used. */
export const openInputSocket = (spec: LegSpec): InputSocket => {
  const address = encodeSockaddr(spec.ip, spec.port)
  const shown = formatSockaddr(address)
  const fd = c.libc.socket(address.length === 28 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) fail(`opening a socket for ${shown}`)
  try {
    const multicast = isMulticast(spec.ip)
    // Unicast without SO_REUSEADDR: a second receiver must fail loudly, not steal the stream.
    if (multicast) setInt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, 1)
    const wanted = spec.rcvbuf ?? DEFAULT_RECEIVE_BUFFER
    // The force variant passes net.core.rmem_max, given CAP_NET_ADMIN.
    if (!setInt(fd, c.SOL_SOCKET, c.SO_RCVBUFFORCE, wanted)) setInt(fd, c.SOL_SOCKET, c.SO_RCVBUF, wanted)
    setInt(fd, c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1)
    if (c.libc.bind(fd, address, address.length) !== 0) fail(`listening on ${shown}/udp`)
    if (multicast) join(fd, spec)
    const rcvbuf = getOption(fd, c.SO_RCVBUF, 1)
    const warnings =
      rcvbuf < wanted * 2
        ? [
            `the kernel granted a receive buffer of ${rcvbuf >> 1} bytes instead of ${wanted}: raise it with sysctl -w net.core.rmem_max=${wanted}`,
          ]
        : []
    return { fd, rcvbuf, warnings }
  } catch (cause) {
    c.libc.close(fd)
    throw cause
  }
}

/** Datagrams the kernel dropped because the buffer was full, since the socket was opened. */
export const kernelDrops = (fd: number): number => getOption(fd, c.SO_MEMINFO, c.SK_MEMINFO_DROPS + 1)
