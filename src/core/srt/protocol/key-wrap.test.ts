import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromHex, toHex } from "../../bytes/bytes-text.ts"
import { testCrypto } from "../testing/test-crypto.ts"
import { unwrapKeys, wrapKeys } from "./key-wrap.ts"

const { encryptBlock, decryptBlock } = testCrypto()
const bytes = (hex: string): Uint8Array => fromHex(hex.replaceAll(" ", "").toLowerCase()) ?? new Uint8Array(0)

const KEK_128 = "000102030405060708090A0B0C0D0E0F"
const KEK_192 = `${KEK_128}1011121314151617`
const KEK_256 = `${KEK_192}18191A1B1C1D1E1F`
const DATA_128 = "00112233445566778899AABBCCDDEEFF"
const DATA_192 = `${DATA_128}0001020304050607`
const DATA_256 = `${DATA_192}08090A0B0C0D0E0F`

/** RFC 3394, section 4. */
const VECTORS: Array<[clause: string, kek: string, data: string, wrapped: string]> = [
  ["4.1", KEK_128, DATA_128, "1FA68B0A8112B447 AEF34BD8FB5A7B82 9D3E862371D2CFE5"],
  ["4.2", KEK_192, DATA_128, "96778B25AE6CA435 F92B5B97C050AED2 468AB8A17AD84E5D"],
  ["4.3", KEK_256, DATA_128, "64E8C3F9CE0F5BA2 63E9777905818A2A 93C8191E7D6E8AE7"],
  ["4.4", KEK_192, DATA_192, "031D33264E15D332 68F24EC260743EDC E1C6C7DDEE725A93 6BA814915C6762D2"],
  ["4.5", KEK_256, DATA_192, "A8F9BC1612C68B3F F6E6F4FBE30E71E4 769C8B80A32CB895 8CD5D17D6B254DA1"],
  ["4.6", KEK_256, DATA_256, "28C9F404C4B810F4 CBCCB35CFB87F826 3F5786E2D80ED326 CBC7F0E71A99F43B FB988B9B7A02DD21"],
]

describe("AES key wrap", () => {
  it.each(VECTORS)("RFC 3394 %s", (_, kek, data, wrapped) => {
    expect(toHex(wrapKeys(encryptBlock, bytes(kek), bytes(data)))).toBe(toHex(bytes(wrapped)))
    expect(toHex(unwrapKeys(decryptBlock, bytes(kek), bytes(wrapped)) ?? new Uint8Array(0))).toBe(toHex(bytes(data)))
  })

  it("leaves a Buffer as it was, from which a caller reads again", () => {
    const [, kek, data, wrapped] = VECTORS[5] ?? ["", "", "", ""]
    const buffer = Buffer.from(bytes(wrapped))
    const kekBuffer = Buffer.from(bytes(kek))
    for (let twice = 0; twice < 2; twice++)
      expect(toHex(unwrapKeys(decryptBlock, kekBuffer, buffer) ?? new Uint8Array(0))).toBe(toHex(bytes(data)))
    const plain = Buffer.from(bytes(data))
    wrapKeys(encryptBlock, kekBuffer, plain)
    expect([toHex(buffer), toHex(plain)]).toEqual([toHex(bytes(wrapped)), toHex(bytes(data))])
  })

  it("finds any altered bit, and any other key", () => {
    const wrapped = wrapKeys(encryptBlock, bytes(KEK_256), bytes(DATA_256))
    fc.assert(
      fc.property(fc.nat(wrapped.length * 8 - 1), (bit) => {
        const altered = wrapped.slice()
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(unwrapKeys(decryptBlock, bytes(KEK_256), altered)).toBeNull()
      }),
      { numRuns: 40 },
    )
    expect(unwrapKeys(decryptBlock, bytes(KEK_192), wrapped)).toBeNull()
  })

  it.each([0, 7, 8, 16, 23, 25])("nothing of %i bytes can have been wrapped", (length) => {
    expect(unwrapKeys(decryptBlock, bytes(KEK_128), new Uint8Array(length))).toBeNull()
  })

  it("wraps two keys of 32 bytes, the most SRT has", () => {
    const keys = Uint8Array.from({ length: 64 }, (_, i) => i * 3)
    const wrapped = wrapKeys(encryptBlock, bytes(KEK_256), keys)
    expect(wrapped).toHaveLength(72)
    expect(unwrapKeys(decryptBlock, bytes(KEK_256), wrapped)).toEqual(keys)
  })
})
