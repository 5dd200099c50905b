/** Where the legs of a channel lie in the packet core: two to a channel, the primary first. */
import { MAX_LEGS } from "../assembly/memory/layout.ts"

export type LegSide = "primary" | "backup"

/** Number of a leg within its channel, as CHANNEL_SOURCE and CHANNEL_PENDING have it: 1 primary, 2 backup. */
export const legNumber = (side: LegSide): 1 | 2 => (side === "primary" ? 1 : 2)

/** Index of a channel's leg, below MAX_LEGS. */
export const legIndex = (channel: number, side: LegSide): number => channel * 2 + legNumber(side) - 1

/** Channel of the leg at `index`; from MAX_LEGS on, of what goes out of a channel. */
export const channelOfIndex = (index: number): number => (index >= MAX_LEGS ? index - MAX_LEGS : index >> 1)
