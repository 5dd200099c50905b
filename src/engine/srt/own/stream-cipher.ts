/**
 * Encryption of packets with one stream key: AES in counter mode, its IV made of the salt and the packet's sequence
 * number (clause 6.2.2 of draft-sharabayko-srt-01).
 */
import { createCipheriv } from "node:crypto"
import { type LibCrypto, libcrypto } from "../../ffi/libcrypto.ts"
import type { Block, SrtArena } from "./arena.ts"

/** Bytes of the salt that the IV begins with; the sequence number is xored into the last four, a counter follows. */
const IV_SALT = 14
const SEQUENCE_AT = 10

export interface StreamCipher {
  /** Encrypts `length` bytes at offset `from` of the arena to offset `to`. */
  readonly encrypt: (sequence: number, from: number, to: number, length: number) => void
  readonly close: () => void
}

/** The IV in the arena, and the words of the salt that sequence numbers are xored into. */
class Iv {
  readonly at: number
  readonly #arena: SrtArena
  readonly #high: number
  readonly #low: number

  constructor(arena: SrtArena, block: Block, salt: Uint8Array) {
    this.#arena = arena
    this.at = block.at
    arena.bytes.fill(0, block.at, block.at + 16)
    arena.bytes.set(salt.subarray(0, IV_SALT), block.at)
    this.#high = arena.view.getUint16(block.at + SEQUENCE_AT)
    this.#low = arena.view.getUint16(block.at + SEQUENCE_AT + 2)
  }

  set(sequence: number): void {
    this.#arena.view.setUint16(this.at + SEQUENCE_AT, this.#high ^ (sequence >>> 16))
    this.#arena.view.setUint16(this.at + SEQUENCE_AT + 2, this.#low ^ (sequence & 0xffff))
  }
}

const byLibcrypto = (crypto: LibCrypto, arena: SrtArena, key: Uint8Array, salt: Uint8Array): StreamCipher => {
  const block = arena.take(64)
  const iv = new Iv(arena, block, salt)
  const written = arena.base + block.at + 32
  const context = Number(crypto.newContext())
  const cipher = Number(crypto.ctr[key.length as 16 | 24 | 32]())
  crypto.setKey(context, cipher, 0, Uint8Array.from(key), new Uint8Array(16))
  return {
    encrypt: (sequence, from, to, length) => {
      iv.set(sequence)
      crypto.setIv(context, 0, 0, 0, arena.base + iv.at)
      crypto.update(context, arena.base + to, written, arena.base + from, length)
    },
    close: () => {
      crypto.freeContext(context)
      arena.release(block)
    },
  }
}

const byNode = (arena: SrtArena, key: Uint8Array, salt: Uint8Array): StreamCipher => {
  const block = arena.take(64)
  const iv = new Iv(arena, block, salt)
  const name = `aes-${key.length * 8}-ctr`
  return {
    encrypt: (sequence, from, to, length) => {
      iv.set(sequence)
      const cipher = createCipheriv(name, key, arena.bytes.slice(iv.at, iv.at + 16))
      arena.bytes.set(cipher.update(arena.bytes.subarray(from, from + length)), to)
    },
    close: () => arena.release(block),
  }
}

/** A cipher for packets in `arena`. `crypto` null takes node:crypto. */
export const streamCipher = (
  arena: SrtArena,
  key: Uint8Array,
  salt: Uint8Array,
  crypto: LibCrypto | null = libcrypto(),
): StreamCipher => (crypto === null ? byNode(arena, key, salt) : byLibcrypto(crypto, arena, key, salt))
