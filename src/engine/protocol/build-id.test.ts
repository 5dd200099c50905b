import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { buildIdOf } from "./build-id.ts"

let root = ""
const write = (name: string, text: string, below = root) => {
  mkdirSync(dirname(join(below, name)), { recursive: true })
  writeFileSync(join(below, name), text)
}
const copyOf = (below: string) => {
  write("src/engine/main.ts", "engine", below)
  write("src/core/ts/psi.ts", "core", below)
  write("build/core.wasm", "wasm", below)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "build-id-"))
  copyOf(root)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe("the name of an engine's code", () => {
  it.each([
    ["a module of the engine", "src/engine/main.ts", true],
    ["a module that is new", "src/core/ts/new.ts", true],
    ["the packet core", "build/core.wasm", true],
    ["the packages", "package.json", true],
    ["a test", "src/engine/main.test.ts", false],
    ["what only tests use", "src/engine/testing/help.ts", false],
    ["the control plane", "src/effects/store/Store.ts", false],
    ["a document", "src/core/README.md", false],
  ])("changes with what it runs: %s", (_, name, changes) => {
    const before = buildIdOf(root)
    write(name, "other")
    expect(buildIdOf(root) !== before).toBe(changes)
  })

  it("is that of the content and the runtime, wherever it is put", () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "build-id-"))
    try {
      copyOf(elsewhere)
      expect(buildIdOf(elsewhere)).toBe(buildIdOf(root))
      expect(buildIdOf(root)).toMatch(/^[0-9a-f]{12}$/)
      expect(buildIdOf(root, "1.0.0")).not.toBe(buildIdOf(root, "1.0.1"))
    } finally {
      rmSync(elsewhere, { recursive: true, force: true })
    }
  })
})
