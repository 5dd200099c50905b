/**
 * Everything that makes the engine leave a leg. In each case a real encoder falls ill in that way while its packets
 * keep coming.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Feed, type LegIllness } from "./channel-feed.ts"
import { FailoverStage, GOP_MS, MARGIN_MS, namesOf } from "./failover-stage.ts"
import { Product } from "./product.ts"

let product: Product
let feed: Feed

beforeAll(async () => {
  const started = await Promise.all([Product.start(), Feed.start()])
  product = started[0]
  feed = started[1]
})
afterAll(async () => {
  await feed.kill()
  await product.dispose()
})

/** Time in ms for which the engine bears absent tables, since encoders may send them only once a second. */
const TABLES_MS = 1250

describe.concurrent("row 1: the primary falls ill", () => {
  it.for<readonly [LegIllness, number, number, RegExp]>([
    ["silent", 200, 200, /no packets for 200 ms/],
    ["nulls", 300, 300, /nothing but null packets for 300 ms/],
    ["garbage", 300, 300, /no packets for 300 ms|no TS sync for 300 ms/],
    ["torn", 300, 300, /no TS sync for 300 ms/],
    ["no_pat", 500, TABLES_MS, /no PAT for 1250 ms/],
    ["no_pmt", 500, TABLES_MS, /no PMT for 1250 ms/],
    ["counters", 300, 2000, /continuity counter errors/],
  ])("row 1: %s", async ([illness, afterMs, withinMs, reason], { onTestFinished }) => {
    const on = await FailoverStage.open(product, feed, {
      name: `ill with ${illness}`,
      input: { failover_after_ms: afterMs, failback_after_s: 1 },
      srt: ["listener"],
    })
    onTestFinished(() => on.close())
    await on.ready()
    const illAt = performance.now()
    await on.primary.is(illness)
    const backAt = await on.shows("B", 1)
    expect(backAt - illAt).toBeLessThan(withinMs + GOP_MS + MARGIN_MS)
    const { message, source } = await on.event("switched")
    expect({ source, message }).toEqual({ source: "backup", message: expect.stringMatching(reason) })
    expect(message).toMatch(/random access point/)

    // What the primary sent while it was ill went out as it came; nothing is wrong from the switch on.
    const report = on.report()
    expect(namesOf(report)).toEqual(["A", "B"])
    const [, clean] = report.segments
    expect(report.violations.filter(({ packet }) => packet >= (clean?.from ?? 0))).toEqual([])
    expect(clean?.video?.accessPoint).toBe("indicator")
    await on.checkOutputsStayed()

    // The primary gets well, and is used again once that has lasted.
    await on.primary.is("none")
    await on.shows("A", 0.3, 15_000)
    expect(namesOf(on.report())).toEqual(["A", "B", "A"])
    expect(on.report().violations.filter(({ packet }) => packet >= (clean?.from ?? 0))).toEqual([])
    await on.until(
      "it is shown",
      (v) => v.active_source === "primary" && v.status === "running" && v.input.switches === 2,
    )
  })
})
