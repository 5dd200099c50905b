/** IPv4 and IPv6 networks in CIDR form (RFC 4632 3.1, RFC 4291 2.3), and which addresses are of them. */
import { normaliseAddress, parseIPv4, parseIPv6 } from "./address.ts"

export interface Network {
  /** The address as one number of `length` bits; those beyond the prefix do not matter. */
  readonly bits: bigint
  readonly length: 32 | 128
  readonly prefix: number
}

const bitsOf = (text: string): Pick<Network, "bits" | "length"> | null => {
  // IPv4 inside IPv6 is IPv4: a socket of both families shows it so.
  const address = text.includes("%") ? null : normaliseAddress(text)
  if (address === null) return null
  const octets = parseIPv4(address)
  if (octets !== null) return { bits: octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n), length: 32 }
  return { bits: (parseIPv6(address) ?? []).reduce((sum, group) => (sum << 16n) | BigInt(group), 0n), length: 128 }
}

/** `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; null for anything else. */
export const parseNetwork = (text: string): Network | null => {
  const [ip = "", prefix, ...more] = text.split("/")
  const address = bitsOf(ip)
  if (address === null || more.length > 0) return null
  if (prefix === undefined) return { ...address, prefix: address.length }
  // A prefix of the mapped form would count other bits than it seems to.
  const mapped = address.length === 32 && ip.includes(":")
  const isPrefix = /^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= address.length && !mapped
  return isPrefix ? { ...address, prefix: Number(prefix) } : null
}

/** Whether an address is of one of the networks. What is no address is of none. */
export const isInNetworks = (networks: ReadonlyArray<Network>, ip: string): boolean => {
  const address = bitsOf(ip.replace(/%.*$/s, ""))
  if (address === null) return false
  return networks.some(
    ({ bits, length, prefix }) => length === address.length && (bits ^ address.bits) >> BigInt(length - prefix) === 0n,
  )
}
