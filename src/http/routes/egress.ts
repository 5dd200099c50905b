/** What outputs sent by month, with the price that is set, as JSON and CSV. */
import { Clock, Effect } from "effect"
import { InvalidInput, type StoreError } from "../../effects/model/Errors.ts"
import type { OutputEgress } from "../../effects/store/figure-egress.ts"
import type { RecordsService } from "../../effects/supervisor/Records.ts"
import { makeQueryReader } from "../request/read-query.ts"
import { type CsvColumn, csvOf } from "./csv.ts"

const BYTES_PER_GB = 1e9

export interface EgressLine {
  readonly channel: string
  readonly output: string
  readonly gigabytes: number
  readonly usd: number | null
}

export interface EgressView {
  readonly month: string
  readonly usd_per_gb: number | null
  readonly outputs: ReadonlyArray<EgressLine>
  /** What all outputs sent together. */
  readonly gigabytes: number
  readonly usd: number | null
}

const thousandths = (n: number): number => Math.round(n * 1000) / 1000
const cents = (usd: number): number => Math.round(usd * 100) / 100

/** The sum is that of the bytes, and not of the rounded lines. */
export const egressView = (month: string, price: number | null, rows: ReadonlyArray<OutputEgress>): EgressView => {
  const of = (bytes: number) => ({
    gigabytes: thousandths(bytes / BYTES_PER_GB),
    usd: price === null ? null : cents((bytes / BYTES_PER_GB) * price),
  })
  return {
    month,
    usd_per_gb: price,
    outputs: rows.map(({ bytes, channel, channelName, output, outputName }) => ({
      channel: channelName === "" ? `channel ${channel}` : channelName,
      output: outputName === "" ? `output ${output}` : outputName,
      ...of(bytes),
    })),
    ...of(rows.reduce((sum, { bytes }) => sum + bytes, 0)),
  }
}

export const egressCsv = (view: EgressView): string => {
  const columns: ReadonlyArray<CsvColumn<EgressLine>> = [
    ["month", () => view.month],
    ["channel", ({ channel }) => channel],
    ["output", ({ output }) => output],
    ["gigabytes", ({ gigabytes }) => gigabytes],
    ["usd_per_gb", () => view.usd_per_gb],
    ["usd", ({ usd }) => usd],
  ]
  return csvOf(columns, view.outputs)
}

export const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7)

/** Reads a month of UTC and a format; the month of now where the query names none. */
export const readEgress = (
  { egress, egressPrice }: Pick<RecordsService, "egress" | "egressPrice">,
  parameters: URLSearchParams,
): Effect.Effect<{ readonly view: EgressView; readonly format: "json" | "csv" }, InvalidInput | StoreError> =>
  Effect.gen(function* () {
    const { errors, read } = makeQueryReader(parameters, ["month", "format", "live"])
    const asked = read(
      "month",
      (text) => (/^\d{4}-(0[1-9]|1[0-2])$/.test(text) ? text : null),
      "a month such as 2026-11",
    )
    const format = read("format", (text) => (text === "csv" || text === "json" ? text : null), "json or csv")
    if (errors.length > 0) return yield* new InvalidInput({ errors })
    const month = asked ?? monthOf(yield* Clock.currentTimeMillis)
    return { view: egressView(month, yield* egressPrice, yield* egress(month)), format: format ?? "json" }
  })
