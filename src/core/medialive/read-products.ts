/**
 * The answer of `GetProducts` (AWS Price List API, `AWSPriceListService`, JSON 1.1): `PriceList` holds a JSON text for
 * each product, with `product.attributes` and `terms.OnDemand`. Attributes have been written in several ways (`bitRate`,
 * `Bit Rate`; `<10mbps`, `10-20 Mbps`), so their names and values are compared without case, spaces and signs.
 */
import type { PriceLine } from "./price-lines.ts"
import type { ListPrice } from "./price-list.ts"

type Json = Readonly<Record<string, unknown>>
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {})
const parse = (text: unknown): Json => {
  try {
    return object(typeof text === "string" ? JSON.parse(text) : text)
  } catch {
    return {}
  }
}

const attributesOf = (product: Json): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(object(object(product["product"])["attributes"])).map(([name, value]) => [
      name.toLowerCase().replace(/[^a-z]/g, ""),
      String(value),
    ]),
  )

const OPERATIONS: Readonly<Record<string, PriceLine["kind"]>> = { CHANNEL_INPUT: "input", CHANNEL_OUTPUT: "output" }

const oneOf = <const A extends string>(text: string | undefined, known: ReadonlyArray<A>): A | null =>
  known.find((one) => one === text?.toUpperCase()) ?? null

/** `<10mbps`, `10-20mbps`, `>20mbps`. */
const mbpsOf = (text = ""): PriceLine["mbps"] => {
  const digits = text.match(/\d+/g)?.join("-") ?? ""
  return digits === "10-20" ? "10-20" : digits === "10" ? "<10" : digits === "20" || digits === "50" ? ">20" : null
}
/** `0-30fps`, `<=30fps`, `30-60fps`, `>60fps`. */
const fpsOf = (text = ""): PriceLine["fps"] => {
  const digits = text.match(/\d+/g)?.join("-") ?? ""
  return digits === "30-60" ? "30-60" : /(?:^|-)30$/.test(digits) ? "<=30" : digits === "60" ? ">60" : null
}
const codecOf = (text: string | undefined): PriceLine["codec"] =>
  /MPEG-?2/i.test(text ?? "") ? "MPEG2" : /^audio/i.test(text ?? "") ? "AUDIO" : oneOf(text, ["AVC", "HEVC", "AV1"])

/** USD an hour of the first price of on-demand terms; null where it is billed by something else. */
const hourlyOf = (product: Json): number | null => {
  for (const term of Object.values(object(object(product["terms"])["OnDemand"]))) {
    for (const dimension of Object.values(object(object(term)["priceDimensions"]))) {
      const { pricePerUnit, unit } = object(dimension)
      const usd = Number(object(pricePerUnit)["USD"] ?? Number.NaN)
      if (/^h(?:ou)?rs?$/i.test(String(unit)) && usd > 0) return usd
    }
  }
  return null
}

/** Reserved prices stand among the others, known by an attribute or by the end of the usage type. */
const isReserved = (attributes: ReadonlyMap<string, string>): boolean =>
  /year/i.test(attributes.get("reservetype") ?? "") || /-R$/.test(attributes.get("usagetype") ?? "")

export interface ProductPage {
  readonly prices: ReadonlyArray<ListPrice>
  /** Null on the last page. */
  readonly next: string | null
}

export const readProducts = (answer: unknown): ProductPage => {
  const { NextToken, PriceList } = object(answer)
  const products = Array.isArray(PriceList) ? PriceList.map(parse) : []
  const prices = products.flatMap((product): ReadonlyArray<ListPrice> => {
    const attributes = attributesOf(product)
    const kind = OPERATIONS[attributes.get("operation") ?? ""]
    const usdPerHour = hourlyOf(product)
    if (kind === undefined || usdPerHour === null || isReserved(attributes)) return []
    const quality = attributes.get("videoquality") ?? ""
    // Enhanced and premium qualities have prices of their own: lines of them have none here.
    if (kind === "output" && !/^(?:|NA|standard)$/i.test(quality)) return []
    return [
      {
        kind,
        pipeline: /single/i.test(attributes.get("pipeline") ?? "") ? "Single" : "Standard",
        codec: codecOf(attributes.get("codec")),
        resolution: oneOf(attributes.get("resolution"), ["SD", "HD", "UHD"]),
        mbps: mbpsOf(attributes.get("bitrate")),
        fps: kind === "input" ? null : fpsOf(attributes.get("framerate")),
        usdPerHour,
      },
    ]
  })
  return { prices, next: typeof NextToken === "string" && NextToken !== "" ? NextToken : null }
}
