/** Which recordings have to go. */
import { startOfRecording } from "./file-names.ts"

export interface RecordedFile {
  readonly name: string
  readonly bytes: number
  /** When it was last written, Unix time in ms. */
  readonly endMs: number
}

export interface RetentionPolicy {
  /** Files whose last packet is older are removed; null: none for their age. */
  readonly keepHours: number | null
  /** Bytes of all files; beyond, the oldest are removed; null: no bound. */
  readonly keepBytes: number | null
}

/**
 * Names of the files to remove, oldest first. Only names of recordings count and go, and never `current`, the one being
 * written. A clock that was wrong is no reason to remove anything for its age that ends in the future.
 */
export const expiredRecordings = (
  files: ReadonlyArray<RecordedFile>,
  { keepBytes, keepHours }: RetentionPolicy,
  nowMs: number,
  current: string | null,
): string[] => {
  const ours = files.flatMap((file) => {
    const startMs = startOfRecording(file.name)
    return startMs === null ? [] : [{ ...file, startMs }]
  })
  ours.sort((a, b) => a.startMs - b.startMs)
  let total = ours.reduce((sum, { bytes }) => sum + bytes, 0)
  const removed: string[] = []
  for (const { bytes, endMs, name } of ours) {
    if (name === current) continue
    const isOld = keepHours !== null && nowMs - endMs > keepHours * 3_600_000
    const isTooMuch = keepBytes !== null && total > keepBytes
    if (!isOld && !isTooMuch) continue
    removed.push(name)
    total -= bytes
  }
  return removed
}
