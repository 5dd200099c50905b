import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { type Arrival, mediaDatagrams, withFec } from "../../../test/fec-arrivals.ts"
import { feedFec, startFec, storedDatagram } from "../../../test/fec-feed.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { sequenceOf } from "./testing/fec/packet.ts"

const cores = await loadCores()
const FIRST = 65_450
const media = mediaDatagrams(240, FIRST)
const sound = withFec(media, { columns: 6, rows: 5 })

const noise = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ minLength: 1300, maxLength: 1400 }))
const near = fc.integer({ min: FIRST - 40, max: FIRST + 300 })
const side = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
)

/** FEC packets whose headers name sequence numbers that exist, around bytes that are the XOR of nothing. */
const dressed = fc
  .record({
    base: near,
    offset: fc.oneof(fc.constant(1), side),
    members: side,
    length: fc.oneof(fc.constant(1316), fc.integer({ min: 0, max: 65_535 })),
    isRow: fc.boolean(),
    options: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 63 })),
    payload: fc.uint8Array({ minLength: 1316, maxLength: 1316 }),
    size: fc.constantFrom(28, 29, 216, 592, 1343, 1344),
  })
  .map(({ base, offset, members, length, isRow, options, payload, size }) => {
    const header = [
      0x80 | options,
      96,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      (base >> 8) & 255,
      base & 255,
      length >> 8,
      length & 255,
    ]
    return Uint8Array.from([
      ...header,
      0xa1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      isRow ? 0x40 : 0,
      offset,
      members,
      0,
      ...payload,
    ]).subarray(0, size)
  })

/** FEC packets that are cut, or of which one byte of a header is changed. */
const damaged = fc
  .tuple(fc.nat(sound.length - 1), fc.nat(27), fc.nat(255), fc.option(fc.nat(1344)))
  .map(([which, at, value, cut]) =>
    new Uint8Array(sound[which]?.bytes ?? []).fill(value, at, at + 1).subarray(0, cut ?? undefined),
  )

const scenario = (bytes: fc.Arbitrary<Uint8Array>, maxLength: number) =>
  fc.record({
    lost: fc.uniqueArray(fc.integer({ min: FIRST + 1, max: FIRST + 238 }), { maxLength: 40, size: "max" }),
    hasFec: fc.boolean(),
    intruders: fc.array(fc.record({ at: fc.nat(sound.length), isRow: fc.boolean(), bytes }), {
      maxLength,
      size: "max",
    }),
  })
type Scenario = ReturnType<typeof scenario> extends fc.Arbitrary<infer T> ? T : never

const arrivalsOf = ({ lost, hasFec, intruders }: Scenario): Arrival[] => {
  const missing = new Set(lost.map((sequence) => sequence & 0xffff))
  return [...sound, null].flatMap((arrival, i): Arrival[] => {
    const before = intruders
      .filter(({ at }) => at === i)
      .map(({ isRow, bytes }): Arrival => ({ port: isRow ? "row" : "column", bytes }))
    const isLeft = arrival !== null && (arrival.port === "media" ? !missing.has(sequenceOf(arrival.bytes)) : hasFec)
    return isLeft ? [...before, arrival] : before
  })
}

describe.each(coreBuilds)("garbage on the FEC ports (%s)", (build) => {
  const core = cores[build]
  /** First bytes of the memory that belongs to the other leg of the channel, and of that behind the FEC packets. */
  const guards = [
    L.LEGS + L.LEG_SIZE + L.LEG_FIELDS * 8,
    L.STORE_INDEX + L.STORE_SLOTS * 4,
    L.STORES + L.STORE_BYTES,
    L.FEC_STORES + L.FEC_STORE_BYTES,
    L.PSI_COPIES,
  ]
  const run = (s: Scenario) => {
    startFec(core)
    for (const at of guards) core.u8.fill(0xa5, at, at + 128)
    feedFec(core, arrivalsOf(s))
    for (const at of guards) {
      expect(core.u8.subarray(at, at + 128).every((byte) => byte === 0xa5)).toBe(true)
      core.u8.fill(0, at, at + 128)
    }
    const counters = core.legSnapshot(0)
    const packets = s.intruders.length + (s.hasFec ? sound.length - media.length : 0)
    expect(counters.fec_packets + counters.fec_bad).toBeGreaterThanOrEqual(packets)
    expect(core.legField(0, L.LEG_HELD)).toBeLessThanOrEqual(L.STORE_SLOTS)
    return counters
  }

  it.each([
    ["noise", noise],
    ["bytes dressed as FEC", dressed],
  ])("never traps on %s and rebuilds nothing that was not sent", (_, bytes) => {
    fc.assert(
      fc.property(scenario(bytes, 60), (s) => {
        const counters = run(s)
        if (!s.hasFec) expect(counters.fec_recovered).toBe(0)
        for (const datagram of media) {
          const stored = storedDatagram(core, sequenceOf(datagram))
          if (stored !== null) expect(Buffer.compare(stored, datagram)).toBe(0)
        }
      }),
      { numRuns: 60 },
    )
  })

  it("never traps on FEC packets with damaged headers", () => {
    fc.assert(
      fc.property(scenario(damaged, 60), (s) => {
        run(s)
      }),
      { numRuns: 60 },
    )
  })
})
