// Types, lint and format, import arrows and cycles: what must hold whatever the tests say. Exits 1 when one fails.
import { execFile } from "node:child_process"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "./setup.mjs"

const bin = (name) => join(root, "node_modules", ".bin", name)
const CHECKS = [
  ["types", [bin("tsc"), "-p", "."]],
  ["lint and format", [bin("biome"), "check", "--error-on-warnings", "."]],
  ["import arrows and cycles", [bin("depcruise"), "--config", ".dependency-cruiser.cjs", "src", "views"]],
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

/** Runs all checks, one after another; returns how many passed and failed. */
export const check = async () => {
  let passed = 0
  const failedNames = []
  for (const [name, [command, ...args]] of CHECKS) {
    const { output, status } = await run(command, args)
    if (status === 0) passed += 1
    else failedNames.push(name)
    process.stdout.write(`${status === 0 ? "" : output}${status === 0 ? "ok" : "FAILED"}: ${name}\n`)
  }
  return { passed, failed: failedNames.length, failures: failedNames.map((name) => `check: ${name}, see its output above`) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit((await check()).failed === 0 ? 0 : 1)
