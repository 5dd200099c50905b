/**
 * Fuzzes what an RTMP server can make us read: AMF0, the chunk reader and the publisher's state machine must give
 * values, messages and events or an error, never a throw. Prints a JSON report; the first case that breaks the promise
 * ends the run with status 1.
 */

import { fuzzRtmp } from "../../src/core/rtmp/testing/fuzz-rtmp.ts"
import { readArguments } from "../lib/arguments.ts"

const args = readArguments({ cases: "number", seed: "number" }, "fuzz/rtmp [--cases 300000] [--seed n]")
const cases = args.cases ?? 300_000
const seed = args.seed ?? Date.now() % 2 ** 32

const started = performance.now()
try {
  const counts = fuzzRtmp(cases, seed)
  console.log(JSON.stringify({ cases, seed, seconds: Math.round(performance.now() - started) / 1000, ...counts }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
