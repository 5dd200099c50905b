/** The playlist window an HLS output begins with, behind what an earlier run has left. */
import { targetDurationOf } from "../../core/hls/packager.ts"
import { PlaylistWindow } from "../../core/hls/playlist-window.ts"
import type { EarlierRun } from "./uploads/segment-sink.ts"

/**
 * The window to begin with. Segments of an earlier run stay listed while players may still be at them, and its counts
 * go on. Where nothing can be read, the media sequence begins with the time in seconds, which no earlier run has
 * reached at a segment a second or less.
 */
export const windowFor = (
  earlier: EarlierRun | null,
  nowMs: number,
  segmentS: number,
  wanted: number,
  most: number | null,
): PlaylistWindow => {
  const known = earlier?.playlist ?? null
  const options = {
    targetDurationS: targetDurationOf(segmentS),
    segments: most === null ? wanted : Math.min(wanted, most),
    keepsThreeTargets: most === null,
  }
  const last = known?.segments.at(-1)
  const files = new Set(earlier?.files ?? [])
  const listedMs = (known?.segments ?? []).reduce((sum, { durationS }) => sum + durationS * 1000, 0)
  const isFresh =
    last !== undefined &&
    known?.ended !== true &&
    nowMs - (last.programDateTimeMs + last.durationS * 1000) < listedMs &&
    known?.segments.every(({ name }) => files.has(name)) === true
  const window = new PlaylistWindow({
    ...options,
    mediaSequence:
      known === null ? (earlier === null ? Math.floor(nowMs / 1000) : 0) : known.mediaSequence + known.segments.length,
    discontinuitySequence:
      known === null ? 0 : known.discontinuitySequence + known.segments.filter((one) => one.discontinuity).length,
  })
  if (known !== null && isFresh) window.resume(known)
  const listed = new Set(isFresh ? known?.segments.map(({ name }) => name) : [])
  const staleMs = nowMs + Math.max(listedMs, 3000 * options.targetDurationS)
  for (const name of files) if (!listed.has(name)) window.leaves(name, staleMs)
  return window
}
