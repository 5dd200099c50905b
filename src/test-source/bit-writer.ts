/** Writes bit fields, most significant bit first, into a buffer that grows. */
export class BitWriter {
  #bytes: Uint8Array
  #length = 0
  #accumulator = 0
  #pending = 0

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity)
  }

  /** Forgets everything written but keeps the memory. */
  reset(): void {
    this.#length = 0
    this.#accumulator = 0
    this.#pending = 0
  }

  /** Bits written so far. */
  get bitLength(): number {
    return this.#length * 8 + this.#pending
  }

  /** Writes the low `count` bits of `value`; `count` is 0..32. */
  put(value: number, count: number): void {
    if (count > 16) {
      this.put(value >>> 16, count - 16)
      this.put(value & 0xffff, 16)
      return
    }
    this.#accumulator = ((this.#accumulator << count) | (value & ((1 << count) - 1))) >>> 0
    this.#pending += count
    while (this.#pending >= 8) {
      this.#pending -= 8
      this.#push((this.#accumulator >>> this.#pending) & 0xff)
    }
    this.#accumulator &= (1 << this.#pending) - 1
  }

  /** Writes an Exp-Golomb ue(v) (ITU-T H.264 9.1); value 0..65534. */
  ue(value: number): void {
    const bits = 32 - Math.clz32(value + 1)
    this.put(0, bits - 1)
    this.put(value + 1, bits)
  }

  /** Writes an Exp-Golomb se(v) (ITU-T H.264 9.1.1); value -32767..32767. */
  se(value: number): void {
    this.ue(value > 0 ? value * 2 - 1 : -value * 2)
  }

  /** Writes zero bits up to the next byte boundary. */
  align(): void {
    if (this.#pending > 0) this.put(0, 8 - this.#pending)
  }

  /** Writes rbsp_trailing_bits (ITU-T H.264 7.3.2.11): a one, then zeros up to the byte boundary. */
  trailing(): void {
    this.put(1, 1)
    this.align()
  }

  /** The whole bytes written, as a view that the next write or reset may change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length++] = byte
  }
}
