/**
 * What a single RTP leg delivers out of order, twice or too late, through the whole product, with reordering on (rows
 * 5, 6 and 16 of the fault matrix).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { sequenceOf } from "../../src/core/packet-core/testing/fec/packet.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import {
  between,
  bursts,
  displace,
  drop,
  duplicate,
  type Impairment,
  impair,
  jitter,
  loss,
  lostOnAll,
  overtaken,
  packetise,
  type Schedule,
  straggle,
} from "../impairments.ts"
import { numberNulls, tsDifference } from "../ts-difference.ts"
import { type Outcome, play, type Scenario } from "./impaired-channels.ts"
import { Product } from "./product.ts"

const SECONDS = 4
const BITRATE = 6_000_000
/**
 * Applies an impairment except at the beginning and the end, so that every missing number is known to be missing and
 * none is late at the end.
 */
const middle = (impairment: Impairment): Impairment => between(0.3e6, (SECONDS - 0.3) * 1e6, impairment)

const ts = numberNulls(generateTs(SECONDS, { bitrate: BITRATE }))
const packets = ts.length / 188
const stream = packetise(ts, { bitrate: BITRATE, rtp: { ssrc: 5, sequence: 100, timestamp: 0 } })
/**
 * The stream with numbers that wrap: sequence 65535 is datagram 1035, and the timestamp wraps after 2 s, at datagram
 * 1139.
 */
const wrapping = packetise(ts, { bitrate: BITRATE, rtp: { ssrc: 5, sequence: 64_500, timestamp: 2 ** 32 - 180_000 } })
const leg = (seed: number, ...steps: ReadonlyArray<Impairment>) => impair(stream, seed, ...steps.map(middle))

const LATE_US = 150_000
const schedules = {
  "overtaken by up to 10": leg(1, displace(0.1, 10)),
  "jitter of 20 ms": leg(2, jitter(20_000, true)),
  "loss and reordering": leg(3, loss(0.02), displace(0.1, 10)),
  "bursts and reordering": leg(4, bursts(0.01, 0.3), displace(0.1, 10)),
  "repeated, at once and later": leg(5, duplicate(0.2), duplicate(0.1, 25_000)),
  "repeated, lost and reordered": leg(6, loss(0.02), displace(0.05, 8), duplicate(0.1, 20_000)),
  "later than reorder_ms": leg(7, straggle(0.01, LATE_US)),
  "wrap with loss and reordering": impair(wrapping, 8, drop([1030, 1035, 1036, 1041]), middle(displace(0.2, 8))),
  "reordering off": leg(9, displace(0.1, 10)),
} satisfies Record<string, Schedule>

type Name = keyof typeof schedules
const inputs: Partial<Record<Name, Record<string, unknown>>> = { "reordering off": { reorder_ms: 0 } }

let product: Product
let outcomes: ReadonlyMap<string, Outcome>

beforeAll(async () => {
  product = await Product.start()
  const scenarios: Scenario[] = Object.entries(schedules).map(([name, schedule]) => ({
    name,
    legs: [schedule],
    input: inputs[name as Name] ?? {},
  }))
  outcomes = await play(product, scenarios)
})
afterAll(() => product.dispose())

const outcome = (name: Name): Outcome => {
  const found = outcomes.get(name)
  if (found === undefined) throw new Error(`"${name}" was not played`)
  return found
}
const difference = (name: Name) => tsDifference(ts, outcome(name).udp)
const counters = (name: Name) => outcome(name).after.input.legs[0]?.counters
const lostPackets = (name: Name) => lostOnAll(packets, schedules[name])
const copies = (name: Name) => schedules[name].datagrams.length + schedules[name].lost.length - stream.length

const clean = { rtp_late: 0, rtp_resets: 0, sender_changes: 0, foreign: 0, rtp_duplicates: 0 }

describe("within reorder_ms", () => {
  it.each(["overtaken by up to 10", "jitter of 20 ms"] as const)(
    "%s: the output is the source, in order; no loss is counted",
    (name) => {
      const late = overtaken(schedules[name]).length
      expect(late).toBeGreaterThan(50)
      expect(difference(name)).toEqual({ missing: [], extra: 0 })
      expect(counters(name)).toMatchObject({
        ...clean,
        rtp_lost: 0,
        rtp_unrecovered: 0,
        rtp_reordered: late,
        cc_errors: 0,
      })
    },
  )

  it.each(["loss and reordering", "bursts and reordering"] as const)(
    "%s: only what was lost is missing, and is counted",
    (name) => {
      const lost = schedules[name].lost.length
      expect(lost).toBeGreaterThan(10)
      expect(difference(name)).toEqual({ missing: lostPackets(name), extra: 0 })
      expect(counters(name)).toMatchObject({
        ...clean,
        rtp_lost: lost,
        rtp_unrecovered: lost,
        rtp_reordered: overtaken(schedules[name]).length,
      })
    },
  )

  it("repeated datagrams come out once, and are counted", () => {
    const name = "repeated, at once and later"
    expect(copies(name)).toBeGreaterThan(200)
    expect(difference(name)).toEqual({ missing: [], extra: 0 })
    expect(counters(name)).toMatchObject({ ...clean, rtp_duplicates: copies(name), rtp_lost: 0, cc_errors: 0 })
  })

  it("all at once: only what was lost is missing", () => {
    const name = "repeated, lost and reordered"
    expect(difference(name)).toEqual({ missing: lostPackets(name), extra: 0 })
    expect(counters(name)).toMatchObject({
      ...clean,
      rtp_duplicates: copies(name),
      rtp_lost: schedules[name].lost.length,
    })
  })
})

describe("later than reorder_ms", () => {
  it("the stream does not wait: late datagrams are dropped and counted", () => {
    const name = "later than reorder_ms"
    const late = overtaken(schedules[name])
    expect(late.length).toBeGreaterThan(5)
    const missing = late.flatMap((index) => Array.from({ length: 7 }, (_, i) => index * 7 + i)).sort((a, b) => a - b)
    expect(difference(name)).toEqual({ missing, extra: 0 })
    expect(counters(name)).toMatchObject({ ...clean, rtp_late: late.length, rtp_unrecovered: late.length })
  })
})

describe("wraps", () => {
  it("sequence 65535 to 0 with loss and reordering on it, timestamp 2^32 to 0: exact", () => {
    const name = "wrap with loss and reordering"
    expect(schedules[name].lost).toEqual([1030, 1035, 1036, 1041])
    expect(difference(name)).toEqual({ missing: lostPackets(name), extra: 0 })
    expect(counters(name)).toMatchObject({
      ...clean,
      rtp_lost: 4,
      rtp_unrecovered: 4,
      rtp_reordered: overtaken(schedules[name]).length,
    })
    expect(outcome(name).after.input.legs[0]?.jitter_ms).toBeLessThan(20)
  })
})

describe("reorder_ms 0", () => {
  it("nothing waits: datagrams come out as they come in, but for those that come behind their successor", () => {
    const name = "reordering off"
    const { datagrams } = schedules[name]
    let highest = -1
    const first = datagrams.filter(({ bytes }) => {
      const isLate = sequenceOf(bytes) < highest
      highest = Math.max(highest, sequenceOf(bytes))
      return !isLate
    })
    const late = datagrams.length - first.length
    expect(late).toBeGreaterThan(20)
    expect(outcome(name).udp.equals(Buffer.concat(first.map(({ bytes }) => bytes.subarray(12))))).toBe(true)
    expect(counters(name)).toMatchObject({ rtp_lost: 0, rtp_reordered: late, rtp_late: late, rtp_unrecovered: late })
  })
})
