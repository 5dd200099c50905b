import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CannotOpen, makeSecretBox } from "./secret-box.ts"

const box = makeSecretBox(new Uint8Array(32).fill(7))

describe("a secret box", () => {
  it("gives back what was put in, and never the same twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const sealed = box.seal(text, "here")
        expect(box.open(sealed, "here")).toBe(text)
        expect(box.seal(text, "here")).not.toBe(sealed)
      }),
    )
  })

  it("opens nothing that was changed, moved, cut off, or sealed with another key", () => {
    const sealed = box.seal("live_1234567890", "outputs.url:1")
    expect(sealed).not.toContain("live_")
    expect(() => box.open(sealed, "outputs.url:2")).toThrow(CannotOpen)
    expect(() => makeSecretBox(randomBytes(32)).open(sealed, "outputs.url:1")).toThrow(CannotOpen)
    for (const bad of ["", "enc1:", "live_1234567890", sealed.slice(0, -2), sealed.slice(0, 30), sealed.slice(1)]) {
      expect(() => box.open(bad, "outputs.url:1"), bad).toThrow(CannotOpen)
    }
    for (let at = 5; at < sealed.length - 1; at += 1) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`
      expect(() => box.open(changed, "outputs.url:1"), String(at)).toThrow(CannotOpen)
    }
  })
})
