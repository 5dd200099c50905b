/**
 * Two legs with the same TS in different datagrams: another SSRC, numbering and alignment, or no RTP at all. They merge
 * by content, through the whole product; legs of different programmes do not.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { generateTs } from "../../src/test-source/test-programme.ts"
import {
  between,
  cut,
  delay,
  displace,
  drop,
  type Impairment,
  impair,
  loss,
  lostOnAll,
  type Packetising,
  packetise,
  type Schedule,
} from "../impairments.ts"
import { numberNulls, tsDifference } from "../ts-difference.ts"
import { type Outcome, play, type Scenario } from "./impaired-channels.ts"
import { Product } from "./product.ts"

const CLEAN_US = 1.5e6
const SECONDS = 8
const ENDLESS = Number.POSITIVE_INFINITY
const later = (impairment: Impairment): Impairment => between(CLEAN_US, ENDLESS, impairment)

/**
 * The stream of a constant-rate encoder: its null packets are all alike and its pictures are padded with filler, so
 * much of it looks the same.
 */
const padded = generateTs(SECONDS, { bitrate: 4_000_000, videoBitrate: 2_500_000 })
const ts = numberNulls(generateTs(SECONDS, { bitrate: 4_000_000 }))
const wrapTs = numberNulls(generateTs(SECONDS, { bitrate: 4_000_000, startPts90k: 2 ** 33 - 4 * 90_000 }))
/** A stream with equal sound, tables and null packets but other pictures. */
const other = generateTs(SECONDS, { bitrate: 4_000_000, videoBitrate: 2_500_000, seed: 5, label: "OTHER" })
const packets = ts.length / 188

const A = { ssrc: 0xaaaa_0001, sequence: 10_000, timestamp: 1_000 }
const B = { ssrc: 0xbbbb_0002, sequence: 61_000, timestamp: 4_000_000_000 }

interface Legs {
  readonly ts?: Uint8Array
  readonly a?: Packetising
  readonly b?: Packetising
  readonly onA: ReadonlyArray<Impairment>
  readonly onB: ReadonlyArray<Impairment>
}
/** Both legs, made with the first seed that leaves no packet lost on both. */
const legsOf = ({ ts: source = ts, a = { rtp: A }, b = { rtp: B }, onA, onB }: Legs): readonly [Schedule, Schedule] => {
  const streams = [packetise(source, a), packetise(source, b)] as const
  for (let seed = 1; seed < 500; seed++) {
    const legs = [impair(streams[0], seed, ...onA), impair(streams[1], seed + 1000, ...onB)] as const
    if (lostOnAll(packets, ...legs).length === 0) return legs
  }
  throw new Error("no such seed")
}

const lossy = [later(loss(0.02)), later(displace(0.05, 5))]
const light = [later(loss(0.01)), later(displace(0.05, 5))]

const merging = {
  "other SSRC, sequence and timestamps": { ts, legs: legsOf({ onA: lossy, onB: [...lossy, delay(80_000)] }) },
  "shifted by 3 TS packets": {
    ts,
    legs: legsOf({ b: { rtp: B, shift: 3 }, onA: light, onB: [...light, delay(80_000)] }),
  },
  "other datagram size": {
    ts,
    legs: legsOf({ b: { rtp: B, packets: 5, shift: 2 }, onA: light, onB: [...light, delay(40_000)] }),
  },
  "primary RTP, backup raw UDP, each cut": {
    ts,
    legs: legsOf({ b: { shift: 5 }, onA: [cut(2.5e6, 4e6)], onB: [cut(4.8e6, 6e6), delay(80_000)] }),
  },
  "both raw UDP, each cut": {
    ts,
    legs: legsOf({ a: {}, b: { shift: 1 }, onA: [cut(2.5e6, 4e6)], onB: [cut(4.8e6, 6e6), delay(60_000)] }),
  },
  "padded at constant rate, primary cut": {
    ts: padded,
    legs: legsOf({ ts: padded, b: { rtp: B, shift: 3 }, onA: [cut(3e6, 5e6)], onB: [delay(80_000)] }),
  },
  "backup first, primary late": {
    ts,
    legs: legsOf({ b: { rtp: B, shift: 3 }, onA: [...light, delay(80_000)], onB: light }),
  },
  "wraps of RTP, PCR and PTS": {
    ts: wrapTs,
    legs: legsOf({
      ts: wrapTs,
      a: { rtp: { ssrc: 1, sequence: 64_500, timestamp: 2 ** 32 - 4 * 90_000 } },
      b: { rtp: { ssrc: 2, sequence: 64_000, timestamp: 2 ** 32 - 5 * 90_000 }, shift: 3 },
      onA: light,
      onB: [...light, delay(80_000)],
    }),
  },
} satisfies Record<string, Omit<Scenario, "name"> & { ts: Uint8Array }>

/** Cuts the end of the backup, so that there is nothing to fail over to at the end of the primary. */
const END = cut((SECONDS - 0.5) * 1e6, ENDLESS)

const different = {
  "different programmes": {
    ts: padded,
    legs: [impair(packetise(padded, { rtp: A }), 1), impair(packetise(other, { rtp: B }), 2, delay(20_000), END)],
  },
  "different programmes, a merge is asked for": {
    ts: padded,
    legs: [impair(packetise(padded, { rtp: A }), 1), impair(packetise(other, { rtp: B }), 2, delay(20_000), END)],
    input: { mode: "merge" },
  },
  "different programmes, same RTP numbers": {
    ts: padded,
    legs: [impair(packetise(padded, { rtp: A }), 1), impair(packetise(other, { rtp: A }), 2, delay(20_000), END)],
  },
} satisfies Record<string, Omit<Scenario, "name"> & { ts: Uint8Array }>

/**
 * Name of the scenario in which leg A loses the TS packets 7000 to 7006 and 14000 to 14020, and leg B 7003 to 7009 and
 * 14003 to 14009.
 */
const PARTLY = "partly lost on both"
const partly = {
  ts,
  legs: [
    impair(packetise(ts, { rtp: A }), 1, drop([1000, 2000, 2001, 2002])),
    impair(packetise(ts, { rtp: B, shift: 3 }), 2, drop([1001, 2001]), delay(80_000)),
  ],
}

const all: Readonly<Record<string, Omit<Scenario, "name"> & { ts: Uint8Array }>> = {
  ...merging,
  ...different,
  [PARTLY]: partly,
}
const names = Object.keys(merging) as ReadonlyArray<keyof typeof merging>
const differentNames = Object.keys(different) as ReadonlyArray<keyof typeof different>

let product: Product
let outcomes: ReadonlyMap<string, Outcome>

beforeAll(async () => {
  product = await Product.start()
  outcomes = await play(
    product,
    Object.entries(all).map(([name, { legs, input }]) => ({ name, legs, ...(input === undefined ? {} : { input }) })),
  )
})
afterAll(() => product.dispose())

const outcome = (name: string): Outcome => {
  const found = outcomes.get(name)
  if (found === undefined) throw new Error(`"${name}" was not played`)
  return found
}
const views = (name: string) => outcome(name).during.map(({ view }) => view)
const kinds = (name: string) => outcome(name).events.map(({ kind }) => kind)

describe("legs that carry the same TS", () => {
  it.each(names)("%s: the output is the source", (name) => {
    expect(tsDifference(merging[name].ts, outcome(name).udp)).toEqual({ missing: [], extra: 0 })
  })

  it.each(names)("%s: shown as merged by content, nothing given up, nothing different", (name) => {
    const { after } = outcome(name)
    const shown = views(name).map(({ input }) => input.merge)
    expect(shown).not.toContain("rtp")
    expect(shown).toContain("content")
    expect(after.input).toMatchObject({ merge_lost: 0, merge_mismatches: 0 })
    // Raw UDP legs may have to be compared more than once before both are in again; the views are up to a second old.
    expect(kinds(name).findLast((kind) => kind === "merge_on" || kind === "merge_off")).toBe("merge_on")
    expect(kinds(name)).not.toContain("legs_differ")
  })

  it("of what both lost only the common part is missing, and is counted", () => {
    const missing = [7003, 7004, 7005, 7006, 14_003, 14_004, 14_005, 14_006, 14_007, 14_008, 14_009]
    expect(lostOnAll(packets, ...partly.legs)).toEqual(missing)
    expect(tsDifference(ts, outcome(PARTLY).udp)).toEqual({ missing, extra: 0 })
    expect(outcome(PARTLY).after.input.merge_lost).toBe(missing.length)
  })

  it("the path difference is measured, whichever leg is behind", () => {
    const shown = (name: keyof typeof merging) => views(name).at(-1)?.input.path_difference_ms ?? 0
    for (const [name, ms] of [
      ["other SSRC, sequence and timestamps", 80],
      ["shifted by 3 TS packets", 80],
      ["other datagram size", 40],
      ["backup first, primary late", -80],
    ] as const) {
      expect([name, Math.abs(shown(name) - ms) < 5 + outcome(name).sending.late_max_us / 2000]).toEqual([name, true])
    }
  })

  it("RTP numbers that wrap cause no reset, no loss but what was lost", () => {
    const { input } = outcome("wraps of RTP, PCR and PTS").after
    for (const leg of input.legs)
      expect(leg.counters).toMatchObject({ rtp_resets: 0, pcr_discontinuity_errors: 0, pts_errors: 0 })
    expect(kinds("wraps of RTP, PCR and PTS")).not.toContain("switched")
  })
})

describe("legs that carry different programmes", () => {
  it.each(differentNames)("%s: not merged; the output is the primary, whole", (name) => {
    const { udp, after } = outcome(name)
    for (const { input } of views(name)) expect(input.merge).toBe("off")
    expect({ size: udp.length, same: udp.equals(padded) }).toEqual({ size: padded.length, same: true })
    expect(after.active_source).toBe("primary")
    expect(kinds(name)).not.toContain("merge_on")
  })

  it("it is told when a merge was asked for", () => {
    expect(kinds("different programmes, a merge is asked for")).toContain("legs_differ")
    expect(kinds("different programmes")).not.toContain("legs_differ")
  })
})
