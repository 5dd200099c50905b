import { expect, it } from "vitest"
import { Faults } from "./faults.ts"

it("counts by part, and gives a reason that is tried again", () => {
  const faults = new Faults(() => {})
  expect(faults.report("output", "output main", new Error("made to fail"))).toEqual({
    code: "internal",
    message: "internal error of the engine, whose log has more: made to fail",
    transient: true,
  })
  faults.report("input", "a leg", "not even an error")
  faults.report("input", "a leg", undefined)
  expect(faults.counts).toEqual({ output: 1, input: 2, engine: 0 })
})

it("logs the stack, ten a minute, and then how many more there were", () => {
  const log: string[] = []
  let nowMs = 0
  const faults = new Faults(
    (message) => log.push(message),
    () => nowMs,
  )
  for (let i = 0; i < 1000; i++) faults.report("engine", "the loop", new Error("made to fail"))
  expect(log).toHaveLength(10)
  expect(log[0]).toMatch(/^internal error: the loop: .*made to fail[\s\S]*faults\.test\.ts/)
  nowMs = 60_000
  faults.report("engine", "the loop", new Error("again"))
  expect(log.slice(10)).toEqual([
    "990 more internal errors were not logged in the minute before",
    expect.stringContaining("again"),
  ])
  expect(faults.counts.engine).toBe(1001)
})

it("survives a log that cannot be written", () => {
  const faults = new Faults(() => {
    throw new Error("EPIPE")
  })
  expect(faults.report("engine", "the loop", new Error("x")).code).toBe("internal")
})
