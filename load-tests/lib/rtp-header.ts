/** RFC 3550 5.1 as a receiver reads it: where the payload is, and what the sequence numbers say. */

/** Payload range of an RTP datagram, or null when it is not RTP. Honours CSRC list, extension and padding. */
export const rtpPayload = (bytes: Uint8Array, offset: number, length: number): { from: number; to: number } | null => {
  const first = bytes[offset] ?? 0
  if (length < 12 || first >> 6 !== 2) return null
  let from = offset + 12 + (first & 15) * 4
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
