/** Assembles sections (ISO/IEC 13818-1 2.4.4), and decides what PAT and PMTs make the reference parser watch. */
import { crc32 } from "../../ts/crc32.ts"
import { type Pmt, parsePat, parsePmt, TABLE_ID_PAT, TABLE_ID_PMT } from "../../ts/psi.ts"
import { STREAM_TYPE_SCTE35 } from "../../ts/stream-types.ts"

const PSI_SECTION_MAX = 1024
const SECTION_MAX = 4096
/** Number of PIDs, beside the PAT's, for which the packet core has room; the next line says how many may carry PMTs. */
const WATCHED_MAX = 15
const PMT_PIDS_MAX = 10
const SCTE35_OWNERS_MAX = 8

/** Collects the sections of one PID from packet payloads. */
export class SectionCollector {
  readonly #maximum: number
  #bytes: number[] | null = null

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  abandon(): void {
    this.#bytes = null
  }

  /** Adds a payload; yields the sections that it completes, in order. */
  *add(payload: Uint8Array, unitStart: boolean): Generator<Uint8Array> {
    if (!unitStart) {
      const [section] = this.#take(payload)
      if (section !== undefined) yield section
      return
    }
    const pointer = payload[0]
    if (pointer === undefined || 1 + pointer > payload.length) return this.abandon()
    const [section] = this.#take(payload.subarray(1, 1 + pointer))
    if (section !== undefined) yield section
    this.abandon()
    let rest = payload.subarray(1 + pointer)
    while (rest.length > 0 && rest[0] !== 0xff) {
      this.#bytes = []
      const [next, taken] = this.#take(rest)
      if (next === undefined) return
      yield next
      rest = rest.subarray(taken)
    }
  }

  /** Continues the section in hand. Returns it when it is complete, and the bytes that it took. */
  #take(payload: Uint8Array): [section: Uint8Array | undefined, taken: number] {
    if (this.#bytes === null) return [undefined, 0]
    const before = this.#bytes.length
    const all = [...this.#bytes, ...payload]
    const [, b1, b2] = all
    if (b1 === undefined || b2 === undefined) {
      this.#bytes = all
      return [undefined, payload.length]
    }
    const length = 3 + (((b1 & 15) << 8) | b2)
    if (length > this.#maximum) {
      this.abandon()
      return [undefined, payload.length]
    }
    if (all.length < length) {
      this.#bytes = all
      return [undefined, payload.length]
    }
    this.abandon()
    return [new Uint8Array(all.slice(0, length)), length - before]
  }
}

interface Watch {
  readonly kind: "pat" | "pmt" | "scte35"
  readonly pid: number
  readonly collector: SectionCollector
  /** What named this PID: (PAT section, programme) for a PMT PID, (PMT PID, programme) for an SCTE-35 PID. */
  readonly owners: Map<string, { readonly scope: number; readonly programme: number }>
  /** Last section of each table id extension and section number, in hex. */
  readonly told: Map<string, string>
}

const newWatch = (kind: Watch["kind"], pid: number): Watch => ({
  kind,
  pid,
  collector: new SectionCollector(kind === "scte35" ? SECTION_MAX : PSI_SECTION_MAX),
  owners: new Map(),
  told: new Map(),
})

const isAssignable = (pid: number) => pid >= 0x10 && pid < 0x1fff
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

export interface SectionCounters {
  pat_sections: number
  pmt_sections: number
  scte35_sections: number
  crc_errors: number
}

export interface SectionEvent {
  readonly kind: "psi" | "scte35"
  readonly pid: number
  readonly table_id: number
  readonly crc_ok: boolean
  readonly section: Uint8Array
}

/** Called with every table; `programmeGone` with null means all of a PMT PID. */
export interface TableListener {
  readonly foreignTableOnPat: () => void
  readonly patArrived: () => void
  readonly patApplied: () => void
  readonly pmtNamed: (pid: number) => void
  readonly pmtArrived: (pid: number) => void
  readonly pmtChanged: (pid: number, pmt: Pmt) => void
  readonly programmeGone: (pmtPid: number, programme: number | null) => void
}

export class ReferenceSections {
  readonly #watches = new Map<number, Watch>([[0, newWatch("pat", 0)]])
  readonly #counters: SectionCounters
  readonly #emit: (event: SectionEvent) => void
  readonly #tables: TableListener

  constructor(counters: SectionCounters, emit: (event: SectionEvent) => void, tables: TableListener) {
    this.#counters = counters
    this.#emit = emit
    this.#tables = tables
  }

  /** Which tables are collected from a PID; null when none are. */
  kindOf(pid: number): Watch["kind"] | null {
    return this.#watches.get(pid)?.kind ?? null
  }

  abandon(pid: number): void {
    this.#watches.get(pid)?.collector.abandon()
  }

  abandonAll(): void {
    for (const watch of this.#watches.values()) watch.collector.abandon()
  }

  feed(pid: number, payload: Uint8Array, unitStart: boolean): void {
    const watch = this.#watches.get(pid)
    if (watch === undefined) return
    for (const section of watch.collector.add(payload, unitStart)) this.#complete(watch, section)
  }

  #complete(watch: Watch, section: Uint8Array): void {
    const table_id = section[0] ?? 0
    const crc_ok = section.length >= 7 && crc32(section) === 0
    if (watch.kind === "scte35") {
      this.#counters.scte35_sections += 1
      if (!crc_ok) this.#counters.crc_errors += 1
      this.#emit({ kind: "scte35", pid: watch.pid, table_id, crc_ok, section })
      return
    }
    const isPat = watch.kind === "pat"
    const hasSyntax = ((section[1] ?? 0) & 0x80) !== 0
    if (isPat && table_id !== TABLE_ID_PAT) this.#tables.foreignTableOnPat()
    if (table_id !== (isPat ? TABLE_ID_PAT : TABLE_ID_PMT) || !hasSyntax || section.length < (isPat ? 12 : 16)) return
    if (!crc_ok) {
      this.#counters.crc_errors += 1
      return
    }
    this.#counters[isPat ? "pat_sections" : "pmt_sections"] += 1
    if (((section[5] ?? 0) & 1) === 0) return
    if (isPat) this.#tables.patArrived()
    else this.#tables.pmtArrived(watch.pid)
    const key = `${((section[3] ?? 0) << 8) | (section[4] ?? 0)}/${section[6]}`
    if (watch.told.get(key) === hexOf(section)) return
    watch.told.set(key, hexOf(section))
    this.#emit({ kind: "psi", pid: watch.pid, table_id, crc_ok: true, section })
    if (isPat) this.#applyPat(section)
    else this.#applyPmt(watch.pid, section)
  }

  #open(kind: "pmt" | "scte35", pid: number): Watch | undefined {
    const others = [...this.#watches.values()].filter((watch) => watch.kind !== "pat")
    const pmts = others.filter((watch) => watch.kind === "pmt").length
    if (others.length >= WATCHED_MAX || (kind === "pmt" && pmts >= PMT_PIDS_MAX)) return undefined
    const watch = newWatch(kind, pid)
    this.#watches.set(pid, watch)
    if (kind === "pmt") this.#tables.pmtNamed(pid)
    return watch
  }

  /** Takes owners off all watches of a kind, and drops watches that nobody owns any more. */
  #release(kind: "pmt" | "scte35", isGone: (watch: Watch, scope: number, programme: number) => boolean): void {
    for (const watch of [...this.#watches.values()].filter((each) => each.kind === kind)) {
      for (const [key, { scope, programme }] of [...watch.owners]) {
        if (!isGone(watch, scope, programme)) continue
        watch.owners.delete(key)
        if (kind === "pmt") this.#forgetProgramme(watch, programme)
      }
      if (watch.owners.size > 0) continue
      this.#watches.delete(watch.pid)
      if (kind !== "pmt") continue
      this.#tables.programmeGone(watch.pid, null)
      this.#release("scte35", (_, pmtPid) => pmtPid === watch.pid)
    }
  }

  #forgetProgramme(pmt: Watch, programme: number): void {
    for (const key of [...pmt.told.keys()].filter((each) => each.startsWith(`${programme}/`))) pmt.told.delete(key)
    this.#tables.programmeGone(pmt.pid, programme)
    this.#release("scte35", (_, pmtPid, owner) => pmtPid === pmt.pid && owner === programme)
  }

  #applyPat(section: Uint8Array): void {
    const [number = 0, last = 0] = section.subarray(6, 8)
    const listed = (parsePat(section)?.programs ?? []).filter(({ program_number }) => program_number !== 0)
    this.#release("pmt", (watch, scope, programme) => {
      const isListed = listed.some(({ program_number, pid }) => program_number === programme && pid === watch.pid)
      return scope > last || (scope === number && !isListed)
    })
    for (const { program_number, pid } of listed) {
      if (!isAssignable(pid)) continue
      if (this.#watches.get(pid)?.kind === "scte35") this.#watches.delete(pid)
      const watch = this.#watches.get(pid) ?? this.#open("pmt", pid)
      watch?.owners.set(`${number}/${program_number}`, { scope: number, programme: program_number })
    }
    this.#tables.patApplied()
  }

  #applyPmt(pmtPid: number, section: Uint8Array): void {
    const pmt = parsePmt(section)
    if (pmt === null) return
    this.#tables.pmtChanged(pmtPid, pmt)
    const programme = pmt.program_number
    const pids = new Set(
      pmt.streams.filter((stream) => stream.stream_type === STREAM_TYPE_SCTE35).map((stream) => stream.pid),
    )
    this.#release("scte35", (watch, scope, owner) => scope === pmtPid && owner === programme && !pids.has(watch.pid))
    for (const pid of [...pids].filter(isAssignable)) {
      const watch = this.#watches.get(pid) ?? this.#open("scte35", pid)
      if (watch?.kind !== "scte35" || watch.owners.size >= SCTE35_OWNERS_MAX) continue
      watch.owners.set(`${pmtPid}/${programme}`, { scope: pmtPid, programme })
    }
  }
}
