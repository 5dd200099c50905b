import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { slugOf, uniqueSlug } from "./slug.ts"

describe("slugOf", () => {
  it.each([
    ["Main Event Stream", "main-event-stream"],
    ["  Été / Zürich!! ", "ete-zurich"],
    ["日本", "channel"],
    ["5", "channel-5"],
    ["---", "channel"],
  ])("%s", (name, slug) => {
    expect(slugOf(name, "channel")).toBe(slug)
  })

  it("makes a label of every name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(slugOf(name, "x")).toMatch(/^(?!\d+$)[a-z0-9]+(-[a-z0-9]+)*$/)
      }),
    )
  })
})

it("uniqueSlug counts from 2", () => {
  expect(uniqueSlug("a", new Set())).toBe("a")
  expect(uniqueSlug("a", new Set(["a", "a-2"]))).toBe("a-3")
})
