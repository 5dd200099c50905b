/**
 * What a sender has sent and may have to send again: the header of each packet, and where its payload lies. Payloads
 * are not kept here; they stay in the channel's ring, which all its connections share.
 *
 * Packets stand at their sequence number modulo the capacity, a power of two.
 */
import { DATA, HEADER_BYTES, sequenceDistance } from "./packet.ts"

/** Memory for headers, 16 bytes a packet, that whoever sends can gather from. */
export interface HeaderMemory {
  readonly view: DataView
  /** Offset of the first header in `view`. */
  readonly at: number
  /** Packets it has room for, a power of two. */
  readonly capacity: number
}

export class SendHistory {
  readonly view: DataView
  readonly capacity: number
  readonly #at: number
  readonly #mask: number
  readonly #position: Uint32Array
  /** Offset in the slot in the high half, length in the low one. */
  readonly #span: Uint32Array
  /** When it was last sent, in µs. */
  readonly #sentUs: Float64Array

  /** RangeError unless the capacity is a power of two. */
  constructor(memory: HeaderMemory) {
    const { capacity } = memory
    if (capacity < 2 || (capacity & (capacity - 1)) !== 0)
      throw new RangeError(`a history holds a power of two of packets, not ${capacity}`)
    this.view = memory.view
    this.capacity = capacity
    this.#at = memory.at
    this.#mask = capacity - 1
    this.#position = new Uint32Array(capacity)
    this.#span = new Uint32Array(capacity)
    this.#sentUs = new Float64Array(capacity)
  }

  /** Where the header of `sequence` stands in `view`. */
  header(sequence: number): number {
    return this.#at + (sequence & this.#mask) * HEADER_BYTES
  }

  /** Notes a packet's payload, `length` bytes at `offset` of the ring's slot `position`, and when it is sent. */
  put(sequence: number, position: number, offset: number, length: number, nowUs: number): void {
    const i = sequence & this.#mask
    this.#position[i] = position
    this.#span[i] = ((offset << 16) | length) >>> 0
    this.#sentUs[i] = nowUs
  }

  position(sequence: number): number {
    return this.#position[sequence & this.#mask] ?? 0
  }

  offset(sequence: number): number {
    return (this.#span[sequence & this.#mask] ?? 0) >>> 16
  }

  length(sequence: number): number {
    return (this.#span[sequence & this.#mask] ?? 0) & 0xffff
  }

  /** When it was last sent, in µs. */
  sentUs(sequence: number): number {
    return this.#sentUs[sequence & this.#mask] ?? 0
  }

  /** Whether it has been sent again. */
  isResent(sequence: number): boolean {
    return (this.view.getUint32(this.header(sequence) + 4) & DATA.RESENT) !== 0
  }

  /** Notes that it is sent again. */
  resend(sequence: number, nowUs: number): void {
    const at = this.header(sequence) + 4
    this.view.setUint32(at, (this.view.getUint32(at) | DATA.RESENT) >>> 0)
    this.#sentUs[sequence & this.#mask] = nowUs
  }

  /** Takes over packets `from` up to, but without, `to` of a smaller history. */
  copyFrom(older: SendHistory, from: number, to: number): void {
    const count = sequenceDistance(to, from)
    for (let i = 0; i < count; i++) {
      const sequence = (from + i) & 0x7fffffff
      const header = this.header(sequence)
      const was = older.header(sequence)
      for (let word = 0; word < HEADER_BYTES; word += 4)
        this.view.setUint32(header + word, older.view.getUint32(was + word))
      const [position, offset, length] = [older.position(sequence), older.offset(sequence), older.length(sequence)]
      this.put(sequence, position, offset, length, older.sentUs(sequence))
    }
  }
}
