/** The programmes of a leg, as its PAT and PMTs tell them. */
import type { CoreEvent } from "../../core/packet-core/event-records.ts"
import { parsePat, parsePmt } from "../../core/ts/psi.ts"
import type { ProgrammeInfo } from "../protocol/messages.ts"

const TABLE_PAT = 0
const TABLE_PMT = 2

const emptyProgramme = (program_number: number, pmt_pid: number): ProgrammeInfo => ({
  program_number,
  pmt_pid,
  pcr_pid: 0x1fff,
  version: -1,
  streams: [],
  cuei: false,
})

export class ProgrammeTables {
  #programmes = new Map<number, ProgrammeInfo>()

  get programmes(): ReadonlyArray<ProgrammeInfo> {
    return [...this.#programmes.values()]
  }

  /** Takes a section that differs from the one before; returns what a PMT says, for a person. */
  take(event: CoreEvent): string | null {
    if (event.a === TABLE_PAT) this.#takePat(event.data)
    return event.a === TABLE_PMT ? this.#takePmt(event.pid, event.data) : null
  }

  #takePat(section: Uint8Array): void {
    const pat = parsePat(section)
    if (pat === null) return
    const known = new Map<number, ProgrammeInfo>()
    for (const { program_number, pid } of pat.programs) {
      const old = this.#programmes.get(program_number)
      if (program_number !== 0)
        known.set(program_number, old?.pmt_pid === pid ? old : emptyProgramme(program_number, pid))
    }
    this.#programmes = known
  }

  #takePmt(pid: number, section: Uint8Array): string | null {
    const pmt = parsePmt(section)
    if (pmt === null) return null
    const { program_number, version, pcr_pid, cuei } = pmt
    const streams = pmt.streams.map(({ pid: stream, stream_type }) => ({ pid: stream, stream_type }))
    this.#programmes.set(program_number, { program_number, pmt_pid: pid, version, pcr_pid, cuei, streams })
    const listed = streams.map((s) => `${s.pid}:0x${s.stream_type.toString(16).padStart(2, "0")}`).join(" ")
    return `programme ${program_number} (PMT version ${version}, PCR PID ${pcr_pid}): ${listed}`
  }

  clear(): void {
    this.#programmes = new Map()
  }
}
