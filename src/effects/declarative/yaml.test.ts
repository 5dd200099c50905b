import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { parseYaml, toYaml, YamlError } from "./yaml.ts"

const problem = (text: string): string => {
  try {
    parseYaml(text)
  } catch (error) {
    if (error instanceof YamlError) return `${error.path}: ${error.message}`
    throw error
  }
  return "none"
}
/** Every line uses the one before ten times. */
const laughs = (levels: number) =>
  Array.from(
    { length: levels },
    (_, n) =>
      `a${n}: &a${n} [${
        n === 0
          ? "x"
          : Array(10)
              .fill(`*a${n - 1}`)
              .join(", ")
      }]`,
  ).join("\n")

describe("parseYaml", () => {
  it.each([
    ["version: 1\nchannels: []\n", { version: 1, channels: [] }],
    ['{"version": 1, "a": [true, null, 1.5, "x"]}', { version: 1, a: [true, null, 1.5, "x"] }],
    // YAML 1.2: words of 1.1 are text, octal numbers begin with 0o.
    ["a: no\nb: on\nc: 010\nd: 1_0\ne: 12:30:45", { a: "no", b: "on", c: 10, d: "1_0", e: "12:30:45" }],
    ["a: 2026-01-02", { a: "2026-01-02" }],
    ["5: x", { "5": "x" }],
    ["t: &t {protocol: srt, n: 1}\na: {<<: *t, n: 2}", { t: { protocol: "srt", n: 1 }, a: { protocol: "srt", n: 2 } }],
    ["# nothing\n", null],
    ["a: # nothing\n", { a: null }],
  ])("%j", (text, value) => expect(parseYaml(text)).toEqual(value))

  it.each([
    ["a: 1\na: 2", "document: is not valid YAML at line 2, column 1: a key is given twice"],
    ["a: [1", "document: is not valid YAML at line 1, column 6: the indentation does not fit, or a bracket"],
    ["a:\n\t- b", "document: is not valid YAML at line 2, column 1: a tab"],
    ["a: 1\n---\nb: 2", "document: is not valid YAML at line 2, column 1: a second document begins"],
    ["a: !!binary aGVsbG8=", "document: is not valid YAML at line 1, column 4: a tag"],
    ["a: !secret x", "document: is not valid YAML at line 1, column 4: a tag"],
    ["[a, b]: 1", "document: is not valid YAML at line 1, column 1: a key is no text"],
    ["a: *nobody", "document: is not valid YAML"],
    ["channels: [{rtp_port: .inf}]", "channels[0].rtp_port: must be a number"],
    ["a: {__proto__: {b: 1}}", 'a.__proto__: "__proto__" is not allowed as a key'],
    ['a: "\\ud800"', "a: holds text that is not valid Unicode"],
    ["[".repeat(100) + "]".repeat(100), "document: is nested deeper than 64 levels"],
    ["[".repeat(100_000), "document: is"],
    [laughs(4), "none"],
    [laughs(9), "document: "],
  ])("%j", (text, start) => expect(problem(text).slice(0, start.length)).toBe(start))

  it("repeats nothing of the text, whatever is wrong with it", () => {
    for (const text of [
      "a: s3cr3t: x",
      "- a\ns3cr3t",
      'k: "s3cr3t',
      "s3cr3t: 1\ns3cr3t: 2",
      "*s3cr3t",
      "k: !s3cr3t x",
      "a: @s3cr3t",
      "%s3cr3t",
    ]) {
      expect(problem(text)).toMatch(/^document: is not valid YAML/)
      expect(problem(text)).not.toContain("s3cr3t")
    }
  })

  it("reads or refuses any text, and never fails otherwise", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            "a: ",
            "\n",
            "  ",
            "- ",
            "&a ",
            "*a",
            "<<: ",
            "!!x ",
            "{",
            "}",
            "[",
            "]",
            "|\n",
            '"',
            "#",
            "? ",
            "1",
            ".nan",
          ),
          { maxLength: 30 },
        )
        .map((parts) => parts.join("")),
    )
    fc.assert(fc.property(text, (one) => typeof problem(one) === "string"))
  })
})

describe("toYaml", () => {
  it("writes what reads back the same", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 3 }), (value) => {
        fc.pre(!/__proto__|constructor|prototype/.test(JSON.stringify(value)))
        const text = toYaml(value)
        expect(JSON.stringify(parseYaml(text))).toBe(JSON.stringify(value))
      }),
    )
  })

  it("never folds a URL, and quotes what would be something else", () => {
    const url = `srt://h:9000?streamid=#!::r=x,m=publish&k=${"x".repeat(300)}`
    expect(toYaml({ url, name: "no", port: "8" })).toBe(
      `url: srt://h:9000?streamid=#!::r=x,m=publish&k=${"x".repeat(300)}\nname: "no"\nport: "8"\n`,
    )
  })
})
