import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { type JsonBounds, JsonError, parseStrictJson } from "./strict-json.ts"

const refusal = (text: string, bounds?: JsonBounds): string => {
  try {
    return `accepted ${JSON.stringify(parseStrictJson(text, bounds))}`
  } catch (error) {
    if (error instanceof JsonError) return `${error.path}: ${error.message}`
    throw error
  }
}

describe("parseStrictJson", () => {
  it.each([
    [`{"a":[1,-2.5e3,true,false,null,"\\u00e9\\n"]}`, { a: [1, -2500, true, false, null, "é\n"] }],
    [" [ ] ", []],
    ["{ }", {}],
    [`"x"`, "x"],
  ])("reads %s", (text, value) => expect(parseStrictJson(text)).toEqual(value))

  it("reads whatever JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value)
        if (/"(?:__proto__|constructor|prototype)":|\\ud[89a-f]/i.test(text)) return
        expect(parseStrictJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it("gives a value or a JsonError for any text", () => {
    fc.assert(
      fc.property(
        fc.stringOf(fc.constantFrom(...'{}[]",:0e1-.tfn\\u \n')),
        (text) => typeof refusal(text) === "string",
      ),
    )
  })

  it.each(
    [
      ["", "body: the JSON text ends too early"],
      ['{"a":1', "body: the JSON text ends too early"],
      ["{\n  a: 1}", "body: not valid JSON at line 2, column 3"],
      ["[NaN]", "[0]: not valid JSON at line 1, column 2"],
      ["[Infinity]", "[0]: not valid JSON at line 1, column 2"],
      ["[1,]", "[1]: not valid JSON at line 1, column 4"],
      ["[01]", "body: not valid JSON at line 1, column 3"],
      ["{} {}", "body: not valid JSON at line 1, column 4"],
      ["'a'", "body: not valid JSON at line 1, column 1"],
      ['{"a":1e999}', "a: holds a number that is too large"],
      ['{"outputs":[{"url":1,"url":2}]}', 'outputs[0].url: "url" is given twice'],
      ['{"__proto__":{"x":1}}', '__proto__: "__proto__" is not allowed as a key'],
      ['{"a":{"constructor":1}}', 'a.constructor: "constructor" is not allowed as a key'],
      ['{"\\u005f_proto__":1}', '__proto__: "__proto__" is not allowed as a key'],
      ['["\\ud800"]', "[0]: holds text that is not valid Unicode"],
      ["[".repeat(10_000), "body: is nested deeper than 64 levels"],
      ['{"a":'.repeat(10_000), "body: is nested deeper than 64 levels"],
    ].map(([text = "", message = ""]) => [text.slice(0, 40), text, message] as const),
  )("refuses %s", (_start, text, message) => expect(refusal(text)).toBe(message))

  it.each([
    ["[1,2]", null],
    ["[1,2,3]", "body: holds more than 3 values"],
    ['{"a":{"b":1}}', null],
    ['{"a":1,"b":2,"c":3}', "body: has more than 2 fields"],
    ['{"a":{"b":1,"c":2,"d":3}}', "body: holds more than 3 values"],
    ["[[[]]]", "body: is nested deeper than 2 levels"],
  ])("holds %s against bounds of 3 values, 2 fields and 2 levels", (text, wanted) => {
    expect(refusal(text, { values: 3, keys: 2, depth: 2 })).toBe(wanted ?? `accepted ${text}`)
  })

  it("reads 64 levels and refuses 65", () => {
    expect(refusal("[".repeat(64) + "]".repeat(64))).toContain("accepted")
    expect(refusal("[".repeat(65) + "]".repeat(65))).toBe("body: is nested deeper than 64 levels")
  })
})
