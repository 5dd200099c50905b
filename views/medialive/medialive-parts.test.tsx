/** @jsxImportSource hono/jsx */
import { expect, it } from "vitest"
import type { PriceView } from "../../src/effects/medialive/medialive-bodies.ts"
import { priceWords, Staleness } from "./medialive-parts.tsx"

it.each([
  [null, ""],
  [60, "AWS has not answered for 60 s: this is how things were at 2026-11-24 16:00:00 UTC."],
  [600, "AWS has not answered for 10 minutes"],
  [7200, "AWS has not answered for 2 hours"],
])("what is shown of MediaLive says how old it is, %s s after AWS answered last", (stale_s, words) => {
  const list = { stale_s, at: "2026-11-24T16:00:00.000Z", problem: stale_s === null ? null : "it did not answer" }
  const html = String(<Staleness list={list} />)
    .replace(/<\/?time[^>]*>/g, "")
    .replace(/\s+/g, " ")
  expect(html).toContain(words)
  expect([html.includes("has not answered"), html.includes("it did not answer")]).toEqual([
    stale_s !== null,
    stale_s !== null,
  ])
})

it("a permission that is missing is named with what does not work without it", () => {
  const missing_permissions = [{ action: "medialive:ListAlerts", without: "alerts are not shown" }]
  const html = String(<Staleness list={{ stale_s: null, at: null, problem: null, missing_permissions }} />)
  expect(html).toContain("<code>medialive:ListAlerts</code> is missing: alerts are not shown.")
})

const price = (over: Partial<PriceView> = {}): PriceView => ({
  usd_per_hour: 0.996,
  unknown_lines: 0,
  from: "table",
  region: "us-east-1",
  as_of: "2026-11-24",
  lines: [{ what: "output ts", usdPerHour: 0.996, atMost: false, why: null }],
  ...over,
})
it.each([
  [null, "not known yet"],
  [price(), "$1.00 an hour"],
  [price({ unknown_lines: 2 }), "$1.00 an hour, without 2 of unknown price"],
  [price({ usd_per_hour: null, unknown_lines: 1 }), "no list price known"],
  [price({ lines: [{ what: "output ts", usdPerHour: 0.996, atMost: true, why: null }] }), "at most $1.00 an hour"],
])("a price reads as an estimate: %#", (given, words) => expect(priceWords(given)).toBe(words))
