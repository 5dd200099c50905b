/**
 * List prices of MediaLive: those that `GetProducts` of the price list service answers with, or else a short table.
 * They are what AWS publishes, never what an account is billed: free tiers, reservations and discounts are not in them.
 */
import { describeLine, type PriceLine } from "./price-lines.ts"

/** A price of the list for what a line of a channel may be. */
export interface ListPrice extends Omit<PriceLine, "name"> {
  readonly usdPerHour: number
}

export interface PriceList {
  /** ISO 8601 date of the table, or time of the answer of AWS. */
  readonly asOf: string
  readonly from: "aws" | "table"
  readonly region: string
  readonly prices: ReadonlyArray<ListPrice>
}

const row = (
  kind: ListPrice["kind"],
  pipeline: ListPrice["pipeline"],
  resolution: ListPrice["resolution"],
  mbps: ListPrice["mbps"],
  fps: ListPrice["fps"],
  usdPerHour: number,
): ListPrice => ({ kind, pipeline, codec: "AVC", resolution, mbps, fps, usdPerHour })

/**
 * The few prices that AWS's own cost examples name, for US East (N. Virginia), as read on the date. What is not in it
 * has no price here.
 */
export const PRICE_TABLE: PriceList = {
  asOf: "2026-11-24",
  from: "table",
  region: "us-east-1",
  prices: [
    row("input", "Standard", "HD", "10-20", null, 0.294),
    row("input", "Single", "HD", "<10", null, 0.1404),
    row("output", "Standard", "SD", "<10", "<=30", 0.354),
    row("output", "Standard", "HD", "<10", "<=30", 0.702),
  ],
}

const same = (line: PriceLine, price: ListPrice): boolean =>
  line.kind === price.kind &&
  line.codec === price.codec &&
  line.resolution === price.resolution &&
  line.mbps === price.mbps &&
  (price.fps === null || line.fps === price.fps)

export interface PricedLine {
  readonly what: string
  /** Null where the list has no price for it. */
  readonly usdPerHour: number | null
  /** True where the price is that of two pipelines, for a channel that has one. */
  readonly atMost: boolean
}

/** Lines without a frame rate follow their source, and are taken for 30 frames a second at most. */
const assumed = (line: PriceLine): PriceLine => ({ ...line, fps: line.kind === "output" ? (line.fps ?? "<=30") : null })

export const priced = (line: PriceLine, { prices }: PriceList): PricedLine => {
  const found = prices.filter((price) => same(assumed(line), price))
  const exact = found.find(({ pipeline }) => pipeline === line.pipeline)
  const other = line.pipeline === "Single" ? found.find(({ pipeline }) => pipeline === "Standard") : undefined
  const price = exact ?? other
  return {
    what: describeLine(line),
    usdPerHour: price?.usdPerHour ?? null,
    atMost: exact === undefined && other !== undefined,
  }
}

export interface HourlyPrice {
  /** Sum of the lines that have a price; null where none has. */
  readonly usdPerHour: number | null
  readonly lines: ReadonlyArray<PricedLine>
  /** Lines without a price. */
  readonly unknown: number
  readonly asOf: string
  readonly from: PriceList["from"]
  readonly region: string
}

/** Money to a ten-thousandth, as the price list has it: sums of doubles end in dust. */
const exactly = (usd: number): number => Math.round(usd * 1e4) / 1e4

export const hourlyPrice = (lines: ReadonlyArray<PriceLine>, prices: PriceList): HourlyPrice => {
  const all = lines.map((line) => priced(line, prices))
  const known = all.flatMap(({ usdPerHour }) => usdPerHour ?? [])
  const { asOf, from, region } = prices
  return {
    usdPerHour: known.length === 0 ? null : exactly(known.reduce((sum, usd) => sum + usd, 0)),
    lines: all,
    unknown: all.length - known.length,
    asOf,
    from,
    region,
  }
}
