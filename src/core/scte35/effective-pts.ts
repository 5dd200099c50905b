/** When a cue takes effect on the stream's own clock. */
import type { SpliceCommand } from "./command-fields.ts"
import { PTS_MODULUS, seconds } from "./timing.ts"

type Timed = { readonly command: SpliceCommand | null; readonly pts_adjustment: number }

/** pts_time of a command with one time for the whole programme; null for any other, and where it is not specified. */
const ptsTime = (command: SpliceCommand | null): number | null => {
  if (command?.name === "time_signal") return command.pts_time
  if (command?.name !== "splice_insert" || command.splice_event_cancel_indicator) return null
  return command.pts_time ?? null
}

/**
 * (pts_time + pts_adjustment) mod 2^33 in 90 kHz ticks (9.6.1); null when the command has no time, or takes effect at
 * once.
 */
export const effectivePts = ({ command, pts_adjustment }: Timed): number | null => {
  const time = ptsTime(command)
  return time === null ? null : (time + pts_adjustment) % PTS_MODULUS
}

/** The splice time with pts_adjustment applied, as fields of a decoded section: none when the command has no time. */
export const adjustedPts = (
  command: SpliceCommand | null,
  pts_adjustment: number,
): { adjusted_pts?: number; adjusted_pts_seconds?: number; adjusted_pts_wrapped?: true } => {
  const adjusted_pts = effectivePts({ command, pts_adjustment })
  if (adjusted_pts === null) return {}
  const wrapped = adjusted_pts < pts_adjustment
  return {
    adjusted_pts,
    adjusted_pts_seconds: seconds(adjusted_pts),
    ...(wrapped ? { adjusted_pts_wrapped: true } : {}),
  }
}
