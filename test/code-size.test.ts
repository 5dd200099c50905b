// Tries the rule about the size of files and functions on made-up checkouts: the check names what is too long, and what
// is excused without need.
import { beforeAll, describe, expect, it } from "vitest"
import { type Checked, checkMadeUp, type Files } from "./made-up-checkout.ts"

const COPIED = ["scripts/check.mjs", "scripts/setup.mjs", "scripts/code-size.mjs"]

const checked = (files: Files, tables = {}): Checked => {
  const excused = `export const TABLES = ${JSON.stringify(tables)}`
  return checkMadeUp(["size"], COPIED, { ...files, "scripts/long-on-purpose.mjs": excused })
}

const repeated = (count: number, line: string) => Array.from({ length: count }, () => `${line}\n`).join("")
/** A file of so many lines. */
const file = (lines: number) => repeated(lines, "// a line")
/** Something in braces that takes so many lines. */
const braced = (lines: number, before: string, after = "") => `${before}{\n${repeated(lines - 2, "  a()")}}${after}\n`

/** Each entry is what is too long, its source and how the check must name it. */
const TOO_LONG: ReadonlyArray<readonly [what: string, path: string, source: string, named: string]> = [
  ["a file", "src/file.ts", file(301), "src/file.ts: 301 lines, 300 at most"],
  ["a file without a last line's end", "src/end.ts", `${file(300)}a()`, "src/end.ts: 301 lines, 300 at most"],
  ["a test", "test/e2e/file.test.ts", file(301), "test/e2e/file.test.ts: 301 lines"],
  [
    "AssemblyScript",
    "src/core/assembly/ring.ts",
    braced(81, "export function put(): void "),
    "ring.ts:1 put: 81 lines",
  ],
  ["a constant", "src/a.ts", `\n${braced(81, "const make = () => ")}`, "src/a.ts:2 make: 81 lines, 80 at most"],
  ["a component", "views/A.tsx", braced(81, "export const A = () => ", "\nexport const b = <p />"), "views/A.tsx:1 A:"],
  ["a method", "load-tests/b.ts", `class B {\n${braced(81, "  async run() ")}}\n`, "load-tests/b.ts:2 run: 81"],
  ["a private getter", "grafana/src/c.ts", `class C {\n${braced(81, "  get #run() ")}}\n`, "c.ts:2 #run: 81 lines"],
  ["a generator in a call", "src/d.ts", braced(81, "const make = Effect.gen(function* () ", ")"), "Effect.gen: 81"],
  [
    "one inside another",
    "src/e.ts",
    `const f = () => {\n${braced(79, "")}${braced(81, "const g = () => ")}}\n`,
    "f > g: 81",
  ],
  ["a script", "scripts/g.mjs", braced(81, "export const run = async () => "), "scripts/g.mjs:1 run: 81 lines"],
  ["what a test has beside its cases", "src/h.test.ts", braced(81, "const prepare = () => "), "prepare: 81 lines"],
  [
    "a function inside a case",
    "src/i.test.ts",
    braced(3, `it("x", () => {\n${braced(81, "const j = () => ")}`, "})"),
    "j:",
  ],
  [
    "a case's body that is no test's",
    "src/testing/k.ts",
    braced(81, 'it("x", () => ', ")"),
    "src/testing/k.ts:1 it: 81",
  ],
]

const HARMLESS: Files = {
  "src/file.ts": file(300),
  "src/lines.ts": `${file(299)}a()`,
  "src/function.ts": `/** ${repeated(20, "comment")} */\n${braced(80, "const make = () => ")}`,
  "src/declared.d.ts": file(400),
  "views/assets/node_modules/x/index.js": file(400),
  "grafana/dashboards/x.json": file(400),
  "src/a.test.ts": [
    braced(100, 'describe("x", () => ', ")"),
    braced(100, 'describe.skipIf(y).each(cases)("x", async () => ', ")"),
    braced(100, "beforeAll(async () => ", ", 1000)"),
  ].join(""),
  "test/e2e/b.test.ts": braced(100, 'it.effect.each`a`("x", () => ', ")"),
}

describe("the size of files and functions", () => {
  it("may be 300 and 80 lines; cases of tests, declarations and what is installed may be longer", () => {
    const { output, passes } = checked(HARMLESS)
    expect(passes, output).toBe(true)
    expect(output).toBe("ok: size of files and functions\n")
  })

  describe("is refused and named when too long:", () => {
    let found: Checked = { passes: true, output: "" }
    beforeAll(() => {
      found = checked(Object.fromEntries(TOO_LONG.map(([, path, source]) => [path, source])))
    })

    it.each(TOO_LONG)("%s", (_, path, __, named) => {
      expect(found.passes).toBe(false)
      const lines = found.output.split("\n").filter((line) => line.startsWith(path))
      expect(lines, found.output).toHaveLength(path === "src/e.ts" ? 2 : 1)
      expect(
        lines.some((line) => line.includes(named)),
        found.output,
      ).toBe(true)
    })

    it("nothing else", () => {
      expect(found.output.split("\n").filter((line) => / lines, /.test(line))).toHaveLength(TOO_LONG.length + 1)
    })
  })

  it("is excused for the tables that are listed, and for nothing else in them; an entry without need is refused", () => {
    const files = {
      "src/table.ts": file(500),
      "src/table-and-more.ts": `${file(500)}${braced(81, "const make = () => ")}`,
      "src/short.ts": file(300),
    }
    const tables = Object.fromEntries([...Object.keys(files), "src/no-more.ts"].map((path) => [path, "rows"]))
    const { output, passes } = checked(files, tables)
    expect(passes).toBe(false)
    expect(output.split("\n")).toEqual([
      "src/table-and-more.ts:501 make: 81 lines, 80 at most: take it apart",
      'scripts/long-on-purpose.mjs: "src/short.ts" is not too long or is no more: remove the entry',
      'scripts/long-on-purpose.mjs: "src/no-more.ts" is not too long or is no more: remove the entry',
      "FAILED: size of files and functions",
      "",
    ])
  })
})
