/** The engine's figures outside their turn. */
import { Effect, SubscriptionRef } from "effect"
import type { ChannelStats } from "../../engine/protocol/messages.ts"
import type { EngineClientService } from "./EngineClient.ts"

type Engine = Pick<EngineClientService, "send" | "state">

/** Asks for the figures of this moment, for a view right after a command. */
export const refreshFigures = ({ send, state }: Engine) =>
  Effect.flatMap(
    Effect.suspend(() => send({ cmd: "state" })),
    ({ stats }) => (stats === undefined ? Effect.void : SubscriptionRef.update(state, (s) => ({ ...s, stats }))),
  )

/** The last figures of a channel; undefined when the engine tells nothing of it. */
export const channelFigures = (
  { state }: Pick<Engine, "state">,
  channelId: string,
): Effect.Effect<ChannelStats | undefined> =>
  Effect.map(SubscriptionRef.get(state), ({ stats }) => stats?.channels.find((channel) => channel.id === channelId))
