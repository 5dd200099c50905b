import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { type AutoFacts, decideAuto } from "./auto.ts"
import { billedMinutes, costsOf, monthOf, type Run } from "./cost.ts"
import { PERMISSIONS, POLICIES } from "./policy.ts"
import { priceLinesOf } from "./price-lines.ts"
import { hourlyPrice, type ListPrice, PRICE_TABLE, type PriceList, priced } from "./price-list.ts"
import { readProducts } from "./read-products.ts"
import type { AnswerOptions } from "./testing/answers.ts"
import { mediaChannel } from "./testing/ours.ts"

const at = (iso: string) => Date.parse(`${iso}Z`)
const run = (from: string, to: string | null, usdPerHour: number | null = 1.2, unknownLines = 0): Run => ({
  channel: "1001",
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  usdPerHour,
  unknownLines,
})

describe("hours by month", () => {
  const NOW = at("2026-12-02T00:30:00")
  it.each([
    ["ten minutes at least", "2026-11-05T10:00:00", "2026-11-05T10:01:00", "2026-11", 10],
    ["whole minutes", "2026-11-05T10:00:00", "2026-11-05T10:30:01", "2026-11", 31],
    ["nothing of another month", "2026-11-05T10:00:00", "2026-11-05T11:00:00", "2026-12", 0],
    ["the part before midnight UTC", "2026-11-30T23:00:00", "2026-12-01T02:00:00", "2026-11", 60],
    ["the part after it", "2026-11-30T23:00:00", "2026-12-01T02:00:00", "2026-12", 120],
    ["the least in the month of the start alone", "2026-11-30T23:59:00", "2026-12-01T00:01:00", "2026-12", 1],
    ["one that still runs", "2026-12-02T00:00:00", null, "2026-12", 30],
    ["what is no month", "2026-11-05T10:00:00", "2026-11-05T11:00:00", "2026-13", 0],
  ])("count %s", (_name, from, to, month, minutes) => expect(billedMinutes(run(from, to), month, NOW)).toBe(minutes))

  it("come to a price for each channel, and say what has none", () => {
    const runs = [
      run("2026-11-05T10:00:00", "2026-11-05T11:00:00"),
      run("2026-11-06T10:00:00", "2026-11-06T10:30:00", null),
      run("2026-11-07T10:00:00", "2026-11-07T10:12:00", 0, 2),
      { ...run("2026-11-06T10:00:00", "2026-11-06T10:30:00", null), channel: "1002" },
    ]
    expect(costsOf(runs, "2026-11", NOW)).toEqual([
      { channel: "1001", runs: 3, minutes: 102, usd: 1.2, minutesWithoutPrice: 30, minutesInPart: 12 },
      { channel: "1002", runs: 1, minutes: 30, usd: null, minutesWithoutPrice: 30, minutesInPart: 0 },
    ])
    expect(monthOf(NOW)).toBe("2026-12")
  })
})

describe("list prices", () => {
  const lines = priceLinesOf(mediaChannel())
  const HD_AVC = { pipeline: "Standard", codec: "AVC", resolution: "HD", enhanced: false }

  it("are of a line for each input and output, by what AWS bills", () => {
    expect(lines).toEqual([
      { ...HD_AVC, kind: "input", name: "studio", mbps: "10-20", fps: null },
      { ...HD_AVC, kind: "output", name: "ts", mbps: "<10", fps: "<=30" },
    ])
    expect(hourlyPrice(lines, PRICE_TABLE)).toMatchObject({ usdPerHour: 0.996, unknown: 0, from: "table" })
  })

  it("of a single pipeline are at most those of two, and unknown where the table has none", () => {
    const single = priceLinesOf(mediaChannel({ channelClass: "SINGLE_PIPELINE" }))
    expect(single.map((line) => priced(line, PRICE_TABLE))).toMatchObject([
      { usdPerHour: 0.294, atMost: true },
      { usdPerHour: 0.702, atMost: true },
    ])
    const hevc = priceLinesOf(mediaChannel({ video: "h265Settings" }))
    expect(hourlyPrice(hevc, PRICE_TABLE)).toMatchObject({ usdPerHour: 0.294, unknown: 1 })
  })

  const AWS: PriceList = { ...PRICE_TABLE, from: "aws" }
  it.each<readonly [string, AnswerOptions, PriceList, string, string | null]>([
    ["what the table has", {}, PRICE_TABLE, "output ts: HD AVC, <10 Mbit/s, <=30 fps, Standard", null],
    [
      "another codec, by the table",
      { video: "h265Settings" },
      PRICE_TABLE,
      "output ts: HD HEVC, <10 Mbit/s, <=30 fps, Standard",
      "the table of 2026-11-24 has none; AWS tells it to whoever has the permission pricing:GetProducts",
    ],
    [
      "another bit rate, by AWS",
      { codec: { bitrate: 12_000_000 } },
      AWS,
      "output ts: HD AVC, 10-20 Mbit/s, <=30 fps, Standard",
      "AWS's price list names none",
    ],
    [
      "a frame rate that follows the source, whatever numbers are left from before",
      { codec: { framerateControl: "INITIALIZE_FROM_SOURCE" } },
      AWS,
      "output ts: HD AVC, <10 Mbit/s, 30-60 fps, Standard",
      "AWS's price list names none",
    ],
    [
      "a bit rate that is not set",
      { codec: { bitrate: undefined } },
      AWS,
      "output ts: HD AVC, <=30 fps, Standard",
      "MediaLive does not tell its bit rate, by which AWS bills",
    ],
    [
      "enhanced quality",
      { codec: { qualityLevel: "ENHANCED_QUALITY" } },
      AWS,
      "output ts: HD AVC, enhanced quality, <10 Mbit/s, <=30 fps, Standard",
      "AWS bills enhanced quality at prices of its own, which are not read here",
    ],
  ])("say in words why there is none: %s", (_name, options, list, what, why) => {
    const [, output] = hourlyPrice(priceLinesOf(mediaChannel(options)), list).lines
    expect([output?.what, output?.why, output?.usdPerHour]).toEqual([what, why, why === null ? 0.702 : null])
  })

  it("of sound alone are those of any sound", () => {
    const media = mediaChannel()
    const sound = media.outputs.map((output) => ({ ...output, video: null }))
    const [, line] = priceLinesOf({ ...media, outputs: sound })
    const audio = {
      ...HD_AVC,
      kind: "output",
      codec: "AUDIO",
      mbps: null,
      resolution: null,
      fps: null,
      usdPerHour: 0.1,
    }
    expect(line === undefined ? null : priced(line, { ...AWS, prices: [audio as ListPrice] })).toEqual({
      what: "output ts: sound alone, Standard",
      usdPerHour: 0.1,
      atMost: false,
      why: null,
    })
    const none = priceLinesOf({ ...media, outputs: sound.map((output) => ({ ...output, audio: [] })) })
    expect(hourlyPrice(none, AWS).lines[1]?.why).toBe(
      "MediaLive does not tell its codec and resolution and bit rate, by which AWS bills",
    )
  })

  it("of the table stand in the documentation, each with its date", () => {
    const text = readFileSync(new URL("../../../docs/medialive.md", import.meta.url), "utf8").replace(/ +/g, " ")
    for (const { codec, fps, kind, mbps, pipeline, resolution, usdPerHour } of PRICE_TABLE.prices) {
      const cells = [kind, `${resolution} ${codec}`, mbps, fps ?? "any", pipeline, usdPerHour]
      expect(text).toContain(`| ${cells.join(" | ")} |`)
    }
    expect(text).toContain(PRICE_TABLE.asOf)
  })

  const product = (attributes: Record<string, string>, usd = "0.5", unit = "hour") =>
    JSON.stringify({
      product: { attributes },
      terms: { OnDemand: { a: { priceDimensions: { b: { unit, pricePerUnit: { USD: usd } } } } } },
    })
  it("are read from GetProducts, in the ways in which attributes are written", () => {
    const own = { operation: "CHANNEL_OUTPUT", codec: "AVC", resolution: "HD", pipeline: "Standard" }
    const page = readProducts({
      PriceList: [
        product({ ...own, bitRate: "<10mbps", frameRate: "0-30fps", videoQuality: "Standard" }),
        product(
          { ...own, "Bit Rate": "10-20 Mbps", "Frame Rate": ">30 and <=60 fps", Pipeline: "Single" },
          "0.25",
          "Hrs",
        ),
        product({ ...own, bitRate: "<10mbps", usagetype: "EML2-OUT-AVC-HD-R" }, "0.1"),
        product({ ...own, bitRate: "<10mbps", videoQuality: "Premium" }, "0.9"),
        product({ ...own, operation: "INACTIVE_CHANNEL" }),
        product({ ...own, operation: "CHANNEL_FEATURE", Output: "Advanced Audio", "Bit Rate": "NA" }, "0.1"),
        // As a reserved price and one of MediaLive Anywhere are told.
        product({
          ...own,
          ...{ operation: "CHANNEL_INPUT", "Bit Rate": "<10mbps", Pipeline: "Single", "Reserve Type": "1 Year" },
          usageType: "EML1-EUW3-IN-AVC-UHD-L10-R",
        }),
        product({ operation: "CHANNEL_ACTIVE", Codec: "HEVC", Resolution: "UHD" }, "2.1"),
        product({ ...own, operation: "CHANNEL_INPUT", codec: "MPEG-2", bitRate: ">20mbps" }, "0.3"),
        "{ not JSON",
      ],
      NextToken: "more",
    })
    expect(page.next).toBe("more")
    expect(page.prices).toEqual([
      {
        kind: "output",
        pipeline: "Standard",
        codec: "AVC",
        resolution: "HD",
        mbps: "<10",
        fps: "<=30",
        usdPerHour: 0.5,
      },
      {
        kind: "output",
        pipeline: "Single",
        codec: "AVC",
        resolution: "HD",
        mbps: "10-20",
        fps: "30-60",
        usdPerHour: 0.25,
      },
      {
        kind: "input",
        pipeline: "Standard",
        codec: "MPEG2",
        resolution: "HD",
        mbps: ">20",
        fps: null,
        usdPerHour: 0.3,
      },
    ])
    expect(readProducts(null)).toEqual({ prices: [], next: null })
  })
})

describe("starting and stopping by itself", () => {
  const MINUTE = 60_000
  const NOW = 100 * MINUTE
  const facts = (over: Partial<AutoFacts> = {}): AutoFacts => ({
    state: "IDLE",
    wanted: false,
    lastWantedAt: null,
    idleMinutes: 15,
    elsewhere: [],
    held: false,
    stale: false,
    refusals: 0,
    refusedAt: null,
    ...over,
  })
  const ago = (minutes: number) => NOW - minutes * MINUTE
  it.each<readonly [string, Partial<AutoFacts>, "start" | "stop" | "nothing"]>([
    ["idle and wanted", { wanted: true }, "start"],
    ["idle and not wanted", {}, "nothing"],
    ["running and wanted", { wanted: true, state: "RUNNING" }, "nothing"],
    ["on the way and wanted", { wanted: true, state: "STOPPING" }, "nothing"],
    ["stopped by hand while wanted", { wanted: true, held: true }, "nothing"],
    ["not wanted for long enough", { state: "RUNNING", lastWantedAt: ago(15) }, "stop"],
    ["not wanted for a short while", { state: "RUNNING", lastWantedAt: ago(14) }, "nothing"],
    ["ten minutes at least, whatever is set", { state: "RUNNING", lastWantedAt: ago(9), idleMinutes: 1 }, "nothing"],
    ["sending elsewhere too", { state: "RUNNING", lastWantedAt: ago(60), elsewhere: ["rtp://h:1"] }, "nothing"],
    ["running for somebody else", { state: "RUNNING", lastWantedAt: null }, "nothing"],
    ["while AWS is away", { wanted: true, stale: true }, "nothing"],
    ["just refused", { wanted: true, refusals: 1, refusedAt: NOW - 29_000 }, "nothing"],
    ["refused a while ago", { wanted: true, refusals: 1, refusedAt: NOW - 30_000 }, "start"],
    ["refused many times", { wanted: true, refusals: 99, refusedAt: ago(14) }, "nothing"],
    ["refused to stop", { state: "RUNNING", lastWantedAt: ago(60), refusals: 2, refusedAt: ago(0.5) }, "nothing"],
  ])("%s", (_name, over, what) => {
    const decision = decideAuto(facts(over), NOW)
    expect(decision.do).toBe(what)
    expect(decision.why).toMatch(/\S/)
  })

  it("tells when it will stop", () => {
    expect(decideAuto(facts({ state: "RUNNING", lastWantedAt: ago(5) }), NOW)).toMatchObject({ stopsAt: ago(-10) })
  })
})

it("policies name each permission, and only that for control may start and stop", () => {
  const actions = (text: string) =>
    (JSON.parse(text) as { Statement: ReadonlyArray<{ Action: ReadonlyArray<string> }> }).Statement.flatMap(
      ({ Action }) => Action,
    )
  expect(actions(POLICIES.control).sort()).toEqual(PERMISSIONS.map(({ action }) => action).sort())
  expect(actions(POLICIES.read)).not.toContain("medialive:StartChannel")
  expect(`${POLICIES.control}`).not.toMatch(/Update|Delete|Create|"\*:|medialive:\*/)
})
