/** The cryptography that SRT's tests use: that of node:crypto, with random bytes that a seed repeats. */
import { createCipheriv, createDecipheriv, pbkdf2Sync } from "node:crypto"
import { type Random, seededRandom } from "../../scte35/testing/fuzz-decoder.ts"
import type { SrtCrypto } from "../protocol/key-material.ts"

const ecb = (key: Uint8Array): string => `aes-${key.length * 8}-ecb`

/** node:crypto, and random bytes from `random`. */
export const testCrypto = (random: Random = seededRandom(1)): SrtCrypto => ({
  random: (length) => Uint8Array.from({ length }, () => random() >>> 24),
  pbkdf2: (passphrase, salt, rounds, length) => pbkdf2Sync(passphrase, salt, rounds, length, "sha1"),
  encryptBlock: (key, block) => createCipheriv(ecb(key), key, null).setAutoPadding(false).update(block),
  decryptBlock: (key, block) => createDecipheriv(ecb(key), key, null).setAutoPadding(false).update(block),
})

/** Something quick of the same form, which protects nothing: for programs that derive keys a million times. */
export const hollowCrypto = (random: Random): SrtCrypto => {
  const xor = (key: Uint8Array, block: Uint8Array) => block.map((byte, i) => byte ^ (key[i] ?? 0))
  return {
    ...testCrypto(random),
    pbkdf2: (passphrase, salt, _rounds, length) =>
      Uint8Array.from({ length }, (_, i) => (passphrase[i % passphrase.length] ?? 0) ^ (salt[i % salt.length] ?? 0)),
    encryptBlock: xor,
    decryptBlock: xor,
  }
}

/**
 * A payload through AES in counter mode (draft-sharabayko-srt-01, clause 6.2.2): the counter begins with the first 14
 * bytes of the salt, into whose last four the sequence number is mixed.
 */
export const cryptPayload = (
  key: Uint8Array,
  salt: Uint8Array,
  sequence: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> => {
  const iv = new Uint8Array(16)
  iv.set(salt.subarray(0, 14))
  const view = new DataView(iv.buffer)
  view.setUint32(10, view.getUint32(10) ^ sequence)
  return new Uint8Array(createCipheriv(`aes-${key.length * 8}-ctr`, key, iv).update(payload))
}
