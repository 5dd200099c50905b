/**
 * The tallies of all channels: channels and outputs count into them where things happen, `/metrics` and views
 * read them.
 */
import { Context, Layer } from "effect"
import { type ChannelTally, newChannelTally } from "./tally.ts"

export interface TalliesService {
  /** The tally of a channel, begun when there is none. */
  readonly of: (channelId: string) => ChannelTally
  /** Forgets all channels and outputs but these. */
  readonly keep: (
    channels: ReadonlyArray<{ readonly id: string; readonly outputs: ReadonlyArray<{ readonly id: string }> }>,
  ) => void
}

export const makeTallies = (): TalliesService => {
  const channels = new Map<string, ChannelTally>()
  return {
    of: (id) => {
      const known = channels.get(id) ?? newChannelTally()
      channels.set(id, known)
      return known
    },
    keep: (configured) => {
      const kept = new Map(configured.map((channel) => [channel.id, new Set(channel.outputs.map(({ id }) => id))]))
      for (const [id, { outputs }] of channels) {
        const ids = kept.get(id)
        if (ids === undefined) channels.delete(id)
        else for (const output of outputs.keys()) if (!ids.has(output)) outputs.delete(output)
      }
    },
  }
}

export class Tallies extends Context.Tag("distributor/Tallies")<Tallies, TalliesService>() {
  static readonly Live = Layer.sync(Tallies, makeTallies)
}
