/** Events and cues of all channels, or of one among them, each with the name of its channel. */
import { Effect } from "effect"
import type { ChannelConfig, ChannelName } from "../model/channel.ts"
import type { NotFound, StoreError } from "../model/Errors.ts"
import type { CueLogService } from "../store/CueLog.ts"
import type { EventLogService } from "../store/EventLog.ts"
import type { Registry } from "./channel-registry.ts"
import type { DistributorService } from "./Distributor.ts"

type Across = Pick<DistributorService, "allEvents" | "allCues">

export const acrossChannels = ({ configs, find }: Registry, events: EventLogService, cues: CueLogService): Across => {
  const nameOf = ({ id, name, slug }: ChannelConfig): ChannelName => ({ id, slug, name })
  /** None for a channel that went while its rows were read. */
  const named = (id: string): ReadonlyArray<ChannelName> => {
    const config = configs.get(id)
    return config === undefined ? [] : [nameOf(config)]
  }
  const ofAllChannels = <A>(
    ref: string | undefined,
    one: (config: ChannelConfig) => Effect.Effect<A, StoreError>,
    all: Effect.Effect<A, StoreError>,
  ): Effect.Effect<A, NotFound | StoreError> => (ref === undefined ? all : Effect.flatMap(find(ref), one))

  return {
    allEvents: ({ channel, ...query }) =>
      ofAllChannels(
        channel,
        (config) => Effect.map(events.list(config.id, query), (found) => found.map((event) => ({ ...event, channel: nameOf(config) }))),
        Effect.map(events.listAll(query), (found) =>
          found.flatMap(({ channelId, event }) => named(channelId).map((of) => ({ ...event, channel: of }))),
        ),
      ),
    allCues: ({ channel, ...query }) =>
      ofAllChannels(
        channel,
        (config) => Effect.map(cues.list(config.id, query), (found) => found.map((cue) => ({ ...cue, channel: nameOf(config) }))),
        Effect.map(cues.listAll(query), (found) =>
          found.flatMap(({ channelId, cue }) => named(channelId).map((of) => ({ ...cue, channel: of }))),
        ),
      ),
  }
}
