/** Raw byte sequence payloads: what a NAL unit holds without its header (ITU-T H.264 7.3.1, ITU-T H.265 7.3.1.1). */

/** The bytes without emulation_prevention_three_byte. */
export const unescapeRbsp = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(bytes.length)
  let size = 0
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    out[size++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out.subarray(0, size)
}

/** Reads bit fields; past the end it reads zeros and `overrun` is true. */
export class RbspReader {
  readonly #bytes: Uint8Array
  #bit = 0

  /** `bytes` hold no emulation prevention. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get overrun(): boolean {
    return this.#bit > this.#bytes.length * 8
  }

  /** u(n), n 0 … 32. */
  u(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++, this.#bit++)
      value = value * 2 + (((this.#bytes[this.#bit >> 3] ?? 0) >> (7 - (this.#bit & 7))) & 1)
    return value
  }

  flag(): boolean {
    return this.u(1) === 1
  }

  skip(count: number): void {
    this.#bit += count
  }

  /** ue(v) (H.264 9.1); more than 32 leading zeros read as 0 with `overrun`. */
  ue(): number {
    let zeros = 0
    while (this.u(1) === 0) {
      if (++zeros > 32 || this.overrun) {
        this.#bit = this.#bytes.length * 8 + 1
        return 0
      }
    }
    return 2 ** zeros - 1 + this.u(zeros)
  }

  /** se(v) (H.264 9.1.1). */
  se(): number {
    const code = this.ue()
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2
  }
}
