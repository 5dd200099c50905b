/**
 * The rules of placement in worlds of random trouble: a minute of a fault every four seconds each, and what comes after.
 * `PROPERTY_RUNS=20` runs 4000 of them, `load-tests/placement-worlds.ts` 100 000.
 */
import { expect, it } from "vitest"
import { propertyRuns } from "../../../test/property-runs.ts"
import { mutants } from "./testing/mutants.ts"
import { runWorld } from "./testing/run-world.ts"
import { timingOf } from "./timing.ts"

const RUNS = propertyRuns(200)
/** So many worlds are searched for the trouble in which a rule that is left out is missed. */
const SEARCHED = 6000

it(`lets no two nodes send one channel, and leaves none dark but where the rules say so, in ${RUNS} worlds`, () => {
  let looked = 0
  let unsent = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    // Every fourth with the shortest times.
    const world = runWorld(seed, seed % 4 === 0 ? { timing: timingOf(4, 5) } : {})
    expect(world.violation, `seed ${seed}`).toBeNull()
    expect(world.dark, `seed ${seed}`).toBeNull()
    looked += world.looked
    unsent += world.unsent
  }
  // Trouble there was, and channels were mostly sent all the same.
  expect(unsent).toBeGreaterThan(0)
  expect(unsent / looked).toBeLessThan(0.3)
}, 7_200_000)

it("keeps every channel on the air while PostgreSQL comes and goes", () => {
  for (let seed = 1; seed <= 20; seed++)
    expect(runWorld(seed, { faults: ["databaseDown"] }), `seed ${seed}`).toMatchObject({ violation: null, unsent: 0 })
})

it("keeps every channel on the air while each node loses PostgreSQL now and then, but not its partner", () => {
  for (let seed = 1; seed <= 20; seed++)
    expect(runWorld(seed, { faults: ["cutDatabase"], everyMs: 30_000 }), `seed ${seed}`).toMatchObject({
      violation: null,
      unsent: 0,
    })
})

it.each(mutants())("needs its rules: it is noticed when %s", (_name, seed, options) => {
  let found = runWorld(seed, options).violation
  for (let other = 1; found === null && other <= SEARCHED; other++) found = runWorld(other, options).violation
  expect(found).not.toBeNull()
})
