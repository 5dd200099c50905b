/**
 * The listener's cookie (clause 4.3.1): proof that a caller receives what is sent to the address it claims. It is
 * computed anew for every packet, so strangers cost no memory.
 */

/** Time in µs during which a cookie's number does not change; a caller has this long at least to send it back. */
const PERIOD_US = 60e6

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

/**
 * HalfSipHash-2-4 with 32 bits of output (Aumasson and Bernstein's reference, as in Linux' hsiphash), of the first
 * `length` bytes. It makes no objects: a storm of handshakes asks for it 50 000 times a second.
 */
export const halfSipHash = (key: readonly [number, number], bytes: Uint8Array, length = bytes.length): number => {
  let v0 = key[0] | 0
  let v1 = key[1] | 0
  let v2 = 0x6c796765 ^ key[0]
  let v3 = 0x74656462 ^ key[1]
  const words = length >> 2
  // The last word but one holds what is left, and the length in its top byte; behind it come four rounds without one.
  for (let i = 0; i <= words + 1; i++) {
    let word = i === words ? length << 24 : 0
    for (let p = 4 * i, end = Math.min(length, p + 4); p < end; p++) word |= (bytes[p] ?? 0) << ((p & 3) * 8)
    const isEnd = i > words
    if (isEnd) v2 ^= 0xff
    else v3 ^= word
    for (let round = isEnd ? 4 : 2; round > 0; round--) {
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
    if (!isEnd) v0 ^= word
  }
  return (v1 ^ v3) >>> 0
}

/** Longest address in bytes: a sockaddr_in6 has 28. */
const ADDRESS_MAX = 60

/** Makes and checks the cookies of one listener. */
export class Cookies {
  readonly #key: readonly [number, number]
  /** An address with the number of a period behind it. */
  readonly #text = new Uint8Array(ADDRESS_MAX + 4)
  readonly #view = new DataView(this.#text.buffer)

  /** `secret` is eight random bytes, new for each listener. RangeError for another length. */
  constructor(secret: Uint8Array) {
    if (secret.length !== 8) throw new RangeError(`a cookie's secret has 8 bytes, not ${secret.length}`)
    const view = new DataView(secret.buffer, secret.byteOffset, 8)
    this.#key = [view.getUint32(0), view.getUint32(4)]
  }

  #of(peer: Uint8Array, period: number): number {
    this.#text.set(peer)
    this.#view.setUint32(peer.length, period % 4294967296)
    return halfSipHash(this.#key, this.#text, peer.length + 4)
  }

  /** The cookie for the caller whose socket address (60 bytes at most that name it) is `peer`. */
  make(peer: Uint8Array, nowUs: number): number {
    return this.#of(peer, Math.floor(nowUs / PERIOD_US))
  }

  /** True for a cookie made for this address in this period or the one before. */
  check(peer: Uint8Array, cookie: number, nowUs: number): boolean {
    const period = Math.floor(nowUs / PERIOD_US)
    return cookie === this.#of(peer, period) || cookie === this.#of(peer, period - 1)
  }
}
