import { describe, expect, it } from "vitest"
import { decide, type FailoverReason, newFailover } from "./failover.ts"
import { ABSENT, type Behaviour, HEALTHY, POLICY, Simulation, switchesOf } from "./testing/simulate.ts"

/** Makes a simulation in which both legs have been healthy for 3 s. */
const running = (...options: ConstructorParameters<typeof Simulation>): Simulation => {
  const simulation = new Simulation(...options)
  expect(simulation.run(3000)).toEqual([])
  return simulation
}

describe("failover triggers", () => {
  it.each<[FailoverReason, Partial<Behaviour>, failoverAfterMs: number, expectedMs: number]>([
    ["closed", { open: false }, 500, 10],
    ["no_packets", { packets: false }, 50, 50],
    ["no_packets", { packets: false }, 500, 500],
    ["no_packets", { packets: false }, 3000, 3000],
    ["null_packets", { programme: false }, 500, 500],
    ["null_packets", { programme: false }, 50, 50],
    ["sync_loss", { inSync: false }, 500, 500],
    ["sync_loss", { inSync: false, programme: false }, 50, 50],
    ["no_pat", { pat: false }, 500, 1250],
    ["no_pmt", { pmt: false }, 50, 1250],
    ["no_pmt", { pmt: false }, 2000, 2000],
    ["no_pat", { pat: false, pmt: false }, 500, 1250],
    ["continuity", { errorsPerS: 20 }, 500, 1000],
    ["continuity", { errorsPerS: 200 }, 50, 1000],
    ["continuity", { errorsPerS: 20 }, 2000, 2000],
  ])("%s (%o, failover_after_ms %d): after %d ms", (reason, change, failoverAfterMs, expectedMs) => {
    const simulation = running({ failoverAfterMs })
    const since = simulation.now
    const [first, ...more] = switchesOf(simulation.set("primary", change).run(6000))
    expect(first).toMatchObject({ leg: "backup", reason })
    expect(more).toEqual([])
    // Slots of the continuity window may have begun at any time before the errors did.
    const slack = reason === "continuity" ? Math.max(200, failoverAfterMs / 5) + 40 : 0
    expect((first?.at ?? 0) - since).toBeGreaterThanOrEqual(expectedMs - slack)
    expect((first?.at ?? 0) - since).toBeLessThanOrEqual(expectedMs + slack)
  })

  it("a stream whose last packets were null packets has no packets, not null packets", () => {
    const simulation = running()
    simulation.set("primary", { programme: false }).run(40)
    expect(switchesOf(simulation.set("primary", { packets: false }).run(3000))).toMatchObject([
      { reason: "no_packets" },
    ])
  })

  it.each<[string, Partial<Behaviour>, forMs: number]>([
    ["490 ms of silence", { packets: false }, 490],
    ["490 ms of null packets", { programme: false }, 490],
    ["490 ms without sync", { inSync: false }, 490],
    ["1100 ms without PAT", { pat: false }, 1100],
    ["1100 ms without PMT", { pmt: false }, 1100],
    ["a burst of loss for 600 ms", { errorsPerS: 2000 }, 600],
    ["3 continuity errors a second for a minute", { errorsPerS: 3 }, 60_000],
  ])("stays through %s", (_name, change, forMs) => {
    const simulation = running()
    const back = { ...simulation.legs.primary }
    expect(simulation.set("primary", change).run(forMs)).toEqual([])
    expect(simulation.set("primary", back).run(5000)).toEqual([])
  })

  it("stays on scattered errors below 0.1 % of the packets, however many a second", () => {
    const simulation = running()
    simulation.set("primary", { errorsPerS: 6 })
    // At 6650 packets a second, these errors are 0.09 %.
    expect(simulation.run(60_000)).toEqual([])
    simulation.set("primary", { errorsPerS: 8 })
    expect(switchesOf(simulation.run(5000))).toHaveLength(1)
  })

  it("accepts PAT and PMT once a second, the longest interval of MediaLive, from the start", () => {
    const simulation = new Simulation()
    simulation.psiEveryMs = 1000
    expect(simulation.run(60_000)).toEqual([])
    expect(simulation.last.usable).toEqual({ primary: true, backup: true })
  })

  it("switches to a backup that comes while the primary has never had input", () => {
    const simulation = new Simulation()
    simulation.set("primary", ABSENT)
    expect(switchesOf(simulation.run(5000))).toMatchObject([
      {
        at: 1_000_500,
        leg: "backup",
        reason: "no_packets",
        detail: expect.stringMatching(/no packets since the start/),
      },
    ])
  })

  it("leaves a stream that has had no PAT for 2 s from its start, not before", () => {
    const simulation = new Simulation()
    simulation.set("primary", { pat: false })
    expect(switchesOf(simulation.run(5000))).toMatchObject([{ at: 1_002_000, leg: "backup", reason: "no_pat" }])
  })

  it("takes gaps that the other leg fills for no fault while merged", () => {
    const simulation = running()
    simulation.merged = true
    simulation.set("primary", { errorsPerS: 100 }).set("backup", { errorsPerS: 100 })
    expect(simulation.run(20_000)).toEqual([])
    expect(simulation.last).toMatchObject({ redundancy: "ok", usable: { primary: true, backup: true } })
    simulation.merged = false
    simulation.set("backup", HEALTHY).run(3000)
    expect(simulation.active).toBe("backup")
  })
})

describe("failover target", () => {
  it("stays when both legs die at once", () => {
    const simulation = running()
    simulation.set("primary", { packets: false }).set("backup", { packets: false })
    expect(switchesOf(simulation.run(60_000))).toEqual([])
  })

  it("stays when the backup dies 60 ms after the primary, although its own time has not run out", () => {
    const simulation = running()
    simulation.set("primary", { packets: false }).run(60)
    expect(switchesOf(simulation.set("backup", { packets: false }).run(60_000))).toEqual([])
  })

  it.each<[string, Partial<Behaviour>]>([
    ["closed", { open: false }],
    ["silent", { packets: false }],
    ["null packets only", { programme: false }],
    ["without PAT", { pat: false }],
    ["without PMT", { pmt: false }],
    ["out of sync", { inSync: false }],
    ["sick", { errorsPerS: 50 }],
  ])("stays on a dead primary while the backup is %s, and goes when it has recovered", (name, change) => {
    const simulation = new Simulation({ failback: "manual" })
    simulation.set("backup", change).run(4000)
    simulation.set("primary", { packets: false })
    expect(switchesOf(simulation.run(10_000))).toEqual([])
    simulation.set("backup", HEALTHY)
    const recoveredAt = simulation.now
    const [first, ...more] = switchesOf(simulation.run(5000))
    expect(first).toMatchObject({ leg: "backup", reason: "no_packets" })
    expect(more).toEqual([])
    // The leg proves itself for 200 ms after the next PAT and PMT; a sick leg must first show a second with fewer
    // errors.
    expect((first?.at ?? 0) - recoveredAt).toBeGreaterThanOrEqual(200)
    expect((first?.at ?? 0) - recoveredAt).toBeLessThanOrEqual(name === "sick" ? 1700 : 320)
  })

  it("asks for PAT and PMT anew after a leg was silent", () => {
    const simulation = new Simulation()
    simulation.set("backup", { packets: false }).run(5000)
    simulation.set("backup", { ...HEALTHY, pmt: false }).set("primary", { packets: false })
    expect(switchesOf(simulation.run(5000))).toEqual([])
  })

  it("never asks for a leg that is not configured", () => {
    const state = newFailover(0)
    const dead = { ...new Simulation().numbers.primary, lastPacketAt: 0 }
    for (let now = 10; now < 10_000; now += 10) {
      const decision = decide(state, POLICY, now, "primary", { primary: dead, backup: null })
      expect(decision).toMatchObject({
        action: null,
        events: [],
        redundancy: "none",
        usable: { backup: false },
        faults: { backup: null },
      })
    }
    expect(state.decision.faults.primary).toBe("no_packets")
  })
})

describe("failback", () => {
  it("returns to the primary when it was usable for failback_after without a break", () => {
    const simulation = running({ failbackAfterMs: 5000 })
    simulation.set("primary", { packets: false }).run(2000)
    expect(simulation.active).toBe("backup")
    simulation.set("primary", HEALTHY)
    expect(switchesOf(simulation.run(4000))).toEqual([])
    simulation.set("primary", { packets: false }).run(600)
    simulation.set("primary", HEALTHY)
    const since = simulation.now
    const [first] = switchesOf(simulation.run(7000))
    expect(first).toMatchObject({ leg: "primary", reason: "failback" })
    expect((first?.at ?? 0) - since).toBeGreaterThanOrEqual(5000)
    expect((first?.at ?? 0) - since).toBeLessThanOrEqual(5110)
  })

  it("stays on the backup with failback manual, until the backup fails", () => {
    const simulation = running({ failback: "manual" })
    simulation.set("primary", { packets: false }).run(2000)
    simulation.set("primary", HEALTHY)
    expect(switchesOf(simulation.run(600_000))).toEqual([])
    simulation.set("backup", { programme: false })
    expect(switchesOf(simulation.run(2000))).toMatchObject([{ leg: "primary", reason: "null_packets" }])
  })

  it("waits failback_after when the engine itself took the backup, as after a restart, while the primary is good", () => {
    const simulation = running({ failbackAfterMs: 5000 })
    simulation.run(60_000)
    simulation.active = "backup"
    const since = simulation.now
    expect(switchesOf(simulation.run(10_000))).toMatchObject([{ at: since + 5010, leg: "primary", reason: "failback" }])
  })

  it("holds an operator's leg against failback until it fails", () => {
    const simulation = running().operator("backup")
    expect(switchesOf(simulation.run(600_000))).toEqual([])
    simulation.set("backup", { packets: false })
    expect(switchesOf(simulation.run(2000))).toMatchObject([{ leg: "primary", reason: "no_packets" }])
    simulation.set("backup", HEALTHY).run(5000)
    simulation.set("primary", { packets: false }).run(1000)
    simulation.set("primary", HEALTHY)
    expect(switchesOf(simulation.run(10_000))).toMatchObject([{ leg: "primary", reason: "failback" }])
  })

  it("gives an operator's choice of a dead leg failover_after_ms, then goes back", () => {
    const simulation = running()
    simulation.set("backup", { packets: false }).run(5000)
    const since = simulation.operator("backup").now
    expect(switchesOf(simulation.run(10_000))).toMatchObject([
      { at: since + 500, leg: "primary", reason: "no_packets" },
    ])
  })
})

describe("actions", () => {
  it("are asked for once, and again after a second when not followed", () => {
    const simulation = running()
    simulation.follows = false
    const since = simulation.now
    simulation.set("primary", { packets: false })
    expect(switchesOf(simulation.run(2600)).map(({ at }) => at - since)).toEqual([500, 1500, 2500])
  })

  it("name the leg, the cause and the time", () => {
    const simulation = running()
    const [first] = switchesOf(simulation.set("primary", { programme: false }).run(1000))
    expect(first?.detail).toBe("to the backup leg: on the primary leg nothing but null packets for 500 ms")
  })

  it("lead back when the leg a pending switch leads to dies and the first has recovered", () => {
    const simulation = running()
    simulation.set("primary", { packets: false }).run(600)
    expect(simulation.active).toBe("backup")
    simulation.set("primary", HEALTHY).run(500)
    expect(switchesOf(simulation.set("backup", { packets: false }).run(2000))).toMatchObject([
      { leg: "primary", reason: "no_packets" },
    ])
  })
})

describe("hold-off", () => {
  /**
   * Lets the active leg die and be healed by the switch, again and again. Returns the milliseconds that each death
   * lasts.
   */
  const flap = (simulation: Simulation, times: number): number[] => {
    const waits: number[] = []
    for (let i = 0; i < times; i++) {
      const dying = simulation.active
      simulation.set(dying, { packets: false })
      const since = simulation.now
      while (simulation.active === dying && simulation.now - since < 20_000) simulation.step()
      simulation.set(dying, HEALTHY)
      waits.push(simulation.now - since)
    }
    return waits
  }

  it("makes a leg that was bad a moment ago wait longer from the third switch within 10 s on, and no more after a calm minute", () => {
    const simulation = running({ failoverAfterMs: 50, failback: "manual" })
    simulation.psiEveryMs = 10
    const first = flap(simulation, 8)
    expect(first[0]).toBe(50)
    expect(Math.max(...first.slice(1, 3))).toBeLessThan(450)
    for (let i = 3; i < 7; i++) expect(first[i] ?? 0).toBeGreaterThan(1.5 * (first[i - 1] ?? 0))
    expect(Math.max(...first)).toBeLessThan(10_500)
    simulation.run(60_000)
    const second = flap(simulation, 3)
    expect(second[0]).toBe(50)
    expect(Math.max(...second)).toBeLessThan(450)
  })
})
