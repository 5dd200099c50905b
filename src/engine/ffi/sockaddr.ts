/**
 * struct sockaddr_in (16 bytes) and sockaddr_in6 (28): family u16 host order@0, port big endian@2, address@4 or @8,
 * scope id u32@24.
 */
import { isIPv6 } from "node:net"
import { zoneOf } from "../../core/net/address.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { AF_INET, AF_INET6, libc } from "./libc.ts"

/** Largest sockaddr the kernel or libsrt writes (struct sockaddr_storage). */
export const SOCKADDR_STORAGE = 128

/** The four bytes of a dotted IPv4 address; 0.0.0.0 for an empty string. */
export const ipv4Bytes = (ip: string): Uint8Array =>
  Uint8Array.from((ip === "" ? "0.0.0.0" : ip).split(".").map(Number))

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

/**
 * Index of a zone's interface as it is now, by its name or, where there is none of that name, its number; 0 when there
 * is none.
 */
export const zoneIndex = (zone: string): number => {
  const index = libc.ifNametoindex(zone)
  return index === 0 && /^[1-9]\d{0,8}$/.test(zone) ? Number(zone) : index
}

/**
 * The index of the zone's interface as it is now. Throws SetupFailure (`ENODEV`) when there is none; `ip` is for its
 * sentence.
 */
export const scopeOfZone = (zone: string, ip: string): number => {
  const index = zoneIndex(zone)
  if (index === 0)
    throw new SetupFailure({
      code: "ENODEV",
      message: `there is no network interface "${zone}", the zone of ${ip}, now; \`ip link\` lists those there are`,
      transient: true,
    })
  return index
}

/**
 * Encodes an address literal. An IPv6 zone (`%eth0`) becomes the scope id by `scopeOf`, which is asked each time: the
 * index of an interface that went and came back is another. Throws SetupFailure (`ENODEV`) when there is no such
 * interface now.
 */
export const encodeSockaddr = (
  ip: string,
  port: number,
  scopeOf: (zone: string, ip: string) => number = scopeOfZone,
): Uint8Array => {
  const v6 = isIPv6(ip)
  const bytes = new Uint8Array(v6 ? 28 : 16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true)
  view.setUint16(2, port)
  if (v6) {
    bytes.set(ipv6Bytes(ip), 8)
    const zone = zoneOf(ip)
    if (zone !== null) view.setUint32(24, scopeOf(zone, ip), true)
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

/** Interface index of an encoded address's zone; 0 without one. */
export const sockaddrScope = (bytes: Uint8Array): number =>
  bytes.length < 28 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true)

/** Port of an encoded address. */
export const sockaddrPort = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint16(2)
