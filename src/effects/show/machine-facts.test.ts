import { expect, it } from "vitest"
import { makeMachineFacts } from "./machine-facts.ts"

it("reads this very process as if it were the engine, twice, and never fails without one", () => {
  const read = makeMachineFacts()
  const question = { clock: null, neededFiles: 0, disks: [] }
  const facts = read({ ...question, enginePid: process.pid })
  expect(facts.rmemMax).toBeGreaterThan(0)
  expect(facts.openFiles).toBeGreaterThan(0)
  expect(facts.engineNice).toBeGreaterThanOrEqual(-20)
  expect(facts.engineNice).toBeLessThanOrEqual(19)
  expect(facts.memoryAvailable).toBeGreaterThan(0)
  expect(facts.cores).toBeGreaterThan(0)
  expect(facts.swapped).toBeGreaterThanOrEqual(0)
  expect(typeof facts.mayForceBuffers).toBe("boolean")
  const away = read({ ...question, enginePid: null })
  expect([away.openFiles, away.engineNice, away.mayForceBuffers, away.swapped]).toEqual([null, null, null, null])
})
