/**
 * Nodes, their engines, PostgreSQL and the network between them, on made-up time. Whatever can go wrong is an event:
 * what a process does while it stands still happens later, what the network holds back arrives late or never.
 */
import type { NodeRow, Snapshot } from "../model.ts"
import { NodeBrain } from "../node-brain.ts"
import type { Rules } from "../rules.ts"
import type { Outcome, Statement } from "../statements.ts"
import type { Timing } from "../timing.ts"
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

/** A machine with an engine and, while it runs, a control plane. */
export class Machine {
  readonly name: string
  readonly instance: string
  readonly offsetMs: number
  readonly rate: number
  brain: NodeBrain | null = null
  boot = ""
  /** The engine's fences, in ms of this machine's clock. */
  readonly fences = new Map<string, number>()
  /** What the engine was last told; lets a channel that is lost be closed once. */
  readonly told = new Map<string, number>()
  hasEngine = true
  processFrozen = false
  machineFrozen = false
  /** Off for good or until it is started again. */
  isOff = false
  /** Cut from PostgreSQL by itself, whatever becomes of the link under its name. */
  isSevered = false
  /** Until when the engine is busy with what it was told. */
  engineFreeAt = 0
  readonly waiting: Array<() => void> = []

  constructor(name: string, instance: string, offsetMs: number, rate: number) {
    this.name = name
    this.instance = instance
    this.offsetMs = offsetMs
    this.rate = rate
  }

  get standsStill(): boolean {
    return this.processFrozen || this.machineFrozen
  }
}

type Queued = { readonly at: number; readonly order: number; readonly run: () => void }

/** A binary heap by time, then by order of coming. */
class Queue {
  readonly #items: Queued[] = []
  #order = 0

  push(at: number, run: () => void): void {
    const items = this.#items
    items.push({ at, order: this.#order++, run })
    for (let i = items.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!this.#before(i, parent)) break
      this.#swap(i, parent)
      i = parent
    }
  }

  pop(): Queued | undefined {
    const items = this.#items
    const [first] = items
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    items[0] = last
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      const smaller = left + 1 < items.length && this.#before(left + 1, left) ? left + 1 : left
      if (smaller >= items.length || !this.#before(smaller, i)) break
      this.#swap(i, smaller)
      i = smaller
    }
    return first
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#items[i], this.#items[j]]
    if (a === undefined || b === undefined) return false
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#items[i], this.#items[j]]
    if (a === undefined || b === undefined) return
    this.#items[i] = b
    this.#items[j] = a
  }
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
  /** How long engines take at most to do what they are told, in ms. */
  engineDelayMs = 5
  /** The first moment at which two engines sent one channel; null as long as there was none. */
  violation: string | null = null
  readonly #options: WorldOptions
  readonly #queue = new Queue()
  databaseOffset: number
  readonly #databaseRate: number

  constructor(options: WorldOptions) {
    this.#options = options
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

  #delay(): number {
    return this.random() < this.lossy ? this.random() * this.lateMs : 1 + this.random() * 20
  }

  /** Does it now, or as soon as the process moves again; what ended with its process is not done. */
  #within(machine: Machine, boot: string, run: () => void): void {
    if (machine.isOff || machine.boot !== boot || machine.brain === null) return
    if (machine.standsStill) machine.waiting.push(() => this.#within(machine, boot, run))
    else run()
  }

  /** Asks PostgreSQL; `answered` gets null when there is no answer in time, though the request may still arrive. */
  #ask<A>(machine: Machine, request: () => A, answered: (answer: A | null) => void): void {
    const { boot, name } = machine
    const within = (run: () => void) => this.#within(machine, boot, run)
    const isAway = () => this.databaseIsDown || machine.isSevered || this.isCut(name, DATABASE)
    let isOver = false
    const settle = (answer: A | null) =>
      within(() => {
        if (isOver) return
        isOver = true
        answered(answer)
      })
    this.at(this.timing.beatMs * 1.5, () => settle(null))
    this.at(this.#delay(), () => {
      if (isAway()) return
      const answer = request()
      const isLost = this.random() < this.lossy
      this.at(this.#delay(), () => {
        if (!isLost && !isAway()) settle(answer)
      })
    })
  }

  /** Starts the control plane of a machine, and its engine when there is none. */
  start(machine: Machine): void {
    if (machine.brain !== null || machine.isOff) return
    if (!machine.hasEngine) {
      machine.hasEngine = true
      machine.fences.clear()
    }
    machine.told.clear()
    const boot = `${machine.instance}/${Math.round(this.now)}`
    machine.boot = boot
    const brain = () => {
      const { rules, timing } = this.#options
      const startedMs = this.localOf(machine)
      machine.brain = new NodeBrain({ self: machine.name, boot, timing, startedMs, ...(rules ? { rules } : {}) })
    }
    brain()
    const later = (ms: number, run: () => void) => this.at(ms, () => this.#within(machine, boot, run))
    const claimAfter = (seen: NodeRow | null) =>
      this.#ask(
        machine,
        () => this.database.claim(machine.name, machine.instance, boot, seen, this.databaseNow),
        (isClaimed) => {
          if (isClaimed !== true) return later(this.timing.beatMs, claim)
          brain()
          this.#beat(machine, boot)
          this.#watchIsolation(machine, boot)
        },
      )
    const claim = () =>
      this.#ask(
        machine,
        () => ({ seen: this.database.read(machine.name) }),
        (answer) => {
          if (answer === null) return later(this.timing.beatMs, claim)
          const { seen } = answer
          // Another machine had this name: it must have been silent for the dead time by our clock, too.
          const isReplaced = seen !== null && seen.instance !== machine.instance && seen.standing !== "left"
          if (isReplaced) later(this.timing.deadMs / machine.rate, () => claimAfter(seen))
          else claimAfter(seen)
        },
      )
    claim()
  }

  /** One beat, and the next. */
  #beat(machine: Machine, boot: string): void {
    const { brain } = machine
    if (brain === null || machine.boot !== boot) return
    const sentMs = this.localOf(machine)
    const again = () => this.#within(machine, boot, () => this.#beat(machine, boot))
    this.at(Math.max(5, brain.nextBeatMs(sentMs) - sentMs), again)
    this.#ask<Snapshot>(
      machine,
      () => this.database.beat(machine.name, boot, this.databaseNow),
      (snapshot) => {
        if (snapshot !== null) brain.onSnapshot(snapshot, sentMs, this.localOf(machine))
        this.#carryOut(machine, brain)
      },
    )
  }

  /** Looks twice a beat whether PostgreSQL still answers. */
  #watchIsolation(machine: Machine, boot: string): void {
    const { brain } = machine
    if (brain === null || machine.boot !== boot) return
    if (this.localOf(machine) - brain.watch.sentMs > this.timing.beatMs * 1.4) this.#askPartners(machine, brain, boot)
    this.at(this.timing.beatMs / 2, () => this.#within(machine, boot, () => this.#watchIsolation(machine, boot)))
  }

  #askPartners(machine: Machine, brain: NodeBrain, boot: string): void {
    const sentMs = this.localOf(machine)
    const answered = new Set<string>()
    for (const [partner, asked] of brain.questions(sentMs)) {
      // By the address that PostgreSQL named last.
      const instance = brain.watch.node(partner)?.instance
      const peer = this.machines.find((one) => one.instance === instance)
      if (peer === undefined || peer.isOff) continue
      this.at(this.#delay(), () => {
        if (this.isCut(machine.name, partner) || peer.brain === null) return
        this.#within(peer, peer.boot, () => {
          const granted = peer.brain?.grant(machine.name, asked, this.localOf(peer)) ?? []
          this.at(this.#delay(), () => {
            if (this.isCut(machine.name, partner)) return
            this.#within(machine, boot, () => {
              answered.add(partner)
              brain.onGranted(partner, granted, sentMs, this.localOf(machine))
              this.#carryOut(machine, brain)
            })
          })
        })
      })
    }
    this.at(this.timing.beatMs * 0.6, () =>
      this.#within(machine, boot, () => {
        if (this.localOf(machine) - brain.watch.sentMs > this.timing.beatMs * 1.4)
          brain.keepGoing(this.localOf(machine), answered)
        this.#carryOut(machine, brain)
      }),
    )
  }

  /** Tells the engine its fences, and sends what is to be asked. */
  #carryOut(machine: Machine, brain: NodeBrain): void {
    const { boot } = machine
    for (const row of brain.rows()) {
      if (row.target === machine.name || row.partner === machine.name) brain.onArmed(row.channel, true)
      const fence = Math.max(0, brain.fenceOf(row.channel))
      if (machine.told.get(row.channel) === fence) continue
      machine.told.set(row.channel, fence)
      this.#lease(machine, row.channel, fence)
    }
    for (const statement of brain.statements(this.localOf(machine))) this.#send(machine, brain, statement)
    for (const [channel, attempt] of brain.toClose()) {
      this.#toEngine(machine, () => {
        if (machine.boot !== boot) return
        machine.fences.set(channel, 0)
        this.#within(machine, boot, () => {
          brain.onClosed(channel, attempt, this.localOf(machine))
          this.#carryOut(machine, brain)
        })
      })
    }
  }

  #lease(machine: Machine, channel: string, fenceMs: number): void {
    const { boot } = machine
    this.#toEngine(machine, () => {
      // A control plane that is gone has no connection any more.
      if (machine.boot !== boot) return
      machine.fences.set(channel, fenceMs)
      this.look()
    })
  }

  /** Has the engine of a machine do something, in the order in which it is told. */
  #toEngine(machine: Machine, run: () => void): void {
    const carriedOut = () => {
      if (!machine.hasEngine || machine.isOff) return
      if (machine.machineFrozen) machine.waiting.push(carriedOut)
      else run()
    }
    machine.engineFreeAt = Math.max(machine.engineFreeAt + 0.01, this.now + this.random() * this.engineDelayMs)
    this.at(machine.engineFreeAt - this.now, carriedOut)
  }

  #send(machine: Machine, brain: NodeBrain, statement: Statement): void {
    const { boot, name } = machine
    this.#ask(
      machine,
      () => {
        if (this.random() < this.severing) this.sever(name)
        return this.database.run(name, boot, statement, this.databaseNow)
      },
      (rows) => {
        const outcome: Outcome = rows === null ? { kind: "unknown" } : { kind: "done", rows }
        brain.onOutcome(statement, outcome, this.localOf(machine))
        this.#carryOut(machine, brain)
      },
    )
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
    if (this.#options.engineChecks === false)
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
