/**
 * The memory in which an engine says what it is at. It is a file without a name (memfd_create), which the control plane
 * opens while the engine lives and reads when it has died or hangs: which channel was being handled. The engine maps it
 * (`system/handling.ts`) and writes two words a turn.
 *
 *     0  channel that is being handled: its number + 1, 0 for none
 *     4  what is done for it, see `STAGES`
 *    64  the ids of the channels by number, 64 bytes each, padded with zeros
 */

/** What an engine may be doing for a channel, by number. */
export const STAGES = ["nothing", "receiving", "sending", "choosing a source", "carrying out a command"] as const
export type Stage = (typeof STAGES)[number]

export const NAMES_AT = 64
export const NAME_BYTES = 64
/** Channels that have room: as many as an engine carries. */
export const NAMES = 64
export const HANDLING_BYTES = NAMES_AT + NAMES * NAME_BYTES

/** What an engine was at. */
export interface Handled {
  readonly channelId: string
  readonly stage: Stage
}

/** Reads what the memory says; null when no channel was being handled, and for what is no such memory. */
export const readHandling = (bytes: Uint8Array): Handled | null => {
  if (bytes.length < HANDLING_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const index = view.getUint32(0, true) - 1
  const stage = STAGES[view.getUint32(4, true)]
  if (index < 0 || index >= NAMES || stage === undefined) return null
  const name = bytes.subarray(NAMES_AT + index * NAME_BYTES, NAMES_AT + (index + 1) * NAME_BYTES)
  const end = name.indexOf(0)
  const channelId = new TextDecoder().decode(end < 0 ? name : name.subarray(0, end))
  return channelId === "" ? null : { channelId, stage }
}
