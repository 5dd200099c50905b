import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { decide, type FailoverPolicy, type Leg, otherLeg } from "./failover.ts"
import { type Behaviour, HEALTHY, Simulation, switchesOf } from "./testing/simulate.ts"

const arbitraryBehaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(HEALTHY) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<Partial<Behaviour>[]>(
        { open: false },
        { packets: false },
        { programme: false },
        { pat: false },
        { pmt: false },
        { inSync: false },
        { errorsPerS: 50 },
        { errorsPerS: 4 },
      )
      .map((change) => ({ ...HEALTHY, ...change })),
  },
)

const arbitraryPolicy: fc.Arbitrary<FailoverPolicy> = fc.record({
  failoverAfterMs: fc.constantFrom(50, 200, 500, 2000),
  failback: fc.constantFrom("auto", "manual"),
  failbackAfterMs: fc.constantFrom(0, 500, 5000),
})

/** Steps of a script: what a leg becomes, and for how long. A few steps are an operator's switch. */
const arbitraryScript = fc.array(
  fc.record({
    leg: fc.constantFrom<Leg[]>("primary", "backup"),
    behaviour: arbitraryBehaviour,
    forMs: fc.integer({ min: 10, max: 4000 }),
    operator: fc.option(fc.constantFrom<Leg[]>("primary", "backup"), { freq: 12, nil: null }),
  }),
  { minLength: 1, maxLength: 40 },
)

const start = (policy: FailoverPolicy): Simulation => new Simulation(policy, 5_000, 20)

describe("failover, whatever the legs do", () => {
  it("never goes to a leg that is not usable, nor without fault, failback or operator", () => {
    let switches = 0
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryScript, (policy, script) => {
        const simulation = start(policy)
        let heldOnBackup = false
        for (const { leg, behaviour, forMs, operator } of script) {
          simulation.set(leg, behaviour)
          if (operator !== null) {
            simulation.operator(operator)
            heldOnBackup = operator === "backup"
          }
          for (const end = simulation.now + forMs; simulation.now < end; ) {
            const before = simulation.active
            simulation.step()
            const { action, usable, faults } = simulation.last
            if (action === null) continue
            switches++
            expect(action.to).toBe(otherLeg(before))
            expect(usable[action.to]).toBe(true)
            expect(faults[action.to]).toBeNull()
            if (action.reason === "failback") {
              expect(policy.failback).toBe("auto")
              expect(action.to).toBe("primary")
              expect(heldOnBackup).toBe(false)
            } else expect(faults[before]).toBe(action.reason)
            heldOnBackup = false
          }
        }
      }),
      { numRuns: 300 },
    )
    expect(switches).toBeGreaterThan(100)
  })

  it("leaves a faulty leg as soon as the other has been good for 10 s, however much has flapped before", () => {
    fc.assert(
      fc.property(
        arbitraryPolicy,
        arbitraryScript,
        fc.constantFrom<Leg[]>("primary", "backup"),
        (policy, script, good) => {
          const simulation = start(policy)
          for (const { leg, behaviour, forMs } of script) simulation.set(leg, behaviour).run(forMs)
          simulation.set(good, HEALTHY).set(otherLeg(good), { ...HEALTHY, packets: false })
          // A continuity fault and the first tables come before the 10 s.
          simulation.run(10_000 + 4000 + policy.failoverAfterMs)
          expect(simulation.active).toBe(good)
        },
      ),
      { numRuns: 150 },
    )
  })

  it("switches at most 20 times in any minute", () => {
    let most = 0
    const flap = fc.record({
      on: fc.integer({ min: 20, max: 3000 }),
      off: fc.integer({ min: 20, max: 3000 }),
      phase: fc.nat(3000),
    })
    const alternating = { on: 330, off: 120, phase: 0 }
    fc.assert(
      fc.property(arbitraryPolicy, flap, flap, (policy, primary, backup) => {
        const simulation = start(policy)
        simulation.psiEveryMs = 20
        const isOn = ({ on, off, phase }: typeof primary) => (simulation.now + phase) % (on + off) < on
        while (simulation.now < 150_000) {
          simulation.set("primary", { packets: isOn(primary) }).set("backup", { packets: isOn(backup) })
          simulation.step()
        }
        const times = switchesOf(simulation.log).map(({ at }) => at)
        for (const [i, at] of times.entries())
          most = Math.max(most, times.slice(i).filter((later) => later < at + 60_000).length)
        expect(most).toBeLessThanOrEqual(20)
      }),
      {
        numRuns: 60,
        examples: [
          [
            { failoverAfterMs: 50, failback: "auto", failbackAfterMs: 0 },
            alternating,
            { on: 330, off: 120, phase: 225 },
          ],
          [{ failoverAfterMs: 50, failback: "auto", failbackAfterMs: 0 }, alternating, { on: 3000, off: 0, phase: 0 }],
        ],
      },
    )
    // The bound is a real one: the worst patterns come near it.
    expect(most).toBeGreaterThan(5)
  })

  it("changes nothing when it is asked twice", () => {
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryScript, (policy, script) => {
        const simulation = start(policy)
        for (const { leg, behaviour, forMs } of script) {
          simulation.set(leg, behaviour).run(forMs)
          const { usable, faults, redundancy } = structuredClone(simulation.last)
          const state = structuredClone(simulation.state)
          const again = decide(simulation.state, policy, simulation.now, simulation.active, simulation.numbers)
          expect(again.action).toBeNull()
          expect(again).toMatchObject({ usable, faults })
          if (simulation.state.active === state.active) expect(again.redundancy).toBe(redundancy)
          expect(simulation.state.holdMs).toBe(state.holdMs)
          expect(simulation.state.tick.clock).toBe(state.tick.clock)
        }
      }),
      { numRuns: 100 },
    )
  })
})
