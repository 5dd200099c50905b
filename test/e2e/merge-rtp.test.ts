/**
 * Two legs with the same RTP packets (SMPTE 2022-7), each damaged for itself, through the whole product: what comes out
 * is what either leg brought, byte for byte (rows 10, 11, 15 and 16 of the fault matrix).
 */
import { createHash } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { lostOnAll, type Schedule } from "../impairments.ts"
import { hasMedia } from "../media.ts"
import { tsDifference } from "../ts-difference.ts"
import { type Outcome, play } from "./impaired-channels.ts"
import {
  CLEAN_US,
  CUT_US,
  captureFacts,
  captureLeadIn,
  captureLegs,
  type Name,
  packets,
  scenarios,
  stream,
  ts,
  wrapTs,
} from "./merge-rtp-legs.ts"
import { Product } from "./product.ts"

const CAPTURE = "2022-7 capture"
let product: Product
let outcomes: ReadonlyMap<string, Outcome>

beforeAll(async () => {
  product = await Product.start()
  const ours = Object.entries(scenarios).map(([name, scenario]) => ({ name, ...scenario }))
  outcomes = await play(product, hasMedia ? [...ours, { name: CAPTURE, legs: captureLegs() }] : ours)
})
afterAll(() => product.dispose())

const outcome = (name: Name): Outcome => {
  const found = outcomes.get(name)
  if (found === undefined) throw new Error(`"${name}" was not played`)
  return found
}
const legsOf = (name: Name): ReadonlyArray<Schedule> => scenarios[name].legs
const nothing = { missing: [], extra: 0 }
const exactly = (missing: ReadonlyArray<number>) => ({ missing, extra: 0 })
/** Views that show only the time after the clean start. */
const merged = (name: Name) =>
  outcome(name).during.flatMap(({ at, view }) => (at > CLEAN_US / 1e3 + 1200 ? [view] : []))
const lastOf = (name: string) => outcomes.get(name)?.during.at(-1)?.view
const kinds = (name: Name) =>
  outcome(name).events.map(({ kind, source }) => (source === null ? kind : `${kind} ${source}`))

/** Times at which the datagrams of a leg really left, by number. */
const sentAt = (name: Name, leg: number): ReadonlyMap<number, number> => {
  const late = outcome(name).lateUs[leg] ?? []
  return new Map(legsOf(name)[leg]?.datagrams.map(({ index, us }, i) => [index, us + (late[i] ?? 0)]))
}

/**
 * TS packets that came by one leg only and, because the machine was busy, so late behind the other's gap that the
 * window of 200 ms was over.
 */
const tooLate = (name: Name): Set<number> => {
  const found = new Set<number>()
  for (const [leg, { lost }] of legsOf(name).entries()) {
    const [own, other] = [sentAt(name, leg), sentAt(name, 1 - leg)]
    for (const index of lost) {
      let behind = index + 1
      while (behind < stream.length && !own.has(behind)) behind += 1
      const waited = (other.get(index) ?? 0) - (own.get(behind) ?? Number.POSITIVE_INFINITY)
      if (waited > 190_000) for (let i = 0; i < 7; i++) found.add(index * 7 + i)
    }
  }
  return found
}

/** What is missing from an output and what is too much, but for packets that the busy machine sent too late. */
const difference = (name: Name, out: Buffer | null | undefined = outcome(name).udp) => {
  const { missing, extra } = tsDifference(ts, out ?? Buffer.alloc(0))
  const excused = tooLate(name)
  return { missing: missing.filter((packet) => !excused.has(packet)), extra }
}

/** When what is missing left, for whoever reads of it. */
const story = (name: Name): string => {
  const { after, lateUs, udp } = outcome(name)
  const gaps = new Set(tsDifference(ts, udp).missing.map((packet) => Math.floor(packet / 7)))
  const left = [...gaps].map(
    (index) => `${index} at ${[0, 1].map((leg) => sentAt(name, leg).get(index)).join(" and ")}`,
  )
  const late = Math.max(...lateUs.flat())
  return `${name}: at most ${late} us late, merge_lost ${after.input.merge_lost}, us of datagrams by leg: ${left.join("; ")}`
}

/** Time in ms by which a path difference may seem to be off, since datagrams that left late count. */
const slackMs = (name: Name) => 8 + outcome(name).sending.late_max_us / 2000

/** The path difference that most views show: on a busy machine a few are off, since their datagrams were read late. */
const pathDifferenceMs = (views: ReturnType<typeof merged>): number =>
  views.map(({ input }) => input.path_difference_ms ?? Number.NaN).sort((a, b) => a - b)[views.length >> 1] ??
  Number.NaN

/** RTP numbers that a leg is known to have lost; those behind the last one sent were never missed. */
const missed = ({ datagrams, lost }: Schedule) => {
  const last = Math.max(...datagrams.map(({ index }) => index))
  return lost.filter((index) => index < last).length
}

describe("identical legs, 2 % loss each, reordering, 80 ms of path difference", () => {
  it("the output is the source, by UDP and by SRT", () => {
    expect(difference("clean")).toEqual(nothing)
    expect(difference("clean", outcome("clean").srt)).toEqual(nothing)
  })

  it("is shown: merged by RTP sequence, the path difference, each leg's loss to the packet", () => {
    const views = merged("clean")
    expect(views.length).toBeGreaterThan(3)
    for (const { input } of views) expect(input.merge).toBe("rtp")
    expect(Math.abs(pathDifferenceMs(views) - 80)).toBeLessThan(slackMs("clean"))
    const { input } = outcome("clean").after
    expect(input.merge_lost).toBe(0)
    expect(input.merge_mismatches).toBe(0)
    for (const [leg, schedule] of legsOf("clean").entries()) {
      expect(input.legs[leg]?.counters).toMatchObject({
        rtp_lost: missed(schedule),
        rtp_resets: 0,
        sender_changes: 0,
        foreign: 0,
      })
    }
    expect(kinds("clean").filter((kind) => kind.startsWith("merge_on"))).toHaveLength(1)
  })

  it("what both legs lost is missing, nothing else, and is counted", () => {
    const lost = lostOnAll(packets, ...legsOf("lost on both"))
    expect(lost.length).toBeGreaterThan(0)
    expect(difference("lost on both")).toEqual(exactly(lost))
    const { udp, after } = outcome("lost on both")
    expect(after.input.merge_lost).toBe(tsDifference(ts, udp).missing.length)
  })
})

describe(`a leg is cut for ${CUT_US / 1e6} s and comes back`, () => {
  it("row 11: nothing is lost when the other leg is whole, by UDP and by SRT", () => {
    expect(lostOnAll(packets, ...legsOf("primary cut"))).toEqual([])
    expect(difference("primary cut")).toEqual(nothing)
    expect(difference("primary cut", outcome("primary cut").srt)).toEqual(nothing)
    expect(difference("backup cut")).toEqual(nothing)
  })

  it("only what neither leg brought is lost when both also lose 2 %", () => {
    const lost = lostOnAll(packets, ...legsOf("primary cut, loss on both"))
    expect(lost.length).toBeGreaterThan(7)
    expect(difference("primary cut, loss on both")).toEqual(exactly(lost))
  })

  it.each([
    ["primary cut", "primary"],
    ["backup cut", "backup"],
  ] as const)("%s: redundancy lost and found again as alarm and events, and the legs merge again", (name, source) => {
    const lost = merged(name).filter(({ input }) => input.redundancy === "lost")
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.flatMap((view) => view.alarms.map(({ kind }) => kind))).toContain("redundancy_lost")
    const last = lastOf(name)
    expect(last?.input).toMatchObject({ merge: "rtp", redundancy: "ok" })
    const order = kinds(name)
    const places = [`leg_lost ${source}`, `leg_back ${source}`].map((kind) => order.indexOf(kind))
    expect(places[0]).toBeGreaterThan(-1)
    expect(places[1]).toBeGreaterThan(places[0] ?? 0)
    const redundancy = order.filter((kind) => kind.startsWith("redundancy_")).map((kind) => kind.split(" ")[0])
    expect(redundancy.slice(0, 2)).toEqual(["redundancy_lost", "redundancy_back"])
  })
})

describe("row 10: disjoint loss and skew", () => {
  it.each(["skew 12 ms", "skew 90 ms", "skew 180 ms", "primary late by 90 ms"] as const)(
    "%s within the window: loss-free",
    (name) => {
      expect(difference(name), story(name)).toEqual(nothing)
      const sign = name.startsWith("primary") ? -1 : 1
      const skew = sign * Number(/\d+/.exec(name)?.[0])
      for (const { input } of merged(name)) expect(input.merge).toBe("rtp")
      expect(Math.abs(pathDifferenceMs(merged(name)) - skew)).toBeLessThan(slackMs(name))
    },
  )

  it("400 ms with a window of 200 ms: in order, nothing twice, no more lost than the first leg lost, and counted", () => {
    const { udp, after } = outcome("skew 400 ms")
    const [a, b] = legsOf("skew 400 ms")
    if (a === undefined || b === undefined) throw new Error("no legs")
    const { missing, extra } = tsDifference(ts, udp)
    expect(extra).toBe(0)
    const lostOnA = new Set(lostOnAll(packets, a))
    expect(missing.filter((packet) => !lostOnA.has(packet))).toEqual([])
    expect(after.input.legs[0]?.counters["rtp_lost"]).toBe(missed(a))
    expect(after.input.legs[1]?.counters["rtp_lost"]).toBe(missed(b))
  })
})

describe("paths that misbehave in other ways", () => {
  it.each(["jitter and repeats", "the backup's path becomes longer"] as const)("%s: loss-free, no switch", (name) => {
    expect(tsDifference(ts, outcome(name).udp)).toEqual(nothing)
    expect(lastOf(name)?.input.merge).toBe("rtp")
    expect(kinds(name)).not.toContain("switched backup")
  })

  it("the new path difference is shown", () => {
    const shown = lastOf("the backup's path becomes longer")?.input.path_difference_ms
    const slack = slackMs("the backup's path becomes longer")
    expect(shown).toBeGreaterThan(120 - slack)
    expect(shown).toBeLessThan(120 + slack)
  })
})

describe("rows 15 and 16, on preset start values", () => {
  it("RTP sequence, RTP timestamp, PCR and PTS wrap while merging, with loss around the wrap: nothing is lost, nothing switches", () => {
    expect(lostOnAll(wrapTs.length / 188, ...legsOf("wraps"))).toEqual([])
    expect(tsDifference(wrapTs, outcome("wraps").udp)).toEqual(nothing)
    const { input } = outcome("wraps").after
    for (const leg of input.legs) {
      expect(leg.counters).toMatchObject({ rtp_lost: 4, rtp_resets: 0, pcr_discontinuity_errors: 0, pts_errors: 0 })
      expect(leg.jitter_ms).toBeLessThan(50)
    }
    for (const view of merged("wraps")) expect(view.input.merge).toBe("rtp")
    const told = kinds("wraps").join()
    expect(told).not.toMatch(/switched backup|legs_differ|leg_back/)
  })
})

describe("mode failover", () => {
  it("never merges: the output is the primary with its losses", () => {
    const [a] = legsOf("merging is not wanted")
    if (a === undefined) throw new Error("no leg")
    expect(tsDifference(ts, outcome("merging is not wanted").udp)).toEqual(exactly(lostOnAll(packets, a)))
    for (const { view } of outcome("merging is not wanted").during)
      expect(view.input).toMatchObject({ merge: "off", path_difference_ms: null })
  })
})

describe("row 10: the 2022-7 capture", () => {
  it.runIf(hasMedia)("[media] 8 % disjoint loss on each leg, 12 ms of skew: the expected payload", () => {
    const found = outcomes.get(CAPTURE)
    const out = found?.udp ?? Buffer.alloc(0)
    const lead = captureLeadIn()
    expect(out.subarray(0, lead.length).equals(lead)).toBe(true)
    expect(createHash("sha256").update(out.subarray(lead.length)).digest("hex")).toBe(
      captureFacts().expected_payload_sha256,
    )
    expect(lastOf(CAPTURE)?.input.merge).toBe("rtp")
    expect(lastOf(CAPTURE)?.input.path_difference_ms).toBeGreaterThan(12 - slackMs("clean"))
    expect(lastOf(CAPTURE)?.input.path_difference_ms).toBeLessThan(12 + slackMs("clean"))
  })
})
