import { describe, expect, it } from "vitest"
import { toHex } from "../../bytes/bytes-text.ts"
import { Cookies, halfSipHash } from "./cookie.ts"

const MINUTE_US = 60e6
const SECRET = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const address = (text: string) => new TextEncoder().encode(text)

describe("HalfSipHash-2-4", () => {
  /** vectors_hsip32 of the reference implementation: key 00..07, input 00, 01, .. of n bytes, output in memory order. */
  it.each([
    [0, "a9359f5b"],
    [1, "27475ab8"],
    [2, "fa62a603"],
    [3, "8afee704"],
    [4, "2a6e4689"],
    [5, "c5fab669"],
    [6, "5863fc23"],
    [7, "8bcf63c5"],
    [8, "d0b8848f"],
    [9, "f806e779"],
    [10, "94b07934"],
    [11, "08083050"],
  ])("of %i bytes is %s", (length, hex) => {
    const input = Uint8Array.from({ length }, (_, i) => i)
    const out = new Uint8Array(4)
    new DataView(out.buffer).setUint32(0, halfSipHash([0x03020100, 0x07060504], input), true)
    expect(toHex(out)).toBe(hex)
  })
})

describe("a cookie", () => {
  it("holds for its address alone", () => {
    const cookies = new Cookies(SECRET)
    const cookie = cookies.make(address("192.0.2.1:5000"), 0)
    expect(cookies.check(address("192.0.2.1:5000"), cookie, 0)).toBe(true)
    expect(cookies.check(address("192.0.2.1:5001"), cookie, 0)).toBe(false)
    expect(cookies.check(address("192.0.2.2:5000"), cookie, 0)).toBe(false)
    expect(new Cookies(SECRET.toReversed()).check(address("192.0.2.1:5000"), cookie, 0)).toBe(false)
  })

  it("holds for a minute at least and for two at most", () => {
    const cookies = new Cookies(SECRET)
    const peer = address("[2001:db8::1]:9000")
    for (const madeUs of [0, 1, MINUTE_US - 1, 7 * MINUTE_US + 12_345]) {
      const cookie = cookies.make(peer, madeUs)
      expect(cookies.check(peer, cookie, madeUs + MINUTE_US)).toBe(true)
      expect(cookies.check(peer, cookie, madeUs + 2 * MINUTE_US)).toBe(false)
    }
  })

  it("is a number of 32 bits without sign", () => {
    const cookies = new Cookies(SECRET)
    const made = Array.from({ length: 200 }, (_, i) => cookies.make(address(`peer ${i}`), 0))
    expect(made.every((cookie) => Number.isInteger(cookie) && cookie >= 0 && cookie < 2 ** 32)).toBe(true)
    expect(new Set(made).size).toBeGreaterThan(190)
  })

  it("needs a secret of eight bytes", () => {
    expect(() => new Cookies(new Uint8Array(7))).toThrow(RangeError)
  })
})
