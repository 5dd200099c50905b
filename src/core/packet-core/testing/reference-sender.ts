/** Decides to which of several senders on one port the reference parser listens. */

const SECOND_US = 1_000_000
const SILENCE_MIN_US = 20_000

export interface Sender {
  readonly framing: "rtp" | "udp"
  /** The SSRC, or a 32-bit mix of the source address. */
  readonly identity: number
}

const isSame = (a: Sender, b: Sender | null) => b !== null && a.framing === b.framing && a.identity === b.identity

/** The 32-bit finalizer of MurmurHash3. */
const mix = (value: number): number => {
  const a = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return (b ^ (b >>> 16)) >>> 0
}

const swap16 = (value: number) => ((value & 255) << 8) | (value >> 8)
const swap32 = (value: number) => ((swap16(value & 0xffff) << 16) | swap16(value >>> 16)) >>> 0

/**
 * Identity of a raw UDP sender: a mix of its port and IPv4 address as they lie in the socket address on a little-endian
 * machine.
 */
export const sourceIdentity = (ipv4: number, port: number): number =>
  mix(Math.imul(swap16(port), 0x9e3779b1) ^ swap32(ipv4))

export class ReferenceSender {
  current: Sender | null = null
  lastUs = 0
  #rival: Sender | null = null
  #rivalRun = 0
  /** The longest gap in the running second and in the one before, and when the running one began. */
  #longest = { sinceUs: 0, running: 0, before: 0 }

  /** Judges a datagram: `first`, `same` and `changed` datagrams are taken, `foreign` ones are not. */
  accept(sender: Sender, rxUs: number): "first" | "same" | "changed" | "foreign" {
    const verdict = this.#judge(sender, rxUs)
    if (verdict === "foreign") return verdict
    if (verdict === "same") this.#noteGap(rxUs)
    else {
      this.current = sender
      this.#longest = { sinceUs: rxUs, running: 0, before: 0 }
    }
    this.#rivalRun = 0
    this.lastUs = rxUs
    return verdict
  }

  #judge(sender: Sender, rxUs: number): "first" | "same" | "changed" | "foreign" {
    if (this.current === null) return "first"
    if (isSame(sender, this.current)) return "same"
    this.#rivalRun = isSame(sender, this.#rival) ? this.#rivalRun + 1 : 1
    this.#rival = sender
    const longest = Math.max(this.#longest.running, this.#longest.before)
    const limit = Math.min(Math.max(4 * longest, SILENCE_MIN_US), SECOND_US)
    const silentUs = rxUs - this.lastUs
    return silentUs >= SECOND_US || (this.#rivalRun >= 2 && silentUs >= limit) ? "changed" : "foreign"
  }

  #noteGap(rxUs: number): void {
    if (rxUs - this.#longest.sinceUs >= SECOND_US)
      this.#longest = { sinceUs: rxUs, running: 0, before: this.#longest.running }
    this.#longest.running = Math.max(this.#longest.running, rxUs - this.lastUs)
  }
}
