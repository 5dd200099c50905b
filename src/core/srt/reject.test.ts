import { describe, expect, it } from "vitest"
import { describeReject, describeSrtError } from "./reject.ts"

describe("describeReject", () => {
  it.each([
    [10, /passphrase/],
    [11, /encryption/],
    [16, /connect timeout/],
    [1403, /forbidden/],
    [1404, /not found/],
    [1777, /refused by the application/],
    [2010, /own code 10$/],
    [99, /unknown/],
    [-1, /unknown/],
  ])("%i is explained", (code, text) => expect(describeReject(code).text).toMatch(text))

  it("every predefined code has words of its own and can be retried", () => {
    const codes = [
      ...Array(18).keys(),
      1000,
      1001,
      1002,
      1003,
      1400,
      1401,
      1402,
      1403,
      1404,
      1405,
      1406,
      1409,
      1415,
      1423,
      1424,
    ]
    codes.push(1500, 1501, 1502, 1503, 1505, 1507)
    expect(new Set(codes.map((code) => describeReject(code).text)).size).toBe(codes.length)
    expect(codes.every((code) => describeReject(code).transient)).toBe(true)
  })
})

describe("describeSrtError", () => {
  it.each([
    [1002, /refused/, true],
    [2001, /broken/, true],
    [2002, /not connected/, true],
    [5003, /not accepted/, false],
    [5015, /local port is taken/, true],
    [6001, /send buffer is full/, true],
    [5099, /not supported/, false],
    [123456, /unknown/, true],
  ])("%i is explained, retry %s", (code, text, transient) => {
    expect(describeSrtError(code).text).toMatch(text)
    expect(describeSrtError(code).transient).toBe(transient)
  })
})
