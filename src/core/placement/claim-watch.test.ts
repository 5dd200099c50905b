import { expect, it } from "vitest"
import { ClaimWatch } from "./claim-watch.ts"
import type { NodeRow } from "./model.ts"
import { timingOf } from "./timing.ts"

const TIMING = timingOf(6, 8)
const rowOf = (of: Partial<NodeRow> = {}) => ({ instance: "before", standing: "up", beatMs: 1000, ...of }) as NodeRow

/** What is found at each read: when, over which connection, and the row. */
const looks = (reads: ReadonlyArray<readonly [atMs: number, row?: NodeRow | null, isAnew?: boolean]>) => {
  const watch = new ClaimWatch("mine", TIMING)
  return reads.map(([atMs, row = rowOf(), isAnew = false]) => watch.look(row, atMs, isAnew))
}
const every = (fromMs: number, untilMs: number) =>
  Array.from({ length: (untilMs - fromMs) / 1000 + 1 }, (_, n) => [fromMs + n * 1000] as const)

it("a name is free at once when nobody had it, this machine had it, or who had it has left", () => {
  expect(looks([[0, null]])).toEqual(["claim"])
  expect(looks([[0, rowOf({ instance: "mine" })]])).toEqual(["claim"])
  expect(looks([[0, rowOf({ standing: "left" })]])).toEqual(["claim"])
})

it("another machine's is free after the dead time, and taken when that machine beats", () => {
  expect(looks(every(0, 8000))).toEqual([...Array(8).fill("wait"), "claim"])
  expect(looks([...every(0, 7000), [8000, rowOf({ beatMs: 2000 })]]).at(-1)).toBe("taken")
  // Not the beat of that machine, but a third one.
  expect(looks([...every(0, 7000), [8000, rowOf({ instance: "third" })]]).at(-1)).toBe("wait")
})

it("counts only the time in which PostgreSQL would have heard that machine", () => {
  expect(looks([...every(0, 2000), ...every(7000, 15_000)])).toEqual([...Array(11).fill("wait"), "claim"])
  expect(looks([...every(0, 7000), [8000, rowOf(), true], ...every(9000, 16_000)])).toEqual([
    ...Array(16).fill("wait"),
    "claim",
  ])
})
