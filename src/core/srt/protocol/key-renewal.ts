/**
 * When a sender changes its key (clause 6.1.6): a new one is announced some packets ahead, repeated until the receiver
 * has it, and used only then. The old one is forgotten when nothing sent with it can be asked for any more.
 */
import type { StreamKeys } from "./key-material.ts"
import { CONTROL, HEADER_BYTES, USER_KMREQ, writeControlHeader } from "./packet.ts"

export interface RenewalOptions {
  /** Packets sent with one key: KMREFRESHRATE of libsrt, 2^24 there. */
  readonly refreshPackets: number
  /** Packets ahead of the change at which the next key is announced: KMPREANNOUNCE, 4096 there. */
  readonly announcePackets: number
}

/** Least time between two announcements of one key. */
const REPEAT_US = 100_000

export class KeyRenewal {
  /** 0 for the even key, 1 for the odd one: what new packets are encrypted with. */
  parity: 0 | 1
  readonly keys: StreamKeys
  readonly #options: RenewalOptions
  #used = 0
  #pending: Uint8Array | null = null
  #announced = false
  #nextUs = 0

  constructor(keys: StreamKeys, options: RenewalOptions) {
    this.keys = keys
    this.#options = options
    this.parity = keys.key(0) === null ? 1 : 0
  }

  /** Counts a packet that is sent with the present key. */
  used(): void {
    this.#used += 1
  }

  /**
   * Moves on: makes the next key, changes to it. Returns the announcement that is due, if one is. `rttUs` is the round
   * trip in µs. `settled` is false while the receiver may still ask for what was sent with the key before the present
   * one: the next key takes its place, and nothing sent with it could be read any more.
   */
  poll(nowUs: number, rttUs: number, settled = true): Uint8Array | null {
    const { refreshPackets, announcePackets } = this.#options
    const ahead = Math.min(announcePackets, refreshPackets >> 1)
    if (!this.#announced && settled && this.#used >= refreshPackets - ahead) {
      this.keys.renew(this.parity === 0 ? 1 : 0)
      this.#pending = this.keys.message()
      this.#announced = true
      this.#nextUs = 0
    }
    // A receiver that does not confirm keeps the old key: it could not read the new one.
    if (this.#used >= refreshPackets && this.#announced && this.#pending === null) {
      this.parity = this.parity === 0 ? 1 : 0
      this.#used = 0
      this.#announced = false
    }
    if (this.#pending === null || nowUs < this.#nextUs) return null
    this.#nextUs = nowUs + Math.max(REPEAT_US, rttUs * 1.5)
    return this.#pending
  }

  /** Takes a KMRSP: the message itself confirms, one word is an error state. True when it confirms. */
  confirm(message: Uint8Array): boolean {
    const pending = this.#pending
    if (pending === null || message.length !== pending.length) return false
    if (message.some((byte, i) => byte !== pending[i])) return false
    this.#pending = null
    return true
  }
}

/** A control packet that announces a key; `to` is the peer's socket id, `timestamp` the connection's time in µs. */
export const keyRequest = (message: Uint8Array, timestamp: number, to: number): Uint8Array<ArrayBuffer> => {
  const packet = new Uint8Array(HEADER_BYTES + message.length)
  writeControlHeader(new DataView(packet.buffer), 0, { type: CONTROL.USER, subtype: USER_KMREQ, timestamp, to })
  packet.set(message, HEADER_BYTES)
  return packet
}
