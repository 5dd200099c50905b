/** Which leg of a channel is in use, by the engine's figures. */
import type { ChannelStats, LegStats } from "../../engine/protocol/messages.ts"

/** The leg that is handed on; undefined while the engine has told nothing of the channel. */
export const activeLeg = (stats: ChannelStats | undefined): LegStats | undefined =>
  stats?.legs.find((leg) => leg.name === stats.active_source)
