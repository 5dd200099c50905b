/** Names of segment files: they never come twice, not even after a restart, and sort as they are played. */

const PATTERN = /^(\d{13})-(\d{6,12})\.ts$/
const DIGITS = 6

/** `runMs`: when the run began, Unix time in ms, which no other run shares; `number` counts from 0. */
export const segmentName = (runMs: number, number: number): string =>
  `${String(runMs).padStart(13, "0")}-${String(number).padStart(DIGITS, "0")}.ts`

/** When the run that wrote a segment began; null for a name that is none of ours. */
export const runOfSegment = (name: string): number | null => {
  const [, run] = PATTERN.exec(name) ?? []
  return run === undefined ? null : Number(run)
}

export const PLAYLIST_NAME = "index.m3u8"
