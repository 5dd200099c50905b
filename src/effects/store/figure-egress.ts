/** What each output sent in a month: rows that outlive the figures they are summed up from. */
import { Effect } from "effect"
import { type ChannelSums, outputOfSubject, SUM } from "../../core/figures/figure-sums.ts"
import type { FigureAccess } from "./store-access.ts"

/** Months for which is kept what outputs sent. */
const KEPT_MONTHS = 36

/** What channels and outputs are called, by their numbers; undefined for those that are gone. */
export type FigureNames = (
  channel: number,
) => { readonly name: string; readonly outputs: ReadonlyMap<number, string> } | undefined

/** What an output sent in a month. */
export interface OutputEgress {
  /** Number of the channel, and of the output in it. */
  readonly channel: number
  readonly output: number
  /** Slugs, as they were last. */
  readonly channelName: string
  readonly outputName: string
  readonly bytes: number
}

/** The month of a Unix time in s, in UTC, as 2026-11. */
export const monthOf = (s: number) => new Date(s * 1000).toISOString().slice(0, 7)

/** Bytes that each output sent, by its number. */
export const bytesByOutput = (sums: ChannelSums): ReadonlyMap<number, number> =>
  new Map(
    [...sums].flatMap(([subject, one]) => {
      const output = outputOfSubject(subject)
      return output === null ? [] : [[output, one[SUM.bytes] ?? 0] as const]
    }),
  )

/** The statements, to be run in a transaction of the figures. */
export const makeEgress = ({ sql }: FigureAccess) => ({
  /** Adds to what each output sent in the month of an hour; to be run in the transaction that stores the hour. */
  add: (atS: number, channel: number, bytes: ReadonlyMap<number, number>, names: FigureNames) => {
    const found = names(channel)
    return Effect.forEach(
      [...bytes].filter(([, n]) => n !== 0),
      ([output, n]) => {
        const row = {
          month: monthOf(atS),
          channel,
          output,
          channel_name: found?.name ?? "",
          output_name: found?.outputs.get(output) ?? "",
          bytes: n,
        }
        return sql`INSERT INTO output_egress ${sql.insert(row)}
          ON CONFLICT (month, channel, output) DO UPDATE SET bytes = output_egress.bytes + excluded.bytes,
            channel_name = CASE WHEN excluded.channel_name = '' THEN output_egress.channel_name ELSE excluded.channel_name END,
            output_name = CASE WHEN excluded.output_name = '' THEN output_egress.output_name ELSE excluded.output_name END`
      },
      { discard: true },
    )
  },
  prune: (nowS: number) => {
    const date = new Date(nowS * 1000)
    date.setUTCMonth(date.getUTCMonth() - KEPT_MONTHS, 1)
    return sql`DELETE FROM output_egress WHERE month < ${monthOf(date.getTime() / 1000)}`
  },
  of: (month: string) =>
    Effect.map(
      sql<{ channel: number; output: number; channel_name: string; output_name: string; bytes: number }>`
        SELECT channel, output, channel_name, output_name, bytes FROM output_egress WHERE month = ${month}
        ORDER BY channel, output`,
      (rows) =>
        rows.map(
          ({ bytes, channel, channel_name: channelName, output, output_name: outputName }): OutputEgress => ({
            channel,
            output,
            channelName,
            outputName,
            bytes: Number(bytes),
          }),
        ),
    ),
})
export type Egress = ReturnType<typeof makeEgress>
