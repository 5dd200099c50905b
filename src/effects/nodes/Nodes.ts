/**
 * The machines that share one PostgreSQL database, and which of them runs which channel.
 *
 * On a single machine (no `NODES`) there is one node without a name, which owns every channel: nothing of this is
 * started, and nothing of it is to be shown.
 */
import { Context, type Effect, type Redacted, type Stream } from "effect"
import type { InputNeeds } from "../../core/placement/input-needs.ts"
import type { Isolated, NodeStanding, Role } from "../../core/placement/model.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Conflict, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"

/** `alive` and `draining` beat; `gone` has not for the dead time, or has left. */
export type NodeState = "alive" | "draining" | "gone"

/** A node as operators see it. */
export interface NodeView {
  readonly name: string
  /** True for the node that answers. */
  readonly self: boolean
  /** `http://host:port` at which the other nodes reach it; requests about its channels go there. */
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
  /** How many channels it is to carry at most. */
  readonly capacity: number
  readonly version: string
  readonly state: NodeState
  readonly standing: NodeStanding
  /** Seconds since PostgreSQL last heard of it, as of the last answer of PostgreSQL. */
  readonly silent_s: number
  /** Channels that it owns. */
  readonly owns: number
  /** Channels for which it is the partner: those that it would take over. */
  readonly stands_by: number
}

export type MoveReason = "placed" | "moved" | "drained" | "taken over" | "forced"

/** How a channel came to its owner. */
export interface MoveView {
  readonly from: string | null
  readonly to: string
  readonly reason: MoveReason
  /** ISO 8601, by PostgreSQL's clock. */
  readonly at: string
  /**
   * From the moment at which the owner before had closed the outputs, of a takeover from when it was last heard of,
   * until the first output was connected again; null until then, and for a channel that did not run.
   */
  readonly gap_ms: number | null
}

/** Where a channel runs, as operators see it. */
export interface PlacementView {
  readonly channel_id: string
  /** Where it runs. */
  readonly owner: string
  readonly epoch: number
  readonly home: string
  /** As the operator chose; null leaves it to the owner. */
  readonly standby: string | null
  /** The node that takes over now: standby, or home while it runs elsewhere, or another one while those are gone. */
  readonly partner: string | null
  readonly isolated: Isolated
  /** Where it is asked to move and has not arrived yet. */
  readonly moving_to: string | null
  /** True when the owner is gone and nobody could take over yet. */
  readonly dark: boolean
  readonly last_move: MoveView | null
}

export interface PlacementChange {
  readonly home?: string
  readonly standby?: string | null
  readonly isolated?: Isolated
}

/** A channel that a drained node has handed over, or could not hand over: then `to` is null and `why` says so. */
export interface DrainedChannel {
  readonly channel_id: string
  readonly to: string | null
  readonly gap_ms: number | null
  readonly why: string | null
}

/** Who asks for leases: for these channels, each with the epoch that the asking owner knows. */
export interface LeaseQuestion {
  readonly from: string
  readonly channels: ReadonlyArray<readonly [channel: string, epoch: number]>
}

/** Hosts of this node and of the one with which it exchanges what a channel's sources bring. */
export interface RelayHosts {
  readonly local: string
  readonly peer: string
}

export interface NodesService {
  /** The name of this node; null on a single machine. */
  readonly self: string | null
  /** By name; empty on a single machine. */
  readonly nodes: () => ReadonlyArray<NodeView>
  /** By channel id; empty on a single machine. */
  readonly placements: () => ReadonlyMap<string, PlacementView>
  /** What this node does with a channel; `owner` for all on a single machine. */
  readonly roleOf: (channelId: string) => Role
  /** The address of the node that owns a channel; null when that is this node, or nobody knows. */
  readonly ownerAddress: (channelId: string) => string | null
  /** A sentence while PostgreSQL does not answer this node; null when it does. */
  readonly databaseProblem: () => string | null
  /** Emits when a node, a placement or a role has changed, at most four times a second. */
  readonly changes: Stream.Stream<void>
  /**
   * Asks the owner to hand a channel to `node`. Succeeds when that is stored: the move goes on to its end by itself,
   * whoever ends meanwhile.
   *
   * @param force true takes it away from an owner that is gone although nobody could be asked whether it still sends:
   * for machines of which the operator knows that they are off
   */
  readonly move: (
    channelId: string,
    node: string,
    force?: boolean,
  ) => Effect.Effect<PlacementView, NotFound | InvalidInput | Conflict | StoreError>
  /** Changes home, standby or what isolation does. Nothing moves by it. */
  readonly setPlacement: (
    channelId: string,
    change: PlacementChange,
  ) => Effect.Effect<PlacementView, NotFound | InvalidInput | Conflict | StoreError>
  /** Changes labels or capacity until the node starts again, when its environment decides. */
  readonly setNode: (
    node: string,
    change: { readonly labels?: Readonly<Record<string, string>>; readonly capacity?: number },
  ) => Effect.Effect<NodeView, NotFound | InvalidInput | Conflict | StoreError>
  /** Has a node hand over its channels one by one; it gets no others until `resume`. Succeeds when that is stored. */
  readonly drain: (node: string) => Effect.Effect<NodeView, NotFound | Conflict | StoreError>
  /** The channels of a draining node as they leave it; ends when it owns none that it could hand over. */
  readonly drained: (node: string) => Stream.Stream<DrainedChannel, NotFound>
  readonly resume: (node: string) => Effect.Effect<NodeView, NotFound | Conflict | StoreError>
  /**
   * Answers a node that asks this one, as the partner of its channels, to grant its leases: the channels for which it
   * does. Never waits for PostgreSQL.
   */
  readonly grant: (question: LeaseQuestion) => Effect.Effect<ReadonlyArray<string>>
  /**
   * Proves among nodes that a request comes from one of them: derived from the store's secret key, the same on all;
   * empty on a single machine, where nobody may use it.
   */
  readonly peerSecret: Redacted.Redacted
  /** What the channel's input needs to follow it to the node that takes over; null on a single machine. */
  readonly inputNeeds: (config: ChannelConfig) => InputNeeds | null
  /**
   * What the engine is told of a channel with `put_channel`: until when it may send, in µs of the fences' clock;
   * undefined on a single machine, where nothing is fenced.
   */
  readonly fenceUs: (channelId: string) => number | undefined
  /** Between which hosts a channel's sources are relayed now; null where there are not two nodes for it. */
  readonly relayOf: (channelId: string) => RelayHosts | null
  /**
   * Emits when a node has changed what all of them keep in memory: `channels` are the stored channels and outputs,
   * `accounts` users and keys.
   */
  readonly followed: Stream.Stream<"channels" | "accounts">
  /**
   * The service is about to end: hands over what this node owns, one channel after another. Never fails; gives up after
   * some seconds, when the leases run out by themselves.
   */
  readonly leave: Effect.Effect<void>
  /** To be called when this node begins to receive a channel for which it stands by, or stops to. */
  readonly armed: (channelId: string, isArmed: boolean) => Effect.Effect<void>
  /**
   * To be called when an output of a channel that this node took over or was handed is connected, and again while it
   * is false: PostgreSQL has not noted it yet.
   */
  readonly connected: (channelId: string) => Effect.Effect<boolean>
}

/** Built by `NodesLive` in `nodes-live.ts`. */
export class Nodes extends Context.Tag("distributor/Nodes")<Nodes, NodesService>() {}
