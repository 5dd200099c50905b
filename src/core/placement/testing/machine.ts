import type { NodeBrain } from "../node-brain.ts"

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
