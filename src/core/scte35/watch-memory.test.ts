import { expect, it } from "vitest"
import type { CueAction } from "./cue-key.ts"
import { type CueMemory, recall, remember, type Telling } from "./watch-memory.ts"

const action = (family: string, signal: number, kind: CueAction["kind"] = "out"): CueAction => ({
  kind,
  family,
  signal,
  name: "event 1",
  eventId: 1,
  offset90k: 0,
  duration90k: null,
  autoReturn: false,
})
const telling = (signature: string, atMs = 0): Telling => ({ signature, timed: true, atMs, spliceMs: 5000 })

it("forgets the events that were not heard of for longest, and the oldest of what one event told", () => {
  const memory: CueMemory = new Map()
  for (let n = 0; n < 5000; n++) remember(memory, [action("0", n), action(`${n}`, 0)], telling("a"), n)
  expect(memory.size).toBe(1024)
  expect(memory.get("0")?.size).toBe(16)
  expect(recall(memory, [action("4999", 0)], telling("a"))).toBe(4999)
  expect(recall(memory, [action("1", 0)], telling("a"))).toBeNull()
  expect(recall(memory, [action("0", 4999)], telling("a"))).toBe(4999)
  expect(recall(memory, [action("0", 10)], telling("a"))).toBeNull()
})

it("knows a cue only when all of it was told before, and nothing else since", () => {
  const memory: CueMemory = new Map()
  remember(memory, [action("1", 0)], telling("a"), 1)
  expect(recall(memory, [action("1", 0), action("2", 0)], telling("a"))).toBeNull()
  expect(recall(memory, [action("1", 0)], telling("a"))).toBe(1)
  remember(memory, [action("1", 0)], telling("b"), 2)
  expect(recall(memory, [action("1", 0)], telling("a"))).toBeNull()
  remember(memory, [action("1", 0, "cancel")], telling("c"), 3)
  expect(recall(memory, [action("1", 0)], telling("b"))).toBeNull()
  expect(recall(memory, [action("1", 9, "cancel")], telling("c"))).toBe(3)
})

it.each([
  ["without times, soon", { timed: false, spliceMs: null }, 10_000, true],
  ["without times, later", { timed: false, spliceMs: null }, 10_001, false],
  ["without a clock, within ten minutes", { timed: true, spliceMs: null }, 600_000, true],
  ["without a clock, later", { timed: true, spliceMs: null }, 600_001, false],
  ["with a splice point, whenever", { timed: true, spliceMs: 5000 }, 10_000_000, true],
])("takes the same words for one cue: %s", (_, times, atMs, same) => {
  const memory: CueMemory = new Map()
  remember(memory, [action("1", 0)], { signature: "a", atMs: 0, ...times }, 1)
  expect(recall(memory, [action("1", 0)], { signature: "a", atMs, ...times })).toBe(same ? 1 : null)
})
