/**
 * The active leg's encoder starts again under other numbers and another clock. There is no switch, one event, and no
 * alarm that stays (rows 3 and 22 of the fault matrix).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { FEED_BITRATE, Feed, programmeOptions } from "../channel-feed.ts"
import { FailoverStage } from "../failover-stage.ts"
import { eventually, Product } from "../product.ts"

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

/** Number of packets behind the seam within which every PID has shown it, since some PIDs come only once a second. */
const SECOND_PACKETS = Math.ceil((1.2 * FEED_BITRATE) / 8 / 188)

interface Restart {
  readonly pauseMs: number
  /** Setting of the channel; longer than the pause. */
  readonly failoverAfterMs?: number
  readonly startPts90k: number
  /** Whether the encoder signals the discontinuity on every PID. */
  readonly flagged: boolean
  /** Whether RTP starts over with another SSRC or with other numbers, or runs on. */
  readonly rtp: "other SSRC" | "other numbers" | "runs on"
  /** Kinds of the events that tell of the restart. */
  readonly told: ReadonlyArray<string>
  /** Whether the flags arrive and excuse the seam. */
  readonly isClean?: boolean
}

const HOUR_AHEAD = 325_000_000
const BEFORE_WRAP = 2 ** 33 - 100_000

describe.concurrent("rows 3 and 22: the encoder of the active leg starts again", () => {
  it.for<readonly [string, Restart]>([
    [
      "new SSRC at once",
      { rtp: "other SSRC", pauseMs: 0, startPts90k: HOUR_AHEAD, flagged: false, told: ["sender_changed"] },
    ],
    // The first datagram of another sender might be a stray one and is not taken. It holds the flags of all PIDs but
    // the clock's. More would be refused after a pause of less than four of the gaps that a busy machine makes.
    [
      "new SSRC after 900 ms, flagged",
      {
        rtp: "other SSRC",
        pauseMs: 900,
        failoverAfterMs: 3000,
        startPts90k: 1,
        flagged: true,
        told: ["sender_changed"],
      },
    ],
    [
      "new sequence numbers after 400 ms",
      {
        rtp: "other numbers",
        pauseMs: 400,
        startPts90k: HOUR_AHEAD,
        flagged: false,
        told: ["pcr_jump", "sequence_reset"],
      },
    ],
    ["clock jumps ahead", { rtp: "runs on", pauseMs: 0, startPts90k: HOUR_AHEAD, flagged: false, told: ["pcr_jump"] }],
    ["clock jumps back", { rtp: "runs on", pauseMs: 0, startPts90k: 1, flagged: false, told: ["pcr_jump"] }],
    [
      "clock jumps to just before the wrap, flagged",
      { rtp: "runs on", pauseMs: 0, startPts90k: BEFORE_WRAP, flagged: true, told: [], isClean: true },
    ],
    [
      "clock jumps back after 400 ms, flagged",
      { rtp: "runs on", pauseMs: 400, startPts90k: 1, flagged: true, told: [], isClean: true },
    ],
  ])("row 22: %s: told once, no switch, no alarm that stays", async ([what, restart], { onTestFinished }) => {
    const { failoverAfterMs = 1000, flagged, isClean = false, pauseMs, rtp, startPts90k, told } = restart
    const ssrc = 0x2222_0001
    const on = await FailoverStage.open(product, feed, {
      name: what,
      input: { failover_after_ms: failoverAfterMs },
      primaryLeg: { ssrc, sequence: 65_000 },
      srt: ["listener"],
    })
    onTestFinished(() => on.close())
    await on.ready()
    const [before] = await on.events()
    const read = on.udp.datagrams.length
    const numbers = {
      "other SSRC": { ssrc: 0x3333_0001, sequence: 7 },
      "other numbers": { sequence: 7 },
      "runs on": {},
    }
    await on.primary.restart({ programme: what, ...numbers[rtp] }, programmeOptions("A", { startPts90k }), {
      flagged,
      pauseMs,
    })
    await on.udp.atLeast(read + 600)
    // On a slow machine those may have been the last of the old stream.
    await eventually("the new stream leaves", () => {
      const { segments, violations } = on.report()
      return segments.length > 1 || violations.some(({ kind }) => kind === "pcr_jump") || null
    })
    await on.udp.atLeast(on.udp.datagrams.length + 300)

    const news = (await on.events()).filter(({ id }) => id > (before?.id ?? 0))
    const byKind = news.map(({ kind, message, source }) => [kind, source, message]).toSorted()
    expect(byKind).toEqual(told.map((kind) => [kind, "primary", expect.stringMatching(/\d/)]))

    // Old and new stream go out as they came: the seam is the only fault, and where it was flagged there is none.
    const { segments, violations } = on.report()
    expect(segments).toHaveLength(flagged ? 2 : 1)
    expect(violations.filter(({ kind }) => kind === "pcr_jump")).toHaveLength(flagged ? 0 : 1)
    const seam = violations[0]?.packet ?? 0
    expect(violations.filter(({ packet }) => isClean || packet > seam + SECOND_PACKETS)).toEqual([])

    const view = await on.until(
      "no alarm is left",
      (v) => v.alarms.length === 0 && v.input.legs[0]?.receiving === true && v,
    )
    expect(view).toMatchObject({
      status: "running",
      active_source: "primary",
      input: { switches: 0, redundancy: "ok" },
    })
    expect(view.input.legs[0]?.counters).toMatchObject({
      sender_changes: rtp === "other SSRC" ? 1 : 0,
      rtp_resets: rtp === "other numbers" ? 1 : 0,
    })
    // A number that starts over must not count as thousands of lost packets.
    expect(view.input.legs[0]?.counters["rtp_lost"]).toBeLessThan(10)
    await on.checkOutputsStayed()
  })
})
