/**
 * FEC packets of SMPTE 2022-1 (8.4, XOR of whole RTP packets), written and read byte by byte. They serve the encoder
 * and the oracle of the tests.
 */
import { RTP_HEADER_SIZE, writeRtpHeader } from "../../../rtp/header.ts"

export const FEC_HEADER_SIZE = 16
/** Payload type of FEC packets (SMPTE 2022-1 8.1). */
export const PAYLOAD_TYPE_FEC = 96

const SEQUENCES = 65536
/** Bits P, X and CC of an RTP header's first byte. */
const OPTIONS_MASK = 0x3f

/** XOR of the RTP packets that an FEC packet protects; a recovered packet has the same shape. */
export interface Recovery {
  /** Bits P, X and CC. */
  readonly options: number
  /** Byte with M and PT. */
  readonly second: number
  readonly timestamp: number
  /** Bytes behind the fixed RTP header. */
  readonly length: number
  readonly payload: Uint8Array
}

export interface FecPacket extends Recovery {
  readonly isRow: boolean
  readonly base: number
  readonly offset: number
  readonly count: number
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Sequence number of an RTP datagram. Throws a RangeError when the datagram is shorter than 4 bytes. */
export const sequenceOf = (datagram: Uint8Array): number => viewOf(datagram).getUint16(2)

/** Sequence numbers that an FEC packet protects, in order. */
export const protectedBy = ({ base, offset, count }: Pick<FecPacket, "base" | "offset" | "count">): number[] =>
  Array.from({ length: count }, (_, i) => (base + i * offset) % SEQUENCES)

/**
 * Returns the part of an RTP datagram that goes into the XOR. Throws a RangeError when the datagram is shorter than its
 * fixed header.
 */
export const recoveryOf = (datagram: Uint8Array): Recovery => {
  const view = viewOf(datagram)
  const payload = datagram.subarray(RTP_HEADER_SIZE)
  return {
    options: view.getUint8(0) & OPTIONS_MASK,
    second: view.getUint8(1),
    timestamp: view.getUint32(4),
    length: payload.length,
    payload,
  }
}

/** XORs two packets field by field; the shorter payload counts as filled up with zeros. */
export const xor = (a: Recovery, b: Recovery): Recovery => {
  const [long, short] = a.payload.length >= b.payload.length ? [a.payload, b.payload] : [b.payload, a.payload]
  const payload = new Uint8Array(long)
  for (let i = 0; i < short.length; i++) payload[i] = (payload[i] ?? 0) ^ (short[i] ?? 0)
  return {
    options: a.options ^ b.options,
    second: a.second ^ b.second,
    timestamp: (a.timestamp ^ b.timestamp) >>> 0,
    length: a.length ^ b.length,
    payload,
  }
}

/** Returns the RTP datagram that a finished XOR stands for; null when its length cannot be that of its payload. */
export const toDatagram = (sequence: number, ssrc: number, recovery: Recovery): Uint8Array | null => {
  if (recovery.length === 0 || recovery.length > recovery.payload.length) return null
  const datagram = new Uint8Array(RTP_HEADER_SIZE + recovery.length)
  writeRtpHeader(datagram, { sequence, timestamp: recovery.timestamp, ssrc })
  datagram[0] = 0x80 | recovery.options
  datagram[1] = recovery.second
  datagram.set(recovery.payload.subarray(0, recovery.length), RTP_HEADER_SIZE)
  return datagram
}

export interface FecFields {
  readonly isRow: boolean
  /** Distance between two protected sequence numbers: 1 in a row, L in a column. */
  readonly offset: number
  /** Sequence number of the FEC packet in its own stream. */
  readonly sequence: number
  readonly timestamp: number
}

/**
 * Makes the FEC packet over RTP datagrams that are `offset` apart, the first of which has SNBase. Throws an Error when
 * there is none.
 */
export const buildFec = (
  { isRow, offset, sequence, timestamp }: FecFields,
  datagrams: ReadonlyArray<Uint8Array>,
): Uint8Array => {
  const [first] = datagrams
  if (first === undefined) throw new Error("fec: nothing to protect, give at least one datagram")
  const sum = datagrams.slice(1).map(recoveryOf).reduce(xor, recoveryOf(first))
  const bytes = new Uint8Array(RTP_HEADER_SIZE + FEC_HEADER_SIZE + sum.payload.length)
  const view = viewOf(bytes)
  writeRtpHeader(bytes, {
    sequence,
    timestamp,
    ssrc: 0,
    payload_type: PAYLOAD_TYPE_FEC,
    marker: (sum.second & 0x80) !== 0,
  })
  view.setUint8(0, 0x80 | sum.options)
  view.setUint16(12, sequenceOf(first))
  view.setUint16(14, sum.length)
  view.setUint8(16, 0x80 | (sum.second & 0x7f))
  view.setUint32(20, sum.timestamp)
  view.setUint8(24, isRow ? 0x40 : 0)
  view.setUint8(25, offset)
  view.setUint8(26, datagrams.length)
  bytes.set(sum.payload, RTP_HEADER_SIZE + FEC_HEADER_SIZE)
  return bytes
}

/**
 * Reads an FEC packet. Null when the datagram is too short, not RTP version 2, has the E bit clear, or protects
 * nothing.
 */
export const parseFec = (datagram: Uint8Array): FecPacket | null => {
  const start = RTP_HEADER_SIZE + FEC_HEADER_SIZE
  if (datagram.length <= start) return null
  const view = viewOf(datagram)
  const offset = view.getUint8(25)
  const count = view.getUint8(26)
  if (view.getUint8(0) >> 6 !== 2 || (view.getUint8(16) & 0x80) === 0 || offset === 0 || count === 0) return null
  return {
    isRow: (view.getUint8(24) & 0x40) !== 0,
    base: view.getUint16(12),
    offset,
    count,
    options: view.getUint8(0) & OPTIONS_MASK,
    second: (view.getUint8(1) & 0x80) | (view.getUint8(16) & 0x7f),
    timestamp: view.getUint32(20),
    length: view.getUint16(14),
    payload: datagram.subarray(start),
  }
}
