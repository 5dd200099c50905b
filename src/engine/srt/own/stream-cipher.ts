/**
 * Encryption of packets with one stream key: AES in counter mode, its IV made of the salt and the packet's sequence
 * number (clause 6.2.2 of draft-sharabayko-srt-01). libcrypto encrypts the counter blocks of a whole burst by one call;
 * the rest is done in WebAssembly (src/core/assembly/cipher), within the arena.
 */
import { createCipheriv } from "node:crypto"
import { readFileSync } from "node:fs"
import { webAssembly } from "../../../core/packet-core/web-assembly.ts"
import { type LibCrypto, libcrypto } from "../../ffi/libcrypto.ts"
import type { Block, SrtArena } from "./arena.ts"

/** Bytes of a job, and where its fields stand: see src/core/assembly/cipher/cipher.ts. */
export const JOB_BYTES = 32
export const JOB_PAYLOAD = 16
export const JOB_PLACE = 20
export const JOB_LENGTH = 24

/** Bytes of the salt that the IV begins with; the sequence number is xored into the last four, a counter follows. */
const IV_SALT = 14
const SEQUENCE_AT = 10
const HEADER = 16

export interface StreamCipher {
  /**
   * Writes the packets of `count` jobs at `jobs` to their places, which are the `bytes` bytes at `places`, one behind
   * the other: headers as they are, payloads encrypted.
   */
  readonly seal: (jobs: number, count: number, places: number, bytes: number) => void
  readonly close: () => void
}

/** What cipher.wasm exports. */
interface CipherModule {
  readonly counters: (jobs: number, count: number, salt: number) => void
  readonly finish: (jobs: number, count: number) => void
}

const MODULE = new URL("../../../../build/cipher.wasm", import.meta.url)
const instances = new WeakMap<SrtArena, CipherModule>()

/** The module in the memory of an arena. */
const moduleIn = (arena: SrtArena): CipherModule => {
  let instance = instances.get(arena)
  if (instance === undefined) {
    const module = new webAssembly.Module(readFileSync(MODULE))
    const { exports } = new webAssembly.Instance(module, { env: { memory: arena.memory } })
    instance = exports as unknown as CipherModule
    instances.set(arena, instance)
  }
  return instance
}

/** Puts the IV of sequence number 0 at the beginning of a block. */
const putSalt = (arena: SrtArena, { at }: Block, salt: Uint8Array): void => {
  arena.bytes.fill(0, at, at + 16)
  arena.bytes.set(salt.subarray(0, IV_SALT), at)
}

const byLibcrypto = (crypto: LibCrypto, arena: SrtArena, key: Uint8Array, salt: Uint8Array): StreamCipher => {
  const { counters, finish } = moduleIn(arena)
  const block = arena.take(64)
  putSalt(arena, block, salt)
  const written = arena.base + block.at + 32
  const context = Number(crypto.newContext())
  const cipher = Number(crypto.ecb[key.length as 16 | 24 | 32]())
  crypto.setKey(context, cipher, 0, new Uint8Array(key), 0)
  crypto.setPadding(context, 0)
  return {
    seal: (jobs, count, places, bytes) => {
      counters(jobs, count, block.at)
      const at = arena.base + places
      crypto.update(context, at, written, at, bytes)
      finish(jobs, count)
    },
    close: () => {
      crypto.freeContext(context)
      arena.release(block)
    },
  }
}

const byNode = (arena: SrtArena, key: Uint8Array, salt: Uint8Array): StreamCipher => {
  const block = arena.take(64)
  putSalt(arena, block, salt)
  const name = `aes-${key.length * 8}-ctr`
  const { bytes, u32, view } = arena
  return {
    seal: (jobs, count) => {
      for (let job = jobs; job < jobs + count * JOB_BYTES; job += JOB_BYTES) {
        const [payload = 0, place = 0, length = 0] = u32.subarray((job + JOB_PAYLOAD) >> 2)
        const iv = bytes.slice(block.at, block.at + 16)
        for (let i = 0; i < 4; i++) iv[SEQUENCE_AT + i] = (iv[SEQUENCE_AT + i] ?? 0) ^ view.getUint8(job + i)
        bytes.set(bytes.subarray(job, job + HEADER), place)
        const cipher = createCipheriv(name, key, iv)
        bytes.set(cipher.update(bytes.subarray(payload, payload + length)), place + HEADER)
      }
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
