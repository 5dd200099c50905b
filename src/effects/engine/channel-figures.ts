/** The engines' figures of one channel. */
import { Effect, SubscriptionRef } from "effect"
import type { ChannelStats } from "../../engine/protocol/messages.ts"
import type { EngineClientService } from "./EngineClient.ts"

/** The last figures of a channel; undefined when no engine tells anything of it. */
export const channelFigures = (
  { state }: Pick<EngineClientService, "state">,
  channelId: string,
): Effect.Effect<ChannelStats | undefined> =>
  Effect.map(SubscriptionRef.get(state), ({ stats }) => stats?.channels.find((channel) => channel.id === channelId))
