/**
 * Tests that replace modules need a runner that loads modules: Bun, which does it for all others, replaces none. And
 * libraries of C types know each type by its name, once in a process.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { REPLACING } from "../vitest.config.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const testsIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file}`)
    .filter((file) => /\.test\.tsx?$/.test(file))
const CALL = new RegExp(`\\bvi\\.(?:${["mock", "doMock", "resetModules"].join("|")})\\(`)

it("no test replaces modules or loads them anew, but those that have a process of their own", () => {
  const tests = ["src", "views", "load-tests", "test"].flatMap(testsIn)
  expect(tests.length).toBeGreaterThan(300)
  expect(tests.filter((file) => CALL.test(readFileSync(join(root, file), "utf8"))).sort()).toEqual(
    [...REPLACING].sort(),
  )
})
