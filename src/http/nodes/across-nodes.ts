/** The control plane as all nodes together show it: each channel as the node has it that runs it. */
import { Effect } from "effect"
import type { ChannelView } from "../../effects/model/channel.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import type { OtherNodes, ShownByNode } from "./other-nodes.ts"

/** Puts what the other nodes show in the place of what this one has of their channels, in the order of this one. */
export const merged = (
  own: ReadonlyArray<ChannelView>,
  others: ReadonlyArray<ShownByNode>,
  runsHere: (channelId: string) => boolean,
): ReadonlyArray<ChannelView> => {
  const elsewhere = new Map(others.flatMap(({ channels }) => channels.map((channel) => [channel.id, channel] as const)))
  return own.map((channel) => (runsHere(channel.id) ? channel : (elsewhere.get(channel.id) ?? channel)))
}

/** The plane itself on a single machine. */
export const acrossNodes = (plane: ControlPlane, others: OtherNodes): ControlPlane => {
  const { channels, history, nodes } = plane
  if (nodes.self === null) return plane
  const runsHere = (id: string) => nodes.roleOf(id) === "owner"
  return {
    ...plane,
    channels: {
      ...channels,
      list: Effect.zipWith(channels.list, others.shown, (own, shown) => merged(own, shown, runsHere), {
        concurrent: true,
      }),
    },
    history: {
      ...history,
      recent: Effect.zipWith(history.recent, others.shown, (own, shown) => {
        const all = new Map([...own].filter(([id]) => runsHere(id)))
        for (const { recent } of shown)
          for (const [id, one] of Object.entries(recent)) if (!runsHere(id)) all.set(id, one)
        return all
      }),
    },
  }
}
