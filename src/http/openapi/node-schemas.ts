/** Answers about nodes and placements. Held to the interfaces by `schemas.test.ts`. */
import { Schema } from "effect"
import { ISOLATED } from "../../core/placement/model.ts"
import { SourceName } from "../../effects/model/channel.ts"
import { ChannelName, Time } from "./schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, Number: Num, String: Text, Struct } = Schema
const Count = Schema.Int.pipe(Schema.nonNegative())

export const Node = Struct({
  name: Text,
  self: Flag,
  address: Text,
  labels: Schema.Record({ key: Text, value: Text }),
  capacity: Count,
  version: Text,
  state: Literal("alive", "draining", "gone"),
  standing: Literal("up", "draining", "leaving", "left"),
  silent_s: Num,
  owns: Count,
  stands_by: Count,
  channels: List(ChannelName),
})
export const Nodes = Struct({ self: NullOr(Text), database_problem: NullOr(Text), nodes: List(Node) })

export const LegNeeds = Struct({ leg: SourceName, follows: Literal("itself", "set up", "no"), needs: Text })
export const Needs = Struct({ follows: Literal("itself", "set up", "no"), legs: List(LegNeeds) })
export const Move = Struct({
  from: NullOr(Text),
  to: Text,
  reason: Literal("placed", "moved", "drained", "taken over", "forced"),
  at: Time,
  gap_ms: NullOr(Num),
})
export const Placement = Struct({
  channel_id: Text,
  owner: Text,
  epoch: Count,
  home: Text,
  standby: NullOr(Text),
  partner: NullOr(Text),
  isolated: Literal(...ISOLATED),
  moving_to: NullOr(Text),
  dark: Flag,
  last_move: NullOr(Move),
  input: NullOr(Needs),
})
export const DrainedChannel = Struct({ channel_id: Text, to: NullOr(Text), gap_ms: NullOr(Num), why: NullOr(Text) })
