import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { engineUsageOf } from "../../effects/engine/engine-usage.ts"
import { engineStats } from "../../effects/testing/FakeEngine.ts"
import { fakeHealth } from "../testing/fake-health.ts"
import { makeTestApp } from "../testing/test-app.ts"
import { makeCpuMeter } from "./system.ts"

const aEngine = {
  number: 1,
  connected: true,
  pid: 4242,
  uptime: 11,
  restarts: 0,
  channels: 0,
  outdated: false,
  problem: null,
}

describe("makeCpuMeter", () => {
  it("measures from a question that is a second old at least", () => {
    const samples = [
      { atMs: 0, cpuMs: 0 },
      { atMs: 500, cpuMs: 50 },
      { atMs: 2000, cpuMs: 1500 },
      { atMs: 2100, cpuMs: 1600 },
      { atMs: 4000, cpuMs: 1500 + 500 },
    ]
    const percent = makeCpuMeter(() => samples.shift() ?? { atMs: 0, cpuMs: 0 })
    // Half a second, the two seconds before, those and a tenth, and the last two.
    expect([percent(), percent(), percent(), percent()]).toEqual([10, 75, 100 * (1600 / 2100), 25])
  })

  it("is nothing when no time has passed", () => {
    expect(makeCpuMeter(() => ({ atMs: 7, cpuMs: 7 }))()).toBe(0)
  })
})

describe("engineUsageOf", () => {
  it("is per cent of one core between two messages, and nothing without an engine", () => {
    const before = { ...engineStats([], 1000), cpu_seconds: 2 }
    const now = { ...engineStats([], 2000), cpu_seconds: 2.25, rss_bytes: 5, loop_max_ms: 0.5 }
    expect(engineUsageOf({ previous: before, stats: now })).toEqual({
      cpu_seconds: 2.25,
      cpu_percent: 25,
      rss_bytes: 5,
      loop_max_ms: 0.5,
    })
    expect(engineUsageOf({ previous: null, stats: now })?.cpu_percent).toBe(0)
    expect(engineUsageOf({ previous: now, stats: before })?.cpu_percent).toBe(0)
    expect(engineUsageOf({ previous: before, stats: null })).toBeNull()
  })
})

describe("GET /api/system/stats", () => {
  it("has zeros for an engine that is away", async () => {
    const { call } = makeTestApp({ over: { system: { engineUsages: Effect.succeed([{ number: 1, usage: null }]) } } })
    const body = (await (await call("GET", "/api/system/stats")).json()) as { engine: Record<string, unknown> }
    expect(body.engine).toMatchObject({ cpu_seconds: 0, cpu_percent: 0, rss_bytes: 0, loop_max_ms: 0 })
  })

  it("adds several engines up, and has each of them", async () => {
    const usage = { cpu_seconds: 2, cpu_percent: 20, rss_bytes: 100, loop_max_ms: 3 }
    const usages = [
      { number: 1, usage },
      { number: 2, usage: { ...usage, loop_max_ms: 9 } },
      { number: 3, usage: null },
    ]
    const engines = usages.map(({ number }) => ({ ...aEngine, number }))
    const { call } = makeTestApp({
      over: {
        system: { engineUsages: Effect.succeed(usages), health: Effect.succeed({ ...fakeHealth, engines }) },
      },
    })
    const body = (await (await call("GET", "/api/system/stats")).json()) as Record<string, unknown>
    expect(body["engine"]).toMatchObject({ cpu_seconds: 4, cpu_percent: 40, rss_bytes: 200, loop_max_ms: 9 })
    expect(body["engines"]).toMatchObject([
      { number: 1, channels: 0, loop_max_ms: 3 },
      { number: 2, channels: 0, loop_max_ms: 9 },
      { number: 3, channels: 0, loop_max_ms: 0 },
    ])
  })
})
