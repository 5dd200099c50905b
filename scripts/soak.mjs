// `npm run soak -- --hours 8` sets the machine up, then lets happen to the product what happens in months.
// `npm run soak -- --old [FILE...]` runs the end-to-end tests, or some of them, on a machine on which everything is about
// to wrap. See load-tests/README.md.
import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import { runLoadTest } from "./run-load-test.mjs"
import { root } from "./setup.mjs"

/** CLOCK_MONOTONIC at which the old machine's tests begin, in s: half a minute before its milliseconds pass 2^32. */
const MONOTONIC_S = Math.floor(2 ** 32 / 1000) - 30

/** Words before a command that is to have an old clock: a time namespace, where this machine allows one. */
const withOldClock = () => {
  const words = ["unshare", "--time", "--monotonic", String(MONOTONIC_S), "--boottime", String(MONOTONIC_S)]
  const { status } = spawnSync(words[0], [...words.slice(1), "true"])
  if (status === 0) return words
  process.stderr.write("no time namespace here: the clock stays as young as this machine\n")
  return []
}

const [first, ...files] = process.argv.slice(2)
if (first === "--old") {
  const [command, ...args] = [
    ...withOldClock(),
    process.execPath,
    join(root, "scripts", "test.mjs"),
    ...(files.length === 0 ? ["test/e2e/"] : files),
  ]
  const env = { ...process.env, OLD_MACHINE: "1" }
  const tests = spawn(command, args, { stdio: "inherit", cwd: root, env })
  process.on("SIGINT", () => {})
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => tests.kill(signal))
  tests.on("exit", (code) => process.exit(code ?? 1))
} else await runLoadTest("soak/main.ts")
