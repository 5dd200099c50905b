import { describe, expect, it } from "vitest"
import { LineReader } from "./line-reader.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

describe("LineReader", () => {
  it("joins a line that arrives in pieces, inside a character too", () => {
    const reader = new LineReader(1000)
    const whole = bytes('{"a":"é"}\n{"b":1}\n')
    const lines: string[] = []
    for (const byte of whole) lines.push(...reader.push(Uint8Array.of(byte)))
    expect(lines).toEqual(['{"a":"é"}', '{"b":1}'])
  })

  it("gives several lines of one chunk and keeps the rest", () => {
    const reader = new LineReader(1000)
    expect(reader.push(bytes("one\n\ntwo\nth"))).toEqual(["one", "two"])
    expect(reader.push(bytes("ree\n"))).toEqual(["three"])
  })

  it("flags a line above the bound and keeps nothing of it", () => {
    const reader = new LineReader(10)
    reader.push(bytes("0123456789"))
    expect(reader.overflowed).toBe(false)
    reader.push(bytes("0"))
    expect(reader.overflowed).toBe(true)
  })
})
