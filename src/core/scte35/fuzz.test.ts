import { describe, expect, it } from "vitest"
import { decodeSpliceInfoSection } from "./decode-section.ts"
import { read } from "./testing/assemble.ts"
import { fuzzCorpus } from "./testing/fuzz-corpus.ts"
import { fuzzDecoder } from "./testing/fuzz-decoder.ts"

const CASES = 50_000

const withoutStuffing: typeof decodeSpliceInfoSection = (bytes) => {
  const decoded = decodeSpliceInfoSection(bytes)
  return decoded.ok ? { ok: true, section: { ...decoded.section, alignment_stuffing_hex: "" } } : decoded
}

describe("fuzzing the SCTE-35 decoder", () => {
  it("starts from sections that are sound, of every command and descriptor", () => {
    const sections = fuzzCorpus().map(read)
    expect(sections.flatMap(({ errors }) => errors)).toEqual([])
    expect(new Set(sections.map(({ command }) => command?.name))).toHaveLength(8)
    expect(new Set(sections.flatMap(({ descriptors }) => (descriptors ?? []).map(({ name }) => name)))).toHaveLength(7)
  })

  it(`gives a value or an error for any bytes, and every value encodes to its bytes: ${CASES} cases`, () => {
    const counts = fuzzDecoder(CASES, 20_260_101, fuzzCorpus())
    expect(counts.refused + counts.damaged + counts.sound).toBe(CASES)
    expect(Math.min(counts.refused, counts.damaged, counts.sound)).toBeGreaterThan(CASES / 20)
  })

  it.each<[string, typeof decodeSpliceInfoSection, RegExp]>([
    [
      "throws",
      () => {
        throw new TypeError("oops")
      },
      /^case 0 of seed 9, [0-9a-f]*: oops$/,
    ],
    ["gives no reason", () => ({ ok: false, error: "" }), /^case 0 of seed 9, .*: a refusal says why$/],
    ["loses something", withoutStuffing, /^case \d+ of seed 9, .*: encode\(decode\(x\)\) is x$/],
  ])("fails with the case and its seed when the decoder %s", (_, decode, message) => {
    expect(() => fuzzDecoder(5000, 9, fuzzCorpus(), decode)).toThrow(message)
  })
})
