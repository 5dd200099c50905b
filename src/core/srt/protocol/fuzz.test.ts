import { expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import { fuzzSrt } from "../testing/fuzz-srt.ts"

it("whatever a peer says gives a state or a refusal (npm run fuzz tries more)", () => {
  const counts = fuzzSrt(propertyRuns(20_000), 20_260)
  // Each of them happens: the cases reach what they are to try.
  for (const [name, count] of Object.entries(counts)) expect([name, count > 50]).toEqual([name, true])
})
