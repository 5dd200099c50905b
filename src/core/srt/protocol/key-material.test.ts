import { pbkdf2Sync } from "node:crypto"
import { describe, expect, it } from "vitest"
import { toHex } from "../../bytes/bytes-text.ts"
import { seededRandom } from "../../scte35/testing/fuzz-decoder.ts"
import { testCrypto } from "../testing/test-crypto.ts"
import { BOTH, EVEN, type KeyBytes, ODD, readKeyMaterial, StreamKeys } from "./key-material.ts"
import { unwrapKeys } from "./key-wrap.ts"

const crypto = testCrypto(seededRandom(7))
const PASSPHRASE = "correct horse battery"
const LENGTHS: KeyBytes[] = [16, 24, 32]

const announced = (message: Uint8Array) => {
  const announcement = readKeyMaterial(message)
  if (announcement === null) throw new Error("no key material")
  return announcement
}

/** The message with only the odd key, as a caller may announce it. */
const onlyOdd = (keys: StreamKeys): Uint8Array => {
  const other = StreamKeys.unwrap(crypto, PASSPHRASE, { ...announced(keys.message()), which: ODD })
  if (other === null) throw new Error("the passphrase is the same")
  return other.message()
}

describe("key material", () => {
  it.each(LENGTHS)("of one key of %i bytes has the layout of clause 3.2.2", (keyBytes) => {
    const keys = StreamKeys.create(crypto, PASSPHRASE, keyBytes)
    const message = keys.message()
    const words = (keyBytes / 4).toString(16).padStart(2, "0")
    expect(toHex(message.subarray(0, 16))).toBe(`1220290100000000020002000000${"04"}${words}`)
    expect(message.subarray(16, 32)).toEqual(keys.salt)
    expect(message).toHaveLength(32 + 8 + keyBytes)
    // Clauses 6.1.4 and 6.1.5: PBKDF2 over the salt's last eight bytes, as long as the key.
    const kek = pbkdf2Sync(PASSPHRASE, keys.salt.subarray(8), 2048, keyBytes, "sha1")
    expect(unwrapKeys(crypto.decryptBlock, kek, message.subarray(32))).toEqual(keys.key(0))
  })

  it("of both keys has the even one first", () => {
    const keys = StreamKeys.create(crypto, PASSPHRASE, 16)
    keys.renew(1)
    const message = keys.message()
    expect([message[3], message.length]).toEqual([BOTH, 32 + 8 + 32])
    const kek = pbkdf2Sync(PASSPHRASE, keys.salt.subarray(8), 2048, 16, "sha1")
    const plain = unwrapKeys(crypto.decryptBlock, kek, message.subarray(32))
    expect([plain?.slice(0, 16), plain?.slice(16)]).toEqual([keys.key(0), keys.key(1)])
  })

  it.each(LENGTHS)("is known to the other side, %i bytes, from an array and from a Buffer", (keyBytes) => {
    const ours = StreamKeys.create(crypto, PASSPHRASE, keyBytes)
    ours.renew(1)
    const message = ours.message()
    for (const held of [message, Buffer.from(message)]) {
      const theirs = StreamKeys.unwrap(crypto, PASSPHRASE, announced(held))
      held.fill(0, 0, 0)
      expect([theirs?.key(0), theirs?.key(1), theirs?.salt]).toEqual([ours.key(0), ours.key(1), ours.salt])
      expect(theirs?.message()).toEqual(message)
    }
  })

  it("keeps nothing of the Buffer it came in", () => {
    const ours = StreamKeys.create(crypto, PASSPHRASE, 16)
    ours.renew(1)
    const buffer = Buffer.from(ours.message())
    const theirs = StreamKeys.unwrap(crypto, PASSPHRASE, announced(buffer))
    buffer.fill(0xee)
    expect([theirs?.key(0), theirs?.key(1), theirs?.salt]).toEqual([ours.key(0), ours.key(1), ours.salt])
  })

  it("may announce the odd key alone", () => {
    const keys = StreamKeys.create(crypto, PASSPHRASE, 16)
    const message = onlyOdd(keys)
    expect(message[3]).toBe(ODD)
    const theirs = StreamKeys.unwrap(crypto, PASSPHRASE, announced(message))
    expect([theirs?.key(0), theirs?.key(1)]).toEqual([null, keys.key(0)])
  })

  it("is closed to another passphrase", () => {
    const message = StreamKeys.create(crypto, PASSPHRASE, 16).message()
    expect(StreamKeys.unwrap(crypto, `${PASSPHRASE}!`, announced(message))).toBeNull()
  })

  it("renews one key and leaves the other", () => {
    const keys = StreamKeys.create(crypto, PASSPHRASE, 16)
    const even = keys.key(0)
    keys.renew(1)
    const odd = keys.key(1)
    expect([odd?.length, keys.key(0)]).toEqual([16, even])
    keys.renew(0)
    expect(keys.key(1)).toEqual(odd)
    expect(keys.key(0)).not.toEqual(even)
  })
})

describe("malformed key material", () => {
  const sound = StreamKeys.create(crypto, PASSPHRASE, 16).message()
  const withByte = (at: number, value: number): Uint8Array => sound.map((byte, i) => (i === at ? value : byte))

  it.each([
    ["a word", sound.slice(0, 4)],
    ["nothing", new Uint8Array(0)],
    ["another version", withByte(0, 0x22)],
    ["no key material message", withByte(0, 0x13)],
    ["another signature", withByte(2, 0x28)],
    ["no key", withByte(3, 0)],
    ["two keys and the room of one", withByte(3, BOTH)],
    ["another cipher (AES-GCM is 3)", withByte(8, 3)],
    ["a salt of eight bytes", withByte(14, 2)],
    ["a key of 20 bytes", withByte(15, 5)],
    ["a key of 24 bytes and the room of 16", withByte(15, 6)],
    ["a byte less", sound.slice(0, -1)],
    ["a word more", new Uint8Array([...sound, 0, 0, 0, 0])],
  ])("%s", (_, message) => {
    expect(readKeyMaterial(message)).toBeNull()
  })

  it("is told from the sound message it was made of", () => {
    expect(readKeyMaterial(sound)).toMatchObject({ which: EVEN, keyBytes: 16 })
  })
})
