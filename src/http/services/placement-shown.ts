/** Nodes and placements as requests and pages show them. */
import { Effect } from "effect"
import type { InputNeeds } from "../../core/placement/input-needs.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import { Conflict, NotFound } from "../../effects/model/Errors.ts"
import type { NodesService, NodeView, PlacementView } from "../../effects/nodes/Nodes.ts"

/** Where a channel runs, and what its input needs to follow it. */
export interface PlacementShown extends PlacementView {
  readonly input: InputNeeds | null
}

/** A node with the channels that it owns. */
export interface NodeShown extends NodeView {
  readonly channels: ReadonlyArray<{ readonly id: string; readonly slug: string; readonly name: string }>
}

const REMEDY = "this is a single machine: set NODES=on and DATABASE_URL on several machines first (docs/nodes.md)"
const single = new Conflict({ errors: [{ path: "", message: REMEDY }] })

type Asked = Pick<NodesService, "nodes" | "placements" | "self">

export const placementShown = (
  nodes: Asked,
  channelId: string,
  input: InputNeeds | null,
): PlacementShown | undefined => {
  const placement = nodes.placements().get(channelId)
  return placement === undefined ? undefined : { ...placement, input }
}

/** The placement of a channel; refused on a single machine, with what to do. */
export const placementOf = (
  nodes: Asked,
  { id, slug }: Pick<ChannelView, "id" | "slug">,
  input: InputNeeds | null,
): Effect.Effect<PlacementShown, Conflict> =>
  Effect.suspend(() => {
    const shown = placementShown(nodes, id, input)
    if (shown !== undefined) return Effect.succeed(shown)
    const message = `${slug} has no node yet: it gets one within seconds, as soon as PostgreSQL answers`
    return nodes.self === null ? single : new Conflict({ errors: [{ path: "", message }] })
  })

const withChannels = (
  node: NodeView,
  { placements }: Pick<NodesService, "placements">,
  channels: ReadonlyArray<ChannelView>,
): NodeShown => ({
  ...node,
  channels: channels
    .filter(({ id }) => placements().get(id)?.owner === node.name)
    .map(({ id, name, slug }) => ({ id, slug, name })),
})

/** All nodes by name, each with its channels. */
export const nodesShown = (nodes: Asked, channels: ReadonlyArray<ChannelView>): ReadonlyArray<NodeShown> =>
  nodes.nodes().map((node) => withChannels(node, nodes, channels))

export const nodeShown = (
  nodes: Asked,
  name: string,
  channels: ReadonlyArray<ChannelView>,
): Effect.Effect<NodeShown, NotFound> =>
  Effect.suspend(() => {
    const found = nodes.nodes().find((node) => node.name === name)
    return found === undefined
      ? new NotFound({ kind: "node", ref: name })
      : Effect.succeed(withChannels(found, nodes, channels))
  })
