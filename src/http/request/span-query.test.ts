import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { pageQuery } from "../pages/page-query.ts"
import { namedSpan, readDaysQuery, readSpanQuery } from "./span-query.ts"

const HOUR_MS = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16)

describe("days of the station's zone", () => {
  it.each([
    ["a common one", "Europe/Berlin", "2026-11-25T10:00Z", "2026-11-23T23:00", 24],
    ["one that loses an hour", "Europe/Berlin", "2026-03-30T10:00Z", "2026-03-28T23:00", 23],
    ["one that gains an hour", "Europe/Berlin", "2026-10-26T10:00Z", "2026-10-24T22:00", 25],
    ["the day before until midnight of here", "Europe/Berlin", "2026-11-25T22:59Z", "2026-11-23T23:00", 24],
    ["another day from then on", "Europe/Berlin", "2026-11-25T23:00Z", "2026-11-24T23:00", 24],
    ["far in the east", "Pacific/Auckland", "2026-04-05T20:00Z", "2026-04-04T11:00", 25],
    ["half an hour more", "Australia/Lord_Howe", "2026-04-06T00:00Z", "2026-04-04T13:00", 24.5],
    // At midnight the clocks go to one: the day begins with what there is of it.
    ["one whose midnight is left out", "America/Santiago", "2026-09-07T12:00Z", "2026-09-06T04:00", 23],
    // At midnight they go back to 23:00: the hour belongs to the day that ends.
    ["one whose last hour comes twice", "America/Santiago", "2026-04-05T12:00Z", "2026-04-04T03:00", 25],
    ["of UTC", "UTC", "2026-03-30T10:00Z", "2026-03-29T00:00", 24],
  ])("yesterday, %s", async (_, zone, now, from, hours) => {
    const { fromMs, toMs } = namedSpan("yesterday", zone, Date.parse(now))
    expect([iso(fromMs), (toMs - fromMs) / HOUR_MS]).toEqual([from, hours])
    // The as-run report shows the same day where none is named.
    const asked = await Effect.runPromise(readDaysQuery(new URLSearchParams(), zone, Date.parse(now)))
    expect([asked.fromMs, asked.toMs]).toEqual([fromMs, toMs])
  })

  it.each([
    ["2026-03", 31 * 24 - 1],
    ["2026-10", 31 * 24 + 1],
    ["2026-02", 28 * 24],
  ])("the month %s has %i hours in Berlin", async (month, hours) => {
    const { fromMs, toMs } = await Effect.runPromise(readDaysQuery(new URLSearchParams({ month }), "Europe/Berlin", 0))
    expect((toMs - fromMs) / HOUR_MS).toBe(hours)
  })
})

describe("a time until now", () => {
  const NOW = Date.parse("2026-11-25T10:00Z")
  const endOf = async (query: string) =>
    (await Effect.runPromise(readSpanQuery(new URLSearchParams(query), "UTC", NOW, "night"))).toMs

  it.each(["", "span=night", "span=24h", "span=400d", "since=2026-11-25T09:00:00Z", "since=2026-11-25T10:00:00Z"])(
    "has what happened within this millisecond, and nothing after it: %s",
    async (query) => {
      expect(await endOf(query)).toBe(NOW + 1)
    },
  )

  it.each([
    ["until=2026-11-25T10:00:00Z", NOW],
    ["span=yesterday", Date.parse("2026-11-25T00:00Z")],
  ])("is another than one with an end of its own: %s", async (query, end) => {
    expect(await endOf(query)).toBe(end)
  })
})

describe("times that are typed on a page", () => {
  it.each([
    ["by the clock of here", "2026-11-24T08:30", "2026-11-24T07:30:00.000Z"],
    ["with seconds", "2026-07-01T08:30:05.5", "2026-07-01T06:30:05.500Z"],
    ["that the clocks left out, as one hour later", "2026-03-29T02:30", "2026-03-29T01:30:00.000Z"],
    ["that came twice, as the first", "2026-10-25T02:30", "2026-10-25T00:30:00.000Z"],
    ["with an offset, as they are", "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"],
    ["that are none, as they are", "2026-02-30T25:00", "2026-02-30T25:00"],
    ["on a day that is none", "2026-02-30T10:00", "2026-02-30T10:00"],
  ])("are read %s", (_, typed, read) => {
    const url = new URL("http://x/cues")
    url.searchParams.set("since", typed)
    expect(pageQuery(url, "Europe/Berlin").get("since")).toBe(read)
  })
})
