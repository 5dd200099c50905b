import { describe, expect, it } from "vitest"
import { addFigure, type Figure, figuresOf, forgetChannel, makeMemory } from "./memory.ts"

const NOW_S = 100_000
const figure = (over: Partial<Figure> = {}): Figure => ({
  channel: "1001",
  pipeline: 0,
  metric: "ActiveAlerts",
  points: [[NOW_S, 1]],
  ...over,
})

describe("figures of CloudWatch", () => {
  it("take the place of those that were told for the same minutes", () => {
    const memory = makeMemory()
    const tell = (points: Figure["points"]) => addFigure(memory.figures, figure({ points }))
    tell([
      [NOW_S - 120, 1],
      [NOW_S - 60, 2],
    ])
    tell([
      [NOW_S - 60, 3],
      [NOW_S, 4],
    ])
    expect(figuresOf(memory, "1001", NOW_S * 1000).map(({ points }) => points)).toEqual([
      [
        [NOW_S - 120, 1],
        [NOW_S - 60, 3],
        [NOW_S, 4],
      ],
    ])
  })

  it("are shown for three hours, and go with their channel", () => {
    const memory = makeMemory()
    addFigure(memory.figures, figure())
    addFigure(memory.figures, figure({ channel: "1002" }))
    expect(figuresOf(memory, "1001", (NOW_S + 10_799) * 1000)).toHaveLength(1)
    expect(figuresOf(memory, "1001", (NOW_S + 10_800) * 1000)).toEqual([])
    memory.figuresUntil.set("1001", NOW_S)
    forgetChannel(memory, "1001")
    expect([memory.figures.size, memory.figuresUntil.size, figuresOf(memory, "1002", NOW_S * 1000).length]).toEqual([
      1, 0, 1,
    ])
  })
})
