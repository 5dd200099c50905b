/** Follows PAT and PMT, and chooses the programme and its streams. */
import { type Pat, type Pmt, parsePat, parsePmt, TABLE_ID_PAT, TABLE_ID_PMT } from "../ts/psi.ts"
import { SectionAssembler } from "./section-assembler.ts"
import { type StreamChoice, sameStreams, selectStreams } from "./select-streams.ts"
import type { SelectedStreams } from "./units.ts"

export interface ProgramChoice extends StreamChoice {
  /** Left out: the first programme with video, or the first at all where none has any. */
  readonly programNumber?: number
}

export interface TrackerHandler {
  /** The streams that are carried on, before the first and at each change. */
  readonly selected: (streams: SelectedStreams) => void
  /** `pids()` is another list now. */
  readonly tables: () => void
}

const PAT_PID = 0
/** Programmes beyond this many are not looked at. */
const PROGRAMS_MAX = 64
/** Once a PMT has come this often, programmes whose PMT is missing are not waited for. */
const PATIENCE = 2

interface Program {
  readonly program_number: number
  readonly pid: number
  pmt: Pmt | null
  /** How often its PMT came. */
  sightings: number
}

const isCurrent = (section: Uint8Array): boolean => ((section[5] ?? 0) & 1) !== 0

const equal = (a: Uint8Array | undefined, b: Uint8Array): boolean => {
  if (a === undefined || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export class ProgramTracker {
  readonly #choice: ProgramChoice
  readonly #handler: TrackerHandler
  readonly #assemblers = new Map<number, SectionAssembler>()
  readonly #seen = new Map<string, Uint8Array>()
  readonly #pats = new Map<number, Pat>()
  #programs: ReadonlyArray<Program> = []
  #chosen: Program | null = null
  #selection: SelectedStreams | null = null

  constructor(choice: ProgramChoice, handler: TrackerHandler) {
    this.#choice = choice
    this.#handler = handler
  }

  /** The PIDs whose packets are wanted. */
  pids(): ReadonlyArray<number> {
    const programs = this.#chosen === null ? this.#programs : [this.#chosen]
    return [PAT_PID, ...programs.map(({ pid }) => pid)]
  }

  /** The payload of a TS packet of one of `pids`. */
  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    pid: number,
    unitStart: boolean,
    continuity: number,
    discontinuity: boolean,
  ): void {
    let assembler = this.#assemblers.get(pid)
    if (assembler === undefined) {
      assembler = new SectionAssembler((section) => this.#section(pid, section))
      this.#assemblers.set(pid, assembler)
    }
    if (discontinuity) assembler.reset()
    assembler.packet(bytes, start, end, unitStart, continuity)
  }

  #section(pid: number, section: Uint8Array): void {
    const [table = 0xff] = section
    if (
      (table !== TABLE_ID_PAT && table !== TABLE_ID_PMT) ||
      (table === TABLE_ID_PAT) !== (pid === PAT_PID) ||
      !isCurrent(section)
    )
      return
    const key = `${pid}/${section[3]}/${section[4]}/${section[6]}`
    const repeated = equal(this.#seen.get(key), section)
    if (!repeated) {
      const copy = section.slice()
      const known = table === TABLE_ID_PAT ? this.#pat(copy) : this.#pmt(pid, copy)
      if (known) this.#seen.set(key, copy)
    }
    if (this.#chosen !== null) return
    for (const program of this.#programs) {
      if (program.pid === pid && program.program_number === (((section[3] ?? 0) << 8) | (section[4] ?? 0)))
        program.sightings++
    }
    this.#choose()
  }

  #pat(section: Uint8Array): boolean {
    const pat = parsePat(section)
    if (pat === null) return false
    const [before] = this.#pats.values()
    const last = section[7] ?? 0
    if (
      before !== undefined &&
      (before.version !== pat.version || before.transport_stream_id !== pat.transport_stream_id)
    )
      this.#pats.clear()
    this.#pats.set(section[6] ?? 0, pat)
    if (this.#pats.size > last) this.#follow()
    return true
  }

  /** The whole PAT is there: programmes that it still lists keep their PMT. */
  #follow(): void {
    const listed = [...this.#pats.values()]
      .flatMap(({ programs }) => programs)
      .filter(({ program_number }) => program_number !== 0)
    const old = this.#programs
    this.#programs = listed.slice(0, PROGRAMS_MAX).map(({ program_number, pid }) => {
      return (
        old.find((program) => program.program_number === program_number && program.pid === pid) ?? {
          program_number,
          pid,
          pmt: null,
          sightings: 0,
        }
      )
    })
    if (this.#chosen !== null && !this.#programs.includes(this.#chosen)) this.#chosen = null
    const wanted = new Set(this.#programs.map(({ pid }) => pid))
    for (const pid of this.#assemblers.keys()) if (pid !== PAT_PID && !wanted.has(pid)) this.#assemblers.delete(pid)
    for (const key of this.#seen.keys())
      if (!key.startsWith(`${PAT_PID}/`) && !wanted.has(Number(key.split("/")[0]))) this.#seen.delete(key)
    this.#handler.tables()
  }

  #pmt(pid: number, section: Uint8Array): boolean {
    const pmt = parsePmt(section)
    const program = this.#programs.find((each) => each.pid === pid && each.program_number === pmt?.program_number)
    if (pmt === null || program === undefined) return false
    program.pmt = pmt
    if (program === this.#chosen) this.#select(pmt)
    return true
  }

  #choose(): void {
    const program = this.#candidate(this.#programs.every(({ sightings }) => sightings < PATIENCE))
    if (program === null || program.pmt === null) return
    this.#chosen = program
    this.#select(program.pmt)
    this.#handler.tables()
  }

  #candidate(patient: boolean): Program | null {
    const { programNumber } = this.#choice
    if (programNumber !== undefined)
      return this.#programs.find(({ program_number }) => program_number === programNumber) ?? null
    let fallback: Program | null = null
    for (const program of this.#programs) {
      if (program.pmt === null) {
        if (patient) return null
        continue
      }
      const { video, audio } = selectStreams(program.pmt, this.#choice)
      if (video !== null) return program
      if (
        fallback === null ||
        (audio !== null && selectStreams(fallback.pmt ?? program.pmt, this.#choice).audio === null)
      )
        fallback = program
    }
    return fallback
  }

  #select(pmt: Pmt): void {
    const streams = selectStreams(pmt, this.#choice)
    if (sameStreams(this.#selection, streams)) return
    this.#selection = streams
    this.#handler.selected(streams)
  }
}
