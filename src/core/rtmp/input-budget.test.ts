import { describe, expect, it } from "vitest"
import { INPUT_BUDGET, InputBudget } from "./input-budget.ts"

describe("InputBudget", () => {
  it("takes what servers send for years: an acknowledgement and a ping a second", () => {
    const budget = new InputBudget()
    for (let second = 0; second < 100_000; second++) expect(budget.spend(second * 1000, 34, 2)).toBeNull()
  })

  it.each([
    ["messages", 12, 1],
    ["bytes", 65_536, 0],
  ])("names a flood of %s", (what, bytes, messages) => {
    const budget = new InputBudget()
    const said = Array.from({ length: 2000 }, (_, i) => budget.spend(i, bytes, messages)).find((one) => one !== null)
    expect(said).toMatch(what === "messages" ? /more than 100 messages a second/ : /more than 64 KiB a second/)
  })

  it("a burst is taken once, and again after a while, also when all of it comes at once behind a stall", () => {
    const budget = new InputBudget()
    expect(budget.spend(0, INPUT_BUDGET.bytes, INPUT_BUDGET.messages)).toBeNull()
    expect(budget.spend(10_000, 10 * INPUT_BUDGET.bytesPerSecond, 10 * INPUT_BUDGET.messagesPerSecond)).toBeNull()
    expect(budget.spend(10_001, 0, 1)).not.toBeNull()
  })

  it("counts on across 2^31 and 2^32 ms, and takes no time that runs backwards for time that passed", () => {
    for (const start of [2 ** 31 - 500, 2 ** 32 - 500]) {
      const budget = new InputBudget()
      for (let i = 0; i < 2000; i++) expect(budget.spend(start + i * 10, 100, 1)).toBeNull()
      for (let i = 0; i < INPUT_BUDGET.messages - 1; i++) budget.spend(start, 1, 1)
      expect(budget.spend(start, 1, 100)).not.toBeNull()
    }
  })
})
