/**
 * The listener's cookie (clause 4.3.1): proof that a caller receives what is sent to the address it claims. It is
 * computed anew for every packet, so strangers cost no memory.
 */

/** Time in µs during which a cookie's number does not change; a caller has this long at least to send it back. */
const PERIOD_US = 60e6

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

/** HalfSipHash-2-4 with 32 bits of output (Aumasson and Bernstein's reference, as in Linux' hsiphash). */
export const halfSipHash = (key: readonly [number, number], bytes: Uint8Array): number => {
  let v0 = key[0] | 0
  let v1 = key[1] | 0
  let v2 = 0x6c796765 ^ key[0]
  let v3 = 0x74656462 ^ key[1]
  const round = () => {
    v0 = (v0 + v1) | 0
    v1 = rotate(v1, 5) ^ v0
    v0 = rotate(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotate(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotate(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotate(v1, 13) ^ v2
    v2 = rotate(v2, 16)
  }
  const take = (word: number) => {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }
  const whole = bytes.length & ~3
  const byte = (i: number) => bytes[i] ?? 0
  for (let i = 0; i < whole; i += 4) take(byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24))
  // The last word holds what is left, and the length in its top byte.
  let last = bytes.length << 24
  for (let i = whole; i < bytes.length; i++) last |= byte(i) << ((i & 3) * 8)
  take(last)
  v2 ^= 0xff
  for (let i = 0; i < 4; i++) round()
  return (v1 ^ v3) >>> 0
}

/** Makes and checks the cookies of one listener. */
export class Cookies {
  readonly #key: readonly [number, number]

  /** `secret` is eight random bytes, new for each listener. RangeError for another length. */
  constructor(secret: Uint8Array) {
    if (secret.length !== 8) throw new RangeError(`a cookie's secret has 8 bytes, not ${secret.length}`)
    const view = new DataView(secret.buffer, secret.byteOffset, 8)
    this.#key = [view.getUint32(0), view.getUint32(4)]
  }

  #of(peer: Uint8Array, period: number): number {
    const text = new Uint8Array(peer.length + 4)
    text.set(peer)
    new DataView(text.buffer).setUint32(peer.length, period % 4294967296)
    return halfSipHash(this.#key, text)
  }

  /** The cookie for the caller whose socket address (any bytes that name it) is `peer`. */
  make(peer: Uint8Array, nowUs: number): number {
    return this.#of(peer, Math.floor(nowUs / PERIOD_US))
  }

  /** True for a cookie made for this address in this period or the one before. */
  check(peer: Uint8Array, cookie: number, nowUs: number): boolean {
    const period = Math.floor(nowUs / PERIOD_US)
    return cookie === this.#of(peer, period) || cookie === this.#of(peer, period - 1)
  }
}
