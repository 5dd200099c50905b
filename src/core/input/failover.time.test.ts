import { describe, expect, it } from "vitest"
import { ABSENT, HEALTHY, Simulation, switchesOf } from "./testing/simulate.ts"

const HOUR_MS = 3_600_000

describe("failover on made-up time", () => {
  it("makes no switch in 72 h with sparse loss, RTP and PCR wraps, SSRC changes and encoder restarts", () => {
    const simulation = new Simulation({}, 0, 40)
    const { numbers } = simulation
    // Each happening is what a leg's counters show: a burst of continuity errors at most, with or without a pause
    // shorter than the limit.
    const happenings = [
      { everyMs: (2 ** 33 / 90_000) * 1000, errors: 9, pauseMs: 0 },
      { everyMs: (2 ** 32 / 90_000) * 1000, errors: 0, pauseMs: 0 },
      { everyMs: (65_536 / 950) * 1000, errors: 1, pauseMs: 0 },
      { everyMs: 7 * HOUR_MS, errors: 30, pauseMs: 440 },
      { everyMs: 11_000, errors: 3, pauseMs: 0 },
    ].map((happening) => ({ ...happening, next: happening.everyMs }))
    let pausedUntil = 0
    let bursts = 0
    while (simulation.now < 72 * HOUR_MS) {
      for (const happening of happenings) {
        if (simulation.now < happening.next) continue
        happening.next += happening.everyMs
        bursts++
        numbers.primary.continuityErrors += happening.errors
        numbers.backup.continuityErrors += happening.errors
        if (happening.pauseMs > 0) pausedUntil = simulation.now + happening.pauseMs
      }
      simulation.legs.primary.packets = simulation.now >= pausedUntil
      simulation.step()
    }
    expect(bursts).toBeGreaterThan(27_000)
    expect(simulation.log).toEqual([])
    expect(simulation.last).toMatchObject({ redundancy: "ok", usable: { primary: true, backup: true } })
    // The decider is still awake: it switches away from a leg that falls silent.
    simulation.set("primary", { packets: false })
    expect(switchesOf(simulation.run(2000))).toHaveLength(1)
  })

  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["30 s ahead, as after a suspended machine", 30_000],
    ["600 ms ahead, as after a stalled process", 600],
  ])("takes a clock that jumps %s for no silence", (_name, jumpMs) => {
    const simulation = new Simulation()
    simulation.run(3000)
    simulation.now += jumpMs
    // The first decision comes before anything of the new time has arrived, the second before the sockets were read.
    simulation.decide()
    simulation.decide()
    expect(simulation.run(5000)).toEqual([])
    expect(simulation.last.usable).toEqual({ primary: true, backup: true })
    const since = simulation.set("primary", { packets: false }).now
    expect(switchesOf(simulation.run(2000))).toMatchObject([{ at: since + 500 }])
  })

  it("notices a dead leg while the process is so busy that it decides every 200 ms only", () => {
    const simulation = new Simulation({}, 0, 200)
    simulation.psiEveryMs = 200
    simulation.run(20_000)
    simulation.set("primary", { packets: false })
    expect(switchesOf(simulation.run(10_000))).toHaveLength(1)
  })

  it("brings the stream back within a second after both legs were away for a day", () => {
    const simulation = new Simulation({}, 0, 40)
    simulation.run(3000)
    simulation
      .set("primary", ABSENT)
      .set("backup", ABSENT)
      .run(24 * HOUR_MS)
    expect(switchesOf(simulation.log)).toEqual([])
    simulation.set("backup", HEALTHY)
    expect(switchesOf(simulation.run(1000))).toMatchObject([{ leg: "backup" }])
  })
})
