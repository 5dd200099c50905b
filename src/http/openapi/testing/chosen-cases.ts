/** Which of many bad inputs are tried where operations share most of their fields. */
import { propertyRuns } from "../../../../test/property-runs.ts"

/** Each case of each operation, instead of those that are chosen below. */
const ALL = propertyRuns(1) > 1
/** What has been tried at some operation, by what the place takes. Bodies share most of their fields. */
const tried = new Set<string>()
let turn = 0
/** Cases of each place that no operation before has been tried with; where there is none, one of them, by turns. */
export const chosen = <Case extends { readonly path: string; readonly takes: string; readonly what: string }>(
  cases: ReadonlyArray<Case>,
): ReadonlyArray<Case> => {
  if (ALL) return cases
  const byPath = new Map<string, Case[]>()
  for (const one of cases) byPath.set(one.path, [...(byPath.get(one.path) ?? []), one])
  return [...byPath.values()].flatMap((atPlace) => {
    const untried = atPlace.filter(({ takes, what }) => !tried.has(`${what} ${takes}`))
    for (const { takes, what } of untried) tried.add(`${what} ${takes}`)
    turn += 1
    return untried.length > 0 ? untried : atPlace.filter((_, index) => index === turn % atPlace.length)
  })
}
