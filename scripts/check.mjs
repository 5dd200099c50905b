// Runs the checks that must pass before any test runs: types, lint and format, import rules, circles of folders,
// size of files and functions. It exits with 1 when one of them fails. `check.mjs [NAME...]` runs only the checks whose
// names begin with one of the given words.
import { execFile } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "./setup.mjs"

const bin = (name) => join(root, "node_modules", ".bin", name)
const TSC = join(root, "node_modules", "typescript-native", "bin", "tsc")
/** Folders and files whose imports are checked: all of our code. */
const SOURCES = [
  ...["src", "views", "test", "load-tests", "scripts", "grafana/src", "deploy"],
  ...readdirSync(root).filter((name) => /^vitest\..*ts$/.test(name)),
]
const CHECKS = [
  // TypeScript 7 takes half the time of 5.9, whose API the other checks and editors need. What has not changed since the
  // last time is not looked at again.
  ["types", [TSC, "-p", ".", "--incremental", "--tsBuildInfoFile", join("build", "types-7.tsbuildinfo")]],
  ["lint and format", [bin("biome"), "check", "--error-on-warnings", "."]],
  ["import arrows and cycles", [bin("depcruise"), "--config", ".dependency-cruiser.cjs", ...SOURCES]],
  ["folder circles", [process.execPath, "scripts/folder-circles.mjs"]],
  ["size of files and functions", [process.execPath, "scripts/code-size.mjs"]],
]

/** Exit code and output of a command; the code is -1 when it could not be run. */
const run = (command, args) =>
  new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, FORCE_COLOR: "0" }, maxBuffer: 100_000_000 }
    execFile(command, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1
      resolve({ status, output: `${stdout}${stderr}${status === -1 ? `${error.message}\n` : ""}` })
    })
  })

/**
 * Runs the checks whose names begin with one of `names`, or all of them, one after another; returns how many passed and
 * how many failed.
 */
export const check = async (names = []) => {
  let passed = 0
  const failedNames = []
  const chosen = CHECKS.filter(([name]) => names.length === 0 || names.some((start) => name.startsWith(start)))
  for (const [name, [command, ...args]] of chosen) {
    const { output, status } = await run(command, args)
    if (status === 0) passed += 1
    else failedNames.push(name)
    process.stdout.write(`${status === 0 ? "" : output}${status === 0 ? "ok" : "FAILED"}: ${name}\n`)
  }
  return {
    passed,
    failed: failedNames.length,
    failures: failedNames.map((name) => `check: ${name}, see its output above`),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { failed } = await check(process.argv.slice(2))
  process.exit(failed === 0 ? 0 : 1)
}
