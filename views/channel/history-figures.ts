/** A plot summed up in a few figures for a table. */
import type { HistoryMeasure, HistorySeries } from "../../src/effects/history/history-model.ts"
import { formatBitrate } from "../format.ts"

export interface SeriesFigures {
  readonly of: string
  readonly measure: HistoryMeasure
  readonly last: string
  readonly lowest: string
  readonly mean: string
  readonly highest: string
}

const UNITS: Readonly<Record<Exclude<HistoryMeasure, "bitrate">, string>> = {
  lost: "/s",
  cc_errors: "/s",
  retransmitted: "/s",
  dropped: "/s",
  rtt: " ms",
  queue: " ms",
  down: " %",
}

const textOf = (measure: HistoryMeasure, value: number | null | undefined): string => {
  if (value === null || value === undefined) return "–"
  return measure === "bitrate" ? formatBitrate(value) : `${value.toFixed(value < 10 ? 2 : 0)}${UNITS[measure]}`
}

export const figuresOf = ({ measure, of, values }: HistorySeries): SeriesFigures => {
  const known = values.filter((value) => value !== null)
  const text = (value: number | null | undefined) => textOf(measure, value)
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return {
    of,
    measure,
    last: text(values.at(-1)),
    lowest: text(known.length === 0 ? null : Math.min(...known)),
    mean: text(known.length === 0 ? null : mean),
    highest: text(known.length === 0 ? null : Math.max(...known)),
  }
}
