/**
 * How many passphrases are tried. A key derivation takes a millisecond of the loop, so callers without end, each with
 * another salt, could hold up every stream: each address and all together have a share, and who is over it is not
 * answered. A caller repeats its handshake four times a second, so an honest one is let in a moment later.
 */

/** Derivations a second and at once, for all callers of a listener and for one address. */
const ALL = { perSecond: 50, burst: 50 }
const EACH = { perSecond: 4, burst: 12 }
/** Addresses that are remembered; the oldest is forgotten first, which gives it its burst again. */
const ADDRESSES_MAX = 4096

class Bucket {
  readonly #rate: typeof ALL
  #tokens: number
  #lastUs: number

  constructor(rate: typeof ALL, nowUs: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#lastUs = nowUs
  }

  has(nowUs: number): boolean {
    const earned = (Math.max(0, nowUs - this.#lastUs) * this.#rate.perSecond) / 1e6
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + earned)
    this.#lastUs = nowUs
    return this.#tokens >= 1
  }

  take(): void {
    this.#tokens -= 1
  }
}

export class Derivations {
  readonly #all: Bucket
  readonly #each = new Map<string, Bucket>()

  constructor(nowUs: number) {
    this.#all = new Bucket(ALL, nowUs)
  }

  /** True when a passphrase may be tried for `host`, an IP address; it is counted then. */
  allow(host: string, nowUs: number): boolean {
    let bucket = this.#each.get(host)
    if (bucket === undefined) {
      const oldest = this.#each.size >= ADDRESSES_MAX ? this.#each.keys().next().value : undefined
      if (oldest !== undefined) this.#each.delete(oldest)
      bucket = new Bucket(EACH, nowUs)
      this.#each.set(host, bucket)
    }
    if (!bucket.has(nowUs) || !this.#all.has(nowUs)) return false
    bucket.take()
    this.#all.take()
    return true
  }
}
