/** PostgreSQL's side of the placements in memory: the tables, and each statement as one step. */
import type { NodeRow, PlacementRow, Snapshot } from "../model.ts"
import type { Statement } from "../statements.ts"

/** Guards of the statements, each of which a test leaves out. */
export const GUARDS = {
  /** A statement for another epoch does nothing. */
  epoch: true,
  /** `take` looks at the owner's beat again, in its own transaction. */
  silence: true,
  /** `take` is for the partner alone. */
  partner: true,
  /** `take` is not from an owner that may not send itself yet. */
  opened: true,
  /** What a process before the present one sent does nothing. */
  boot: true,
  /** Another machine under the name does not own what the first one owned. */
  instance: true,
  /** Nor does it take over at once what the first one stood by for, and may grant yet. */
  grants: true,
}
export type Guards = { -readonly [Name in keyof typeof GUARDS]: boolean }

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

export class MemoryDatabase {
  readonly nodes = new Map<string, Writable<NodeRow>>()
  readonly rows = new Map<string, Writable<PlacementRow>>()
  readonly #deadMs: number
  readonly #guards: Guards

  constructor(deadMs: number, guards: Guards = GUARDS) {
    this.#deadMs = deadMs
    this.#guards = guards
  }

  place(channel: string, home: string, partner: string | null, isolated: PlacementRow["isolated"] = "stop"): void {
    this.rows.set(channel, {
      channel,
      epoch: 1,
      openEpoch: 1,
      owner: home,
      partner,
      home,
      standby: partner,
      isolated,
      target: null,
      targetReady: false,
    })
  }

  /**
   * A process starts under a name, whose row it has `seen`; false when another has started meanwhile, or when another
   * machine beats under the name.
   */
  claim(name: string, instance: string, boot: string, seen: NodeRow | null, nowMs: number): boolean {
    const before = this.nodes.get(name)
    if (before?.boot !== seen?.boot && this.#guards.boot) return false
    const isReplaced = before !== undefined && before.instance !== instance
    if (isReplaced && before.standing !== "left" && before.beatMs !== seen?.beatMs) return false
    const standing = before?.standing === "draining" ? "draining" : "up"
    this.nodes.set(name, {
      name,
      address: `http://${name}:8000`,
      labels: {},
      capacity: 64,
      version: "1",
      standing,
      instance,
      boot,
      beatMs: nowMs,
    })
    if (!isReplaced || before.standing === "left") return true
    // The machine before may grant leases yet: nothing is taken over until the owner knows of this epoch.
    for (const row of this.rows.values())
      if (row.partner === name && row.owner !== name && this.#guards.grants) row.epoch++
    if (!this.#guards.instance) return true
    for (const row of this.rows.values()) {
      // The partner may grant the lease of the machine before, and alone knows until when.
      if (row.owner !== name || row.partner === null) continue
      row.epoch++
      if (this.nodes.get(row.partner)?.standing === "left") continue
      row.owner = row.partner
      row.partner = name
    }
    return true
  }

  read(name: string): NodeRow | null {
    const node = this.nodes.get(name)
    return node === undefined ? null : { ...node }
  }

  beat(name: string, boot: string, nowMs: number): Snapshot {
    const node = this.nodes.get(name)
    if (node !== undefined && (node.boot === boot || !this.#guards.boot)) node.beatMs = nowMs
    return {
      nowMs,
      nodes: [...this.nodes.values()].map((node) => ({ ...node })),
      rows: [...this.rows.values()].map((row) => ({ ...row })),
    }
  }

  leave(name: string, boot: string, standing: "leaving" | "left"): void {
    const node = this.nodes.get(name)
    if (node !== undefined && (node.boot === boot || !this.#guards.boot)) node.standing = standing
  }

  #isSilent(name: string, nowMs: number): boolean {
    const node = this.nodes.get(name)
    return (
      node === undefined || node.standing === "left" || nowMs - node.beatMs >= this.#deadMs || !this.#guards.silence
    )
  }

  run(self: string, boot: string, statement: Statement, nowMs: number): ReadonlyArray<PlacementRow> {
    if (this.nodes.get(self)?.boot !== boot && this.#guards.boot) return []
    return statement.items.flatMap((item) => {
      const row = this.rows.get(item.channel)
      if (row === undefined || (row.epoch !== item.epoch && this.#guards.epoch)) return []
      return this.#change(self, statement.kind, item, row, nowMs) ? [{ ...row }] : []
    })
  }

  #change(
    self: string,
    kind: Statement["kind"],
    item: Statement["items"][number],
    row: Writable<PlacementRow>,
    nowMs: number,
  ): boolean {
    if (kind === "take") {
      if (row.owner === self || !this.#isSilent(row.owner, nowMs)) return false
      if (row.partner !== null && row.partner !== self && this.#guards.partner) return false
      if (row.openEpoch !== row.epoch && this.#guards.opened) return false
      const hasLeft = this.nodes.get(row.owner)?.standing === "left"
      row.epoch++
      if (hasLeft) row.openEpoch = row.epoch
      row.owner = self
      row.partner = "partner" in item ? item.partner : null
      row.targetReady = false
      return true
    }
    if (kind === "ready") {
      if (row.target !== self) return false
      row.targetReady = true
      return true
    }
    if (row.owner !== self && this.#guards.epoch) return false
    if (kind === "opened") row.openEpoch = row.epoch
    else if (kind === "aim" && "from" in item) {
      if (row.target !== item.from) return false
      row.target = item.target
      row.targetReady = false
    } else if (kind === "pair" && "partner" in item) {
      if (row.openEpoch === row.epoch) row.openEpoch++
      row.epoch++
      row.partner = item.partner
    } else if (kind === "release" && "to" in item) {
      row.epoch++
      row.openEpoch = row.epoch
      row.owner = item.to
      row.partner = item.partner
      if (row.target === item.to) row.target = null
      row.targetReady = false
    }
    return true
  }
}
