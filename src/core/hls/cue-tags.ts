/** The lines of cues in a playlist. */
import type { OutputSettings } from "../output/output-settings.ts"
import { dateText, secondsText } from "./playlist.ts"

export type CueStyle = NonNullable<OutputSettings["cue_tags"]>

export interface ToldRange {
  readonly id: string
  /** Unix time in ms. */
  readonly startMs: number
}

const hasRanges = (style: CueStyle): boolean => style === "daterange" || style === "both"
const hasCues = (style: CueStyle): boolean => style === "cue_out" || style === "both"
const seconds = (ticks90k: number): string => secondsText(ticks90k / 90_000)
const binary = (hex: string): string => `0x${hex.replace(/^0x/i, "").toUpperCase()}`

/** A break begins; `hex` is the whole section. */
export const dateRangeOut = (
  style: CueStyle,
  { id, startMs }: ToldRange,
  duration90k: number | null,
  hex: string,
): string[] =>
  hasRanges(style)
    ? [
        `#EXT-X-DATERANGE:ID="${id}",START-DATE="${dateText(startMs)}"` +
          `${duration90k === null ? "" : `,PLANNED-DURATION=${seconds(duration90k)}`},SCTE35-OUT=${binary(hex)}`,
      ]
    : []

/**
 * It ends: `hex` is null where no section said so. START-DATE is repeated, since every EXT-X-DATERANGE must have it.
 */
export const dateRangeIn = (
  style: CueStyle,
  { id, startMs }: ToldRange,
  endMs: number,
  hex: string | null,
): string[] =>
  hasRanges(style)
    ? [
        `#EXT-X-DATERANGE:ID="${id}",START-DATE="${dateText(startMs)}",END-DATE="${dateText(endMs)}",` +
          `DURATION=${secondsText(Math.max(0, endMs - startMs) / 1000)}${hex === null ? "" : `,SCTE35-IN=${binary(hex)}`}`,
      ]
    : []

export const cueOut = (style: CueStyle, duration90k: number | null): string[] =>
  hasCues(style) ? [`#EXT-X-CUE-OUT${duration90k === null ? "" : `:${seconds(duration90k)}`}`] : []

/** A segment inside a break, so much behind its splice point. */
export const cueContinues = (style: CueStyle, elapsed90k: number, duration90k: number | null): string[] => {
  const elapsed = seconds(Math.max(0, elapsed90k))
  return hasCues(style)
    ? [`#EXT-X-CUE-OUT-CONT:${elapsed}${duration90k === null ? "" : `/${seconds(duration90k)}`}`]
    : []
}

export const cueIn = (style: CueStyle): string[] => (hasCues(style) ? ["#EXT-X-CUE-IN"] : [])
