/** The ciphers of a connection: one for each of the two keys that it may be sending with, made when it is needed. */
import type { Session } from "../../../core/srt/protocol/session.ts"
import type { SrtArena } from "./arena.ts"
import type { SendBatch } from "./send-batch.ts"
import { type StreamCipher, streamCipher } from "./stream-cipher.ts"

export class SessionCiphers {
  readonly #session: Session
  readonly #arena: SrtArena
  readonly #batch: SendBatch
  readonly #ciphers: [StreamCipher | null, StreamCipher | null] = [null, null]
  /** The keys the ciphers were made of: a renewed one needs a new cipher. */
  readonly #keys: [Uint8Array | null, Uint8Array | null] = [null, null]

  constructor(session: Session, arena: SrtArena, batch: SendBatch) {
    this.#session = session
    this.#arena = arena
    this.#batch = batch
  }

  /** The cipher of the even key (0) or the odd one (1). Throws when the session has no such key. */
  of(parity: 0 | 1): StreamCipher {
    const { keys } = this.#session
    const key = keys?.key(parity) ?? null
    if (keys === null || key === null)
      throw new Error("an SRT packet is to be encrypted with a key that does not exist")
    const cipher = this.#ciphers[parity]
    if (cipher !== null && this.#keys[parity] === key) return cipher
    if (cipher !== null) {
      // What is to be encrypted with the old key has to be, before it goes.
      this.#batch.seal()
      cipher.close()
    }
    const made = streamCipher(this.#arena, key, keys.salt)
    this.#ciphers[parity] = made
    this.#keys[parity] = key
    return made
  }

  close(): void {
    for (const cipher of this.#ciphers) cipher?.close()
  }
}
