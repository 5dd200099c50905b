/**
 * Failing over, switching by hand and failing back, with the real product, encoders in processes of their own and real
 * receivers.
 */
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest"
import type { Segment } from "../strict-analyser.ts"
import { Feed, SKIP_SECONDS } from "./channel-feed.ts"
import { FailoverStage, GOP_MS, MARGIN_MS, namesOf, picturesOf, type StageOptions } from "./failover-stage.ts"
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

const stage = async ({ onTestFinished }: TestContext, options: StageOptions): Promise<FailoverStage> => {
  const opened = await FailoverStage.open(product, feed, options)
  onTestFinished(() => opened.close())
  await opened.ready()
  return opened
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Seconds of programme time that are missing between two segments; the programmes run side by side. */
const missing = (before: Segment | undefined, next: Segment | undefined): number => {
  const [last, first] = [picturesOf(before).last, picturesOf(next).first]
  if (last === null || first === null) throw new Error("a segment shows no picture")
  return first.seconds - SKIP_SECONDS[first.name] - (last.seconds - SKIP_SECONDS[last.name])
}

describe.concurrent("failing back", () => {
  it("auto: to the primary once it was good for failback_after_s, at an access point and without a gap", async (context) => {
    const on = await stage(context, {
      name: "auto",
      input: { failover_after_ms: 200, failback: "auto", failback_after_s: 2 },
      srt: ["listener"],
    })
    await on.primary.is("silent")
    await on.shows("B", 0.5)
    const healthyAt = performance.now()
    await on.primary.is("none")
    const backAt = await on.shows("A", 1)
    expect(backAt - healthyAt).toBeGreaterThan(2000)
    expect(backAt - healthyAt).toBeLessThan(2000 + 1000 + GOP_MS + MARGIN_MS)

    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A", "B", "A"])
    expect(Math.abs(missing(report.segments[1], report.segments[2]))).toBeLessThan(0.15)
    await on.checkReceivers(["A", "B", "A"])
    await on.checkOutputsStayed()
    const [back, away] = await on.events("switched")
    expect(back).toMatchObject({
      source: "primary",
      severity: "info",
      message: expect.stringContaining("usable for 2 s"),
    })
    expect(away).toMatchObject({ source: "backup", severity: "warning" })
    expect(await on.event("leg_back")).toMatchObject({ source: "primary" })
    await on.event("redundancy_back")
    await on.until("no alarm is left", (v) => v.alarms.length === 0 && v.input.redundancy === "ok")
  })

  it("manual: it stays on the backup until somebody switches", async (context) => {
    const on = await stage(context, {
      name: "manual",
      input: { failover_after_ms: 200, failback: "manual", failback_after_s: 1 },
    })
    await on.primary.is("silent")
    await on.shows("B", 0.5)
    await on.primary.is("none")
    await on.event("redundancy_back")
    // Waits long enough for an automatic switch back: a second, and an access point.
    await pause(1000 + GOP_MS + MARGIN_MS)
    expect(await on.view()).toMatchObject({ active_source: "backup", input: { switches: 1, pending_source: null } })
    await on.switchTo("primary")
    await on.shows("A", 0.5)
    expect(on.report().violations).toEqual([])
    expect(namesOf(on.report())).toEqual(["A", "B", "A"])
  })

  it("a primary that comes and goes every second for ten seconds does not take the stream along", async (context) => {
    const on = await stage(context, {
      name: "flapping",
      input: { failover_after_ms: 200, failback: "auto", failback_after_s: 3 },
      srt: ["caller"],
    })
    for (let second = 0; second < 10; second++) {
      await on.primary.is(second % 2 === 0 ? "silent" : "none")
      await pause(1000)
    }
    expect(await on.view()).toMatchObject({ active_source: "backup", input: { switches: 1 } })
    await on.shows("A", 0.5)
    await on.until("it is shown", (v) => v.active_source === "primary" && v.input.switches === 2)
    const report = on.report()
    expect(namesOf(report)).toEqual(["A", "B", "A"])
    // The primary may be back before the backup's access point: the loss of the network shows up to the switch, and
    // never again.
    const away = report.segments[1]?.from ?? 0
    const lost = ["continuity", "pcr_jump", "stamp_repetition", "pes", "stamp_time_base"]
    expect(report.violations.filter(({ kind, packet }) => packet >= away || !lost.includes(kind))).toEqual([])
    await on.checkOutputsStayed()
    // There must be a handful of events, not one a second for each of the legs.
    expect((await on.events()).filter(({ source }) => source === "primary").length).toBeLessThan(16)
  })

  it("with both legs coming and going by turns it is on the one that is there, with no more switches than turns", async (context) => {
    const on = await stage(context, {
      name: "by turns",
      input: { failover_after_ms: 200, failback: "auto", failback_after_s: 1 },
    })
    const turns = 5
    for (let turn = 0; turn < turns; turn++) {
      const [gone, there] = turn % 2 === 0 ? [on.primary, on.backup] : [on.backup, on.primary]
      await there?.is("none")
      await gone?.is("silent")
      await on.shows(turn % 2 === 0 ? "B" : "A", 0.2)
    }
    await Promise.all([on.primary.is("none"), on.backup?.is("none")])
    const { input } = await on.until(
      "it is steady",
      (v) => v.input.redundancy === "ok" && v.status === "running" && v,
      20_000,
    )
    expect(input.switches).toBeGreaterThanOrEqual(turns)
    expect(input.switches).toBeLessThanOrEqual(turns + 1)
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report).slice(0, turns + 1)).toEqual(["A", "B", "A", "B", "A", "B"])
    await on.checkOutputsStayed()
  })
})

describe.concurrent("row 1: the primary's sender is killed", () => {
  it("row 1: the outputs go on with the backup's next access point within the failover time and a GOP, and keep their connections", async (context) => {
    const afterMs = 300
    const encoder = await Feed.start(["A"])
    context.onTestFinished(() => encoder.kill())
    const on = await stage(context, {
      name: "killed",
      input: { failover_after_ms: afterMs },
      primaryFeed: encoder,
      srt: ["listener", "caller"],
    })
    const killedAt = performance.now()
    await encoder.kill()
    const backAt = await on.shows("B", 1.2)
    expect(backAt - killedAt).toBeGreaterThan(afterMs - 100)
    expect(backAt - killedAt).toBeLessThan(afterMs + GOP_MS + MARGIN_MS)

    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A", "B"])
    expect(report.segments[1]?.video?.accessPoint).toBe("indicator")
    await on.checkReceivers(["A", "B"])
    await on.checkOutputsStayed()

    const { message, severity, source } = await on.event("switched")
    expect({ source, severity, message }).toEqual({
      source: "backup",
      severity: "warning",
      message: expect.stringMatching(
        new RegExp(`to the backup leg: on the primary leg no packets for ${afterMs} ms, at a random access point`),
      ),
    })
    expect(await on.event("leg_lost")).toMatchObject({ source: "primary" })
    expect(await on.event("redundancy_lost")).toMatchObject({ severity: "warning" })
    const view = await on.until("the alarm", (v) => v.alarms.some(({ kind }) => kind === "redundancy_lost") && v)
    expect(view).toMatchObject({
      active_source: "backup",
      status: "running",
      error: null,
      input: { redundancy: "lost", switches: 1 },
    })
    expect(view.alarms.find(({ kind }) => kind === "redundancy_lost")?.message).toMatch(/primary/)
  })
})

describe.concurrent("switching by hand", () => {
  it("while both legs run there is no gap, neither in time nor in pictures, there and back", async (context) => {
    const on = await stage(context, {
      name: "by hand",
      input: { failover_after_ms: 300, failback: "manual" },
      srt: ["listener", "caller"],
    })
    await on.switchTo("backup")
    await on.shows("B", 0.5)
    await on.switchTo("primary")
    await on.shows("A", 1)

    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A", "B", "A"])
    const [first, second, third] = report.segments
    for (const [before, next] of [
      [first, second],
      [second, third],
    ]) {
      expect(next?.video?.accessPoint).toBe("indicator")
      // Pictures are 40 ms apart, and the engine reads the legs by turns.
      expect(Math.abs(missing(before, next))).toBeLessThan(0.15)
      expect(next?.gapMs).toBeLessThan(MARGIN_MS)
    }
    await on.checkReceivers(["A", "B", "A"])
    await on.checkOutputsStayed()
    const events = await on.events("switched")
    expect(events.map(({ message, severity, source }) => [source, severity, message])).toEqual([
      ["primary", "info", expect.stringMatching(/operator.*random access point/)],
      ["backup", "info", expect.stringMatching(/operator.*random access point/)],
    ])
    expect((await on.events("redundancy_lost")).length).toBe(0)
  })

  it("finds the access point by its picture where the backup's encoder does not indicate it", async (context) => {
    const on = await stage(context, { name: "no indicator", backupLeg: { illness: "no_indicator" } })
    await on.switchTo("backup")
    await on.shows("B", 0.5)
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A", "B"])
    expect(report.segments[1]?.video?.accessPoint).toBe("picture")
  })

  it("with switch immediate it does not wait for an access point", async (context) => {
    const on = await stage(context, { name: "immediate", input: { switch: "immediate" } })
    // Waits until just behind an access point of B, so that the next one is more than a second away.
    const seconds = (await feed.elapsed("B")) % (GOP_MS / 1000)
    await pause((GOP_MS / 1000 - seconds + 0.3) * 1000)
    const askedAt = performance.now()
    await on.switchTo("backup")
    expect((await on.shows("B", 0.5)) - askedAt).toBeLessThan(MARGIN_MS)
    const report = on.report()
    expect(namesOf(report)).toEqual(["A", "B"])
    expect(report.segments[1]?.video?.accessPoint).toBe("none")
    // Every counter and clock is flagged all the same; only what an access point would bring is missing.
    const excused = ["access_point", "unit_start"]
    expect(report.violations.filter(({ kind }) => !excused.includes(kind))).toEqual([])
    expect(await on.event("switched")).toMatchObject({
      source: "backup",
      message: expect.not.stringContaining("random access point"),
    })
  })

  it("to a leg where nothing arrives is refused, with a sentence", async (context) => {
    const on = await stage(context, { name: "nothing there", backup: "B", backupLeg: {} })
    await on.backup?.is("silent")
    await on.until("the backup is silent", (v) => v.input.legs[1]?.receiving === false)
    const answer = await product.api("POST", `/api/channels/${on.channel.id}/switch`, { source: "backup" })
    expect(answer.status).toBe(409)
    expect(JSON.stringify(answer.body)).toMatch(/no packets arrive on the backup/)
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A"])
  })
})
