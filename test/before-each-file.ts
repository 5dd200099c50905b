/**
 * Runs in a worker before each file. Gives its event loop a turn before each test: tests that only compute would
 * otherwise keep it from answers of the runner's main process for as long as their file takes, and the runner gives up
 * after 60 s.
 */
import { beforeEach } from "vitest"

// These are for the runner's own processes, see scripts/test.mjs; those that tests start are as a user's are.
for (const name of (process.env["RUNNER_ONLY"] ?? "").split(" ")) delete process.env[name]

// Taken before a test may put made-up timers in its place.
const { setImmediate } = globalThis

beforeEach(() => new Promise<void>((resolve) => void setImmediate(resolve)))
