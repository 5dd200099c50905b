import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { AUDIO_PID, PAT_PID, PMT_PID, VIDEO_PID } from "../../test-source/program-tables.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import { analyse, nalTypes } from "../../test-source/testing/analyse.ts"
import { pidOf } from "../hls/testing/segments-of.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"
import { AccessPointStart } from "./access-point-start.ts"

const TS = generateTs(6, { bitrate: 2_000_000, breakEverySeconds: 0 })
const IDR = 5

const only = (ts: Uint8Array, pid: number): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      Array.from({ length: ts.length / TS_PACKET_SIZE }, (_, n) => n * TS_PACKET_SIZE)
        .filter((at) => pidOf(ts, at) === pid)
        .map((at) => ts.subarray(at, at + TS_PACKET_SIZE)),
    ),
  )

/** Returns what comes out when `ts` goes in, in pieces of these sizes. */
const begun = (ts: Uint8Array, sizes: ReadonlyArray<number> = [1316]) => {
  const start = new AccessPointStart()
  const out: Uint8Array[] = []
  for (let at = 0, n = 0; at < ts.length; n++) {
    const size = sizes[n % sizes.length] ?? 188
    out.push(...start.push(ts.subarray(at, at + size)))
    at += size
  }
  return { start, bytes: new Uint8Array(Buffer.concat(out)) }
}

describe("AccessPointStart", () => {
  it("begins with PAT, PMT and an IDR picture wherever the stream is joined, and passes everything from there", () => {
    const packets = Math.floor(TS.length / TS_PACKET_SIZE)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Math.floor(packets / 2) }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
        (skip, sizes) => {
          const joined = TS.subarray(skip * TS_PACKET_SIZE)
          const { bytes, start } = begun(joined, sizes)
          expect(start.begun).toBe(true)
          expect([0, 1, 2].map((n) => pidOf(bytes, n * TS_PACKET_SIZE))).toEqual([PAT_PID, PMT_PID, VIDEO_PID])
          const [first] = analyse(only(bytes, VIDEO_PID), []).units.get(VIDEO_PID) ?? []
          expect(nalTypes(first?.bytes ?? [])).toContain(IDR)
          const rest = bytes.subarray(2 * TS_PACKET_SIZE)
          expect(Buffer.from(rest).equals(joined.subarray(joined.length - rest.length))).toBe(true)
        },
      ),
      { numRuns: 30 },
    )
  })

  it("knows the streams of the programme, and counts pictures", () => {
    const { start } = begun(TS)
    expect(start.streams.map(({ pid, stream_type }) => [pid, stream_type])).toEqual(
      expect.arrayContaining([
        [VIDEO_PID, 0x1b],
        [AUDIO_PID, 0x0f],
      ]),
    )
    expect(start.units).toBeGreaterThan(100)
  })

  it("passes nothing of what has no access point or is no transport stream", () => {
    const noise = Uint8Array.from({ length: 20_000 }, (_, n) => (n * 7919) % 251)
    expect(begun(noise).bytes).toHaveLength(0)
    // The viewer joins behind the last access point.
    expect(begun(TS.subarray(TS.length - 40 * TS_PACKET_SIZE)).bytes).toHaveLength(0)
  })
})
