/** Metrics of several machines: how each node looks from this one. A single machine has none of them. */
import type { NodesService, NodeView } from "../../effects/nodes/Nodes.ts"
import { type Family, gauge, label, makeArea } from "./exposition.ts"

export type NodesSeen = Pick<NodesService, "databaseProblem" | "nodes" | "placements" | "self">

const ofNodes: ReadonlyArray<Family<NodeView>> = [
  gauge(
    "node_up",
    "1 while the node is heard of, 0 once it is gone; absent after it has left in an orderly way.",
    (node) => (node.standing === "left" ? null : node.state !== "gone"),
  ),
  gauge("node_silent_seconds", "Time since the database last heard of the node.", (node) => node.silent_s),
  gauge("node_channels", "Channels that run on the node.", (node) => node.owns),
  gauge("node_standby_channels", "Channels that the node would take over.", (node) => node.stands_by),
  gauge("node_capacity", "Channels that the node is to carry at most.", (node) => node.capacity),
]

const own = ({ placements, self }: NodesSeen) => [...placements().values()].filter(({ owner }) => owner === self)

const ofThis: ReadonlyArray<Family<NodesSeen>> = [
  gauge("node_database_up", "1 while the database answers this node.", (seen) => seen.databaseProblem() === null),
  gauge(
    "node_dark_channels",
    "Channels whose node is gone and that nobody could take over yet.",
    (seen) => [...seen.placements().values()].filter(({ dark }) => dark).length,
  ),
  gauge(
    "node_taken_over_channels",
    "Channels that run on this node because it took them over.",
    (seen) => own(seen).filter(({ last_move }) => last_move?.reason === "taken over").length,
  ),
]

export const nodeArea = makeArea<NodesSeen, NodeView>(
  ["node"],
  (seen) => seen.nodes().map((node) => [label("node", node.name), node] as const),
  ofNodes,
)
export const ownNodeArea = makeArea<NodesSeen, NodesSeen>([], (seen) => [["", seen]], ofThis)

/** Nothing on a single machine. */
export const renderNodeMetrics = (seen: NodesSeen): string => {
  const out: string[] = []
  if (seen.self !== null) for (const area of [nodeArea, ownNodeArea]) area.write(seen, out)
  return out.join("")
}
