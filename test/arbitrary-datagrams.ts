/**
 * Arbitrary sequences of datagrams: mostly plausible streams, with everything that can be wrong with a stream mixed in.
 */

import * as fc from "effect/FastCheck"
import { joinBytes } from "../src/core/bytes/join-bytes.ts"
import type { Datagram } from "../src/core/packet-core/testing/reference-datagram.ts"
import { buildRtp } from "../src/core/rtp/header.ts"
import { buildPacket, NULL_PID, TS_PACKET_SIZE } from "../src/core/ts/packet.ts"
import { buildPat, buildPmt, packetizeSection, sealSection } from "../src/core/ts/psi.ts"

/** Yields null most of the time, and a value otherwise. */
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 11, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })

// There are few PIDs and programmes, so that tables keep naming, moving and dropping the same ones.
const tablePid = fc.integer({ min: 0x20, max: 0x23 })
const streamPid = fc.integer({ min: 0x22, max: 0x27 })
const program = fc.integer({ min: 0, max: 3 })
const version = fc.integer({ min: 0, max: 3 })

const patSection = fc
  .record({ version, programs: fc.array(fc.record({ program_number: program, pid: tablePid }), { maxLength: 4 }) })
  .map((pat) => ({ pid: 0, section: buildPat({ transport_stream_id: 1, ...pat }) }))

const pmtSection = fc
  .record({
    pid: tablePid,
    program_number: program,
    version,
    streams: fc.array(
      fc.record({ pid: streamPid, stream_type: fc.constantFrom(0x1b, 0x86, 0x86), descriptors: fc.constant([]) }),
      {
        maxLength: 4,
      },
    ),
  })
  .map(({ pid, ...pmt }) => ({ pid, section: buildPmt({ ...pmt, pcr_pid: 0x100, descriptors: [] }) }))

const privateSection = fc
  .record({ pid: streamPid, length: fc.integer({ min: 7, max: 700 }) })
  .map(({ pid, length }) => {
    const section = new Uint8Array(length).fill(length & 255)
    section.set([0xfc, 0x30 | ((length - 3) >> 8), (length - 3) & 255])
    return { pid, section: sealSection(section) }
  })

type Write = (next: (pid: number, packets: number) => number) => Uint8Array

const sectionPackets: fc.Arbitrary<Write> = fc
  .record({ content: fc.oneof(patSection, pmtSection, privateSection), spoil: rarely(fc.nat(2000)) })
  .map(({ content: { pid, section }, spoil }) => {
    const bytes = new Uint8Array(section)
    if (spoil !== null) bytes[spoil % bytes.length] = (bytes[spoil % bytes.length] ?? 0) ^ (1 + (spoil & 127))
    return (next) => packetizeSection(bytes, pid, next(pid, Math.ceil((bytes.length + 1) / 184)))
  })

const mediaPacket: fc.Arbitrary<Write> = fc
  .record({
    pid: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(0x100, 0x101, NULL_PID) },
      { weight: 1, arbitrary: fc.oneof(streamPid, fc.constant(0)) },
    ),
    size: fc.constantFrom(0, 100, 170, 176),
    unit_start: fc.boolean(),
    transport_error: rarely(fc.constant(true)).map((value) => value ?? false),
    scrambling: rarely(fc.constant(2)).map((value) => value ?? 0),
    discontinuity: fc.constantFrom(false, false, false, true),
    random_access: fc.boolean(),
    pcr: fc.option(fc.nat(2 ** 31)),
    skip: rarely(fc.constantFrom(1, 15)).map((value) => value ?? 0),
  })
  .map(({ size, skip, pcr, ...fields }) => (next) => {
    const continuity_counter = next(fields.pid, size > 0 ? 1 : 0) + skip
    const payload = new Uint8Array(size).fill(fields.pid & 0x7f)
    return buildPacket({ ...fields, continuity_counter, payload, ...(pcr === null ? {} : { pcr: pcr * 1001 }) })
  })

const garbagePacket: fc.Arbitrary<Write> = fc
  .uint8Array({ minLength: TS_PACKET_SIZE, maxLength: TS_PACKET_SIZE })
  .map((bytes) => () => new Uint8Array(bytes).fill(0x47, 0, (bytes[187] ?? 0) & 1))

const packets = fc.oneof(
  { weight: 8, arbitrary: sectionPackets },
  { weight: 8, arbitrary: mediaPacket },
  { weight: 1, arbitrary: garbagePacket },
)

/** What happens to the sequence number of a datagram, and to the datagram itself. */
const fate = fc.oneof(
  { weight: 30, arbitrary: fc.constant({ kind: "sound" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("skip" as const),
      by: fc.constantFrom(1, 2, 130, 2999, 3000, 40000, 65408),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("late" as const), by: fc.integer({ min: 1, max: 130 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "twice" } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("damage" as const), at: fc.nat(1400), value: fc.nat(255) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at: fc.nat(1400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("noise" as const), bytes: fc.uint8Array({ maxLength: 60 }) }) },
)

const step = fc.record({
  packets: fc.array(packets, { minLength: 1, maxLength: 8 }),
  gapUs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 12_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3_000_000 }) },
  ),
  /** Senders 0 and 1 send RTP, senders 2 and 3 raw UDP; null stands for the sender of the step before. */
  sender: rarely(fc.nat(3)),
  fate,
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const play = (steps: ReadonlyArray<Step>, firstSequence: number, firstTimestamp: number): Datagram[] => {
  const counters = new Map<number, number>()
  const next = (pid: number, used: number) => {
    const counter = counters.get(pid) ?? 0
    counters.set(pid, (counter + used) & 15)
    return counter
  }
  const datagrams: Datagram[] = []
  let sender = 0
  let sequence = firstSequence
  let rx_us = 1_000_000
  for (const { packets: writers, gapUs, sender: other, fate: now } of steps) {
    rx_us += gapUs
    sender = other ?? sender
    if (now.kind === "skip") sequence += now.by
    const payload = joinBytes(writers.map((write) => write(next)))
    const number = now.kind === "late" ? sequence - now.by : sequence++
    const timestamp = firstTimestamp + Math.round(rx_us * 0.09)
    let bytes = sender < 2 ? buildRtp({ sequence: number, timestamp, ssrc: sender }, payload) : payload
    if (now.kind === "damage")
      bytes = new Uint8Array(bytes).fill(now.value, now.at % bytes.length, (now.at % bytes.length) + 1)
    if (now.kind === "cut") bytes = bytes.slice(0, now.at % bytes.length)
    if (now.kind === "noise") bytes = now.bytes
    const datagram = { bytes, rx_us, ipv4: 0x7f000001, port: 5000 + sender }
    datagrams.push(datagram)
    if (now.kind === "twice") datagrams.push(datagram)
  }
  return datagrams
}

/** Yields up to `maxLength` datagrams, whose times never fall. */
export const arbitraryDatagrams = (maxLength: number): fc.Arbitrary<Datagram[]> =>
  fc
    .record({
      steps: fc.array(step, { minLength: 1, maxLength, size: "max" }),
      sequence: fc.constantFrom(0, 65500, 30000),
      timestamp: fc.constantFrom(0, 2 ** 32 - 100_000),
    })
    .map(({ steps, sequence, timestamp }) => play(steps, sequence, timestamp))

/** Yields datagrams of any bytes, some of them dressed as RTP or TS. */
export const arbitraryNoise = (maxLength: number): fc.Arbitrary<Datagram[]> =>
  fc
    .array(
      fc.record({
        bytes: fc.oneof(
          fc.uint8Array({ maxLength: 600 }),
          fc.uint8Array({ minLength: 188, maxLength: 188 }).map((bytes) => new Uint8Array(bytes).fill(0x47, 0, 1)),
          fc
            .uint8Array({ minLength: 200, maxLength: 200 })
            .map((bytes) => new Uint8Array(bytes).fill(0x80, 0, 1).fill(0x47, 12, 13)),
        ),
        port: fc.nat(2),
      }),
      { maxLength },
    )
    .map((datagrams) =>
      datagrams.map((datagram, i) => ({ ...datagram, rx_us: 1_000_000 + i * 30_000, ipv4: 0x7f000001 })),
    )
