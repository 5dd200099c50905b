/** RFC 3550 5.1: the header as a sender writes it, and as a receiver reads it. */

/** Bytes of a header without CSRC list and extension. */
export const RTP_HEADER = 12

/** Writes a 12-byte header; `sequence` and `timestamp` (90 kHz, RFC 2250) may be of any size, their low bits count. */
export const writeRtpHeader = (
  view: DataView,
  offset: number,
  header: {
    readonly payloadType: number
    readonly sequence: number
    readonly timestamp: number
    readonly ssrc: number
  },
): void => {
  view.setUint8(offset, 0x80)
  view.setUint8(offset + 1, header.payloadType)
  view.setUint16(offset + 2, header.sequence % 65536)
  view.setUint32(offset + 4, header.timestamp % 4294967296)
  view.setUint32(offset + 8, header.ssrc)
}

/** Payload range of an RTP datagram, or null when it is not RTP. Honours CSRC list, extension and padding. */
export const rtpPayload = (bytes: Uint8Array, offset: number, length: number): { from: number; to: number } | null => {
  const first = bytes[offset] ?? 0
  if (length < RTP_HEADER || first >> 6 !== 2) return null
  let from = offset + RTP_HEADER + (first & 15) * 4
  if ((first & 0x10) !== 0) from += 4 + (((bytes[from + 2] ?? 0) << 8) | (bytes[from + 3] ?? 0)) * 4
  const to = offset + length - ((first & 0x20) !== 0 ? (bytes[offset + length - 1] ?? 0) : 0)
  return from <= to ? { from, to } : null
}

export interface RtpReport {
  readonly packets: number
  readonly sequence_gaps: number
  readonly ssrc: number
  readonly ssrc_changes: number
  readonly payload_type: number
}

export class RtpTracker {
  #packets = 0
  #gaps = 0
  #ssrc = -1
  #ssrcChanges = 0
  #payloadType = -1
  #next = -1

  accept(bytes: Uint8Array, offset: number): void {
    const sequence = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
    const ssrc =
      (bytes[offset + 8] ?? 0) * 16777216 +
      (((bytes[offset + 9] ?? 0) << 16) | ((bytes[offset + 10] ?? 0) << 8) | (bytes[offset + 11] ?? 0))
    if (this.#ssrc >= 0 && ssrc !== this.#ssrc) this.#ssrcChanges += 1
    else if (this.#next >= 0 && sequence !== this.#next) this.#gaps += 1
    this.#packets += 1
    this.#ssrc = ssrc
    this.#payloadType = (bytes[offset + 1] ?? 0) & 127
    this.#next = (sequence + 1) & 0xffff
  }

  report(): RtpReport {
    return {
      packets: this.#packets,
      sequence_gaps: this.#gaps,
      ssrc: this.#ssrc,
      ssrc_changes: this.#ssrcChanges,
      payload_type: this.#payloadType,
    }
  }
}
