import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { PMT_PID, pat, pmt, SCTE35_PID, TsWriter, VIDEO_PID } from "../../../test/ts-stream.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { check, cue, hexOf, insertAt, longSection, nullPacket, ours, packetsOf } from "./testing/insertion.ts"

let cores: Awaited<ReturnType<typeof loadCores>>
beforeAll(async () => {
  cores = await loadCores()
})

describe.each(coreBuilds)("insertion (%s core)", (build) => {
  it("any stream, any section, any moment", () => {
    const core = cores[build]
    const piece = fc.constantFrom("video", "null", "cue", "long", "bare")
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 30, maxLength: 200 }),
        fc.integer({ min: 14, max: 2000 }),
        fc.nat({ max: 12 }),
        (pieces, size, at) => {
          const writer = new TsWriter()
          const head = joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt())])
          const make = (kind: string, i: number) => {
            if (kind === "cue") return writer.section(SCTE35_PID, cue(i))
            if (kind === "long") return writer.section(SCTE35_PID, longSection(300 + i, i & 255))
            return kind === "null" ? nullPacket() : writer.media(VIDEO_PID, kind === "bare" ? { pcr: i * 1000 } : {})
          }
          const ts = joinBytes([
            head,
            ...pieces.map(make),
            ...Array.from({ length: 140 }, () => writer.media(VIDEO_PID)),
          ])
          const section = longSection(size, 0x77)
          const { after, accepted, told } = insertAt(core, ts, 1 + at, ours(section), { afterUs: 3000 })
          if (!accepted) return
          check(packetsOf(ts), after, packetsOf(ours(section)))
          expect(told.filter((hex) => hex === hexOf(section)).length).toBe(1)
          expect(told.length).toBe(1 + pieces.filter((kind) => kind === "cue" || kind === "long").length)
          expect(told).not.toContain("bad")
        },
      ),
      { numRuns: 60 },
    )
  })
})
