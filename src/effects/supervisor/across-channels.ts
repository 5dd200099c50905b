/** Rows of all channels, or of one among them, each with the name of its channel. */
import { Effect } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { ChannelConfig, ChannelName } from "../model/channel.ts"
import type { NotFound, StoreError } from "../model/Errors.ts"

const nameOf = ({ id, name, slug }: ChannelConfig): ChannelName => ({ id, slug, name })

/**
 * @param one reads the rows of a channel, by its id
 * @param all reads the rows of all channels
 */
export const acrossChannels =
  <Row extends object, Query extends object>(
    { configs, find }: Pick<ChannelBookService, "configs" | "find">,
    one: (channelId: string, query: Query) => Effect.Effect<ReadonlyArray<Row>, StoreError>,
    all: (query: Query) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly row: Row }>, StoreError>,
  ) =>
  ({
    channel,
    ...rest
  }: Query & { readonly channel?: string | undefined }): Effect.Effect<
    ReadonlyArray<Row & { readonly channel: ChannelName }>,
    NotFound | StoreError
  > => {
    const query = rest as unknown as Query
    if (channel !== undefined) {
      return Effect.flatMap(find(channel), (config) =>
        Effect.map(one(config.id, query), (found) => found.map((row) => ({ ...row, channel: nameOf(config) }))),
      )
    }
    // A channel may go while its rows are read.
    const named = (id: string): ReadonlyArray<ChannelName> => {
      const config = configs.get(id)
      return config === undefined ? [] : [nameOf(config)]
    }
    return Effect.map(all(query), (found) =>
      found.flatMap(({ channelId, row }) => named(channelId).map((of) => ({ ...row, channel: of }))),
    )
  }
