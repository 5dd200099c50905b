/** Nodes and placements as PostgreSQL told them last, looked up by what an operator names. */
import { Effect } from "effect"
import type { Timing } from "../../core/placement/timing.ts"
import { InvalidInput, NotFound } from "../model/Errors.ts"
import type { NodeAgent } from "./NodeAgent.ts"
import type { NodeView, PlacementView } from "./Nodes.ts"
import type { StoredPlacement } from "./node-statements.ts"
import { nodeViews, placementView } from "./node-views.ts"

export interface NodeLookup {
  readonly nodes: () => ReadonlyArray<NodeView>
  readonly placements: () => ReadonlyMap<string, PlacementView>
  readonly nodeNamed: (name: string) => Effect.Effect<NodeView, NotFound>
  /** A node that the field `path` of a body names; the error says which nodes there are. */
  readonly nodeIn: (path: string, name: string) => Effect.Effect<NodeView, InvalidInput>
  readonly rowOf: (channelId: string) => Effect.Effect<StoredPlacement, NotFound>
  readonly viewOf: (channelId: string) => Effect.Effect<PlacementView, NotFound>
}

/** @param self the name of this node */
export const makeNodeLookup = (agent: Pick<NodeAgent, "snapshot">, self: string, timing: Timing): NodeLookup => {
  const nodes = () => nodeViews(agent.snapshot(), self, timing)
  const nodeNamed: NodeLookup["nodeNamed"] = (name) =>
    Effect.suspend(() => {
      const found = nodes().find((node) => node.name === name)
      return found === undefined ? Effect.fail(new NotFound({ kind: "node", ref: name })) : Effect.succeed(found)
    })
  const rowOf: NodeLookup["rowOf"] = (channelId) =>
    Effect.suspend(() => {
      const found = agent.snapshot().rows.find(({ channel }) => channel === channelId)
      return found === undefined
        ? Effect.fail(new NotFound({ kind: "channel", ref: channelId }))
        : Effect.succeed(found)
    })
  return {
    nodes,
    placements: () => {
      const snapshot = agent.snapshot()
      return new Map(snapshot.rows.map((row) => [row.channel, placementView(row, snapshot, timing)]))
    },
    nodeNamed,
    nodeIn: (path, name) =>
      Effect.catchAll(nodeNamed(name), () => {
        const names = nodes().map((node) => node.name)
        const message = `there is no node "${name}"; there are ${names.join(", ")}`
        return Effect.fail(new InvalidInput({ errors: [{ path, message }] }))
      }),
    rowOf,
    viewOf: (channelId) => Effect.map(rowOf(channelId), (row) => placementView(row, agent.snapshot(), timing)),
  }
}
