/**
 * Capture files of UDP datagrams: libpcap's classic format 2.4, little endian, times in microseconds, packets that begin
 * with their IP header (LINKTYPE_RAW). The headers of IP and UDP are made up: a socket does not show them.
 */

/** One end of a datagram: 4 bytes of address are IPv4, 16 are IPv6. */
export interface DatagramEnd {
  readonly address: Uint8Array
  readonly port: number
}

const LINKTYPE_RAW = 101
/** Beyond any IP packet. */
const SNAP_LENGTH = 262_144
const RECORD_HEADER = 16
const IPV4_HEADER = 20
const IPV6_HEADER = 40
const UDP_HEADER = 8
const UDP = 17
const HOPS = 64

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What a capture file begins with. */
export const pcapFileHeader = (): Uint8Array => {
  const header = new Uint8Array(24)
  const view = viewOf(header)
  view.setUint32(0, 0xa1b2c3d4, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, SNAP_LENGTH, true)
  view.setUint32(20, LINKTYPE_RAW, true)
  return header
}

const isV4 = ({ address }: DatagramEnd): boolean => address.length === 4

/** Bytes of a record with a payload of `length` bytes, sent to `to`. */
export const pcapRecordLength = (to: DatagramEnd, length: number): number =>
  RECORD_HEADER + (isV4(to) ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER + length

/** The sum of 16-bit words that checksums of the Internet are made of (RFC 1071). */
const sumOf = (view: DataView, from: number, length: number, begin = 0): number => {
  let sum = begin
  for (let at = from; at + 1 < from + length; at += 2) sum += view.getUint16(at)
  if (length % 2 === 1) sum += view.getUint8(from + length - 1) << 8
  return sum
}

const checksumOf = (sum: number): number => {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000)
  return ~folded & 0xffff
}

/** The address in the family of a datagram; all zeros when it is of the other one, or not known. */
const putAddress = (into: Uint8Array, at: number, length: number, { address }: DatagramEnd): void => {
  if (address.length === length) into.set(address, at)
  else into.fill(0, at, at + length)
}

/**
 * Writes a datagram of `length` bytes at `at`, all but its payload, which belongs behind it at the offset that is
 * returned. `us` is the Unix time in µs. The family is that of `to`; `from` is shown as zeros when its own is another.
 * `putPcapChecksum` completes a record of IPv6.
 */
export const putPcapRecord = (
  into: Uint8Array,
  at: number,
  us: number,
  from: DatagramEnd,
  to: DatagramEnd,
  length: number,
): number => {
  const view = viewOf(into)
  const size = pcapRecordLength(to, length) - RECORD_HEADER
  const seconds = Math.floor(us / 1e6)
  view.setUint32(at, seconds, true)
  view.setUint32(at + 4, Math.floor(us - seconds * 1e6), true)
  view.setUint32(at + 8, size, true)
  view.setUint32(at + 12, size, true)
  const ip = at + RECORD_HEADER
  const udp = ip + (isV4(to) ? IPV4_HEADER : IPV6_HEADER)
  into.fill(0, ip, udp + UDP_HEADER)
  if (isV4(to)) {
    view.setUint16(ip, 0x4500)
    view.setUint16(ip + 2, size)
    into[ip + 8] = HOPS
    into[ip + 9] = UDP
    putAddress(into, ip + 12, 4, from)
    putAddress(into, ip + 16, 4, to)
    view.setUint16(ip + 10, checksumOf(sumOf(view, ip, IPV4_HEADER)))
  } else {
    into[ip] = 0x60
    view.setUint16(ip + 4, UDP_HEADER + length)
    into[ip + 6] = UDP
    into[ip + 7] = HOPS
    putAddress(into, ip + 8, 16, from)
    putAddress(into, ip + 24, 16, to)
  }
  view.setUint16(udp, from.port)
  view.setUint16(udp + 2, to.port)
  view.setUint16(udp + 4, UDP_HEADER + length)
  return udp + UDP_HEADER
}

/** Once the payload is there: the UDP checksum, which IPv6 must have (RFC 8200 8.1). With IPv4 it stays 0, for none. */
export const putPcapChecksum = (into: Uint8Array, at: number, to: DatagramEnd, length: number): void => {
  if (isV4(to)) return
  const view = viewOf(into)
  const ip = at + RECORD_HEADER
  const whole = UDP_HEADER + length
  // Behind the pseudo-header: both addresses, the length and the protocol.
  const sum = sumOf(view, ip + 8, 32, whole + UDP)
  const checksum = checksumOf(sumOf(view, ip + IPV6_HEADER, whole, sum))
  view.setUint16(ip + IPV6_HEADER + 6, checksum === 0 ? 0xffff : checksum)
}
