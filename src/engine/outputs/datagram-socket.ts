/** Opens the connected UDP socket of a UDP or RTP output with its TTL, interface and buffer. */
import { isMulticast } from "../../core/address.ts"
import type { DatagramTarget } from "../../core/output-url.ts"
import { describeErrno } from "../describe-errno.ts"
import * as c from "../ffi/libc.ts"
import { encodeSockaddr, formatSockaddr, ipv4Bytes } from "../ffi/sockaddr.ts"
import { interfaceAddress } from "../interface-address.ts"
import { SetupFailure } from "../setup-failure.ts"

const IP_HEADER = 20
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

const multicastOptions = (fd: number, target: DatagramTarget): void => {
  setInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_TTL, target.ttl ?? DEFAULT_MULTICAST_TTL, "setting the multicast TTL")
  if (target.loop !== null) setInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_LOOP, target.loop ? 1 : 0, "setting multicast loop")
  if (target.interface === null) return
  const address = ipv4Bytes(interfaceAddress(target.interface))
  if (c.libc.setsockopt(fd, c.IPPROTO_IP, c.IP_MULTICAST_IF, address, 4) !== 0) fail(`choosing the interface ${target.interface}`)
}

const mtuWarning = (fd: number, target: DatagramTarget): string[] => {
  const value = new Int32Array(1)
  const length = Int32Array.of(4)
  if (c.libc.getsockopt(fd, c.IPPROTO_IP, c.IP_MTU, value, length) !== 0) return []
  const mtu = value[0] ?? 0
  const size = target.packetSize + (target.protocol === "rtp" ? RTP_HEADER : 0) + UDP_HEADER + IP_HEADER
  if (mtu <= 0 || size <= mtu) return []
  const fits = Math.max(188, Math.floor((mtu - (size - target.packetSize)) / 188) * 188)
  const fate = target.dontFragment ? "refused by the kernel (dontfrag)" : "fragmented"
  return [`packets of ${size} bytes exceed the path's MTU of ${mtu} and are ${fate}: set pkt_size=${fits}`]
}

/** A non-blocking socket connected to `ip:port` of the target; throws SetupFailure with the reason. */
export const openDatagramSocket = (ip: string, target: DatagramTarget): { fd: number; address: string; warnings: string[] } => {
  const peer = encodeSockaddr(ip, target.port)
  const v6 = peer.length === 28
  const address = formatSockaddr(peer)
  const fd = c.libc.socket(v6 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) fail(`opening a socket for ${address}`, true)
  try {
    setInt(fd, c.SOL_SOCKET, c.SO_SNDBUF, target.sendBuffer ?? DEFAULT_SEND_BUFFER, "setting the send buffer")
    if (target.tos !== null && !v6) setInt(fd, c.IPPROTO_IP, c.IP_TOS, target.tos, "setting TOS")
    if (target.dontFragment && !v6) setInt(fd, c.IPPROTO_IP, c.IP_MTU_DISCOVER, c.IP_PMTUDISC_DO, "forbidding fragmentation")
    if (isMulticast(ip) && !v6) multicastOptions(fd, target)
    else {
      if (target.ttl !== null)
        setInt(fd, v6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP, v6 ? c.IPV6_UNICAST_HOPS : c.IP_TTL, target.ttl, "setting the TTL")
      if (target.interface !== null || target.localPort !== null) {
        const local = encodeSockaddr(
          target.interface === null ? (v6 ? "::" : "0.0.0.0") : interfaceAddress(target.interface),
          target.localPort ?? 0,
        )
        if (c.libc.bind(fd, local, local.length) !== 0) fail(`binding to ${formatSockaddr(local)}`)
      }
    }
    if (c.libc.connect(fd, peer, peer.length) !== 0) fail(`connecting to ${address}`, true)
    return { fd, address, warnings: mtuWarning(fd, target) }
  } catch (cause) {
    c.libc.close(fd)
    throw cause
  }
}
