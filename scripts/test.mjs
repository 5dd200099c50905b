// `npm test` sets the machine up and runs the checks, the fast tests, and the end-to-end tests. `npm test -- <file>` runs
// single files, `npm test -- test/e2e/` the end-to-end tests. The last line is `N passed, N failed`. Tests named
// "[media] ..." need ../shared/media.
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from "node:fs"
import { join, relative } from "node:path"
import { check } from "./check.mjs"
import { inOwnSession } from "./own-session.mjs"
import { bun, root, setup } from "./setup.mjs"

const only = process.argv.slice(2)

/**
 * Parts of the suite. `forks` is how many test files run at a time on a machine of the usual speed: two processors are
 * busy with them, since those of the end-to-end tests mostly wait. Workers that are `shared` keep one module graph, which
 * takes long to load, for all of their files; others have a process for each file. `portsFrom` keeps the ports of parts
 * that run at the same time apart (test/e2e/ports.ts).
 */
const PARTS = {
  fast: { projects: ["fast"], forks: 4, shared: true },
  watchful: { projects: ["watchful"], forks: 3 },
  e2e: { projects: ["e2e"], forks: 6, shared: true },
  replacing: { projects: ["replacing"], forks: 2, portsFrom: 8 },
  files: { projects: ["fast", "watchful", "e2e", "replacing"], forks: 3 },
}

/** A slow machine has fewer files to do at a time: what they wait for would not come in time. */
const forksOf = ({ forks }, slowness) => Math.max(2, Math.round(forks / Math.sqrt(slowness)))

/** Runs a part, all of it or those of `files`. */
const vitest = async (name, env, files = []) => {
  const { portsFrom = 0, projects, shared = false } = PARTS[name]
  const report = join(root, "build", `${name}.json`)
  rmSync(report, { force: true })
  const forks = forksOf(PARTS[name], Number(env.MACHINE_SLOWNESS))
  const all = [
    "--bun",
    join(root, "node_modules", ".bin", "vitest"),
    "run",
    ...projects.flatMap((project) => ["--project", project]),
    `--poolOptions.forks.maxForks=${forks}`,
    // As many at least as at most: vitest 3.2 ends a shared worker twice when it is one too many, and fails the run
    // for it.
    ...(shared ? ["--poolOptions.forks.isolate=false", `--poolOptions.forks.minForks=${forks}`] : []),
    ...["--reporter=default", "--reporter=json", `--outputFile=${report}`, "--passWithNoTests"],
    ...files,
  ]
  const child = spawn(bun, all, {
    cwd: root,
    env: { ...env, PORT_RANGES_FROM: `${portsFrom}` },
    stdio: ["ignore", "inherit", "inherit"],
  })
  const [status, signal] = await once(child, "close")
  if (!existsSync(report))
    return { passed: 0, failed: 1, media: 0, failures: [`${name}: the runner wrote no report (exit ${status})`] }
  const results = JSON.parse(readFileSync(report, "utf8"))
  const tests = results.testResults.flatMap((file) => file.assertionResults)
  const media = tests.filter((t) => t.status === "passed" && t.fullName.includes("[media]")).length
  const failures = results.testResults.flatMap((file) => failuresOf(relative(root, file.name), file))
  // A runner that failed for another reason (an unhandled error) must not look green.
  if (status !== 0 && failures.length === 0)
    failures.push(`${name}: the runner ended with ${status ?? signal} though no test failed; see "Unhandled" above`)
  return { passed: results.numPassedTests, failed: failures.length, media, failures }
}

// Describes each failed test in a few lines, and a file that broke before its tests in one.
const failuresOf = (path, file) => {
  const failed = file.assertionResults.filter((t) => t.status === "failed")
  if (failed.length === 0) return file.status === "failed" ? [`${path}: ${firstLines(file.message)}`] : []
  return failed.map(
    (t) =>
      `${path} > ${t.fullName} (${Math.round(t.duration ?? 0)} ms)\n    ${firstLines(t.failureMessages.join("\n"))}`,
  )
}

const firstLines = (text) => (text ?? "").split("\n").slice(0, 6).join("\n    ")

/** Memory in bytes that the runner's processes take when they give none back, with room for what they start. */
const UNPURGED_BYTES = 18e9

const availableBytes = () => {
  const [, kilobytes = "0"] = /^MemAvailable: +(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? []
  const limit = process.constrainedMemory?.() || Number.POSITIVE_INFINITY
  return Math.min(Number(kilobytes) * 1024, limit)
}

/**
 * For the runner's processes, which use little memory and end soon: to give memory back at once and to compile for the
 * long run took a fifth of their processor time. Processes that tests start do not get them (test/before-each-file.ts).
 */
const SHORT_LIVED = {
  // Nothing is given back at all where there is enough for every worker: that took a fifth again.
  MIMALLOC_PURGE_DELAY: availableBytes() > UNPURGED_BYTES ? "-1" : "10000",
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1000000",
}

/** Memory that tests may take for their files, in bytes. */
const FILES_BYTES = 4e9
const MEMORY = "/dev/shm"
/** Beginning of the folder's name, before the id of the run's process. */
const FOLDER = "distributor-tests-"

/**
 * A folder in memory for the files of tests, removed at the end: stores wait for the disk at each change, which took a
 * third of the time of the tests that use them. Undefined where there is none of that size; files are on the disk then.
 */
const folderInMemory = () => {
  try {
    // A run that was killed has left its own.
    for (const name of readdirSync(MEMORY))
      if (name.startsWith(FOLDER) && !existsSync(`/proc/${name.slice(FOLDER.length)}`))
        rmSync(join(MEMORY, name), { recursive: true, force: true })
    const { bavail, bsize } = statfsSync(MEMORY)
    if (bavail * bsize < FILES_BYTES) return
    const folder = join(MEMORY, `${FOLDER}${process.pid}`)
    mkdirSync(folder)
    // PostgreSQL runs as a user of its own.
    chmodSync(folder, 0o1777)
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1))
    return folder
  } catch {
    return
  }
}

/**
 * End-to-end tests, those that watch milliseconds first and alone: they fail beside anything. Those that need a process
 * of their own run beside the others.
 */
const endToEnd = async (env) => [
  await vitest("watchful", env),
  ...(await Promise.all([vitest("e2e", env), vitest("replacing", env)])),
]

/**
 * All of it, one part after another, with the checks beside the fast tests. Fast tests beside the end-to-end ones would
 * use processors better: at a niceness of 19 they get too little on a slow machine.
 */
const everything = async (env) => [...(await Promise.all([check(), vitest("fast", env)])), ...(await endToEnd(env))]

/** The parts that hold what was asked for: all files, those of end-to-end tests, or single ones. */
const partsOf = async (env) => {
  if (only.length === 0) return everything(env)
  return only.join() === "test/e2e/" ? endToEnd(env) : [await vitest("files", env, only)]
}

/** Seconds that bundling takes on a quiet machine of the usual speed. */
const USUAL_BUNDLING_S = 3

/**
 * The product in few files (scripts/bundle-product.mjs), as end-to-end tests start it. Made anew for each run, it is
 * never stale, and a file that somebody changes meanwhile does not matter. How long it takes tells how slow the machine
 * is: virtual processors may be half as fast as an hour ago, which nothing else shows.
 */
const bundles = () => {
  const began = performance.now()
  const { status } = spawnSync(bun, [join(root, "scripts", "bundle-product.mjs")], { stdio: ["ignore", "inherit", 2] })
  if (status !== 0) throw new Error("the product could not be bundled: see the lines above")
  return {
    home: join(root, "build", "product"),
    slowness: Math.max(1, (performance.now() - began) / 1000 / USUAL_BUNDLING_S),
  }
}

await inOwnSession()

let product
try {
  await setup("test")
  product = bundles()
} catch (cause) {
  process.stdout.write(`${cause instanceof Error ? cause.message : String(cause)}\n0 passed, 1 failed\n`)
  process.exit(1)
}

const folder = folderInMemory()
const env = {
  ...process.env,
  ...SHORT_LIVED,
  MACHINE_SLOWNESS: product.slowness.toFixed(1),
  RUNNER_ONLY: Object.keys(SHORT_LIVED).join(" "),
  PRODUCT_HOME: product.home,
}
if (folder !== undefined) env.TMPDIR = folder
const parts = await partsOf(env)
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
