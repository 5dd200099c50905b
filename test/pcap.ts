/**
 * Reads UDP datagrams of IPv4 and IPv6 from a capture: classic pcap and pcapng, with Ethernet and VLAN tags, Linux
 * cooked or raw IP frames.
 */

export interface CapturedDatagram {
  /** Time of capture in microseconds of the Unix clock. */
  readonly us: number
  readonly source: string
  readonly source_port: number
  readonly destination: string
  readonly destination_port: number
  readonly payload: Uint8Array
}

interface Frame {
  readonly link: number
  readonly us: number
  readonly bytes: Uint8Array
}

const LINK_NULL = 0
const LINK_ETHERNET = 1
const LINK_RAW = 101
const LINK_COOKED = 113
const IPPROTO_UDP = 17

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function* classicFrames(bytes: Uint8Array): Generator<Frame> {
  const view = viewOf(bytes)
  const little = [0xa1b2c3d4, 0xa1b23c4d].includes(view.getUint32(0, true))
  const fraction = view.getUint32(0, little) === 0xa1b23c4d ? 1000 : 1
  const link = view.getUint32(20, little) & 0xffff
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at + 8, little)
    const us = view.getUint32(at, little) * 1e6 + view.getUint32(at + 4, little) / fraction
    yield { link, us, bytes: bytes.subarray(at + 16, at + 16 + length) }
    at += 16 + length
  }
}

/** Ticks a second by if_tsresol of an interface description block; 10^6 when the block has none. */
const tickRate = (block: DataView, little: boolean): number => {
  for (let at = 16; at + 4 <= block.byteLength - 4; ) {
    const code = block.getUint16(at, little)
    const length = block.getUint16(at + 2, little)
    if (code === 0) break
    if (code === 9) {
      const value = block.getUint8(at + 4)
      return value >= 128 ? 2 ** (value - 128) : 10 ** value
    }
    at += 4 + Math.ceil(length / 4) * 4
  }
  return 1e6
}

function* blockFrames(bytes: Uint8Array): Generator<Frame> {
  const view = viewOf(bytes)
  const little = view.getUint32(8, true) === 0x1a2b3c4d
  const interfaces: Array<{ link: number; rate: number }> = []
  for (let at = 0; at + 12 <= bytes.length; ) {
    const type = view.getUint32(at, little)
    const length = view.getUint32(at + 4, little)
    if (length < 12) return
    const block = viewOf(bytes.subarray(at, at + length))
    if (type === 1) interfaces.push({ link: block.getUint16(8, little), rate: tickRate(block, little) })
    const from = type === 6 ? interfaces[block.getUint32(8, little)] : undefined
    if (from !== undefined) {
      const ticks = block.getUint32(12, little) * 2 ** 32 + block.getUint32(16, little)
      yield {
        link: from.link,
        us: (ticks / from.rate) * 1e6,
        bytes: bytes.subarray(at + 28, at + 28 + block.getUint32(20, little)),
      }
    }
    at += length
  }
}

/** The IP packet in a frame; null when the frame holds something else. */
const ipOf = ({ link, bytes }: Frame): Uint8Array | null => {
  if (link === LINK_RAW) return bytes
  if (link === LINK_NULL) return bytes.subarray(4)
  if (link === LINK_COOKED) return bytes.subarray(16)
  if (link !== LINK_ETHERNET) return null
  const view = viewOf(bytes)
  let at = 12
  // Skips the tags of 802.1Q and 802.1ad.
  while (at + 4 <= bytes.length && [0x8100, 0x88a8].includes(view.getUint16(at))) at += 4
  return at + 2 <= bytes.length && [0x0800, 0x86dd].includes(view.getUint16(at)) ? bytes.subarray(at + 2) : null
}

const dotted = (bytes: Uint8Array) => bytes.join(".")
const colons = (bytes: Uint8Array) =>
  Array.from({ length: 8 }, (_, i) =>
    viewOf(bytes)
      .getUint16(i * 2)
      .toString(16),
  ).join(":")

const datagramOf = (ip: Uint8Array, us: number): CapturedDatagram | null => {
  const view = viewOf(ip)
  const isV4 = ip.length >= 20 && ip[0] !== undefined && ip[0] >> 4 === 4
  const isV6 = ip.length >= 40 && ip[0] !== undefined && ip[0] >> 4 === 6
  if (!isV4 && !isV6) return null
  const start = isV4 ? ((ip[0] ?? 0) & 15) * 4 : 40
  const isFragment = isV4 && (view.getUint16(6) & 0x3fff) !== 0
  if (ip[isV4 ? 9 : 6] !== IPPROTO_UDP || isFragment || ip.length < start + 8) return null
  return {
    us,
    source: isV4 ? dotted(ip.subarray(12, 16)) : colons(ip.subarray(8, 24)),
    destination: isV4 ? dotted(ip.subarray(16, 20)) : colons(ip.subarray(24, 40)),
    source_port: view.getUint16(start),
    destination_port: view.getUint16(start + 2),
    payload: ip.subarray(start + 8, start + view.getUint16(start + 4)),
  }
}

/** All UDP datagrams of a capture, in its order; fragments and other protocols are left out. */
export const readPcap = (bytes: Uint8Array): CapturedDatagram[] => {
  const isBlocks = viewOf(bytes).getUint32(0) === 0x0a0d0d0a
  const datagrams: CapturedDatagram[] = []
  for (const frame of isBlocks ? blockFrames(bytes) : classicFrames(bytes)) {
    const ip = ipOf(frame)
    const datagram = ip === null ? null : datagramOf(ip, frame.us)
    if (datagram !== null) datagrams.push(datagram)
  }
  return datagrams
}
