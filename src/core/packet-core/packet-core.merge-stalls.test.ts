/**
 * Two legs that carry the same stream and lose nothing, while the distance between them jumps: senders, switches and
 * machines stall for a while and then deliver all that they held back. Nothing may be missing on the outputs.
 */
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { between, delay, displace, type Impairment, impair, packetise, stall } from "../../../test/impairments.ts"
import { loadCore } from "../../../test/load-core.ts"
import { propertyRuns } from "../../../test/property-runs.ts"
import { simulate } from "../../../test/simulate-legs.ts"
import * as L from "../assembly/memory/layout.ts"
import type { PacketCore } from "./packet-core.ts"

const SECONDS = 6
const MBIT_MAX = 20
/** Packets of a whole run at `mbit`, in whole datagrams. */
const packetsAt = (mbit: number) => Math.floor((SECONDS * mbit * 1e6) / (188 * 8 * 7)) * 7
const longest = numberedTs(packetsAt(MBIT_MAX))

/** From `fromMs` on nothing of the leg arrives until `toMs`. */
interface Stall {
  readonly fromMs: number
  readonly toMs: number
}

/** What happens to a leg. */
interface Leg {
  readonly stalls: ReadonlyArray<Stall>
  /** Share of the datagrams that up to four others overtake. */
  readonly overtaken: number
}

interface Play {
  readonly mbit: number
  readonly windowMs: number
  /** How much later the backup is from the beginning on; the primary when negative. */
  readonly skewMs: number
  readonly legs: readonly [primary: Leg, backup: Leg]
  readonly seed: number
}

let core: PacketCore

const play = ({ mbit, windowMs, skewMs, legs, seed }: Play) => {
  const ts = longest.subarray(0, packetsAt(mbit) * 188)
  const schedules = legs.map(({ overtaken, stalls }, leg) => {
    const rtp = { ssrc: leg + 1, sequence: 65_000, timestamp: 0 }
    const stalled = stalls.map(({ fromMs, toMs }): Impairment => stall(fromMs * 1000, toMs * 1000))
    const late = delay(1000 * Math.max(0, leg === 1 ? skewMs : -skewMs))
    // Whoever is overtaken first of all belongs to what was before the channel began.
    const overtake = between(1, Number.POSITIVE_INFINITY, displace(overtaken, 4))
    return impair(packetise(ts, { bitrate: mbit * 1e6, rtp }), seed + leg, overtake, late, ...stalled)
  })
  const { bytes, channel, events, slotTimes } = simulate(core, schedules, { windowUs: windowMs * 1000 })
  const bad = bytes.equals(ts) ? -1 : ts.findIndex((byte, at) => bytes[at] !== byte)
  const farthest = slotTimes.findIndex((us, i) => i > 0 && Math.abs(us - (slotTimes[i - 1] ?? us)) > 1.5e6)
  return {
    bad: bad < 0 ? null : `packet ${Math.floor(bad / 188)} of ${ts.length / 188} does not follow`,
    badTime: farthest < 0 ? null : `${slotTimes[farthest - 1]} is followed by ${slotTimes[farthest]}`,
    missingAtEnd: (ts.length - bytes.length) / 188,
    lost: channel(L.CHANNEL_MERGE_LOST),
    parted: events.filter(({ type, a }) => type === L.EVENT_MERGE_LEG && a === 0).length,
  }
}

const WHOLE = { bad: null, badTime: null, missingAtEnd: 0, lost: 0 }

/** Stalls one after another: two that met would be a longer one. */
const stalls = fc
  .array(fc.record({ pauseMs: fc.integer({ min: 50, max: 1500 }), forMs: fc.integer({ min: 100, max: 900 }) }), {
    maxLength: 5,
  })
  .map((list) => {
    let end = -50
    return list.map(({ pauseMs, forMs }): Stall => {
      const fromMs = end + pauseMs
      end = fromMs + forMs
      return { fromMs, toMs: end }
    })
  })
const stalling = fc.record({ stalls, overtaken: fc.constant(0) })
const overtaking = fc.record({ stalls: fc.constant([]), overtaken: fc.double({ min: 0.02, max: 0.2, noNaN: true }) })

const playsOf = (primary: fc.Arbitrary<Leg>, backup: fc.Arbitrary<Leg>): fc.Arbitrary<Play> =>
  fc.record({
    mbit: fc.integer({ min: 1, max: MBIT_MAX }),
    windowMs: fc.integer({ min: 50, max: 500 }),
    skewMs: fc.integer({ min: -400, max: 400 }),
    legs: fc.tuple(primary, backup),
    seed: fc.nat(),
  })

const starts = [
  { what: "0", countersFrom: 0 },
  { what: "just below 2^31", countersFrom: 2 ** 31 - 3000 },
  { what: "just below 2^32", countersFrom: 2 ** 32 - 3000 },
]

describe.each(starts)("two whole legs whose distance jumps, counted from $what", ({ countersFrom }) => {
  beforeAll(async () => {
    core = await loadCore("release", { countersFrom })
  })

  it.each([
    ["whatever stalls for up to a second", playsOf(stalling, stalling)],
    [
      "when one stalls and the other brings some datagrams late",
      fc.oneof(playsOf(stalling, overtaking), playsOf(overtaking, stalling)),
    ],
  ])("give a whole stream, %s", (_, plays) => {
    fc.assert(
      fc.property(plays, (how) => {
        expect(play(how)).toMatchObject(WHOLE)
      }),
      { numRuns: propertyRuns(20) },
    )
  })

  it("are not parted by a sender, or an engine, that stands still for longer than a leg may be silent", () => {
    const standstill = { stalls: [{ fromMs: 2000, toMs: 3400 }], overtaken: 0 }
    const how = { mbit: 5, windowMs: 100, skewMs: 40, legs: [standstill, standstill], seed: 1 } as const
    const { parted, ...rest } = play(how)
    expect(rest).toMatchObject(WHOLE)
    expect(parted).toBe(0)
  })
})
