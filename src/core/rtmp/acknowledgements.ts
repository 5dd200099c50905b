/** Acknowledgement windows of a connection (Adobe RTMP Specification 1.0, 5.4.3 to 5.4.5). */

import type { RtmpMessage } from "./constants.ts"
import { acknowledgementMessage, windowAcknowledgementSizeMessage } from "./messages.ts"

/** What FMS and librtmp assume until the peer says otherwise. */
export const DEFAULT_WINDOW = 2_500_000

/** Counts what has come, tells when the peer wants to hear of it, and follows what the peer says about what it got. */
export class Acknowledgements {
  #window = DEFAULT_WINDOW
  #received = 0
  #acknowledged = 0
  #announced = 0
  #peerLow = 0
  #peerTotal = 0

  /** Bytes that have come. */
  get receivedBytes(): number {
    return this.#received
  }

  /** Bytes of ours that the peer has confirmed, over any number of wraps. */
  get peerReceivedBytes(): number {
    return this.#peerTotal
  }

  /** Bytes have come; the message that is due for them, if one is. */
  count(bytes: number): RtmpMessage | null {
    this.#received += bytes
    if (this.#window === 0 || this.#received - this.#acknowledged < this.#window) return null
    this.#acknowledged = this.#received
    return acknowledgementMessage(this.#received)
  }

  /** The peer's Window Acknowledgement Size; with 0 it wants none. */
  setWindow(size: number): void {
    this.#window = size
  }

  /** Set Peer Bandwidth is answered with our own window, unless it is the same as before (5.4.5). */
  setPeerBandwidth(size: number): RtmpMessage | null {
    if (size === 0 || size === this.#announced) return null
    this.#announced = size
    return windowAcknowledgementSizeMessage(size)
  }

  /** The peer's Acknowledgement: bytes in all, modulo 2^32. */
  peerAcknowledges(sequenceNumber: number): void {
    const step = (sequenceNumber - this.#peerLow) >>> 0
    // Half the range or more is a step back: an old or a wrong count.
    if (step >= 0x8000_0000) return
    this.#peerLow = sequenceNumber
    this.#peerTotal += step
  }
}
