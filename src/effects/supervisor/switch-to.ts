/** An operator's switch to another source of a channel. */
import { Effect } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { switchSource } from "../channel/switch-source.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { channelFigures } from "../engine/channel-figures.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { SourceName } from "../model/channel.ts"
import { Changes } from "../store/Changes.ts"
import { Registry } from "./Registry.ts"

export const makeSwitch = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { command } = yield* Changes
  const engine = yield* EngineClient
  const { publish } = yield* ChangeFeed
  const running = yield* RunningChannels
  const { view } = yield* Registry

  return Effect.fn("Channels.switchSource")(
    function* (ref: string, source: SourceName, force = false) {
      const config = yield* book.find(ref)
      const { id } = config
      const place = {
        config,
        channel: running.get(id),
        engine,
        figures: channelFigures(engine, id),
        refreshed: engine.refresh(id),
      }
      yield* switchSource(place, source, force)
      yield* publish
      return yield* view(config)
    },
    (effect) => command(effect),
  )
})
