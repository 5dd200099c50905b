/**
 * Fuzzes the SCTE-35 decoder: damaged and made-up sections must give a value or an error, never a throw, and every
 * value must encode to the bytes it came from. Prints a JSON report; the first case that breaks the promise ends the
 * run with status 1.
 */

import { fuzzCorpus } from "../../src/core/scte35/testing/fuzz-corpus.ts"
import { fuzzDecoder } from "../../src/core/scte35/testing/fuzz-decoder.ts"
import { readArguments } from "../lib/arguments.ts"

const args = readArguments({ cases: "number", seed: "number" }, "fuzz/scte35 [--cases 1000000] [--seed n]")
const cases = args.cases ?? 1_000_000
const seed = args.seed ?? Date.now() % 2 ** 32

const started = performance.now()
try {
  const counts = fuzzDecoder(cases, seed, fuzzCorpus())
  console.log(JSON.stringify({ cases, seed, seconds: Math.round(performance.now() - started) / 1000, ...counts }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
