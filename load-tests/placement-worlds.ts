/**
 * The rules of placement in very many worlds of random trouble: no two nodes may ever send one channel, and none may be
 * dark but where the rules say so. Ends with 1 and the seed of the first world in which that is not so.
 * `bun load-tests/placement-worlds.ts [worlds] [first seed]`
 */
import { runWorld, type Verdict } from "../src/core/placement/testing/run-world.ts"
import { timingOf } from "../src/core/placement/timing.ts"

const WORLDS = Number(process.argv[2] ?? 100_000)
const FIRST = Number(process.argv[3] ?? 1)
const TOLD_EVERY = 10_000

const sum = { worlds: 0, made_up_hours: 0, faults: 0, looked: 0, unsent: 0 }
const startMs = performance.now()
const tell = (bad: Pick<Verdict, "violation" | "dark"> | null, seed: number) => {
  const seconds = Math.round((performance.now() - startMs) / 1000)
  const { looked, made_up_hours, unsent, ...rest } = sum
  const unsent_percent = Number(((unsent / looked) * 100).toFixed(2))
  const figures = { ...rest, made_up_hours: Math.round(made_up_hours), looked, unsent_percent, seconds }
  process.stdout.write(`${JSON.stringify(bad === null ? figures : { ...figures, seed, ...bad })}\n`)
}

for (let seed = FIRST; seed < FIRST + WORLDS; seed++) {
  // As in placement.test.ts: every fourth with the shortest times.
  const { dark, faults, looked, unsent, violation, worldMs } = runWorld(
    seed,
    seed % 4 === 0 ? { timing: timingOf(4, 5) } : {},
  )
  sum.worlds++
  sum.made_up_hours += worldMs / 3_600_000
  sum.faults += faults
  sum.looked += looked
  sum.unsent += unsent
  if (violation !== null || dark !== null) {
    tell({ violation, dark }, seed)
    process.exit(1)
  }
  if (sum.worlds % TOLD_EVERY === 0 || sum.worlds === WORLDS) tell(null, seed)
}
