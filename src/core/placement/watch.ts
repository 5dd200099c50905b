/** What a node has seen of PostgreSQL and of the other nodes' beats, and how long it has been watching. */
import type { NodeRow, PlacementRow, Snapshot } from "./model.ts"
import type { Silence } from "./rules.ts"
import type { Timing } from "./timing.ts"

/** A step of PostgreSQL's clock against ours that is more than an answer's way and the clocks' rates explain, in ms. */
const STEP_MS = 100
/** By how much the rates of two clocks may differ. */
const RATE = 0.02

export class Watch {
  readonly #timing: Timing
  /** The last snapshot. */
  snapshot: Snapshot = { nowMs: 0, nodes: [], rows: [] }
  /** When it was asked for, by our clock; minus infinity before the first. */
  sentMs = Number.NEGATIVE_INFINITY
  #sinceMs: number
  /** PostgreSQL's clock minus ours lies between the two. */
  #least = Number.NEGATIVE_INFINITY
  #most = Number.POSITIVE_INFINITY

  constructor(timing: Timing, startedMs: number) {
    this.#timing = timing
    this.#sinceMs = startedMs
  }

  /**
   * Takes a snapshot that was asked for at `sentMs` and has come at `nowMs`. False when a later one has come before:
   * then it says nothing.
   *
   * @param isAnew true when it came over another connection than the one before: PostgreSQL may have crashed meanwhile,
   * and beats with it
   */
  take(snapshot: Snapshot, sentMs: number, nowMs: number, isAnew = false): boolean {
    if (sentMs <= this.sentMs) return false
    const passed = sentMs - this.sentMs
    const [least, most] = [snapshot.nowMs - nowMs, snapshot.nowMs - sentMs]
    const slack = STEP_MS + passed * RATE
    const stepped = least > this.#most + slack || most < this.#least - slack
    // Who has not heard PostgreSQL for long cannot tell an owner that was cut off as well from one that is gone.
    if (stepped || isAnew || passed > this.#timing.deadMs / 2) this.#sinceMs = nowMs
    this.#least = least
    this.#most = most
    this.snapshot = snapshot
    this.sentMs = sentMs
    return true
  }

  node(name: string | null): NodeRow | undefined {
    return this.snapshot.nodes.find((node) => node.name === name)
  }

  /** How silent a node is, as of the last snapshot. A node without a row has left. */
  silence(name: string, nowMs: number): Silence {
    const node = this.node(name)
    const watchedMs = nowMs - this.#sinceMs
    if (node === undefined || node.standing === "left") return { silentMs: Number.POSITIVE_INFINITY, watchedMs }
    return { silentMs: this.snapshot.nowMs - node.beatMs, watchedMs }
  }

  /**
   * True for a node that PostgreSQL has heard of lately, within half the dead time: others are given nothing, whether
   * they are known to be gone or not. What they have they keep.
   */
  isHeard(name: string): boolean {
    return this.#beatWithin(name, this.#timing.deadMs / 2)
  }

  /** True for a node that has not been heard of for the dead time, by PostgreSQL's clock alone. */
  isSilent(name: string): boolean {
    return !this.#beatWithin(name, this.#timing.deadMs)
  }

  #beatWithin(name: string, ms: number): boolean {
    const node = this.node(name)
    return node !== undefined && node.standing !== "left" && this.snapshot.nowMs - node.beatMs < ms
  }

  isGone(name: string, nowMs: number): boolean {
    const { silentMs, watchedMs } = this.silence(name, nowMs)
    return (
      silentMs === Number.POSITIVE_INFINITY || (silentMs >= this.#timing.deadMs && watchedMs >= this.#timing.deadMs)
    )
  }

  /** Nodes that beat and are to own channels. */
  up(): ReadonlyArray<NodeRow> {
    return this.snapshot.nodes.filter(({ name, standing }) => standing === "up" && !this.isSilent(name))
  }

  row(channel: string): PlacementRow | undefined {
    return this.snapshot.rows.find((row) => row.channel === channel)
  }
}
