// `npm test`: sets the machine up, runs the checks, then the fast tests, then the end-to-end tests. `npm test -- <file>` runs
// single files. The last line is `N passed, N failed`; tests named "[media] ..." are those that ../shared/media adds.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { check } from "./check.mjs"
import { bun, root, setup } from "./setup.mjs"

const only = process.argv.slice(2)

const vitest = (config, files) => {
  const report = join(root, "build", `${config}.json`)
  rmSync(report, { force: true })
  const args = ["--bun", join(root, "node_modules", ".bin", "vitest"), "run", "--config", config]
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`]
  const run = spawnSync(bun, [...args, ...reporters, "--passWithNoTests", ...files], { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
  if (!existsSync(report)) return { passed: 0, failed: 1, media: 0 }
  const results = JSON.parse(readFileSync(report, "utf8"))
  const tests = results.testResults.flatMap((file) => file.assertionResults)
  const media = tests.filter((t) => t.status === "passed" && t.fullName.includes("[media]")).length
  const brokenFiles = results.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((t) => t.status === "failed"),
  ).length
  const failed = results.numFailedTests + brokenFiles
  // A runner that failed for another reason (an unhandled error) must not look green.
  return { passed: results.numPassedTests, failed: run.status === 0 ? failed : Math.max(failed, 1), media }
}

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
  parts.push(
    vitest(
      "vitest.e2e.config.ts",
      only.filter((f) => f.includes("e2e")),
    ),
  )
const sum = (key) => parts.reduce((total, part) => total + (part[key] ?? 0), 0)
const media = sum("media")
process.stdout.write(
  media > 0
    ? `material in ../shared/media added ${media} cases\n`
    : "no ../shared/media beside the checkout: its extra cases were left out\n",
)
process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`)
process.exit(sum("failed") === 0 ? 0 : 1)
