import { describe, expect, it } from "vitest"

// A module for browsers: plain JavaScript without types.
const script: string = "./plot-axes.js"
const { shownTicks, tickTexts } = (await import(script)) as {
  tickTexts: (ticks: ReadonlyArray<number | null>, unit: string) => ReadonlyArray<string>
  shownTicks: (ticks: ReadonlyArray<number>, isEmpty: boolean) => ReadonlyArray<number | null>
}

describe("the texts of an axis", () => {
  it.each([
    ["one unit for all", [0, 5e6, 1e7], "bit/s", ["0", "5 Mbit/s", "10 Mbit/s"]],
    [
      "the decimals that tell them apart",
      [0, 250_000, 500_000, 1e6],
      "bit/s",
      ["0", "0.25 Mbit/s", "0.50 Mbit/s", "1.00 Mbit/s"],
    ],
    ["milliseconds", [0, 0.5, 1], "ms", ["0", "0.5 ms", "1.0 ms"]],
    ["what is not shown", [null, 20, 40], "/s", ["", "20 /s", "40 /s"]],
    ["gigabits", [0, 2e9, 4e9], "bit/s", ["0", "2 Gbit/s", "4 Gbit/s"]],
  ])("have %s", (_, ticks, unit, texts) => expect(tickTexts(ticks, unit)).toEqual(texts))

  it("are one zero where there is nothing to measure by", () =>
    expect(tickTexts(shownTicks([0, 0.5, 1], true), "bit/s")).toEqual(["0", "", ""]))
})
