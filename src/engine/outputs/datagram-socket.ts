/** Opens the connected UDP socket of a UDP or RTP output with its TTL, interface and buffer. */
import { formatEndpoint, isIPv4, isIPv6, isLinkLocal, isMulticast, needsZone, zoneOf } from "../../core/net/address.ts"
import type { DatagramTarget } from "../../core/output/output-url.ts"
import * as c from "../ffi/libc.ts"
import { encodeSockaddr, ipv4Bytes, zoneIndex } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { describeErrno } from "../system/describe-errno.ts"
import { interfaceAddress, interfaceAddress6 } from "../system/interface-address.ts"
import { interfaceIndex } from "../system/network-interface.ts"

const IPV4_HEADER = 20
const IPV6_HEADER = 40
const UDP_HEADER = 8
const RTP_HEADER = 12
const DEFAULT_SEND_BUFFER = 1 << 20
/** Multicast leaves the local network only when the operator says so. */
const DEFAULT_MULTICAST_TTL = 16

const fail = (doing: string, transient = false): never => {
  const code = c.errno()
  throw new SetupFailure({ code: c.errnoName(code), message: describeErrno(code, doing), transient })
}

const setInt = (fd: number, level: number, name: number, value: number, doing: string): void => {
  const bytes = new Uint8Array(Int32Array.of(value).buffer)
  if (c.libc.setsockopt(fd, level, name, bytes, 4) !== 0) fail(doing)
}

/**
 * Index of the interface that a group is sent on: its zone, or the one that was named; null leaves it to the routes.
 */
const groupInterface = (fd: number, ip: string, target: DatagramTarget): number | null => {
  const zone = zoneOf(ip)
  const named = zone ?? target.interface
  if (named === null) return null
  const index = zone === null ? interfaceIndex(fd, named) : zoneIndex(zone)
  if (index > 0) return index
  const message = `there is no network interface "${named}" now; \`ip link\` lists those there are`
  throw new SetupFailure({ code: "ENODEV", message, transient: true })
}

const multicastOptions6 = (fd: number, ip: string, target: DatagramTarget): void => {
  setInt(
    fd,
    c.IPPROTO_IPV6,
    c.IPV6_MULTICAST_HOPS,
    target.ttl ?? DEFAULT_MULTICAST_TTL,
    "setting the multicast hop limit",
  )
  if (target.loop !== null)
    setInt(fd, c.IPPROTO_IPV6, c.IPV6_MULTICAST_LOOP, target.loop ? 1 : 0, "setting multicast loop")
  const index = groupInterface(fd, ip, target)
  if (index !== null)
    setInt(fd, c.IPPROTO_IPV6, c.IPV6_MULTICAST_IF, index, `choosing the interface ${zoneOf(ip) ?? target.interface}`)
}

const multicastOptions4 = (fd: number, target: DatagramTarget): void => {
  setInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_TTL, target.ttl ?? DEFAULT_MULTICAST_TTL, "setting the multicast TTL")
  if (target.loop !== null) setInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_LOOP, target.loop ? 1 : 0, "setting multicast loop")
  if (target.interface === null) return
  const address = ipv4Bytes(interfaceAddress(target.interface))
  if (c.libc.setsockopt(fd, c.IPPROTO_IP, c.IP_MULTICAST_IF, address, 4) !== 0)
    fail(`choosing the interface ${target.interface}`)
}

const mtuWarning = (fd: number, target: DatagramTarget, v6: boolean): string[] => {
  const value = new Int32Array(1)
  const length = Int32Array.of(4)
  const known = v6
    ? c.libc.getsockopt(fd, c.IPPROTO_IPV6, c.IPV6_MTU, value, length)
    : c.libc.getsockopt(fd, c.IPPROTO_IP, c.IP_MTU, value, length)
  if (known !== 0) return []
  const mtu = value[0] ?? 0
  const size =
    target.packetSize + (target.protocol === "rtp" ? RTP_HEADER : 0) + UDP_HEADER + (v6 ? IPV6_HEADER : IPV4_HEADER)
  if (mtu <= 0 || size <= mtu) return []
  const fits = Math.max(188, Math.floor((mtu - (size - target.packetSize)) / 188) * 188)
  const fate = target.dontFragment ? "refused by the kernel (dontfrag)" : "fragmented"
  return [`packets of ${size} bytes exceed the path's MTU of ${mtu} and are ${fate}: set pkt_size=${fits}`]
}

/** Where unicast leaves from. */
const localOf = (ip: string, { interface: named }: DatagramTarget): string => {
  if (!isIPv6(ip)) return named === null ? "0.0.0.0" : interfaceAddress(named)
  return named === null ? "::" : interfaceAddress6(named, isLinkLocal(ip))
}

/**
 * The address as the kernel takes it. A link-local one without a zone is on the interface that was named, since without
 * any the kernel refuses it.
 */
const peerOf = (ip: string, target: DatagramTarget): string => {
  const named = target.interface
  return needsZone(ip) && zoneOf(ip) === null && named !== null && !isIPv4(named) && !isIPv6(named)
    ? `${ip}%${named}`
    : ip
}

/** A non-blocking socket connected to `ip:port` of the target; throws SetupFailure with the reason. */
export const openDatagramSocket = (
  ip: string,
  target: DatagramTarget,
): { fd: number; address: string; warnings: string[] } => {
  const host = peerOf(ip, target)
  const peer = encodeSockaddr(host, target.port)
  const v6 = peer.length === 28
  const address = formatEndpoint(host, target.port)
  const fd = c.libc.socket(v6 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) fail(`opening a socket for ${address}`, true)
  try {
    const level = v6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP
    setInt(fd, c.SOL_SOCKET, c.SO_SNDBUF, target.sendBuffer ?? DEFAULT_SEND_BUFFER, "setting the send buffer")
    if (target.tos !== null) setInt(fd, level, v6 ? c.IPV6_TCLASS : c.IP_TOS, target.tos, "setting TOS")
    if (target.dontFragment)
      setInt(fd, level, v6 ? c.IPV6_MTU_DISCOVER : c.IP_MTU_DISCOVER, c.IP_PMTUDISC_DO, "forbidding fragmentation")
    if (isMulticast(host)) {
      if (v6) multicastOptions6(fd, host, target)
      else multicastOptions4(fd, target)
    } else {
      if (target.ttl !== null) setInt(fd, level, v6 ? c.IPV6_UNICAST_HOPS : c.IP_TTL, target.ttl, "setting the TTL")
      if (target.interface !== null || target.localPort !== null) {
        const from = localOf(host, target)
        const local = encodeSockaddr(from, target.localPort ?? 0)
        if (v6) setInt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, 1, "taking IPv6 alone")
        if (c.libc.bind(fd, local, local.length) !== 0)
          fail(`binding to ${formatEndpoint(from, target.localPort ?? 0)}`)
      }
    }
    if (c.libc.connect(fd, peer, peer.length) !== 0) fail(`connecting to ${address}`, true)
    return { fd, address, warnings: mtuWarning(fd, target, v6) }
  } catch (cause) {
    c.libc.close(fd)
    throw cause
  }
}
