/**
 * Arbitrary streams of several programmes on made-up time, which are mostly sound and contain everything that the
 * checks of TR 101 290 look for.
 */
import * as fc from "effect/FastCheck"
import { buildPes } from "../../../test-source/pes.ts"
import { buildPacket, PCR_MODULUS, TS_PACKET_SIZE } from "../../ts/packet.ts"
import { buildPat, packetizeSection, registrationDescriptor, sealSection } from "../../ts/psi.ts"
import type { Datagram } from "./reference-datagram.ts"
import { pmtSection } from "./timed-stream.ts"

const START_US = 5_000_000
const SECOND_27M = 27_000_000

/** Yields null most of the time, and a value otherwise. */
const rarely = <T>(weight: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })

// There are few PIDs, so that programmes share, move and drop them.
const pmtPid = fc.constantFrom(0x20, 0x21, 0x30)
const streamPid = fc.constantFrom(0x30, 0x31, 0x32, 0x33)

const stream = fc.record({
  pid: streamPid,
  stream_type: fc.constantFrom(0x02, 0x1b, 0x1b, 0x24, 0x33, 0x0f, 0x0f, 0x81, 0x06, 0x86, 0x05),
  descriptors: fc.constantFrom(
    [],
    [],
    [registrationDescriptor("Opus")],
    [{ tag: 0x6a, data: Uint8Array.of(1) }],
    [{ tag: 0x0a, data: Uint8Array.of(1, 2, 3, 1) }],
  ),
})
const programme = fc.record({
  number: fc.integer({ min: 1, max: 3 }),
  pcrPid: fc.oneof({ weight: 3, arbitrary: streamPid }, { weight: 1, arbitrary: fc.constantFrom(0x1fff, 0x34) }),
  version: fc.nat(3),
  streams: fc.array(stream, { maxLength: 3 }),
})

/** Returns what a step sends, given the next continuity_counter of a PID and the microseconds since the start. */
type Write = (next: (pid: number, packets: number) => number, us: number) => Uint8Array

const sectionOn = (pid: number, section: Uint8Array): Write => {
  const packets = Math.ceil((section.length + 1) / 184)
  return (next) => packetizeSection(section, pid, next(pid, packets))
}

const plainTable = (id: number) =>
  sealSection(Uint8Array.from({ length: 16 }, (_, i) => [id, 0xb0, 13, 0, 0, 0xc1][i] ?? 0))

const tables: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        version: fc.nat(1),
        programs: fc.array(fc.record({ program_number: fc.nat(3), pid: pmtPid }), { maxLength: 3 }),
      })
      .map((pat) => sectionOn(0, buildPat({ transport_stream_id: 1, ...pat }))),
  },
  { weight: 6, arbitrary: fc.tuple(pmtPid, programme).map(([pid, each]) => sectionOn(pid, pmtSection(each))) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        pid: fc.constantFrom(0, 1, 1),
        id: fc.constantFrom(0, 1, 1, 2),
        isSound: rarely(3, fc.constant(false)),
      })
      .map(({ pid, id, isSound }) =>
        sectionOn(pid, isSound === false ? plainTable(id).fill(7, 12, 13) : plainTable(id)),
      ),
  },
)

const START_CODES = [
  [9, 0xf0],
  [0x41, 0x9a],
  [0x65, 0x88],
  [0x67, 0x42],
  [0x68, 0xce],
  [6, 5],
  [0x26, 1],
  [0x02, 1],
  [0x40, 1],
  [0x42, 1],
  [0x46, 1],
  [0xb3, 1],
  [0x00, 0],
  [0xb8, 8],
]

/** First bytes of a PES packet: a few units, whole or not, behind a header that is mostly sound. */
const unitStart = fc
  .record({
    units: fc.array(fc.constantFrom(...START_CODES), { maxLength: 4 }),
    spoil: rarely(8, fc.record({ at: fc.nat(30), value: fc.nat(255) })),
    withPts: fc.constantFrom(true, true, true, false),
    length: rarely(6, fc.integer({ min: 1, max: 20 })),
  })
  .map(({ units, spoil, withPts, length }) => {
    const bytes = units.flatMap((unit) => [0, 0, 1, ...unit, 0x80])
    const pes = buildPes(0xe0, 12_345, [Uint8Array.from([...bytes, 0x55, 0x66])], false)
    if (!withPts) pes[7] = 0
    if (spoil !== null) pes[spoil.at % pes.length] = spoil.value
    return length === null ? pes : pes.subarray(0, length)
  })

/** PCRs that follow the time passed, sometimes near the limits of 2.3, on one of few time bases. */
const pcr = fc.record({
  offset: fc.constantFrom(0, 0, 0, 0, 0, 1, -1, 27 * 99_000, -27 * 60_000, 27 * 101_000, 27 * 900_000),
  base: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(50 * SECOND_27M, PCR_MODULUS / 2) },
  ),
})

const media: fc.Arbitrary<Write> = fc
  .record({
    pid: fc.oneof({ weight: 12, arbitrary: streamPid }, { weight: 1, arbitrary: fc.constantFrom(0, 1, 0x20, 0x34) }),
    start: fc.option(unitStart),
    hasPayload: rarely(5, fc.constant(false)),
    random_access: rarely(4, fc.constant(true)),
    discontinuity: rarely(9, fc.constant(true)),
    transport_error: rarely(30, fc.constant(true)),
    scrambling: rarely(12, fc.constant(3)),
    pcr: fc.option(pcr),
    skip: rarely(20, fc.constantFrom(1, 15)),
  })
  .map(({ pid, start, hasPayload, pcr: clock, skip, scrambling, ...flags }) => (next, us) => {
    const payload = hasPayload === false ? new Uint8Array(0) : (start ?? new Uint8Array(100).fill(0x77))
    const ticks = clock === null ? {} : { pcr: PCR_MODULUS - 2 * SECOND_27M + us * 27 + clock.offset + clock.base }
    const isSet = Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, value ?? false]))
    const continuity_counter = next(pid, payload.length > 0 ? 1 : 0) + (skip ?? 0)
    return buildPacket({
      pid,
      continuity_counter,
      unit_start: start !== null,
      scrambling: scrambling ?? 0,
      ...isSet,
      payload,
      ...ticks,
    })
  })

const step = fc.record({
  writes: fc.array(fc.oneof({ weight: 1, arbitrary: tables }, { weight: 3, arbitrary: media }), {
    minLength: 1,
    maxLength: 9,
  }),
  gapUs: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 45_000 }) },
    { weight: 2, arbitrary: fc.constantFrom(100_000, 100_001, 350_000, 499_999, 500_000) },
    { weight: 1, arbitrary: fc.constantFrom(500_001, 1_000_000, 4_000_000, 11_000_000) },
  ),
  twice: rarely(20, fc.constant(true)),
  /** True when another sender begins here. */
  changes: rarely(60, fc.constant(true)),
  badSync: rarely(40, fc.constant(true)),
})

const concat = (parts: ReadonlyArray<Uint8Array>) => new Uint8Array(parts.flatMap((part) => [...part]))

/** Yields up to `maxLength` datagrams of raw UDP; most intervals are those of a live stream. */
export const arbitraryProgrammes = (maxLength: number): fc.Arbitrary<Datagram[]> =>
  fc.array(step, { minLength: 1, maxLength, size: "max" }).map((steps) => {
    const counters = new Map<number, number>()
    const next = (pid: number, packets: number) => {
      const counter = counters.get(pid) ?? 0
      counters.set(pid, (counter + packets) & 15)
      return packets === 0 ? (counter - 1) & 15 : counter
    }
    let us = 0
    let port = 5000
    return steps.flatMap(({ writes, gapUs, twice, changes, badSync }) => {
      us += gapUs
      if (changes === true) port += 1
      const bytes = concat(writes.map((write) => write(next, us)))
      if (badSync === true && bytes.length > TS_PACKET_SIZE) bytes[0] = 0
      const datagram = { bytes, rx_us: START_US + us, ipv4: 0x7f000001, port }
      return twice === true ? [datagram, datagram] : [datagram]
    })
  })
