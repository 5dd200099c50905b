/** IP address literals as text, strictly: what `inet_pton` takes, so that "0x7f.1" or "127.1" never slip past a check as a name. */

const DECIMAL_OCTET = /^(?:0|[1-9]\d{0,2})$/
const HEX_GROUP = /^[0-9a-f]{1,4}$/i
const ZONE = /^[A-Za-z0-9_.~-]{1,32}$/

/** The four octets of a dotted decimal address, or null. Octal, hexadecimal and shortened forms are refused. */
export const parseIPv4 = (text: string): ReadonlyArray<number> | null => {
  const parts = text.split(".")
  if (parts.length !== 4 || !parts.every((part) => DECIMAL_OCTET.test(part))) return null
  const octets = parts.map(Number)
  return octets.every((octet) => octet <= 255) ? octets : null
}

const parseGroups = (text: string): ReadonlyArray<number> | null => {
  if (text === "") return []
  const parts = text.split(":")
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (HEX_GROUP.test(part)) groups.push(Number.parseInt(part, 16))
    else {
      // A dotted tail stands for the last two groups (RFC 4291 2.2).
      const octets = index === parts.length - 1 ? parseIPv4(part) : null
      if (octets === null) return null
      const [a = 0, b = 0, c = 0, d = 0] = octets
      groups.push((a << 8) | b, (c << 8) | d)
    }
  }
  return groups
}

/** The eight groups of an IPv6 address without brackets (RFC 4291 2.2), or null. A zone (`%eth0`) is allowed and left out. */
export const parseIPv6 = (text: string): ReadonlyArray<number> | null => {
  const percent = text.indexOf("%")
  if (percent >= 0 && !ZONE.test(text.slice(percent + 1))) return null
  const address = percent < 0 ? text : text.slice(0, percent)
  const halves = address.split("::")
  if (halves.length > 2) return null
  const left = parseGroups(halves[0] ?? "")
  if (left === null) return null
  const tail = halves[1]
  if (tail === undefined) return left.length === 8 ? left : null
  // "1.2.3.4::" would put the dotted form elsewhere than last.
  if ((halves[0] ?? "").includes(".")) return null
  const right = parseGroups(tail)
  if (right === null || left.length + right.length > 7) return null
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

export const isIPv4 = (text: string): boolean => parseIPv4(text) !== null

/** True for an IPv6 literal without brackets, with or without a zone. */
export const isIPv6 = (text: string): boolean => parseIPv6(text) !== null

const isMapped = (groups: ReadonlyArray<number>): boolean => groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 2.7); false for anything that is not an address. */
export const isMulticast = (ip: string): boolean => {
  const octets = parseIPv4(ip)
  if (octets !== null) return ((octets[0] ?? 0) & 0xf0) === 0xe0
  return ((parseIPv6(ip)?.[0] ?? 0) & 0xff00) === 0xff00
}

/** 0.0.0.0, `::` or nothing at all: every local address. */
export const isAny = (ip: string): boolean => ip === "" || ip === "0.0.0.0" || (parseIPv6(ip)?.every((group) => group === 0) ?? false)

/**
 * One spelling for one address: IPv4-mapped IPv6 becomes IPv4, IPv6 lower case with its longest run of zeros shortened
 * (RFC 5952 section 4), the zone kept. Null when it is not an address literal.
 */
export const normaliseAddress = (text: string): string | null => {
  if (isIPv4(text)) return text
  const groups = parseIPv6(text)
  if (groups === null) return null
  const [, , , , , , high = 0, low = 0] = groups
  if (isMapped(groups)) return [high >> 8, high & 255, low >> 8, low & 255].join(".")
  let start = -1
  let length = 1
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === 0) to++
    if (to - from > length) {
      start = from
      length = to - from
    }
  }
  const hex = (part: ReadonlyArray<number>) => part.map((group) => group.toString(16)).join(":")
  const address = start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
  const percent = text.indexOf("%")
  return percent < 0 ? address : address + text.slice(percent)
}

/** A local UDP endpoint; `ip` empty means every address. */
export interface Bind {
  readonly ip: string
  readonly port: number
}

/**
 * Whether two sockets cannot both have their port: the rule of Linux for UDP sockets. The same address overlaps; 0.0.0.0 and
 * `::` (which takes IPv4 as well) overlap with all; two multicast groups, or a group and a unicast address, live side by side.
 */
export const bindsOverlap = (a: Bind, b: Bind): boolean => {
  if (a.port !== b.port) return false
  const one = normaliseAddress(a.ip) ?? a.ip
  const other = normaliseAddress(b.ip) ?? b.ip
  if (one === other) return true
  // 0.0.0.0 is IPv4 only: it leaves IPv6 addresses free, `::` leaves none.
  const covers = (any: string, ip: string) => isAny(any) && (isIPv6(any) || !isIPv6(ip) || isAny(ip))
  return covers(one, other) || covers(other, one)
}
