/** Bit fields of up to 53 bits as plain numbers, most significant bit first. */

import { byteCount } from "../bytes/bytes-text.ts"

/** Reserved bits that are not all ones, by place; kept so that a section can be written again byte for byte. */
export type Reserved = Readonly<Record<string, number>>

const allOnes = (width: number): number => 2 ** width - 1

/**
 * Reads one structure that lies at bytes `position` to `end` of a section. Never throws: `group` announces the bytes
 * that are about to be read, and the first group that does not fit is kept as `problem`; whatever is read from then on
 * is zero bits or means nothing.
 */
export class BitReader {
  /** The first thing that did not fit, as a sentence. */
  problem: string | null = null
  /** Places whose reserved bits are not all ones. */
  readonly oddPlaces: string[] = []
  readonly bytes: Uint8Array
  /** First byte after the structure. */
  readonly end: number
  readonly #structure: string
  #bit: number

  constructor(bytes: Uint8Array, position: number, end: number, structure: string) {
    this.bytes = bytes
    this.end = end
    this.#structure = structure
    this.#bit = position * 8
  }

  /** The byte that holds the next bit, counted from the start of the section. */
  get position(): number {
    return this.#bit >> 3
  }

  /** Whole bytes that are left. */
  get left(): number {
    return Math.max(0, this.end - this.position)
  }

  /** Announces `size` bytes for `what`; false when they are not there. */
  group(size: number, what: string): boolean {
    if (this.problem !== null) return false
    if (this.left >= size) return true
    this.problem = `${this.#structure} is truncated at byte ${this.position} of ${this.end}: ${what} needs ${byteCount(size)}, ${this.left} left`
    return false
  }

  /** An unsigned field of `width` bits, 1 to 53. */
  bits(width: number): number {
    let value = 0
    for (let wanted = width; wanted > 0; ) {
      const inByte = 8 - (this.#bit & 7)
      const take = Math.min(wanted, inByte)
      const byte = this.position < this.end ? (this.bytes[this.position] ?? 0) : 0
      value = value * (1 << take) + ((byte >> (inByte - take)) & ((1 << take) - 1))
      this.#bit += take
      wanted -= take
    }
    return value
  }

  flag(): boolean {
    return this.bits(1) === 1
  }

  /** Reads reserved bits; those that are not all ones are added to `into`. */
  reserved(width: number, place: string, into: Record<string, number>): void {
    const value = this.bits(width)
    if (value === allOnes(width)) return
    into[place] = value
    this.oddPlaces.push(`${this.#structure} ${place}`)
  }

  /** The next `size` bytes, a view, fewer when they are not there. */
  take(size: number): Uint8Array {
    const start = this.position
    const taken = this.bytes.subarray(Math.min(start, this.end), Math.min(start + size, this.end))
    this.#bit += taken.length * 8
    return taken
  }
}

/** Writes fields that it checks first: RangeError, with the field's name, for a value that does not fit. */
export class BitWriter {
  #bytes = new Uint8Array(128)
  #bit = 0

  /** Whole bytes written. */
  get length(): number {
    return this.#bit >> 3
  }

  /** An unsigned field of `width` bits, 1 to 53. */
  field(name: string, value: number, width: number): void {
    if (!Number.isInteger(value) || value < 0 || value > allOnes(width)) {
      throw new RangeError(`${name} must be a whole number from 0 to ${allOnes(width)}, is ${value}`)
    }
    this.#reserve(width)
    for (let wanted = width; wanted > 0; ) {
      const room = 8 - (this.#bit & 7)
      const take = Math.min(wanted, room)
      const part = Math.floor(value / 2 ** (wanted - take)) % (1 << take)
      const at = this.#bit >> 3
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (part << (room - take))
      this.#bit += take
      wanted -= take
    }
  }

  flag(value: boolean): void {
    this.field("flag", value ? 1 : 0, 1)
  }

  /** Reserved bits: all ones unless `kept` says otherwise for this place. */
  reserved(width: number, place: string, kept: Reserved | undefined): void {
    this.field(`reserved.${place}`, kept?.[place] ?? allOnes(width), width)
  }

  /** Whole bytes, from a byte boundary. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length * 8)
    this.#bytes.set(bytes, this.length)
    this.#bit += bytes.length * 8
  }

  /** A copy of what was written, which must end on a byte boundary. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length)
  }

  #reserve(bits: number): void {
    const needed = (this.#bit + bits + 7) >> 3
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
