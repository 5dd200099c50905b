/**
 * Fuzzes what an SRT peer can make us read: handshakes, key material, acknowledgements, loss reports and every other
 * control packet must give a state or a refusal, never a throw, and leave no memory behind. Prints a JSON report; the
 * first case that breaks the promise ends the run with status 1.
 */

import { fuzzSrt } from "../../src/core/srt/testing/fuzz-srt.ts"
import { readArguments } from "../lib/arguments.ts"

const args = readArguments({ cases: "number", seed: "number" }, "fuzz/srt [--cases 1000000] [--seed n]")
const cases = args.cases ?? 1_000_000
const seed = args.seed ?? Date.now() % 2 ** 32
/** MB of the heap, each time with everything freed that can be: a part of the cases, and so the compiled code, first. */
const heapMb: number[] = []
const weigh = (): void => {
  // @ts-expect-error: the types are those of Node.js
  globalThis.Bun.gc(true)
  heapMb.push(Math.round(process.memoryUsage().heapUsed / 1e4) / 100)
}

const started = performance.now()
try {
  const counts = fuzzSrt(cases, seed, weigh)
  const seconds = Math.round(performance.now() - started) / 1000
  const casesPerSecond = Math.round(cases / seconds)
  const heap = { firstMb: heapMb.at(0), lastMb: heapMb.at(-1), mostMb: Math.max(...heapMb) }
  console.log(JSON.stringify({ cases, seed, seconds, casesPerSecond, heap, ...counts }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
