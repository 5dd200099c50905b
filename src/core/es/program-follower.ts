/**
 * Follows PAT (ISO/IEC 13818-1 2.4.4.3) and PMT (2.4.4.8) of a transport stream: sections out of packets, versions, the
 * programmes there are, and the one that was chosen until the PAT no longer lists it. Which one that is to be, and what
 * a change means, is for its users: `ProgramTracker`, which takes streams apart, and `ProgramTables` of HLS.
 */
import { type Pat, type Pmt, parsePat, parsePmt } from "../ts/psi.ts"
import { SectionAssembler } from "./section-assembler.ts"

export const PAT_PID = 0

/** A programme of the PAT, with its PMT once that has come. */
export interface Program {
  readonly program_number: number
  /** PID of its PMT. */
  readonly pid: number
  readonly pmt: Pmt | null
  /** The section that `pmt` was read from. */
  readonly section: Uint8Array | null
  /** How often its PMT came. */
  readonly sightings: number
}

type Followed = { -readonly [Key in keyof Program]: Program[Key] }

export interface FollowerOptions {
  /**
   * `whole`: a PAT counts once all its sections are there, in any order. `in order`: each section counts as it comes,
   * once those before it are there.
   */
  readonly pat: "whole" | "in order"
  /** Programmes beyond this many are not looked at. Default: all are. */
  readonly programsMax?: number
}

export interface FollowerHandler {
  /** The PAT is another; the chosen programme may have gone with it. */
  readonly pat: () => void
  /** A sound PMT of a programme in the PAT has come; `isNew` when its bytes are others than before. */
  readonly pmt: (program: Program, isNew: boolean) => void
}

interface PatSection {
  readonly bytes: Uint8Array
  readonly pat: Pat
}

const same = (a: Uint8Array | null | undefined, b: Uint8Array): boolean => {
  if (a == null || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** current_next_indicator: a table that is not in force yet changes nothing. */
const isCurrent = (section: Uint8Array): boolean => ((section[5] ?? 0) & 1) !== 0

export class ProgramFollower {
  readonly #options: FollowerOptions
  readonly #handler: FollowerHandler
  readonly #assemblers = new Map<number, SectionAssembler>()
  /** By section_number, as they came; of one version. */
  readonly #pat = new Map<number, PatSection>()
  #programs: ReadonlyArray<Followed> = []
  #chosen: Followed | null = null
  #wanted: ReadonlySet<number> = new Set([PAT_PID])

  constructor(options: FollowerOptions, handler: FollowerHandler) {
    this.#options = options
    this.#handler = handler
  }

  /** The programmes of the PAT, in its order. */
  get programs(): ReadonlyArray<Program> {
    return this.#programs
  }

  /** The programme that was chosen; null before, and when the PAT no longer lists it. */
  get chosen(): Program | null {
    return this.#chosen
  }

  /** The sections of the PAT in force that have come. */
  get patSections(): ReadonlyArray<Uint8Array> {
    return [...this.#pat.values()].map(({ bytes }) => bytes)
  }

  /** The PIDs whose packets are wanted: the PAT's, and those of all PMTs until a programme is chosen, then of its own. */
  get pids(): ReadonlySet<number> {
    return this.#wanted
  }

  /** One of `programs` is carried on; the PMTs of the others are no longer looked at. */
  choose(program: Program): void {
    this.#chosen = this.#programs.find((one) => one === program) ?? null
    this.#watch()
  }

  /**
   * Takes the payload of a TS packet of one of `pids`, `start` to `end` of `bytes`, with its continuity_counter and
   * discontinuity_indicator. Nothing of `bytes` is kept.
   */
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
    if (!isCurrent(section)) return
    if (pid === PAT_PID) this.#takePat(section)
    else this.#takePmt(pid, section)
  }

  #takePat(section: Uint8Array): void {
    const [, , , , , , number = 0, last = 0] = section
    if (same(this.#pat.get(number)?.bytes, section)) return
    const pat = parsePat(section)
    if (pat === null) return
    const [before] = this.#pat.values()
    const isOther =
      before !== undefined &&
      (before.pat.version !== pat.version || before.pat.transport_stream_id !== pat.transport_stream_id)
    if (isOther || this.#pat.size > last + 1) this.#pat.clear()
    const isWhole = this.#options.pat === "whole"
    if (!isWhole && number > this.#pat.size) return
    this.#pat.set(number, { bytes: section.slice(), pat })
    if (isWhole && this.#pat.size <= last) return
    this.#list()
    this.#handler.pat()
  }

  /** Programmes that the PAT still lists keep their PMT. */
  #list(): void {
    const listed = [...this.#pat.values()]
      .flatMap(({ pat }) => pat.programs)
      .filter(({ program_number }) => program_number !== 0)
      .slice(0, this.#options.programsMax)
    const old = this.#programs
    this.#programs = listed.map(
      ({ program_number, pid }) =>
        old.find((one) => one.program_number === program_number && one.pid === pid) ?? {
          program_number,
          pid,
          pmt: null,
          section: null,
          sightings: 0,
        },
    )
    if (this.#chosen !== null && !this.#programs.includes(this.#chosen)) this.#chosen = null
    this.#watch()
  }

  #watch(): void {
    const programs = this.#chosen === null ? this.#programs : [this.#chosen]
    this.#wanted = new Set([PAT_PID, ...programs.map(({ pid }) => pid)])
    for (const pid of this.#assemblers.keys()) if (!this.#wanted.has(pid)) this.#assemblers.delete(pid)
  }

  #takePmt(pid: number, section: Uint8Array): void {
    const number = ((section[3] ?? 0) << 8) | (section[4] ?? 0)
    const program = this.#programs.find((one) => one.pid === pid && one.program_number === number)
    if (program === undefined) return
    const isNew = !same(program.section, section)
    if (isNew) {
      const bytes = section.slice()
      const pmt = parsePmt(bytes)
      if (pmt === null) return
      program.pmt = pmt
      program.section = bytes
    }
    program.sightings += 1
    this.#handler.pmt(program, isNew)
  }
}
