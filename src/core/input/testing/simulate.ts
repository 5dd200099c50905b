/** A channel with two legs on made-up time, for the tests of the failover decider. */
import {
  type Decision,
  decide,
  type FailoverPolicy,
  type FailoverState,
  type Leg,
  type LegNumbers,
  manual,
  newFailover,
} from "../failover.ts"

/** What a leg does from now on. */
export interface Behaviour {
  open: boolean
  packets: boolean
  programme: boolean
  pat: boolean
  pmt: boolean
  inSync: boolean
  /** Continuity errors a second, evenly spread, one or more at a time. */
  errorsPerS: number
}

export const HEALTHY: Behaviour = {
  open: true,
  packets: true,
  programme: true,
  pat: true,
  pmt: true,
  inSync: true,
  errorsPerS: 0,
}
export const ABSENT: Behaviour = { ...HEALTHY, packets: false, inSync: false }

export const POLICY: FailoverPolicy = { failoverAfterMs: 500, failback: "auto", failbackAfterMs: 5000 }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface Happening {
  readonly at: number
  readonly what: string
  readonly leg: Leg
  readonly reason: string
  readonly detail: string
}

/** TS packets in a millisecond at 10 Mbit/s: one every 150 us. */
const PACKETS_PER_MS = 6.65

export class Simulation {
  readonly state: FailoverState
  readonly legs: Record<Leg, Behaviour> = { primary: { ...HEALTHY }, backup: { ...HEALTHY } }
  readonly numbers: Record<Leg, Mutable<LegNumbers>> = { primary: silent(), backup: silent() }
  readonly log: Happening[] = []
  readonly #owed: Record<Leg, number> = { primary: 0, backup: 0 }
  policy: FailoverPolicy
  now: number
  active: Leg = "primary"
  merged = false
  /** Whether actions are followed; otherwise they are only logged. */
  follows = true
  stepMs: number
  psiEveryMs = 100
  last: Decision

  constructor(policy: Partial<FailoverPolicy> = {}, startAt = 1_000_000, stepMs = 10) {
    this.policy = { ...POLICY, ...policy }
    this.now = startAt
    this.stepMs = stepMs
    this.state = newFailover(startAt)
    this.last = decide(this.state, this.policy, this.now, this.active, this.numbers)
  }

  set(leg: Leg, change: Partial<Behaviour>): this {
    Object.assign(this.legs[leg], change)
    return this
  }

  operator(to: Leg): this {
    manual(this.state, to)
    this.active = to
    return this
  }

  /** Runs for `ms`; returns what happened meanwhile. */
  run(ms: number): Happening[] {
    const from = this.log.length
    for (const end = this.now + ms; this.now < end; ) this.step()
    return this.log.slice(from)
  }

  step(): void {
    this.now += this.stepMs
    this.#arrive("primary")
    this.#arrive("backup")
    this.decide()
  }

  decide(): void {
    this.last = decide(this.state, this.policy, this.now, this.active, this.numbers, this.merged)
    const { action } = this.last
    if (action !== null) {
      this.log.push({ at: this.now, what: "switch", leg: action.to, reason: action.reason, detail: action.detail })
      if (this.follows) this.active = action.to
    }
    for (const event of this.last.events) this.log.push({ at: this.now, what: event.kind, ...event })
  }

  #arrive(name: Leg): void {
    const leg = this.legs[name]
    const numbers = this.numbers[name]
    numbers.open = leg.open
    numbers.inSync = leg.inSync
    if (!leg.open || !leg.packets) return
    numbers.lastPacketAt = this.now
    numbers.tsPackets += Math.round(this.stepMs * PACKETS_PER_MS)
    this.#owed[name] += (leg.errorsPerS * this.stepMs) / 1000
    numbers.continuityErrors += Math.floor(this.#owed[name])
    this.#owed[name] %= 1
    if (!leg.programme) return
    numbers.lastProgrammeAt = this.now
    if (this.now % this.psiEveryMs >= this.stepMs) return
    if (leg.pat) numbers.lastPatAt = this.now
    if (leg.pmt) numbers.lastPmtAt = this.now
  }
}

const silent = (): Mutable<LegNumbers> => ({
  open: true,
  lastPacketAt: null,
  lastProgrammeAt: null,
  lastPatAt: null,
  lastPmtAt: null,
  inSync: false,
  continuityErrors: 0,
  tsPackets: 0,
})

/** Returns the switches of a log. */
export const switchesOf = (log: readonly Happening[]): Happening[] => log.filter(({ what }) => what === "switch")
