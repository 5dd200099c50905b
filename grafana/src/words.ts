/** Words and colours for values, the same on every dashboard. */
import type { PanelSpec } from "./panels.ts"

type Words = NonNullable<PanelSpec["words"]>

/** Words for the states of a channel, the sum of `wanted` and `running`. */
export const CHANNEL_STATES: Words = { 0: ["stopped", "text"], 1: ["no input", "red"], 2: ["running", "green"] }
/** Words for the states of an output, the sum of `wanted` and `up`. */
export const OUTPUT_STATES: Words = { 0: ["off", "text"], 1: ["down", "red"], 2: ["up", "green"] }
export const REDUNDANCY: Words = { 0: ["lost", "red"], 1: ["redundant", "green"] }
export const IN_BREAK: Words = { 0: ["programme", "text"], 1: ["ad break", "blue"] }
export const ALARM: Words = { 0: ["fine", "text"], 1: ["alarm", "red"] }
export const IN_USE: Words = { 0: ["waits", "text"], 1: ["in use", "green"] }
export const SENDER: Words = { 0: ["no sender", "red"], 1: ["connected", "green"] }
export const IS_UP: Words = { 0: ["down", "red"], 1: ["up", "green"] }
/** Words for the states of a channel of MediaLive, by their places in this order. */
export const AT_MEDIALIVE: Words = {
  0: ["ready", "text"],
  1: ["starting", "blue"],
  2: ["streaming", "green"],
  3: ["stopping", "blue"],
  4: ["error", "red"],
}
/** Words for what comes from MediaLive: whether it streams, times one more than whether it arrives. */
export const FROM_MEDIALIVE: Words = {
  0: ["idle there", "text"],
  1: ["nothing arrives", "red"],
  2: ["arrives", "green"],
}
/** Words for whether MediaLive streams, times one more than whether it is wanted here. */
export const WANTED_AT_MEDIALIVE: Words = { 0: ["idle", "text"], 1: ["for nobody", "yellow"], 2: ["wanted", "green"] }
