import { describe, expect, it } from "vitest"
import { ResendBudget } from "./resend-budget.ts"

const spendAll = (budget: ResendBudget): number => {
  let spent = 0
  while (budget.spend()) spent += 1
  return spent
}

const earn = (budget: ResendBudget, packets: number): void => {
  for (let i = 0; i < packets; i++) budget.earn()
}

describe("a resend budget", () => {
  it("begins full, and earns one resend with every other packet", () => {
    const budget = new ResendBudget(1000)
    expect(spendAll(budget)).toBe(1000)
    earn(budget, 1)
    expect(budget.spend()).toBe(false)
    earn(budget, 1)
    expect(spendAll(budget)).toBe(1)
    earn(budget, 7)
    expect(spendAll(budget)).toBe(3)
  })

  it("saves up no more than its limit, which is 512 at the least", () => {
    const budget = new ResendBudget(16)
    earn(budget, 5000)
    expect(spendAll(budget)).toBe(512)
    budget.raise(2000)
    earn(budget, 10_000)
    expect(spendAll(budget)).toBe(2000)
    budget.raise(100)
    earn(budget, 10_000)
    expect(spendAll(budget)).toBe(2000)
  })
})
