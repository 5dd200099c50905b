/**
 * Key material (KMREQ, KMRSP): the stream keys of a connection, wrapped with a key derived from the passphrase (clauses
 * 3.2.2 and 6.1). Both directions of a connection use the keys of its caller.
 */
import { type BlockCipher, unwrapKeys, wrapKeys } from "./key-wrap.ts"

/** What the protocol needs of a cryptographic library. */
export interface SrtCrypto {
  /** Bytes nobody can foresee. */
  readonly random: (length: number) => Uint8Array
  /** PBKDF2 with HMAC-SHA1, RFC 8018 5.2. */
  readonly pbkdf2: (passphrase: Uint8Array, salt: Uint8Array, rounds: number, length: number) => Uint8Array
  readonly encryptBlock: BlockCipher
  readonly decryptBlock: BlockCipher
}

/** Length of an AES key in bytes. */
export type KeyBytes = 16 | 24 | 32

/** The even key, the odd one, or both: the KK field. */
export const EVEN = 1
export const ODD = 2
export const BOTH = 3

const SALT_BYTES = 16
/** Salt bytes that go into the derivation: the last eight (clause 6.1.4). */
const DERIVATION_SALT = 8
const ROUNDS = 2048
const PREFIX_BYTES = 16
/** Bytes of the wrap's check. */
const CHECK_BYTES = 8
/** S, V = 1, PT = 2 (KM), the signature "HAI". */
const SIGNATURE = [0x12, 0x20, 0x29] as const
/** Cipher: AES in counter mode. */
const AES_CTR = 2
/** Stream encapsulation: SRT (2). */
const ENCAPSULATION_SRT = 2

/** States a KMRSP of one word tells, SRT_KM_STATE of libsrt. */
export const KM_STATE = { UNSECURED: 0, SECURING: 1, SECURED: 2, NOSECRET: 3, BADSECRET: 4, BADCRYPTOMODE: 5 } as const

const encoder = new TextEncoder()

const deriveKey = (crypto: SrtCrypto, passphrase: string, salt: Uint8Array, length: number): Uint8Array =>
  crypto.pbkdf2(encoder.encode(passphrase), salt.subarray(SALT_BYTES - DERIVATION_SALT), ROUNDS, length)

/** The even and the odd key, one of which may not exist yet. */
export type KeyPair = [even: Uint8Array | null, odd: Uint8Array | null]

/** What a key material message announces in the clear. */
export interface KeyAnnouncement {
  /** EVEN, ODD or BOTH. */
  readonly which: number
  readonly keyBytes: KeyBytes
  readonly salt: Uint8Array
  readonly wrapped: Uint8Array
}

/** Reads a key material message; null when it is not of the form of clause 3.2.2. */
export const readKeyMaterial = (message: Uint8Array): KeyAnnouncement | null => {
  if (message.length < PREFIX_BYTES + SALT_BYTES) return null
  if (SIGNATURE.some((byte, i) => message[i] !== byte) || message[8] !== AES_CTR) return null
  const which = (message[3] ?? 0) & 3
  const saltBytes = (message[14] ?? 0) * 4
  const keyBytes = (message[15] ?? 0) * 4
  if (which === 0 || saltBytes !== SALT_BYTES || (keyBytes !== 16 && keyBytes !== 24 && keyBytes !== 32)) return null
  const keys = which === BOTH ? 2 : 1
  const wrapped = message.subarray(PREFIX_BYTES + SALT_BYTES)
  if (wrapped.length !== CHECK_BYTES + keys * keyBytes) return null
  return { which, keyBytes, salt: new Uint8Array(message.subarray(PREFIX_BYTES, PREFIX_BYTES + SALT_BYTES)), wrapped }
}

/** The stream keys of one connection, with what wraps them. */
export class StreamKeys {
  readonly salt: Uint8Array
  readonly keyBytes: KeyBytes
  readonly #crypto: SrtCrypto
  readonly #kek: Uint8Array
  readonly #keys: KeyPair

  private constructor(crypto: SrtCrypto, kek: Uint8Array, salt: Uint8Array, keyBytes: KeyBytes, keys: KeyPair) {
    this.#crypto = crypto
    this.#kek = kek
    this.salt = salt
    this.keyBytes = keyBytes
    this.#keys = keys
  }

  /** New keys of a caller. Costs one PBKDF2, about a millisecond. */
  static create(crypto: SrtCrypto, passphrase: string, keyBytes: KeyBytes): StreamKeys {
    const salt = crypto.random(SALT_BYTES)
    const kek = deriveKey(crypto, passphrase, salt, keyBytes)
    return new StreamKeys(crypto, kek, salt, keyBytes, [crypto.random(keyBytes), null])
  }

  /** The keys a caller announces; null when the passphrase is another one. Costs one PBKDF2. */
  static unwrap(crypto: SrtCrypto, passphrase: string, announced: KeyAnnouncement): StreamKeys | null {
    const { which, keyBytes, salt, wrapped } = announced
    const kek = deriveKey(crypto, passphrase, salt, keyBytes)
    const plain = unwrapKeys(crypto.decryptBlock, kek, wrapped)
    if (plain === null) return null
    const second = plain.slice(keyBytes, 2 * keyBytes)
    const first = plain.slice(0, keyBytes)
    const keys: KeyPair = which === BOTH ? [first, second] : which === EVEN ? [first, null] : [null, first]
    return new StreamKeys(crypto, kek, salt, keyBytes, keys)
  }

  /** The even key for 0, the odd one for 1; null while it does not exist. */
  key(parity: 0 | 1): Uint8Array | null {
    return this.#keys[parity]
  }

  /** Makes a new key of that parity. */
  renew(parity: 0 | 1): void {
    this.#keys[parity] = this.#crypto.random(this.keyBytes)
  }

  /** The message that announces the keys there are. */
  message(): Uint8Array {
    const [even, odd] = this.#keys
    const which = (even === null ? 0 : EVEN) | (odd === null ? 0 : ODD)
    const keys = new Uint8Array((which === BOTH ? 2 : 1) * this.keyBytes)
    // With both, the even one comes first.
    if (even !== null) keys.set(even)
    if (odd !== null) keys.set(odd, even === null ? 0 : this.keyBytes)
    const wrapped = wrapKeys(this.#crypto.encryptBlock, this.#kek, keys)
    const message = new Uint8Array(PREFIX_BYTES + SALT_BYTES + wrapped.length)
    message.set([...SIGNATURE, which, 0, 0, 0, 0, AES_CTR, 0, ENCAPSULATION_SRT, 0, 0, 0])
    message[14] = SALT_BYTES / 4
    message[15] = this.keyBytes / 4
    message.set(this.salt, PREFIX_BYTES)
    message.set(wrapped, PREFIX_BYTES + SALT_BYTES)
    return message
  }
}
