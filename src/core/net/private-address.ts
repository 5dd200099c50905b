/** Which addresses are of this machine or of a private network, in whatever spelling a resolver would take them. */
import { parseIPv6 } from "./address.ts"

type Range = readonly [network: number, prefix: number, kind: string]

const ip = (a: number, b = 0, c = 0, d = 0): number => a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d

/** IANA IPv4 Special-Purpose Address Registry. */
const RANGES: ReadonlyArray<Range> = [
  [ip(0), 8, "an unspecified address"],
  [ip(10), 8, "a private address"],
  [ip(100, 64), 10, "a private address"],
  [ip(127), 8, "a loopback address"],
  [ip(169, 254), 16, "a link-local address"],
  [ip(172, 16), 12, "a private address"],
  [ip(192, 168), 16, "a private address"],
]

const kindOf4 = (address: number): string | null =>
  RANGES.find(([network, prefix]) => Math.floor(address / 2 ** (32 - prefix)) === network / 2 ** (32 - prefix))?.[2] ??
  null

/** The IPv4 address that an IPv6 one stands for, as one number; null when it stands for none. */
const embedded4 = (groups: ReadonlyArray<number>): number | null => {
  const pair = (at: number) => (groups[at] ?? 0) * 2 ** 16 + (groups[at + 1] ?? 0)
  const zero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0)
  // Mapped (RFC 4291 2.5.5.2), translated (RFC 2765 2.1), compatible (RFC 4291 2.5.5.1).
  if (zero(0, 5) && groups[5] === 0xffff) return pair(6)
  if (zero(0, 4) && groups[4] === 0xffff && groups[5] === 0) return pair(6)
  if (zero(0, 6)) return pair(6)
  // NAT64 (RFC 6052 2.1) and 6to4 (RFC 3056 2).
  if (groups[0] === 0x64 && groups[1] === 0xff9b && zero(2, 6)) return pair(6)
  return groups[0] === 0x2002 ? pair(1) : null
}

const kindOf6 = (groups: ReadonlyArray<number>): string | null => {
  const [first = 0] = groups
  if (groups.every((group) => group === 0)) return "an unspecified address"
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return "a loopback address"
  if ((first & 0xffc0) === 0xfe80) return "a link-local address"
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0) return "a private address"
  const inner = embedded4(groups)
  return inner === null ? null : kindOf4(inner)
}

const PART = /^(?:0x[0-9a-f]{0,16}|\d{1,16})$/i
const numberOf = (part: string): number => {
  if (/^0x/i.test(part)) return part.length === 2 ? 0 : Number.parseInt(part.slice(2), 16)
  return part.length > 1 && part.startsWith("0")
    ? /^[0-7]+$/.test(part)
      ? Number.parseInt(part, 8)
      : Number.NaN
    : Number(part)
}

/**
 * What inet_aton makes of a text: one to four decimal, octal or hexadecimal parts, the last one filling what is left.
 */
const looseIPv4 = (text: string): number | null => {
  const parts = text.replace(/\.$/, "").split(".")
  if (parts.length > 4 || !parts.every((part) => PART.test(part))) return null
  const values = parts.map(numberOf)
  const last = values.pop() ?? Number.NaN
  if (!values.every((value) => value <= 255) || !(last < 256 ** (4 - values.length))) return null
  return values.reduce((sum, value, index) => sum + value * 256 ** (3 - index), last)
}

/**
 * What kind of address of this machine or of a private network a host is, in words for a sentence (`a loopback
 * address`); null for a public address or a name that has to be resolved. Brackets and a zone (`%eth0`) are taken off;
 * `0x7f.1`, `2130706433` and `0177.0.0.1` are read as inet_aton does, IPv4 inside IPv6 is looked at as IPv4.
 */
export const privateKind = (host: string): string | null => {
  const text = host.replace(/^\[(.*)\]$/s, "$1").toLowerCase()
  if (/^(?:.+\.)?localhost\.?$/.test(text)) return "a name of this machine"
  const groups = parseIPv6(text)
  if (groups !== null) return kindOf6(groups)
  const loose = looseIPv4(text)
  return loose === null ? null : kindOf4(loose)
}

/** What ALLOW_PRIVATE_TARGETS=off says of an output that sends there, and of an input that calls there. */
const REFUSED = { output: "lets no output go", input: "lets no input call" } as const

/**
 * Why nothing may go to `address`, as a sentence for people; null where it may. `host` is what it was resolved from, or
 * the address itself; `use` is what would go there.
 */
export const privateTargetProblem = (
  address: string,
  host: string,
  use: keyof typeof REFUSED = "output",
): string | null => {
  const kind = privateKind(address)
  if (kind === null) return null
  const what = address === host ? `${host} is ${kind}` : `${host} resolves to ${address}, ${kind}`
  return `${what}, where ALLOW_PRIVATE_TARGETS=off ${REFUSED[use]}`
}
