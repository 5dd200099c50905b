// Tries the rules about imports on made-up checkouts: the check names a forbidden import and passes an allowed one.
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"
import { type Checked, checkMadeUp, type Files } from "./made-up-checkout.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const COPIED = [
  ".dependency-cruiser.cjs",
  "tsconfig.json",
  "scripts/check.mjs",
  "scripts/setup.mjs",
  "scripts/folder-circles.mjs",
]
const FOLDERS = ["src", "views", "test", "load-tests", "grafana/src", "deploy"]
const MANIFEST = {
  name: "made-up",
  type: "module",
  dependencies: { declared: "1.0.0" },
  devDependencies: { tool: "1.0.0", typescript: "5.9.3" },
}
const PACKAGES = ["declared", "undeclared", "tool"]

const made = (name: string): Files => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
  [`node_modules/${name}/index.js`]: "module.exports = {}\n",
})

/**
 * Returns what `npm run check` says about the imports of `files`, in a checkout that holds nothing else: what the checks
 * say whose names begin with one of `names`.
 */
const checked = (files: Files, names: ReadonlyArray<string> = ["import", "folder"]): Checked => {
  const around = { "package.json": JSON.stringify(MANIFEST), ...Object.assign({}, ...PACKAGES.map(made)) }
  // The check is told each of the folders, and refuses one that is missing.
  const folders = Object.fromEntries(FOLDERS.map((folder) => [`${folder}/.keep`, ""]))
  return checkMadeUp(names, COPIED, { ...folders, ...around, ...files })
}

interface Paths {
  readonly path?: string
  readonly pathNot?: string
}
interface Rule {
  readonly name: string
  readonly from: Paths
  readonly to: Paths
}

const value = (path: string) => `import { a } from "${path}"\nexport const b = a\n`
const type = (path: string) => `import type { A } from "${path}"\nexport type B = A\n`
const LEAF = "export const a = 1\nexport type A = number\n"

const HARMLESS = {
  "src/core/table.ts": LEAF,
  "src/core/assembly/memory/layout.ts": LEAF,
  "src/core/assembly/ring.ts": 'import { a } from "./memory/layout";\nexport const b = a;\n',
  "src/core/packet-core.ts": value("./assembly/memory/layout.ts"),
  "src/effects/model/channel.ts": type("../../core/table.ts"),
  "src/effects/store/Store.ts": value("../model/channel.ts"),
  "src/effects/store/sqlite/rows.ts": LEAF,
  "src/effects/show/views.ts": type("../model/channel.ts"),
  "src/effects/declarative/document.ts": type("../show/views.ts"),
  "src/effects/supervisor/Supervisor.ts": `${value("../declarative/document.ts")}export * from "../store/Store.ts"\n`,
  "src/effects/model/channel.test.ts": `${value("../supervisor/Supervisor.ts")}import "tool"\n`,
  "src/http/App.ts": `import "declared"\n${value("../effects/supervisor/Supervisor.ts")}`,
}

/** Each entry is a rule, an import that the rule forbids, and the file that the check must name. */
const FORBIDDEN: ReadonlyArray<readonly [what: string, rule: string, file: string, source: string]> = [
  ["an import that climbs a floor", "effects-floor-1-model", "src/effects/model/climbs.ts", value("../store/Store.ts")],
  [
    "a type-only import that climbs",
    "effects-floor-2-config",
    "src/effects/config/climbs.ts",
    type("../show/views.ts"),
  ],
  [
    "a re-exported type that climbs",
    "effects-floor-6-show",
    "src/effects/show/climbs.ts",
    'export type { A } from "../declarative/document.ts"\n',
  ],
  [
    "a type fetched in place that climbs",
    "effects-floor-4-",
    "src/effects/undo/climbs.ts",
    'export type B = import("../show/views.ts").B\n',
  ],
  [
    "an import from a neighbour",
    "effects-floor-3-engine-store",
    "src/effects/engine/beside.ts",
    type("../store/Store.ts"),
  ],
  ["a folder without a floor", "effects-are-on-a-floor", "src/effects/supervisor/loose.ts", value("../loose/thing.ts")],
  [
    "an import out of assembly",
    "packet-core-knows-nothing",
    "src/core/assembly/receive/out.ts",
    'import { a } from "../../table";\nexport const b = a;\n',
  ],
  [
    "a type-only import out of assembly",
    "packet-core-knows-nothing",
    "src/core/assembly/types.ts",
    'import type { A } from "../table";\nexport type B = A;\n',
  ],
  [
    "a clock in assembly",
    "core-is-pure",
    "src/core/assembly/clock.ts",
    'import { hrtime } from "node:process";\nexport const b = hrtime;\n',
  ],
  [
    "AssemblyScript in TypeScript",
    "packet-core-shows-its-layout-only",
    "src/core/inside.ts",
    value("./assembly/ring.ts"),
  ],
  [
    "an import of what does not exist",
    "imports-resolve",
    "src/core/assembly/missing.ts",
    'import { a } from "./nowhere";\nexport const b = a;\n',
  ],
  ["an undeclared package", "packages-are-declared", "test/undeclared.ts", 'import "undeclared"\n'],
  ["an undeclared package in a script", "packages-are-declared", "scripts/undeclared.mjs", 'import "undeclared"\n'],
  ["a test tool in the product", "running-needs-no-test-tools", "src/http/tool.ts", 'import "tool"\n'],
  ["a test's parts in the product", "nobody-imports-tests", "src/http/fake.ts", value("./testing/fake.ts")],
]

describe("rules about imports", () => {
  it("let imports pass that go down, tests that import anything, and packages that are declared", () => {
    const { output, passes } = checked(HARMLESS)
    expect(passes, output).toBe(true)
    expect(output).toContain("ok: folder circles")
  })

  describe("refuse and name", () => {
    let output = ""
    let passes = true
    beforeAll(() => {
      const offences = Object.fromEntries(FORBIDDEN.map(([, , file, source]) => [file, source]))
      const targets = { "src/effects/loose/thing.ts": LEAF, "src/http/testing/fake.ts": LEAF }
      ;({ output, passes } = checked({ ...HARMLESS, ...targets, ...offences }, ["import"]))
    })

    it.each(FORBIDDEN)("%s", (_, rule, file) => {
      expect(passes).toBe(false)
      const named = output.split("\n").filter((line) => line.includes(`error ${rule}`) && line.includes(`: ${file} `))
      expect(named, output).not.toEqual([])
    })
  })

  it("name only folders that exist", () => {
    const config = createRequire(import.meta.url)("../.dependency-cruiser.cjs") as {
      readonly forbidden: ReadonlyArray<Rule>
    }
    const floors = config.forbidden.filter(({ name }) => name.startsWith("effects-floor-"))
    const onFloors = floors.flatMap(({ from }) => /\((.*)\)/.exec(from.path ?? "")?.[1]?.split("|") ?? [])
    expect(onFloors.length).toBeGreaterThan(15)
    const patterns = config.forbidden.flatMap(({ from, to }) => [from.path, from.pathNot, to.path, to.pathNot])
    const folders = patterns.flatMap((pattern) => /^\^(src[\w/-]*)\//.exec(pattern ?? "")?.[1] ?? [])
    expect(folders).toContain("src/engine/inputs")
    const named = [...onFloors.map((folder) => `src/effects/${folder}`), ...folders]
    expect(named.filter((folder) => !existsSync(join(root, folder)))).toEqual([])
  })
})

describe("circles of folders", () => {
  const circled = (files: Files) => checked({ ...HARMLESS, ...files }, ["folder"])

  it("are found across type-only imports and round corners, and are named with the imports that make them", () => {
    const { output, passes } = circled({
      "src/http/a/one.ts": value("../b/two.ts"),
      "src/http/b/two.ts": type("../c/three.ts"),
      "src/http/c/three.ts": LEAF,
      "src/http/c/four.ts": type("../a/five.ts"),
      "src/http/a/five.ts": LEAF,
    })
    expect(passes).toBe(false)
    expect(output).toContain("circle of 3 folders: src/http/a, src/http/b, src/http/c")
    for (const [from, to] of [
      ["a/one", "b/two"],
      ["b/two", "c/three"],
      ["c/four", "a/five"],
    ]) {
      expect(output).toContain(`src/http/${from}.ts -> src/http/${to}.ts`)
    }
    expect(output).toContain("FAILED: folder circles")
  })

  it("are found between a folder and one inside it, in assembly too; tests make none", () => {
    const { output } = circled({
      "src/core/assembly/merge/hash.ts": 'import { b } from "../ring";\nexport const c = b;\n',
      "src/core/assembly/align.ts": 'import { c } from "./merge/hash";\nexport const d = c;\n',
      "src/http/routes/x.ts": LEAF,
      "src/http/routes/x.test.ts": value("../App.ts"),
      "src/http/testing/y.ts": value("../App.ts"),
      "src/http/Server.ts": value("./routes/x.ts"),
    })
    expect(output).toContain("circle of 2 folders: src/core/assembly, src/core/assembly/merge")
    expect(output).toContain("circles of folders: 1")
  })
})
