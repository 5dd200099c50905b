// `npm test` sets the machine up and runs the checks, the fast tests and the end-to-end tests, in this order. `npm test
// -- <file>` runs single files. The last line is `N passed, N failed`. Tests named "[media] ..." need ../shared/media.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join, relative } from "node:path"
import { check } from "./check.mjs"
import { bun, root, setup } from "./setup.mjs"

const only = process.argv.slice(2)

const vitest = (config, files) => {
  const report = join(root, "build", `${config}.json`)
  rmSync(report, { force: true })
  const args = ["--bun", join(root, "node_modules", ".bin", "vitest"), "run", "--config", config]
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`]
  const run = spawnSync(bun, [...args, ...reporters, "--passWithNoTests", ...files], { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
  if (!existsSync(report))
    return { passed: 0, failed: 1, media: 0, failures: [`${config}: the runner wrote no report (exit ${run.status})`] }
  const results = JSON.parse(readFileSync(report, "utf8"))
  const tests = results.testResults.flatMap((file) => file.assertionResults)
  const media = tests.filter((t) => t.status === "passed" && t.fullName.includes("[media]")).length
  const failures = results.testResults.flatMap((file) => failuresOf(relative(root, file.name), file))
  // A runner that failed for another reason (an unhandled error) must not look green.
  if (run.status !== 0 && failures.length === 0)
    failures.push(`${config}: the runner ended with ${run.status ?? run.signal} though no test failed; see "Unhandled" above`)
  return { passed: results.numPassedTests, failed: failures.length, media, failures }
}

// Describes each failed test in a few lines, and a file that broke before its tests in one.
const failuresOf = (path, file) => {
  const failed = file.assertionResults.filter((t) => t.status === "failed")
  if (failed.length === 0) return file.status === "failed" ? [`${path}: ${firstLines(file.message)}`] : []
  return failed.map((t) => `${path} > ${t.fullName} (${Math.round(t.duration ?? 0)} ms)\n    ${firstLines(t.failureMessages.join("\n"))}`)
}

const firstLines = (text) => (text ?? "").split("\n").slice(0, 6).join("\n    ")

try {
  await setup("test")
} catch (cause) {
  process.stdout.write(`${cause instanceof Error ? cause.message : String(cause)}\n0 passed, 1 failed\n`)
  process.exit(1)
}

const parts = only.length > 0 ? [] : [check()]
if (only.length === 0 || only.some((f) => !f.includes("e2e")))
  parts.push(
    vitest(
      "vitest.config.ts",
      only.filter((f) => !f.includes("e2e")),
    ),
  )
if (only.length === 0 || only.some((f) => f.includes("e2e")))
  for (const config of ["vitest.e2e.config.ts", "vitest.e2e-parallel.config.ts"])
    parts.push(
      vitest(
        config,
        only.filter((f) => f.includes("e2e")),
      ),
    )
const failures = parts.flatMap((part) => part.failures ?? [])
// Failures are repeated at the end, where they survive a log that is cut at its beginning.
if (failures.length > 0) process.stdout.write(`\nfailed:\n${failures.map((f) => `  ${f}\n`).join("")}`)
const sum = (key) => parts.reduce((total, part) => total + (part[key] ?? 0), 0)
const media = sum("media")
process.stdout.write(
  existsSync(join(root, "..", "shared", "media"))
    ? `material in ../shared/media added ${media} cases\n`
    : "no ../shared/media beside the checkout: its extra cases were left out\n",
)
process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`)
process.exit(sum("failed") === 0 ? 0 : 1)
