/**
 * Nodes, their engines, PostgreSQL and the network between them, on made-up time. Whatever can go wrong is an event:
 * what a process does while it stands still happens later, what the network holds back arrives late or never.
 */
import type { Rules } from "../rules.ts"
import type { Timing } from "../timing.ts"
import { EventQueue } from "./event-queue.ts"
import { Machine } from "./machine.ts"
import { type Guards, MemoryDatabase } from "./memory-database.ts"

/** Small, quick and the same everywhere: mulberry32. */
export const randomOf = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface WorldOptions {
  readonly seed: number
  readonly timing: Timing
  readonly names: ReadonlyArray<string>
  readonly rules?: Rules
  readonly guards?: Guards
  /** What the engine does behind the fence; a mutant of the test does not look at it when it wakes. */
  readonly engineChecks?: boolean
}

/** PostgreSQL's end of a link. */
export const DATABASE = "database"

export class World {
  now = 0
  readonly random: () => number
  readonly timing: Timing
  readonly machines: Machine[] = []
  readonly database: MemoryDatabase
  databaseIsDown = false
  /** Links that carry nothing, as `a b` in the order of the names. */
  readonly cut = new Set<string>()
  /** When a node, a link or PostgreSQL was last in trouble, by its name; what is in trouble now has the present. */
  readonly troubled = new Map<string, number>()
  /** Answers of this share are lost, and requests are held back, while the network is bad. */
  lossy = 0
  /** The longest that a request is held back, in ms. */
  lateMs = 0
  /** The share of changes after which the node that made them loses PostgreSQL before it hears the answer. */
  severing = 0
  /** So many faults have struck. */
  faults = 0
  /** How long engines take at most to do what they are told, in ms. */
  engineDelayMs = 5
  /** The first moment at which two engines sent one channel; null as long as there was none. */
  violation: string | null = null
  readonly rules: Rules | undefined
  readonly #engineChecks: boolean
  readonly #queue = new EventQueue()
  databaseOffset: number
  readonly #databaseRate: number

  constructor(options: WorldOptions) {
    this.rules = options.rules
    this.#engineChecks = options.engineChecks ?? true
    this.timing = options.timing
    this.random = randomOf(options.seed)
    this.database = new MemoryDatabase(options.timing.deadMs, options.guards)
    this.databaseOffset = 1e9 + this.random() * 1e6
    this.#databaseRate = this.#someRate()
    for (const name of options.names) this.add(name)
  }

  #someRate(): number {
    return 0.99 + this.random() * 0.02
  }

  /** Another machine under a name. */
  add(name: string): Machine {
    const machine = new Machine(name, `${name}-${this.machines.length}`, this.random() * 1e6, this.#someRate())
    this.machines.push(machine)
    return machine
  }

  at(delayMs: number, run: () => void): void {
    this.#queue.push(this.now + delayMs, run)
  }

  /** Runs all that happens until a moment. */
  runUntil(end: number): void {
    while (this.violation === null) {
      const next = this.#queue.pop()
      if (next === undefined) break
      if (next.at > end) {
        this.#queue.push(next.at, next.run)
        break
      }
      this.now = next.at
      next.run()
    }
    this.now = Math.max(this.now, end)
  }

  localOf(machine: Machine): number {
    return machine.offsetMs + this.now * machine.rate
  }

  get databaseNow(): number {
    return this.databaseOffset + this.now * this.#databaseRate
  }

  sends(machine: Machine, channel: string): boolean {
    if (!machine.hasEngine || machine.isOff || machine.machineFrozen) return false
    return (machine.fences.get(channel) ?? 0) > this.localOf(machine)
  }

  senders(channel: string): ReadonlyArray<Machine> {
    return this.machines.filter((machine) => this.sends(machine, channel))
  }

  look(): void {
    for (const { channel, isolated } of this.database.rows.values()) {
      if (isolated === "keep") continue
      const senders = this.senders(channel)
      if (senders.length > 1)
        this.violation ??= `${channel} is sent by ${senders.map(({ instance }) => instance).join(" and ")} at ${Math.round(this.now)}`
    }
  }

  isCut(a: string, b: string): boolean {
    return this.cut.has(a < b ? `${a} ${b}` : `${b} ${a}`)
  }

  /** How long a message is on its way, in ms. */
  delay(): number {
    return this.random() < this.lossy ? this.random() * this.lateMs : 1 + this.random() * 20
  }

  /** Does it now, or as soon as the process moves again; what ended with its process is not done. */
  within(machine: Machine, boot: string, run: () => void): void {
    if (machine.isOff || machine.boot !== boot || machine.brain === null) return
    if (machine.standsStill) machine.waiting.push(() => this.within(machine, boot, run))
    else run()
  }

  /** Asks PostgreSQL; `answered` gets null when there is no answer in time, though the request may still arrive. */
  ask<A>(machine: Machine, request: () => A, answered: (answer: A | null) => void): void {
    const { boot, name } = machine
    const within = (run: () => void) => this.within(machine, boot, run)
    const isAway = () => this.databaseIsDown || machine.isSevered || this.isCut(name, DATABASE)
    let isOver = false
    const settle = (answer: A | null) =>
      within(() => {
        if (isOver) return
        isOver = true
        answered(answer)
      })
    this.at(this.timing.beatMs * 1.5, () => settle(null))
    this.at(this.delay(), () => {
      if (isAway()) return
      const answer = request()
      const isLost = this.random() < this.lossy
      this.at(this.delay(), () => {
        if (!isLost && !isAway()) settle(answer)
      })
    })
  }

  /** Cuts a node from PostgreSQL for a while. */
  sever(name: string): void {
    const link = name < DATABASE ? `${name} ${DATABASE}` : `${DATABASE} ${name}`
    this.cut.add(link)
    this.at(this.timing.deadMs * (0.5 + this.random() * 2), () => this.cut.delete(link))
  }

  thaw(machine: Machine): void {
    machine.processFrozen = false
    machine.machineFrozen = false
    // With `engineChecks` off, an engine that wakes sends first and looks at its fence later.
    if (!this.#engineChecks)
      for (const [channel, fence] of machine.fences)
        if (fence > 0) machine.fences.set(channel, this.localOf(machine) + 1)
    this.look()
    const waiting = machine.waiting.splice(0)
    for (const run of waiting) run()
  }

  /** Ends the control plane; `engineToo` the machine. */
  kill(machine: Machine, engineToo: boolean): void {
    machine.brain = null
    machine.boot = ""
    machine.processFrozen = false
    if (engineToo) {
      machine.hasEngine = false
      machine.machineFrozen = false
      machine.fences.clear()
    }
    machine.waiting.length = 0
  }
}
