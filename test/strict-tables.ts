/** Follows what PAT and PMT say as the stream goes on, for the strict analyser. */
import { type Packet, type ProgrammeMap, readPat, readPmt, SectionReader, sectionRemainder } from "./strict-packet.ts"
import { isSections } from "./strict-pes.ts"
import type { Complain } from "./strict-report.ts"

export const PAT_PID = 0
/** First PID that is not reserved for tables of MPEG and DVB, which PAT and PMT do not name. */
const FIRST_FREE_PID = 0x20

export class TableWatch {
  /** PMT PIDs by programme. */
  #programmes: ReadonlyMap<number, number> = new Map()
  readonly #maps = new Map<number, ProgrammeMap>()
  readonly #readers = new Map<number, SectionReader>()
  /** Called with each PAT, and with each PMT that the PAT names. */
  readonly #onTable: (pid: number, programme: number | null) => void
  readonly #complain: Complain

  constructor(onTable: (pid: number, programme: number | null) => void, complain: Complain) {
    this.#onTable = onTable
    this.#complain = complain
  }

  get pmtPids(): ReadonlyArray<number> {
    return [...this.#programmes.values()]
  }

  get programmes(): number {
    return this.#programmes.size
  }

  /** PCR PID of the first programme; null before its PMT. */
  get mainClock(): number | null {
    return this.#maps.values().next().value?.pcrPid ?? null
  }

  isClock(pid: number): boolean {
    for (const { pcrPid } of this.#maps.values()) if (pcrPid === pid) return true
    return false
  }

  streamOf(pid: number): { readonly type: number; readonly pcrPid: number } | null {
    for (const { pcrPid, streams } of this.#maps.values()) {
      const type = streams.get(pid)
      if (type !== undefined) return { type, pcrPid }
    }
    return null
  }

  carriesTables(pid: number): boolean {
    if (pid === PAT_PID) return true
    for (const pmtPid of this.#programmes.values()) if (pmtPid === pid) return true
    const type = this.streamOf(pid)?.type
    return type !== undefined && isSections(type)
  }

  isReferenced(pid: number): boolean {
    return pid < FIRST_FREE_PID || this.carriesTables(pid) || this.isClock(pid) || this.streamOf(pid) !== null
  }

  /** Reads a packet. `hasGap` is true when packets before it are missing or another stream began. */
  read({ pid, payload, unitStart }: Packet, hasGap: boolean): void {
    const reader = this.#readers.get(pid) ?? new SectionReader()
    this.#readers.set(pid, reader)
    if (hasGap) reader.reset()
    if (payload.length === 0) return
    const { problem, sections } = reader.push(payload, unitStart)
    if (problem !== null) this.#complain("section", pid, problem)
    for (const section of sections) this.#take(pid, section)
  }

  #take(pid: number, section: Uint8Array): void {
    const isCurrent = ((section[5] ?? 0) & 1) === 1
    if (sectionRemainder(section) !== 0) this.#complain("section", pid, "CRC_32 is wrong")
    else if (pid === PAT_PID && section[0] !== 0x00) this.#complain("section", pid, `table_id ${section[0]} on PID 0`)
    else if (pid === PAT_PID && isCurrent) this.#takePat(section)
    else if (section[0] === 0x02 && isCurrent) this.#takePmt(pid, section)
  }

  #takePat(section: Uint8Array): void {
    this.#programmes = readPat(section)
    for (const programme of this.#maps.keys()) if (!this.#programmes.has(programme)) this.#maps.delete(programme)
    this.#onTable(PAT_PID, null)
  }

  #takePmt(pid: number, section: Uint8Array): void {
    const map = readPmt(section)
    if (this.#programmes.get(map.programme) !== pid) return
    this.#maps.set(map.programme, map)
    this.#onTable(pid, map.programme)
  }
}
