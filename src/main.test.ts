import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
/** The layers of a file in their order, from the verbs to what they stand on. */
const namesIn = (text: string) =>
  [...text.matchAll(/^const .* = ScheduleRunner\.Live|provideMerge\((\w+)\.Live\)/gm)].map(
    ([, name]) => name ?? "ScheduleRunner",
  )

it("has the control plane of the tests in the order of main.ts", () => {
  const names = namesIn(read("./main.ts"))
  expect(names[0]).toBe("ScheduleRunner")
  expect(names).toContain("RunningChannels")
  expect(namesIn(read("./effects/testing/control-plane.ts"))).toEqual(names)
})
