import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SectionAssembler } from "./section-assembler.ts"

/**
 * Sections whose length field is right, cut into payloads as a multiplexer may cut them: several in a packet, or one in
 * several.
 */
const payloadsOf = (
  sections: ReadonlyArray<Uint8Array>,
  packed: boolean,
): Array<{ bytes: Uint8Array; unitStart: boolean }> => {
  const payloads: Array<{ bytes: Uint8Array; unitStart: boolean }> = []
  const begins: number[] = []
  const stream: number[] = []
  for (const section of sections) {
    if (!packed && stream.length % 183 !== 0) while (stream.length % 183 !== 0) stream.push(0xff)
    begins.push(stream.length)
    stream.push(...section)
  }
  // Every packet has room for 183 bytes, so that each may have a pointer_field; a packet without one takes 183 too.
  for (let at = 0; at < stream.length; at += 183) {
    const first = begins.find((begin) => begin >= at && begin < at + 183)
    const body = stream.slice(at, at + 183)
    while (body.length < 183) body.push(0xff)
    payloads.push({
      bytes: new Uint8Array(first === undefined ? body : [first - at, ...body]),
      unitStart: first !== undefined,
    })
  }
  return payloads
}

const section = fc.integer({ min: 3, max: 1024 }).map((size) => {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 11) & 0x7f)
  bytes.set([0x02, 0xb0 | ((size - 3) >> 8), (size - 3) & 255])
  return bytes
})

const assemble = (payloads: ReadonlyArray<{ bytes: Uint8Array; unitStart: boolean }>, skip = -1): string[] => {
  const found: string[] = []
  const assembler = new SectionAssembler((bytes) => found.push(Buffer.from(bytes).toString("hex")))
  payloads.forEach(({ bytes, unitStart }, i) => {
    if (i !== skip) assembler.packet(bytes, 0, bytes.length, unitStart, (i + 14) & 15)
  })
  return found
}

const hex = (sections: ReadonlyArray<Uint8Array>): string[] =>
  sections.map((bytes) => Buffer.from(bytes).toString("hex"))

describe("SectionAssembler", () => {
  it("puts together what was cut", () => {
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 6 }), fc.boolean(), (sections, packed) => {
        expect(assemble(payloadsOf(sections, packed))).toEqual(hex(sections))
      }),
    )
  })

  it("leaves out what a missing packet touches, and nothing else is wrong", () => {
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 6 }), fc.nat(20), (sections, skip) => {
        const all = hex(sections)
        for (const found of assemble(payloadsOf(sections, true), skip)) expect(all).toContain(found)
      }),
    )
  })

  it("takes any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 184 }), fc.boolean())), (packets) => {
        for (const found of assemble(packets.map(([bytes, unitStart]) => ({ bytes, unitStart }))))
          expect(found.length).toBeLessThanOrEqual(8192)
      }),
    )
  })
})
