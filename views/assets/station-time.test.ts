import { describe, expect, it } from "vitest"
import { clockText, offsetText } from "../../src/core/schedule/local-time.ts"

// A module for browsers: plain JavaScript without types.
const script: string = "./station-time.js"
const { makeClock } = (await import(script)) as {
  makeClock: (zone: string) => (ms: number) => Readonly<Record<"date" | "clock" | "offset", string>>
}

describe("a browser's clock of the station", () => {
  it.each([
    ["Europe/Berlin", "2026-10-25T00:59:59Z"],
    ["Europe/Berlin", "2026-10-25T01:00:00Z"],
    ["Europe/Berlin", "2026-03-29T01:00:00Z"],
    ["America/St_Johns", "2026-07-01T02:30:00Z"],
    ["Asia/Kathmandu", "2026-07-01T18:15:00Z"],
    ["UTC", "2026-07-01T00:00:00Z"],
  ])("shows in %s at %s what the service shows", (zone, at) => {
    const ms = Date.parse(at)
    const { clock, date, offset } = makeClock(zone)(ms)
    expect(`${date} ${clock} ${offset}`).toBe(`${clockText(ms, zone).slice(0, 19)} ${offsetText(ms, zone)}`)
  })
})
