/**
 * `npm run fuzz -- --minutes 10 [--target core,http]`: gives every place that bytes come to from outside damaged and made
 * up ones. A case that breaks a promise is stored in test/corpus, which `npm test` plays. See load-tests/README.md.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { readArguments } from "../lib/arguments.ts"
import type { FuzzTarget } from "./fuzz-target.ts"
import { type FuzzResult, runFuzz } from "./run-fuzz.ts"
import { TARGETS } from "./targets.ts"

const NAMES = TARGETS.map(({ name }) => name).join(",")
const USAGE = `npm run fuzz -- [--minutes 1 for each target] [--inputs n] [--target ${NAMES}] [--seed n] [--store n cases]`
/** Stores wait for the disk at each change, and the audit log at each request: in memory they do not. */
const MEMORY = "/dev/shm"
const CORPUS = fileURLToPath(new URL("../../test/corpus", import.meta.url))

const args = readArguments(
  { minutes: "number", inputs: "number", target: "string", seed: "number", store: "number", corpus: "string" },
  USAGE,
)
const seed = args.seed ?? Date.now() % 2 ** 32
const fail = (message: string): never => {
  process.stderr.write(`${message}\n${USAGE}\n`)
  process.exit(2)
}
const chosen: ReadonlyArray<FuzzTarget> = (args.target ?? NAMES)
  .split(",")
  .map((asked) => TARGETS.find(({ name }) => name === asked) ?? fail(`there is no target "${asked}"`))
if (args.minutes !== undefined && !(args.minutes > 0)) fail("--minutes is a time above 0")

const wrong = ({ failure, memory }: FuzzResult): boolean => failure !== null || memory.grows
const tell = (result: FuzzResult, inputs: string): void => {
  const { failure, memory, seconds, target } = result
  const verdict = failure !== null ? "BROKEN" : memory.grows ? "GROWS" : "holds"
  const rate = Math.round(result.inputs / Math.max(0.1, seconds))
  const per = memory.bytesPerInput === null ? "too short to judge memory" : `${memory.bytesPerInput} bytes kept of each`
  process.stdout.write(
    `${verdict.padEnd(7)} ${target.padEnd(7)} ${result.inputs} ${inputs} in ${seconds} s (${rate}/s), seed ${result.seed}; ` +
      `memory by quarters ${memory.quartersMb.join(", ")} MB, ${per}\n`,
  )
  if (failure !== null) process.stdout.write(`  ${failure.message}\n  stored: ${join(failure.file)}\n`)
}

if (process.env["TMPDIR"] === undefined && existsSync(MEMORY)) process.env["TMPDIR"] = MEMORY

let failed = false
for (const target of chosen) {
  const result = await runFuzz(target, {
    seed,
    corpus: args.corpus ?? CORPUS,
    ...(args.inputs === undefined || args.minutes !== undefined ? { ms: (args.minutes ?? 1) * 60_000 } : {}),
    ...(args.inputs === undefined ? {} : { inputs: args.inputs }),
    ...(args.store === undefined ? {} : { store: args.store }),
  })
  tell(result, target.inputs)
  failed ||= wrong(result)
}
process.exit(failed ? 1 : 0)
