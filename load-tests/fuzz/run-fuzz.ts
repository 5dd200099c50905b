/** Plays cases of a target until time or number are reached, and judges what they left in memory. */
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Random, seededRandom } from "../../src/core/scte35/testing/fuzz-decoder.ts"
import { median, type Sample, type Trend, trendOf } from "../lib/trend.ts"
import type { FuzzRun, FuzzTarget } from "./fuzz-target.ts"

export interface FuzzOptions {
  readonly seed: number
  /** Ends after so many ms. */
  readonly ms?: number
  /** Ends when so many inputs were played. */
  readonly inputs?: number
  /** Folder that has a folder of cases for each target; what fails goes there. */
  readonly corpus: string
  /** Stores so many of the cases that hold, too: the beginning of a corpus. */
  readonly store?: number
}

export interface FuzzResult {
  readonly target: string
  readonly seed: number
  readonly cases: number
  readonly inputs: number
  readonly seconds: number
  /** The case that broke a promise: where it is stored, and what was said. */
  readonly failure: { readonly file: string; readonly message: string } | null
  readonly memory: {
    /** After the warm-up, the median of each quarter of the run: shows whether growth levels off. */
    readonly quartersMb: ReadonlyArray<number>
    /** Bytes that an input leaves behind, as far as that is certain; null when there were too few samples. */
    readonly bytesPerInput: number | null
    readonly grows: boolean
  }
}

/** Memory is weighed so many times in a run, and the first part of them is the warm-up of caches and compilers. */
const WEIGHINGS = 60
const WARM_UP = 0.25
const QUARTERS = [0, 1, 2, 3]
/** After a weighing cases are played for so many times as long as it took. */
const WEIGHING_REST = 20
/** A run that is certain to leave less than this behind, in bytes, has not grown. */
const TOLERATED = 2e6

/** Bytes in use when everything is freed that can be, off the heap as well. */
const weigh = (): number => {
  const bun = (globalThis as { Bun?: { gc: (force: boolean) => void } }).Bun
  bun?.gc(true)
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/** Whether memory grows with the inputs: for certain, and by more than is tolerated in the whole run. */
export const judgeMemory = (samples: ReadonlyArray<Sample>): FuzzResult["memory"] => {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP))
  const trend: Trend | null = trendOf(settled)
  const inputs = (settled.at(-1)?.at ?? 0) - (settled[0]?.at ?? 0)
  return {
    quartersMb: QUARTERS.map((quarter) => {
      const part = settled.slice((quarter * settled.length) / 4, ((quarter + 1) * settled.length) / 4)
      return Math.round(median(part.map(({ value }) => value)) / 1e4) / 100
    }),
    bytesPerInput: trend === null ? null : Math.round(trend.slope * 100) / 100,
    grows: trend !== null && trend.low * inputs > TOLERATED,
  }
}

/** Stores a case by what it is, so that the same one is stored once. Returns its path. */
const storeCase = (corpus: string, target: string, bytes: Uint8Array): string => {
  const folder = join(corpus, target)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.bin`)
  writeFileSync(file, bytes)
  return file
}

/** Plays cases of an open run as long as `goesOn`; returns what was counted, and the case that failed. */
const playAll = async (
  run: FuzzRun,
  random: Random,
  goesOn: (inputs: number) => boolean,
  told: (c: Played) => void,
) => {
  const played: Played = { cases: 0, inputs: 0, bytes: new Uint8Array(0) }
  while (goesOn(played.inputs)) {
    played.bytes = run.make(random)
    try {
      const inputs = run.play(played.bytes)
      played.inputs += typeof inputs === "number" ? inputs : await inputs
      played.cases += 1
    } catch (cause) {
      return { ...played, failure: cause instanceof Error ? cause : new Error(String(cause)) }
    }
    told(played)
  }
  return { ...played, failure: null }
}
interface Played {
  cases: number
  inputs: number
  bytes: Uint8Array
}

/** Runs a target. The same seed makes the same cases. */
export const runFuzz = async (target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> => {
  const { corpus, inputs: most = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY, seed, store = 0 } = options
  const run = await target.open()
  const began = performance.now()
  const samples: Sample[] = []
  let share = 0
  let restedAt = 0
  const progress = (inputs: number) => Math.max(inputs / most, (performance.now() - began) / ms)
  try {
    const { bytes, cases, failure, inputs } = await playAll(
      run,
      seededRandom(seed),
      (played) => progress(played) < 1,
      (played) => {
        if (played.cases <= store) storeCase(corpus, target.name, played.bytes)
        const now = performance.now()
        if (progress(played.inputs) < share || now < restedAt) return
        share += 1 / WEIGHINGS
        samples.push({ at: played.inputs, value: weigh() })
        restedAt = performance.now() + WEIGHING_REST * (performance.now() - now)
      },
    )
    return {
      target: target.name,
      seed,
      cases,
      inputs,
      seconds: Math.round((performance.now() - began) / 100) / 10,
      failure: failure === null ? null : { file: storeCase(corpus, target.name, bytes), message: failure.message },
      memory: judgeMemory(samples),
    }
  } finally {
    await run.close?.()
  }
}
