import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { WHOLE_CONFIG } from "./json-bounds.ts"
import { JSON_AT_ONCE, parseText, YAML_AT_ONCE } from "./off-thread.ts"

const read = (kind: "json" | "yaml", text: string, withinMs?: number) =>
  Effect.runPromise(Effect.either(parseText({ kind, text, bounds: WHOLE_CONFIG }, withinMs)))

describe("parseText", () => {
  const items = Array.from({ length: 20_000 }, (_, n) => n)

  it("reads a large text as it reads a small one", async () => {
    const json = JSON.stringify({ items, text: "é\n" })
    expect(json.length).toBeGreaterThan(JSON_AT_ONCE)
    expect(await read("json", json)).toEqual(Either.right({ items, text: "é\n" }))
    const yaml = `items:\n${items
      .slice(0, 1000)
      .map((n) => `  - ${n}\n`)
      .join("")}`
    expect(yaml.length).toBeGreaterThan(YAML_AT_ONCE)
    expect(await read("yaml", yaml)).toEqual(Either.right({ items: items.slice(0, 1000) }))
  })

  it.each(["small", "large"])("says what is wrong with a %s text, and where", async (size) => {
    const filler = size === "small" ? "" : " ".repeat(JSON_AT_ONCE)
    expect(await read("json", `${filler}{"a":{"b":1,"b":2}}`)).toEqual(
      Either.left({ path: "a.b", message: '"b" is given twice' }),
    )
    expect(await read("json", `${filler}[1,]`)).toMatchObject({
      left: { path: "[1]", message: expect.stringMatching(/^not valid JSON/) },
    })
    expect(
      await read("yaml", `${size === "small" ? "" : `# ${"x".repeat(YAML_AT_ONCE)}\n`}a: 1\na: 2\n`),
    ).toMatchObject({
      left: { path: "document", message: expect.stringMatching(/a key is given twice$/) },
    })
  })

  it("gives up what takes too long, and reads the next one", async () => {
    // The yaml package compares each key with all keys before it.
    const slow = Array.from({ length: 180_000 }, (_, n) => `k${n}: 1\n`).join("")
    expect(await read("yaml", slow, 500)).toMatchObject({
      left: { message: expect.stringMatching(/^takes longer than 0.5 s to read/) },
    })
    expect(await read("yaml", `a: ${"x".repeat(YAML_AT_ONCE)}`)).toMatchObject({ _tag: "Right" })
  })

  it("serves many at once", async () => {
    const texts = Array.from({ length: 6 }, (_, n) => JSON.stringify({ n, filler: "x".repeat(JSON_AT_ONCE) }))
    const values = await Promise.all(texts.map((text) => read("json", text)))
    expect(values.map((value) => (Either.isRight(value) ? (value.right as { n: number }).n : null))).toEqual([
      0, 1, 2, 3, 4, 5,
    ])
  })
})
