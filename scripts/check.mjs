// Types, lint and format, import arrows and cycles: what must hold before any test runs. Exits 1 when one fails.
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "./setup.mjs"

const bin = (name) => join(root, "node_modules", ".bin", name)
const CHECKS = [
  ["types", [bin("tsc"), "-p", "."]],
  ["lint and format", [bin("biome"), "check", "--error-on-warnings", "."]],
  ["import arrows and cycles", [bin("depcruise"), "--config", ".dependency-cruiser.cjs", "src", "views"]],
]

/** Runs all checks; returns how many passed and failed. */
export const check = () => {
  let passed = 0
  const failedNames = []
  for (const [name, [command, ...args]] of CHECKS) {
    const run = spawnSync(command, args, { cwd: root, encoding: "utf8", env: { ...process.env, FORCE_COLOR: "0" } })
    if (run.status === 0) passed += 1
    else {
      failedNames.push(name)
      process.stdout.write(`${run.stdout}${run.stderr}`)
    }
    process.stdout.write(`${run.status === 0 ? "ok" : "FAILED"}: ${name}\n`)
  }
  return { passed, failed: failedNames.length, failures: failedNames.map((name) => `check: ${name}, see its output above`) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit(check().failed === 0 ? 0 : 1)
