/** RTP data header, RFC 3550 5.1. */

export const RTP_VERSION = 2
export const RTP_HEADER_SIZE = 12
/** MPEG-2 transport streams, RFC 3551 6. */
export const PAYLOAD_TYPE_MP2T = 33
/** Clock rate of payload type 33 in Hz. */
export const MP2T_CLOCK_RATE = 90000

export interface RtpHeader {
  readonly marker: boolean
  readonly payload_type: number
  readonly sequence: number
  /** 32 bits, unsigned; 90 kHz for payload type 33. */
  readonly timestamp: number
  readonly ssrc: number
  readonly csrc: ReadonlyArray<number>
  /** Offset of the payload in the datagram, and its length without padding. */
  readonly payload_offset: number
  readonly payload_length: number
}

/**
 * Null when the version is not 2, or the CSRC list, extension or padding runs past the datagram, or the padding count
 * is 0.
 */
export const parseRtp = (datagram: Uint8Array): RtpHeader | null => {
  if (datagram.length < RTP_HEADER_SIZE) return null
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength)
  const first = view.getUint8(0)
  const second = view.getUint8(1)
  if (first >> 6 !== RTP_VERSION) return null
  const csrcCount = first & 15
  let offset = RTP_HEADER_SIZE + csrcCount * 4
  if ((first & 0x10) !== 0) {
    if (offset + 4 > datagram.length) return null
    offset += 4 + view.getUint16(offset + 2) * 4
  }
  const hasPadding = (first & 0x20) !== 0
  const padding = hasPadding ? view.getUint8(datagram.length - 1) : 0
  if ((hasPadding && padding === 0) || offset + padding > datagram.length) return null
  return {
    marker: (second & 0x80) !== 0,
    payload_type: second & 0x7f,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    csrc: Array.from({ length: csrcCount }, (_, i) => view.getUint32(RTP_HEADER_SIZE + i * 4)),
    payload_offset: offset,
    payload_length: datagram.length - offset - padding,
  }
}

export interface RtpFields {
  readonly marker?: boolean
  /** 33 when left out. */
  readonly payload_type?: number
  /** Taken modulo 2^16. */
  readonly sequence: number
  /** Taken modulo 2^32. */
  readonly timestamp: number
  readonly ssrc: number
}

/** Writes a header of 12 bytes, no CSRC, extension or padding, at `offset`. RangeError when there is no room. */
export const writeRtpHeader = (target: Uint8Array, fields: RtpFields, offset = 0): void => {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength)
  view.setUint8(offset, RTP_VERSION << 6)
  view.setUint8(offset + 1, (fields.marker === true ? 0x80 : 0) | ((fields.payload_type ?? PAYLOAD_TYPE_MP2T) & 0x7f))
  view.setUint16(offset + 2, fields.sequence)
  view.setUint32(offset + 4, fields.timestamp)
  view.setUint32(offset + 8, fields.ssrc)
}

/** A datagram of one RTP packet around `payload`. */
export const buildRtp = (fields: RtpFields, payload: Uint8Array): Uint8Array => {
  const datagram = new Uint8Array(RTP_HEADER_SIZE + payload.length)
  writeRtpHeader(datagram, fields)
  datagram.set(payload, RTP_HEADER_SIZE)
  return datagram
}
