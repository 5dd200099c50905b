/**
 * What PostgreSQL keeps of nodes and of who runs which channel. All rules over it are pure: times are plain numbers in
 * ms, of the clock that their names say.
 */

/** Raised when rows or leases change their meaning: nodes of different numbers do not work together. */
export const NODES_PROTOCOL = 1

/** What becomes of a channel whose owner reaches neither PostgreSQL nor the channel's partner. */
export const ISOLATED = ["stop", "keep"] as const
export type Isolated = (typeof ISOLATED)[number]

/**
 * Whether a node is to own channels: `up`; `draining` hands its channels over and gets no others, until the operator
 * says so; `leaving` does so since it is about to end; `left` has ended and sends nothing.
 */
export type NodeStanding = "up" | "draining" | "leaving" | "left"

/** A node's row. */
export interface NodeRow {
  readonly name: string
  /** `http://host:port` at which the other nodes reach it. */
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
  /** How many channels it is to carry at most. */
  readonly capacity: number
  readonly standing: NodeStanding
  /** Name of its installation, made with its data directory: another machine under this name has another one. */
  readonly instance: string
  /** Name of its process: what a process before it sends late does nothing. */
  readonly boot: string
  /** Version of the software. */
  readonly version: string
  /** When PostgreSQL last heard of it, by PostgreSQL's clock, Unix time in ms. */
  readonly beatMs: number
}

/** A channel's row. */
export interface PlacementRow {
  readonly channel: string
  /** Grows by one with every change of owner or partner; a statement that was made for another epoch does nothing. */
  readonly epoch: number
  readonly owner: string
  /**
   * The epoch in which its owner may send at once. Below `epoch` the owner waits until the lease that it may have
   * granted to the one before has run out.
   */
  readonly openEpoch: number
  /** The only node that may take over and that may grant the owner's lease; null when any may take over. */
  readonly partner: string | null
  /** Where the operator wants it to run. */
  readonly home: string
  /** Where it is to go when its home is gone; null leaves the choice to the owner. */
  readonly standby: string | null
  readonly isolated: Isolated
  /** Where the operator has asked it to move; null when it has arrived, or nobody has asked. */
  readonly target: string | null
  /** True once the target receives the channel and waits for its outputs. */
  readonly targetReady: boolean
}

/** All rows as one transaction of PostgreSQL saw them, and its clock at that moment, Unix time in ms. */
export interface Snapshot {
  readonly nowMs: number
  readonly nodes: ReadonlyArray<NodeRow>
  readonly rows: ReadonlyArray<PlacementRow>
}

/** What this node is to do with a channel: send it, receive it with its outputs closed, or leave it alone. */
export type Role = "owner" | "standby" | "none"
