import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { NewEvent } from "../model/event.ts"
import { BURST, makeEventLimit, ONE_EVERY_MS } from "./event-limit.ts"

const event = (over: Partial<NewEvent> = {}): NewEvent => ({
  channelId: "c",
  at: 0,
  kind: "output_failed",
  severity: "warning",
  message: "refused",
  output: "cdn",
  ...over,
})
const messages = (events: ReadonlyArray<NewEvent>) => events.map((e) => e.message)

describe("event limit", () => {
  it("lets a burst pass, then holds the newest back until its turn, counting what it replaced", () => {
    const limit = makeEventLimit(3, 1000)
    expect([1, 2, 3].map((n) => limit.admit(event({ message: `${n}` }), 0))).toEqual([true, true, true])
    expect([4, 5, 6].map((n) => limit.admit(event({ message: `${n}` }), 10))).toEqual([false, false, false])
    expect([limit.nextDueMs(), messages(limit.due(999))]).toEqual([1000, []])
    expect(messages(limit.due(1000))).toEqual(["6 (and 2 more like it before)"])
    expect(limit.nextDueMs()).toBeNull()
    expect(limit.admit(event({ message: "7" }), 1500)).toBe(false)
    expect(messages(limit.due(2000))).toEqual(["7"])
  })

  it("never lets an event overtake one that waits", () => {
    const limit = makeEventLimit(1, 1000)
    expect([limit.admit(event({ message: "1" }), 0), limit.admit(event({ message: "2" }), 1)]).toEqual([true, false])
    expect(limit.admit(event({ message: "3" }), 5000)).toBe(false)
    expect(messages(limit.due(5000))).toEqual(["3 (and 1 more like it before)"])
  })

  it("has a burst again after a quiet time, and forgets the subject", () => {
    const limit = makeEventLimit(2, 1000)
    const pass = (ms: number) => [1, 2, 3].map(() => limit.admit(event(), ms))
    expect(pass(0)).toEqual([true, true, false])
    limit.due(1000)
    limit.due(10_000)
    expect(pass(10_001)).toEqual([true, true, false])
  })

  it("limits each subject for itself: outputs, and both states of one matter of a source together", () => {
    const limit = makeEventLimit(1, 1000)
    expect(limit.admit(event(), 0)).toBe(true)
    expect(limit.admit(event({ kind: "output_connected" }), 0)).toBe(false)
    expect(limit.admit(event({ output: "other" }), 0)).toBe(true)
    expect(limit.admit(event({ channelId: "d" }), 0)).toBe(true)
    const leg = ({ kind, source }: Pick<NewEvent, "kind"> & { source: "primary" | "backup" }) =>
      limit.admit({ channelId: "c", at: 0, severity: "info", message: "", kind, source }, 0)
    expect([leg({ kind: "leg_lost", source: "primary" }), leg({ kind: "leg_back", source: "primary" })]).toEqual([
      true,
      false,
    ])
    expect([leg({ kind: "leg_lost", source: "backup" }), leg({ kind: "switched", source: "primary" })]).toEqual([
      true,
      true,
    ])
    // Which source is used is one matter: the other one's event must not overtake.
    expect(leg({ kind: "switched", source: "backup" })).toBe(false)
  })

  it("gives everything that waits when asked to", () => {
    const limit = makeEventLimit(1, 1000)
    for (const output of ["a", "b"]) for (const message of ["1", "2"]) limit.admit(event({ output, message }), 0)
    expect(messages(limit.drain())).toEqual(["2", "2"])
    expect(limit.drain()).toEqual([])
  })

  it("survives a clock that stands still or runs back", () => {
    const limit = makeEventLimit(1, 1000)
    limit.admit(event(), 5000)
    expect(limit.admit(event(), 0)).toBe(false)
    expect(limit.due(1000)).toEqual([])
    expect(limit.due(6000).length).toBe(1)
  })

  it("never holds back who changed the stream", () => {
    const limit = makeEventLimit()
    for (let n = 0; n < 10 * BURST; n++) {
      for (const kind of ["cue_inserted", "cue_not_inserted"] as const)
        expect(limit.admit(event({ kind }), 0)).toBe(true)
    }
    expect([limit.nextDueMs(), limit.drain()]).toEqual([null, []])
  })

  it("passes at most a burst and one a turn, and always the last state", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 300 }), (gaps) => {
        const limit = makeEventLimit()
        const out: Array<string> = []
        let now = 0
        for (const [n, gap] of gaps.entries()) {
          now += gap
          out.push(...messages(limit.due(now)))
          if (limit.admit(event({ message: `${n}` }), now)) out.push(`${n}`)
        }
        out.push(...messages(limit.drain()))
        const numbers = out.map((text) => Number.parseInt(text, 10))
        const told = out.reduce((sum, text) => sum + Number(/and (\d+) more/.exec(text)?.[1] ?? 0), out.length)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
        expect(numbers.at(-1)).toBe(gaps.length - 1)
        expect(told).toBe(gaps.length)
        expect(out.length).toBeLessThanOrEqual(BURST + Math.floor(now / ONE_EVERY_MS) + 1)
      }),
    )
  })
})
