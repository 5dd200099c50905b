import { describe, expect, it } from "vitest"
import { ABSENT, HEALTHY, Simulation } from "./testing/simulate.ts"

/** Makes a simulation in which both legs have been healthy for 3 s. */
const running = (): Simulation => {
  const simulation = new Simulation()
  expect(simulation.run(3000)).toEqual([])
  return simulation
}

describe("legs and redundancy", () => {
  it("tells of a leg lost and back once, and of redundancy with it", () => {
    const simulation = running()
    const since = simulation.now
    simulation.set("backup", { packets: false })
    expect(simulation.run(5000)).toMatchObject([
      { at: since + 500, what: "leg_lost", leg: "backup", reason: "no_packets" },
      { at: since + 500, what: "redundancy_lost", leg: "backup", reason: "no_packets" },
    ])
    expect(simulation.last.redundancy).toBe("lost")
    simulation.set("backup", HEALTHY)
    const [back, safe, ...more] = simulation.run(5000)
    expect(back).toMatchObject({
      what: "leg_back",
      leg: "backup",
      detail: expect.stringMatching(/^the backup leg is back after 5\.\d s$/),
    })
    expect(safe).toMatchObject({ what: "redundancy_back", leg: "backup", at: back?.at })
    expect((back?.at ?? 0) - since).toBeGreaterThanOrEqual(6000)
    expect((back?.at ?? 0) - since).toBeLessThanOrEqual(6120)
    expect(more).toEqual([])
    expect(simulation.last.redundancy).toBe("ok")
  })

  it("says nothing more while a lost leg comes and goes faster than once a second", () => {
    const simulation = running()
    simulation.set("backup", { packets: false }).run(1000)
    const events: unknown[] = []
    for (let i = 0; i < 30; i++) {
      events.push(...simulation.set("backup", HEALTHY).run(800))
      events.push(...simulation.set("backup", { packets: false }).run(600))
    }
    expect(events).toEqual([])
    expect(simulation.last.redundancy).toBe("lost")
  })

  it("tells of a leg that comes and goes for an hour less and less often", () => {
    const simulation = running()
    const events: { at: number }[] = []
    for (let i = 0; i < 900; i++) {
      simulation.set("backup", { packets: false }).run(1000)
      simulation.set("backup", HEALTHY)
      events.push(...simulation.run(3000))
    }
    expect(events.length).toBeGreaterThan(2)
    expect(events.length).toBeLessThanOrEqual(8)
    expect(simulation.last.redundancy).toBe("lost")
    expect(simulation.run(60_000).map(({ what }) => what)).toEqual(["leg_back", "redundancy_back"])
  })

  it("loses redundancy with the primary: the leg that is left is alone", () => {
    const simulation = running()
    const whats = simulation
      .set("primary", { packets: false })
      .run(2000)
      .map(({ what, leg }) => `${what} ${leg}`)
    expect(whats.sort()).toEqual(["leg_lost primary", "redundancy_lost primary", "switch backup"])
  })

  it("misses a backup that never came, 5 s after the primary became usable", () => {
    const simulation = new Simulation()
    simulation.set("backup", ABSENT).set("primary", ABSENT)
    expect(simulation.run(60_000)).toEqual([])
    simulation.set("primary", HEALTHY)
    const since = simulation.now
    const [missed, ...more] = simulation.run(20_000)
    expect(missed).toMatchObject({ what: "redundancy_lost", leg: "backup", reason: "no_packets" })
    expect((missed?.at ?? 0) - since).toBeGreaterThanOrEqual(5000)
    expect((missed?.at ?? 0) - since).toBeLessThanOrEqual(5110)
    expect(more).toEqual([])
  })

  it("lets a socket be opened anew within failover_after_ms without an alarm", () => {
    const simulation = running()
    simulation.set("backup", { open: false }).run(400)
    expect(simulation.set("backup", HEALTHY).run(5000)).toEqual([])
  })
})
