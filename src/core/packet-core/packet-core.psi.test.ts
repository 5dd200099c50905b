import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { PMT_PID, pat, pmt, SCTE35_PID, spliceNull, TsWriter, toDatagrams } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildPacket } from "../ts/packet.ts"
import { buildPat, buildPmt, sealSection } from "../ts/psi.ts"
import { packSections, privateSection } from "./testing/psi-sections.ts"

const cores = await loadCores()
const OTHER_SCTE35_PID = 501
const cue = spliceNull()
const badCue = new Uint8Array(cue).fill(0x55, 19)

describe.each(coreBuilds)("PAT, PMT and SCTE-35 (%s)", (build) => {
  const core = cores[build]
  const tables = () => {
    const writer = new TsWriter()
    return { writer, start: joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt())]) }
  }
  const run = (parts: ReadonlyArray<Uint8Array>) => compareWithReference(core, toDatagrams(joinBytes(parts)))

  it("tells every cue, with the verdict on its CRC", () => {
    const { writer, start } = tables()
    const { counters, events } = run([start, writer.section(SCTE35_PID, cue), writer.section(SCTE35_PID, badCue)])
    expect(counters).toMatchObject({ scte35_sections: 2, crc_errors: 1 })
    expect(events.slice(2).map((event) => event.kind === "scte35" && event.crc_ok)).toEqual([true, false])
  })

  it("ignores cues on a PID no PMT names", () => {
    const { writer, start } = tables()
    expect(run([start, writer.section(OTHER_SCTE35_PID, cue)]).counters.scte35_sections).toBe(0)
  })

  it("watches an SCTE-35 PID from the PMT that names it on, and no longer than the one that does not", () => {
    const { writer, start } = tables()
    const { counters } = run([
      start,
      writer.section(OTHER_SCTE35_PID, cue),
      writer.section(PMT_PID, pmt(1, [SCTE35_PID, OTHER_SCTE35_PID])),
      writer.section(OTHER_SCTE35_PID, cue),
      writer.section(SCTE35_PID, cue),
      writer.section(PMT_PID, pmt(2, [OTHER_SCTE35_PID])),
      writer.section(SCTE35_PID, cue),
      writer.section(OTHER_SCTE35_PID, cue),
    ])
    expect(counters.scte35_sections).toBe(3)
  })

  it("follows several programmes, and tells again what returns", () => {
    const writer = new TsWriter()
    const programme = (n: number, pid: number) => ({ program_number: n, pid })
    const patOf = (version: number, programs: ReadonlyArray<{ program_number: number; pid: number }>) =>
      writer.section(0, buildPat({ transport_stream_id: 1, version, programs }))
    const pmtOf = (n: number, pid: number) =>
      writer.section(
        pid,
        buildPmt({
          program_number: n,
          version: 0,
          pcr_pid: 0x1fff,
          descriptors: [],
          streams: [{ pid: 600 + n, stream_type: 0x86, descriptors: [] }],
        }),
      )
    const cues = () => [1, 2, 3].map((n) => writer.section(600 + n, cue))
    const all = [programme(0, 16), programme(1, 100), programme(2, 100), programme(3, 101)]
    const { counters, events } = run([
      patOf(0, all),
      pmtOf(1, 100),
      pmtOf(2, 100),
      pmtOf(3, 101),
      ...cues(),
      patOf(1, [programme(1, 100)]),
      ...cues(),
      patOf(2, all),
      pmtOf(1, 100),
      pmtOf(2, 100),
      pmtOf(3, 101),
      ...cues(),
    ])
    expect(counters.scte35_sections).toBe(3 + 1 + 3)
    expect(events.filter((event) => event.kind === "psi")).toHaveLength(3 + 3 + 2)
  })

  it("reads a PAT of two sections, and lets go of the second when there is none any more", () => {
    const writer = new TsWriter()
    const patOf = (version: number, number: number, last: number, program: number) => {
      const section = buildPat({
        transport_stream_id: 1,
        version,
        programs: [{ program_number: program, pid: 100 + program }],
      })
      section.set([number, last], 6)
      return writer.section(0, sealSection(section))
    }
    const pmtOf = (n: number) => {
      const streams = [{ pid: 600 + n, stream_type: 0x86, descriptors: [] }]
      return writer.section(
        100 + n,
        buildPmt({ program_number: n, version: 0, pcr_pid: 0x1fff, descriptors: [], streams }),
      )
    }
    const cues = () => [1, 2].map((n) => writer.section(600 + n, cue))
    const both = [patOf(0, 0, 1, 1), patOf(0, 1, 1, 2), pmtOf(1), pmtOf(2), ...cues()]
    expect(run([...both, patOf(1, 0, 0, 1), ...cues()]).counters.scte35_sections).toBe(2 + 1)
  })

  it("assembles sections over packets, several in one, and from 3 to 4096 bytes", () => {
    const lengths = [7, 20, 183, 184, 185, 366, 367, 4096, 30, 30, 30, 4000, 8, 12, 3]
    const { start } = tables()
    const sections = lengths.map((length) => (length === 3 ? Uint8Array.of(0xfc, 0x30, 0) : privateSection(length)))
    const { events } = run([start, packSections(SCTE35_PID, sections)])
    expect(events.slice(2).map((event) => event.kind === "scte35" && [event.section.length, event.crc_ok])).toEqual(
      lengths.map((length) => [length, length !== 3]),
    )
  })

  it("drops a section that is too long, has lost a packet, or is cut by the next start", () => {
    const { start } = tables()
    const packed = packSections(SCTE35_PID, [privateSection(1000), privateSection(50)])
    const lost = joinBytes([packed.subarray(0, 188), packed.subarray(376)])
    expect(run([start, lost]).counters).toMatchObject({ scte35_sections: 1, cc_errors: 1, crc_errors: 0 })
    const tooLong = new Uint8Array(privateSection(4096)).fill(0xfe, 2, 3)
    expect(run([start, packSections(SCTE35_PID, [tooLong])]).counters.scte35_sections).toBe(0)
    const begun = packSections(SCTE35_PID, [privateSection(1000)]).subarray(0, 188)
    expect(run([start, begun, packSections(SCTE35_PID, [cue]).fill(0x11, 3, 4)]).counters.scte35_sections).toBe(1)
  })

  it("reads the PMTs of ten PIDs and keeps five for SCTE-35 in a large multiplex", () => {
    const writer = new TsWriter()
    const numbers = Array.from({ length: 14 }, (_, i) => i + 1)
    const programs = numbers.map((n) => ({ program_number: n, pid: 100 + n }))
    const pmts = numbers.map((n) => {
      const streams = [{ pid: 600 + n, stream_type: 0x86, descriptors: [] }]
      return writer.section(
        100 + n,
        buildPmt({ program_number: n, version: 0, pcr_pid: 0x1fff, descriptors: [], streams }),
      )
    })
    const cues = numbers.map((n) => writer.section(600 + n, cue))
    const { counters } = run([
      writer.section(0, buildPat({ transport_stream_id: 1, version: 0, programs })),
      ...pmts,
      ...cues,
    ])
    expect(counters).toMatchObject({ pmt_sections: 10, scte35_sections: 5 })
  })

  it("drops a section with a scrambled packet in it", () => {
    const { start } = tables()
    const packed = packSections(SCTE35_PID, [privateSection(500)])
    packed[188 + 3] = (packed[188 + 3] ?? 0) | 0x80
    expect(run([start, packed]).counters).toMatchObject({ scte35_sections: 0, cc_errors: 0, scrambled: 1 })
  })

  it("drops a section that a discontinuity cuts", () => {
    const { start } = tables()
    const packed = packSections(SCTE35_PID, [privateSection(300)])
    const rest = buildPacket({
      pid: SCTE35_PID,
      continuity_counter: 9,
      discontinuity: true,
      payload: packed.subarray(192, 192 + 176),
    })
    expect(run([start, packed.subarray(0, 188), rest]).counters).toMatchObject({ scte35_sections: 0, cc_errors: 0 })
    const bare = buildPacket({ pid: SCTE35_PID, continuity_counter: 0, discontinuity: true })
    expect(run([start, packed.subarray(0, 188), bare, packed.subarray(188)]).counters).toMatchObject({
      scte35_sections: 0,
      cc_errors: 0,
    })
  })

  it("counts what it could not tell when nobody takes the events, and tells tables again once there is room", () => {
    core.resetLeg(0)
    core.takeEvents()
    const overflow = () => core.u32[L.EVENT_OVERFLOW >> 2] ?? 0
    const before = overflow()
    const { writer, start } = tables()
    feed(
      core,
      toDatagrams(
        joinBytes([start, ...Array.from({ length: L.EVENT_MAX + 10 }, () => writer.section(SCTE35_PID, cue))]),
      ),
      0,
      false,
    )
    feed(core, toDatagrams(writer.section(PMT_PID, pmt(1))), 0, false)
    expect(core.takeEvents()).toHaveLength(L.EVENT_MAX)
    expect(overflow() - before).toBe(13)
    feed(core, toDatagrams(writer.section(PMT_PID, pmt(1))), 0, false)
    expect(core.takeEvents()).toMatchObject([{ type: L.EVENT_PSI, pid: PMT_PID, a: 2 }])
    for (let i = 0; i < 80; i++)
      feed(
        core,
        toDatagrams(
          packSections(SCTE35_PID, [privateSection(4096)]).map((byte, at) =>
            at % 188 === 3 ? (byte & 0xf0) | ((at / 188 + i * 23) & 15) : byte,
          ),
        ),
        0,
        false,
      )
    const bytes = core.takeEvents().reduce((sum, event) => sum + event.data.length, 0)
    expect(bytes).toBe(L.EVENT_DATA_SIZE)
  })

  it("hands out event bytes that stay when the area is used again", () => {
    core.resetLeg(0)
    core.takeEvents()
    feed(core, toDatagrams(tables().start))
    const events = core.takeEvents()
    core.u8.fill(0, L.EVENT_DATA, L.EVENT_DATA + 1000)
    expect(events.map((event) => event.data)).toEqual([pat(), pmt()])
    expect(events[1]).toMatchObject({ type: L.EVENT_PSI, leg: 0, pid: PMT_PID, a: 2, b: 1 })
  })
})
