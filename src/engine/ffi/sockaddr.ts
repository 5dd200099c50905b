/** struct sockaddr_in (16 bytes) and sockaddr_in6 (28): family u16 host order@0, port big endian@2, address@4 or @8. */
import { isIPv6 } from "node:net"
import { AF_INET, AF_INET6 } from "./libc.ts"

/** Largest sockaddr the kernel or libsrt writes (struct sockaddr_storage). */
export const SOCKADDR_STORAGE = 128

/** The four bytes of a dotted IPv4 address; 0.0.0.0 for an empty string. */
export const ipv4Bytes = (ip: string): Uint8Array => Uint8Array.from((ip === "" ? "0.0.0.0" : ip).split(".").map(Number))

const ipv6Bytes = (text: string): Uint8Array => {
  const address = text.split("%")[0] ?? ""
  const [head = "", tail] = address.split("::")
  const groups = (part: string) =>
    part === ""
      ? []
      : part.split(":").flatMap((group) => {
          if (!group.includes(".")) return [Number.parseInt(group, 16)]
          const [a = 0, b = 0, c = 0, d = 0] = ipv4Bytes(group)
          return [(a << 8) | b, (c << 8) | d]
        })
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const middle = new Array<number>(tail === undefined ? 0 : 8 - left.length - right.length).fill(0)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [index, group] of [...left, ...middle, ...right].entries()) view.setUint16(index * 2, group)
  return bytes
}

/** Encodes an address literal; an IPv6 zone (`%eth0`) becomes the scope id by `scopeOf`. */
export const encodeSockaddr = (ip: string, port: number, scopeOf: (zone: string) => number = () => 0): Uint8Array => {
  const v6 = isIPv6(ip)
  const bytes = new Uint8Array(v6 ? 28 : 16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true)
  view.setUint16(2, port)
  if (v6) {
    bytes.set(ipv6Bytes(ip), 8)
    const zone = ip.split("%")[1]
    if (zone !== undefined) view.setUint32(24, scopeOf(zone), true)
  } else bytes.set(ipv4Bytes(ip), 4)
  return bytes
}

/** `203.0.113.5:9000` or `[2001:db8::1]:9000`. */
export const formatSockaddr = (bytes: Uint8Array): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const port = view.getUint16(2)
  if (view.getUint16(0, true) !== AF_INET6) return `${bytes.slice(4, 8).join(".")}:${port}`
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + i * 2).toString(16))
  return `[${groups.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::")}]:${port}`
}

/** Port of an encoded address. */
export const sockaddrPort = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint16(2)
