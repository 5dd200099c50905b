/** The cryptography of SRT handshakes, by node:crypto. */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto"
import type { SrtCrypto } from "../../../core/srt/protocol/key-material.ts"

const ecb = (key: Uint8Array) => `aes-${key.length * 8}-ecb`

export const nodeCrypto: SrtCrypto = {
  random: (length) => new Uint8Array(randomBytes(length)),
  pbkdf2: (passphrase, salt, rounds, length) => new Uint8Array(pbkdf2Sync(passphrase, salt, rounds, length, "sha1")),
  encryptBlock: (key, block) => new Uint8Array(createCipheriv(ecb(key), key, null).setAutoPadding(false).update(block)),
  decryptBlock: (key, block) =>
    new Uint8Array(createDecipheriv(ecb(key), key, null).setAutoPadding(false).update(block)),
}
