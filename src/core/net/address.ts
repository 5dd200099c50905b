/**
 * IP address literals as text, strictly: what `inet_pton` takes, so that "0x7f.1" or "127.1" never slip past a check as
 * a name.
 */

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

/**
 * The eight groups of an IPv6 address without brackets (RFC 4291 2.2), or null. A zone (`%eth0`) is allowed and left
 * out.
 */
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

const isMapped = (groups: ReadonlyArray<number>): boolean =>
  groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 2.7); false for anything that is not an address. */
export const isMulticast = (ip: string): boolean => {
  const octets = parseIPv4(ip)
  if (octets !== null) return ((octets[0] ?? 0) & 0xf0) === 0xe0
  return ((parseIPv6(ip)?.[0] ?? 0) & 0xff00) === 0xff00
}

/** 0.0.0.0, `::` or nothing at all: every local address. */
export const isAny = (ip: string): boolean =>
  ip === "" || ip === "0.0.0.0" || (parseIPv6(ip)?.every((group) => group === 0) ?? false)

/**
 * The zone of an IPv6 address, an interface by name or number (RFC 4007 section 11): `eth0` of `fe80::1%eth0`; null
 * without one.
 */
export const zoneOf = (ip: string): string | null => {
  const percent = ip.indexOf("%")
  return percent < 0 ? null : ip.slice(percent + 1)
}

/** fe80::/10 (RFC 4291 2.5.6): means a machine only together with a zone. */
export const isLinkLocal = (ip: string): boolean => ((parseIPv6(ip)?.[0] ?? 0) & 0xffc0) === 0xfe80

/**
 * True of an address that exists once on each interface, so that only its zone makes it one: fe80::/10, ff01::/16 and
 * ff02::/16.
 */
export const needsZone = (ip: string): boolean => {
  const first = parseIPv6(ip)?.[0] ?? 0
  return isLinkLocal(ip) || ((first & 0xff00) === 0xff00 && ((first & 0xf) === 1 || (first & 0xf) === 2))
}

/** What is wrong with the zone of an address, as a sentence; null where it has none, or may have one. */
export const zoneProblem = (ip: string): string | null =>
  zoneOf(ip) === null || isLinkLocal(ip) || isMulticast(ip)
    ? null
    : `only link-local addresses (fe80::/10) and multicast groups have a zone: leave %${zoneOf(ip)} out`

/** `10.0.0.1:5000`, `[fd00::1]:5000`. */
export const formatEndpoint = (ip: string, port: number): string =>
  ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`

/** The address of an endpoint as `formatEndpoint` writes it, without port and brackets. */
export const hostOfEndpoint = (endpoint: string): string => endpoint.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")

/**
 * IPv6 in four words of 32 bits, IPv4 in its mapped form (RFC 4291 2.5.5.2); null for anything else. The zone is left
 * out.
 */
export const addressWords = (ip: string): readonly [number, number, number, number] | null => {
  const octets = parseIPv4(ip)
  if (octets !== null) return [0, 0, 0xffff, octets.reduce((all, octet) => all * 256 + octet, 0)]
  const groups = parseIPv6(ip)
  if (groups === null) return null
  const word = (at: number) => (groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0)
  return [word(0), word(2), word(4), word(6)]
}

/** The reverse of `addressWords`. */
export const addressOfWords = (words: readonly [number, number, number, number]): string => {
  const groups = words.flatMap((word) => [Math.floor(word / 65_536), word % 65_536])
  return normaliseAddress(groups.map((group) => group.toString(16)).join(":")) ?? ""
}

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

/** A local UDP endpoint; `ip` empty means every address of IPv4 and IPv6. */
export interface Bind {
  readonly ip: string
  readonly port: number
}

/**
 * Whether two sockets cannot both have their port: the rule of Linux for UDP sockets. The same address overlaps;
 * 0.0.0.0 overlaps with all of IPv4, `::` with all of IPv6, as the sockets here take one of the two (IPV6_V6ONLY); two
 * multicast groups, or a group and a unicast address, live side by side.
 */
export const bindsOverlap = (a: Bind, b: Bind): boolean => {
  if (a.port !== b.port) return false
  const one = normaliseAddress(a.ip) ?? a.ip
  const other = normaliseAddress(b.ip) ?? b.ip
  if (one === other) return true
  const covers = (any: string, ip: string) => isAny(any) && (any === "" || ip === "" || isIPv6(any) === isIPv6(ip))
  return covers(one, other) || covers(other, one)
}
