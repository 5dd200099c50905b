/**
 * Gives the event loop of a worker a turn before each test. Tests that only compute would otherwise keep the worker
 * from answering the runner's main process for as long as their file takes, and the runner gives up after 60 s.
 */
import { beforeEach } from "vitest"

// Taken here because a test may put made-up timers in its place later.
const { setImmediate } = globalThis

beforeEach(() => new Promise<void>((resolve) => void setImmediate(resolve)))
