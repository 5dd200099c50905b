import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { propertyRuns } from "../../../test/property-runs.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildRtp } from "../rtp/header.ts"
import { arriving, cut, hexOf, noise, packetsOf, START_US, stream, with204 } from "./testing/byte-stream.ts"
import type { Datagram } from "./testing/reference-datagram.ts"

const cores = await loadCores()

describe.each(coreBuilds)("raw UDP as a byte stream (%s)", (build) => {
  const core = cores[build]
  const out = (datagrams: ReadonlyArray<Datagram>) => {
    const { counters, slots } = compareWithReference(core, datagrams)
    return { counters, bytes: joinBytes(slots.map(({ payload }) => payload)) }
  }

  it("random cuts of 1 to 9000 bytes equal the stream", () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 400 })), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      // The stream begins with enough of it for five sync bytes: shorter datagrams before that are told as of no use.
      fc.property(sizes, fc.boolean(), fc.integer({ min: 0, max: 4000 }), (some, is204, stepUs) => {
        const part = stream.subarray(0, 188 * 500)
        const { bytes, counters } = out(arriving(cut(is204 ? with204(part) : part, [900, ...some]), stepUs))
        expect(Buffer.compare(bytes, part)).toBe(0)
        expect(counters).toMatchObject({
          resyncs: 0,
          skipped_bytes: 0,
          rtp_datagrams: 0,
          cc_errors: 0,
          ts_204: is204 ? 500 : 0,
        })
      }),
      { numRuns: propertyRuns(40) },
    )
  })

  it("with junk between and datagrams lost, only packets of the stream leave, in order, and most of them", () => {
    const order = new Map(packetsOf(stream).map((packet, i) => [hexOf(packet), i]))
    const piece = fc.record({
      size: fc.integer({ min: 900, max: 3000 }),
      fate: fc.oneof(
        { weight: 12, arbitrary: fc.constant("sound") },
        { weight: 1, arbitrary: fc.constantFrom("lost", "junk before") },
      ),
      junk: fc.integer({ min: 1, max: 700 }),
    })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 5, maxLength: 60 }), (plan) => {
        let at = 0
        let faults = 0
        const pieces = plan.flatMap(({ size, fate: wanted, junk }, i) => {
          // One fault at a time, and no loss of whole packets: after that the bytes fit again.
          const fate = plan[i - 1]?.fate !== "sound" || size % 188 === 0 ? "sound" : wanted
          const bytes = stream.subarray(at, at + size)
          at += size
          if (fate !== "sound") faults += 1
          return fate === "lost" ? [] : fate === "junk before" ? [noise(junk, i), bytes] : [bytes]
        })
        const { bytes } = out(arriving(pieces))
        const numbers = packetsOf(bytes).map((packet) => order.get(hexOf(packet)) ?? -1)
        // Null packets are alike; all others are known and come in order.
        expect(numbers.every((n) => n >= 0)).toBe(true)
        expect(bytes.length).toBeGreaterThanOrEqual(Math.min(at, stream.length) - faults * 3 * 3000 - 188)
      }),
      { numRuns: propertyRuns(40) },
    )
  })

  it("agrees with the reference on two senders of bytes, RTP and whole packets on one port", () => {
    const step = fc.record({
      sender: fc.nat(5),
      size: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(188, 204, 1316, 1328, 1472)),
      gapUs: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.constantFrom(25_000, 1_100_000)),
      fate: fc.constantFrom("sound", "sound", "sound", "sound", "lost", "junk", "damaged"),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80, size: "max" }), fc.nat(5), (plan, first) => {
        const positions = new Map<number, number>()
        let rx_us = START_US
        let current = first
        const datagrams = plan.flatMap(({ sender, size, gapUs, fate }, i): Datagram[] => {
          rx_us += gapUs
          // A sender goes on for a while.
          if (i % 7 === 0) current = sender
          const source = current === 2 ? with204(stream.subarray(0, 188 * 900)) : stream
          const at = positions.get(current) ?? 0
          const whole = current === 3 ? Math.ceil(size / 188) * 188 : current === 4 ? 1316 : size
          positions.set(current, at + whole)
          let bytes = new Uint8Array(source.subarray(at, at + whole))
          if (fate === "lost") return []
          if (fate === "junk") bytes = noise(size % 900, i)
          if (fate === "damaged" && bytes.length > 0) bytes[size % bytes.length] = size & 255
          if (current === 4) bytes = new Uint8Array(buildRtp({ sequence: at / 1316, timestamp: 0, ssrc: 4 }, bytes))
          return [{ bytes, rx_us, ipv4: 0x7f000001, port: 5000 + (current === 5 ? 0 : current) }]
        })
        out(datagrams)
      }),
      {
        numRuns: propertyRuns(100),
        // A whole datagram that begins with 0x47 behind an odd one, of a stream whose 16 extra bytes are all 0x47.
        examples: [
          [
            [188, 204, 1316, 188].map((size, i) => ({ sender: 2, size, gapUs: i === 1 ? 0 : 25_000, fate: "sound" })),
            0,
          ],
        ],
      },
    )
  })
})
