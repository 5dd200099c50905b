/**
 * List prices of MediaLive: those that `GetProducts` of the price list service answers with, or else a short table.
 * They are what AWS publishes, never what an account is billed: free tiers, reservations and discounts are not in them.
 */
import { describeLine, type PriceLine, unknownOf } from "./price-lines.ts"

/** A price of the list for what a line of a channel may be. Enhanced and premium qualities are not among them. */
export interface ListPrice extends Omit<PriceLine, "name" | "enhanced"> {
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
 * The few prices that AWS's own cost examples name, for US East (N. Virginia), as read on the date. AWS shows the rest
 * of its list to browsers alone, by region: what is not in the table has no price here, and says so. docs/medialive.md
 * names all that AWS bills by, with these prices; a test holds it to them.
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
  // Sound is sound, whatever else the list says of it.
  (line.codec === "AUDIO" ||
    (line.resolution === price.resolution &&
      line.mbps === price.mbps &&
      (price.fps === null || line.fps === price.fps)))

export interface PricedLine {
  readonly what: string
  /** Null where the list has no price for it. */
  readonly usdPerHour: number | null
  /** True where the price is that of two pipelines, for a channel that has one. */
  readonly atMost: boolean
  /** Why there is no price, in words; null where there is one. */
  readonly why: string | null
}

const whyNot = (line: PriceLine, { asOf, from }: PriceList): string => {
  const unknown = unknownOf(line)
  if (unknown.length > 0) return `MediaLive does not tell its ${unknown.join(" and ")}, by which AWS bills`
  if (line.enhanced) return "AWS bills enhanced quality at prices of its own, which are not read here"
  return from === "aws"
    ? "AWS's price list names none"
    : `the table of ${asOf} has none; AWS tells it to whoever has the permission pricing:GetProducts`
}

export const priced = (line: PriceLine, list: PriceList): PricedLine => {
  const found = line.enhanced ? [] : list.prices.filter((price) => same(line, price))
  const exact = found.find(({ pipeline }) => pipeline === line.pipeline)
  const other = line.pipeline === "Single" ? found.find(({ pipeline }) => pipeline === "Standard") : undefined
  const price = exact ?? other
  return {
    what: describeLine(line),
    usdPerHour: price?.usdPerHour ?? null,
    atMost: exact === undefined && other !== undefined,
    why: price === undefined ? whyNot(line, list) : null,
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
