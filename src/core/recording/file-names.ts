/** Names of recordings: the UTC time of the first packet, so that they sort as they were recorded. */

const PATTERN = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})\.(\d{3})Z\.ts$/

/** e.g. `20261121T180946.123Z.ts`. Two files of one ms must not be: take the next that is free. */
export const recordingName = (unixMs: number): string => `${new Date(unixMs).toISOString().replace(/[-:]/g, "")}.ts`

/** When a recording began, Unix time in ms; null for a name that is none of ours, which nothing here may touch. */
export const startOfRecording = (name: string): number | null => {
  const [, year, month, day, hour, minute, second, ms] = PATTERN.exec(name) ?? []
  if (year === undefined) return null
  const start = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(ms),
  )
  return recordingName(start) === name ? start : null
}
