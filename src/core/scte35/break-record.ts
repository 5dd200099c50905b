/** What the watcher keeps of breaks. Times in monotonic milliseconds. */
import type { CueAction } from "./cue-key.ts"

/** An event between its announcement and its end. */
export interface Break extends Pick<CueAction, "family" | "signal" | "name" | "eventId"> {
  readonly pid: number
  /** Sighting that gave it its present times. */
  cue: number
  signature: string
  /** Splice point on the stream's clock; null when it was immediate. */
  pts: number | null
  startMs: number
  durationS: number | null
  /** Start and announced duration; null without. */
  endMs: number | null
  autoReturn: boolean
  /** When the return takes effect, once it is announced. */
  returnMs: number | null
  returnPts: number | null
  open: boolean
  missingTold: boolean
}

/** The channel's break: everything from the first out to the last return. */
export interface ChannelBreak {
  readonly eventId: number | null
  readonly name: string
  readonly cue: number
  readonly startedMs: number
  overlapTold: boolean
  overlongTold: boolean
}

/** When it is expected to end; null when nobody said. */
export const endOf = ({ autoReturn, endMs, returnMs }: Break): number | null => {
  if (returnMs === null || endMs === null) return returnMs ?? endMs
  return autoReturn ? Math.min(returnMs, endMs) : returnMs
}
