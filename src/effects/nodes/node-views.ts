/** Nodes and placements as operators see them, from what PostgreSQL said last. */
import { loadsOf } from "../../core/placement/choose-node.ts"
import type { Timing } from "../../core/placement/timing.ts"
import type { NodeState, NodeView, PlacementView, RelayHosts } from "./Nodes.ts"
import type { StoredNode, StoredPlacement, StoredSnapshot } from "./node-statements.ts"

const stateOf = ({ beatMs, standing }: StoredNode, nowMs: number, { deadMs }: Timing): NodeState => {
  if (standing === "left" || nowMs - beatMs >= deadMs) return "gone"
  return standing === "up" ? "alive" : "draining"
}

/** By name. */
export const nodeViews = (
  { nodes, nowMs, rows }: StoredSnapshot,
  self: string,
  timing: Timing,
): ReadonlyArray<NodeView> => {
  const { owned, partnered } = loadsOf(rows)
  return nodes.map((node) => ({
    name: node.name,
    self: node.name === self,
    address: node.address,
    labels: node.labels,
    capacity: node.capacity,
    version: node.version,
    state: stateOf(node, nowMs, timing),
    standing: node.standing,
    silent_s: Math.max(0, Math.round((nowMs - node.beatMs) / 100) / 10),
    owns: owned.get(node.name) ?? 0,
    stands_by: partnered.get(node.name) ?? 0,
  }))
}

export const placementView = (
  row: StoredPlacement,
  { nodes, nowMs }: StoredSnapshot,
  timing: Timing,
): PlacementView => {
  const owner = nodes.find(({ name }) => name === row.owner)
  return {
    channel_id: row.channel,
    owner: row.owner,
    epoch: row.epoch,
    home: row.home,
    standby: row.standby,
    partner: row.partner,
    isolated: row.isolated,
    moving_to: row.target,
    dark: owner === undefined || stateOf(owner, nowMs, timing) === "gone",
    last_move: {
      from: row.movedFrom,
      to: row.owner,
      reason: row.movedWhy,
      at: new Date(row.movedMs).toISOString(),
      gap_ms: row.gapMs === null ? null : Math.round(row.gapMs),
    },
  }
}

/** Name or address of the machine in a node's address; IPv6 without its brackets. */
const hostOf = (address: string): string => new URL(address).hostname.replace(/^\[|\]$/g, "")

/** Between which hosts the owner of a channel and its partner, of which `self` is one, relay what they receive. */
export const relayHosts = ({ nodes, rows }: StoredSnapshot, self: string, channel: string): RelayHosts | null => {
  const row = rows.find((one) => one.channel === channel)
  if (row === undefined) return null
  const other = row.owner === self ? row.partner : row.partner === self ? row.owner : null
  const addressOf = (name: string | null) => nodes.find((node) => node.name === name)?.address
  const [local, peer] = [addressOf(self), addressOf(other)]
  return local === undefined || peer === undefined ? null : { local: hostOf(local), peer: hostOf(peer) }
}
