/**
 * The backup carries something else: the product says so, mixes nothing, and stays with the primary (row 13 of the
 * fault matrix).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { InputSettings } from "../../../src/effects/model/channel.ts"
import { Feed, type LegOptions } from "../channel-feed.ts"
import { FailoverStage, namesOf } from "../failover-stage.ts"
import { Product } from "../product.ts"

let product: Product
let feed: Feed

beforeAll(async () => {
  const started = await Promise.all([Product.start(), Feed.start(["A", "B"])])
  product = started[0]
  feed = started[1]
  // C has the pictures and PIDs of B under another programme number.
  await feed.ask({
    cmd: "programme",
    id: "C",
    options: { bitrate: 2_000_000, label: "C", startPts90k: 4e9, programNumber: 77, seed: 3 },
  })
})
afterAll(async () => {
  await feed.kill()
  await product.dispose()
})

const same = { ssrc: 0x51515151, sequence: 4000 }

interface Legs {
  readonly backup?: "B" | "C"
  readonly primaryLeg?: Partial<LegOptions>
  readonly backupLeg?: Partial<LegOptions>
}

describe.concurrent("row 13: legs that carry different content", () => {
  it.for<readonly [string, InputSettings["mode"], Legs]>([
    ["mode merge, RTP of its own", "merge", {}],
    ["mode merge, the same SSRC and sequence numbers", "merge", { primaryLeg: same, backupLeg: same }],
    ["mode merge, raw UDP", "merge", { primaryLeg: { rtp: false }, backupLeg: { rtp: false } }],
    ["mode auto, the same SSRC and sequence numbers", "auto", { primaryLeg: same, backupLeg: same }],
    ["mode auto, another programme number", "auto", { backup: "C" }],
  ])("row 13: %s: not merged, on the primary, and told", async ([what, mode, legs], { onTestFinished }) => {
    const on = await FailoverStage.open(product, feed, {
      name: `other content ${what}`,
      input: { mode },
      srt: ["listener"],
      ...legs,
    })
    onTestFinished(() => on.close())
    await on.ready()
    const { input } = await on.until(
      "a finding",
      (v) => v.input.legs.some(({ findings }) => findings.some(({ code }) => code === "legs_not_aligned")) && v,
    )
    const messages = input.legs.flatMap(({ findings }) => findings.map(({ message }) => message))
    expect(messages).toContainEqual(expect.stringMatching(/different packets/))
    if (mode === "merge") {
      const { message, severity } = await on.event("legs_differ")
      expect({ severity, message }).toEqual({
        severity: "warning",
        message: expect.stringMatching(/different packets.*failing over/),
      })
      const { alarms } = await on.until(
        "the alarm",
        (v) => v.alarms.some(({ kind }) => kind === "legs_differ") && v,
        15_000,
      )
      expect(alarms.find(({ kind }) => kind === "legs_differ")?.message).toMatch(/different packets/)
    } else expect(await on.events("legs_differ")).toEqual([])
    const view = await on.view()
    expect(view).toMatchObject({
      status: "running",
      active_source: "primary",
      input: { merge: "off", switches: 0, redundancy: "ok" },
    })
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A"])
    await on.checkReceivers(["A"])
    expect((await on.events()).map(({ kind }) => kind)).not.toContain("merge_on")
    // The leg serves as a backup all the same.
    const backup = legs.backup ?? "B"
    await on.primary.is("silent")
    await on.shows(backup, 0.5)
    expect(namesOf(on.report())).toEqual(["A", backup])
    expect(on.report().violations).toEqual([])
  })
})
