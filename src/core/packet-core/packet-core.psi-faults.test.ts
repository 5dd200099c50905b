import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { PMT_PID, pat, pmt, SCTE35_PID, spliceNull, TsWriter, toDatagrams } from "../../../test/ts-stream.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildPacket } from "../ts/packet.ts"
import { buildPat, sealSection } from "../ts/psi.ts"
import { packSections, privateSection } from "./testing/psi-sections.ts"

const cores = await loadCores()
const cue = spliceNull()

describe.each(coreBuilds)("PAT, PMT and SCTE-35 (%s)", (build) => {
  const core = cores[build]
  const tables = () => {
    const writer = new TsWriter()
    return { writer, start: joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt())]) }
  }
  const run = (parts: ReadonlyArray<Uint8Array>) => compareWithReference(core, toDatagrams(joinBytes(parts)))

  it.each<[string, Uint8Array]>([
    ["pointer_field beyond the packet", Uint8Array.of(184)],
    ["pointer_field to the very end", Uint8Array.of(183)],
    ["stuffing only", Uint8Array.of(0, 0xff)],
    ["section_length 0", Uint8Array.of(0, 0xfc, 0x30, 0)],
    ["section_length 4095", Uint8Array.of(0, 0xfc, 0xff, 0xff)],
  ])("survives %s", (_, head) => {
    const { start } = tables()
    const payload = new Uint8Array(184).fill(0xff)
    payload.set(head)
    const packet = (counter: number) =>
      buildPacket({ pid: SCTE35_PID, continuity_counter: counter, unit_start: true, payload })
    run([start, packet(0), packet(1), packSections(SCTE35_PID, [cue]).fill(0x12, 3, 4)])
  })

  it.each<[string, Uint8Array]>([
    [
      "PMT on the null PID",
      buildPat({ transport_stream_id: 1, version: 1, programs: [{ program_number: 1, pid: 0x1fff }] }),
    ],
    [
      "PMT on the PAT's PID",
      buildPat({ transport_stream_id: 1, version: 1, programs: [{ program_number: 1, pid: 0 }] }),
    ],
    ["no programme", buildPat({ transport_stream_id: 1, version: 1, programs: [] })],
    [
      "253 programmes",
      buildPat({
        transport_stream_id: 1,
        version: 1,
        programs: Array.from({ length: 253 }, (_, i) => ({ program_number: i + 1, pid: 100 + i })),
      }),
    ],
    [
      "one PMT PID for 253 programmes",
      buildPat({
        transport_stream_id: 1,
        version: 1,
        programs: Array.from({ length: 253 }, (_, i) => ({ program_number: i + 1, pid: PMT_PID })),
      }),
    ],
    [
      "PMT on the SCTE-35 PID",
      buildPat({ transport_stream_id: 1, version: 1, programs: [{ program_number: 1, pid: SCTE35_PID }] }),
    ],
    ["a section of 3 bytes", Uint8Array.of(0, 0xb0, 0)],
    ["a next section", sealSection(new Uint8Array(pat(5)).fill(0xca, 5, 6))],
  ])("PAT with %s", (_, section) => {
    const { writer, start } = tables()
    run([
      start,
      writer.section(0, section),
      writer.section(PMT_PID, pmt(3)),
      writer.section(SCTE35_PID, cue),
      writer.section(SCTE35_PID, pmt(4)),
    ])
  })

  it.each<[string, number, number]>([
    ["program_info_length", 10, 0xff],
    ["program_info_length by one", 11, 0x30],
    ["ES_info_length", 15 + 6, 0xff],
    ["section_length", 2, 0xff],
  ])("PMT whose %s overruns", (_, offset, value) => {
    const { writer } = tables()
    const broken = pmt(9).fill(value, offset, offset + 1)
    run([
      writer.section(0, pat()),
      writer.section(PMT_PID, offset === 2 ? broken : sealSection(broken)),
      writer.section(SCTE35_PID, cue),
    ])
  })

  it("counts a PAT and a PMT with a bad CRC and believes neither", () => {
    const writer = new TsWriter()
    const spoil = (section: Uint8Array) => new Uint8Array(section).fill(0x77, section.length - 1)
    const { counters, events } = run([
      writer.section(0, spoil(pat())),
      writer.section(PMT_PID, pmt()),
      writer.section(0, pat()),
      writer.section(PMT_PID, spoil(pmt())),
      writer.section(SCTE35_PID, cue),
    ])
    expect(counters).toMatchObject({ crc_errors: 2, pat_sections: 1, pmt_sections: 0, scte35_sections: 0 })
    expect(events).toHaveLength(1)
  })

  it("does not feed scrambled, damaged or repeated packets to a section", () => {
    const { writer, start } = tables()
    const packets = writer.section(SCTE35_PID, cue)
    const scrambled = new Uint8Array(writer.section(SCTE35_PID, cue)).fill(0x91, 3, 4)
    const { counters } = run([start, packets, packets, scrambled])
    expect(counters).toMatchObject({ scte35_sections: 1, cc_duplicates: 1, scrambled: 1 })
  })

  it("keeps the watched PIDs over a change of sender, but not half a section", () => {
    const { writer, start } = tables()
    const long = packSections(SCTE35_PID, [privateSection(300)])
    const first = toDatagrams(joinBytes([start, long.subarray(0, 188)]), { port: 1, packets: 1 })
    const second = toDatagrams(joinBytes([long.subarray(188), long.subarray(188), writer.section(SCTE35_PID, cue)]), {
      port: 2,
      startUs: 9_000_000,
      packets: 1,
    })
    const { counters } = compareWithReference(core, [...first, ...second])
    expect(counters).toMatchObject({ sender_changes: 1, scte35_sections: 1, crc_errors: 0 })
  })
})
