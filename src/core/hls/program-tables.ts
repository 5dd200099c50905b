/** PAT and PMT as they were last seen, and the stream of the programme that segments are cut by. */
import { SectionAssembler } from "../es/section-assembler.ts"
import { type Pmt, type PmtStream, parsePat, parsePmt, registrationOf } from "../ts/psi.ts"
import { type ReferenceKind, STREAM_TYPE_PRIVATE_PES, STREAM_TYPES } from "../ts/stream-types.ts"

export const PAT_PID = 0

/** The stream that decides where segments begin: video, or audio where there is none. */
export interface ReferenceStream {
  readonly pid: number
  readonly kind: ReferenceKind
}

/** `tables`: other bytes, the same streams; `streams`: another programme, or other PIDs or types. */
export type TableChange = "none" | "tables" | "streams"

const REFERENCES = new Map(STREAM_TYPES.map(({ reference, type }) => [type, reference]))
/** AC-3, DTS, E-AC-3, AAC (ETSI EN 300 468), and the extension descriptor, which Opus has. */
const AUDIO_TAGS = new Set([0x6a, 0x7a, 0x7b, 0x7c, 0x7f])
const AUDIO_REGISTRATIONS = new Set(["AC-3", "EAC3", "Opus", "BSSD", "AC-4", "DTS1", "DTS2", "DTS3"])

const isHevc = (one: PmtStream["descriptors"][number]): boolean => registrationOf(one) === "HEVC"

const isAudioDescriptor = (one: PmtStream["descriptors"][number]): boolean =>
  AUDIO_TAGS.has(one.tag) || AUDIO_REGISTRATIONS.has(registrationOf(one) ?? "")

const kindOf = ({ descriptors, stream_type }: PmtStream): ReferenceKind | null => {
  if (stream_type !== STREAM_TYPE_PRIVATE_PES) return REFERENCES.get(stream_type) ?? null
  return descriptors.some(isHevc) ? "hevc" : descriptors.some(isAudioDescriptor) ? "audio" : null
}

/** The first video stream of a programme, or its first audio stream where there is none. */
const referenceOf = (pmt: Pmt): ReferenceStream | null => {
  let audio: ReferenceStream | null = null
  for (const stream of pmt.streams) {
    const kind = kindOf(stream)
    if (kind === null) continue
    if (kind !== "audio") return { pid: stream.pid, kind }
    audio ??= { pid: stream.pid, kind }
  }
  return audio
}

const layoutOf = (pmt: Pmt): string =>
  `${pmt.program_number}/${pmt.pcr_pid}/${pmt.streams.map((s) => `${s.pid}:${s.stream_type}`).join()}`

const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => {
  if (a === undefined || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

interface Program {
  readonly program_number: number
  readonly pid: number
  pmt: Pmt | null
  section: Uint8Array | null
  /** Times its PMT came. */
  seen: number
}

const EMPTY: ReadonlyArray<Uint8Array> = []

export class ProgramTables {
  readonly #assemblers = new Map<number, SectionAssembler>()
  /** By section_number; of one version. */
  #pat: Uint8Array[] = []
  #programs: ReadonlyArray<Program> = []
  #chosen: Program | null = null
  #layout = ""
  #change: TableChange = "none"
  reference: ReferenceStream | null = null

  /** Programmes in the PAT; HLS has room for one. */
  get programs(): number {
    return this.#programs.length
  }

  /** PCR_PID of the programme; -1 while there is none. */
  get pcrPid(): number {
    return this.#chosen?.pmt?.pcr_pid ?? -1
  }

  /** PID of the programme's PMT; -1 while there is none. */
  get pmtPid(): number {
    return this.#chosen?.pid ?? -1
  }

  /** True for PAT and PMT PIDs that `packet` wants to see. */
  carriesTables(pid: number): boolean {
    return pid === PAT_PID || this.#assemblers.has(pid)
  }

  /** The sections a segment begins with: of the PAT, and the programme's PMT. */
  get patSections(): ReadonlyArray<Uint8Array> {
    return this.#chosen?.section == null ? EMPTY : this.#pat
  }

  get pmtSections(): ReadonlyArray<Uint8Array> {
    return this.#chosen?.section == null ? EMPTY : [this.#chosen.section]
  }

  /** Takes the payload of a packet of one of these PIDs; `start` to `end` of `bytes`. */
  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    pid: number,
    unitStart: boolean,
    continuity: number,
    flagged: boolean,
  ): TableChange {
    let assembler = this.#assemblers.get(pid)
    if (assembler === undefined) {
      assembler = new SectionAssembler((section) => this.#section(pid, section))
      this.#assemblers.set(pid, assembler)
    }
    this.#change = "none"
    if (flagged) assembler.reset()
    assembler.packet(bytes, start, end, unitStart, continuity)
    return this.#change
  }

  #section(pid: number, section: Uint8Array): void {
    // current_next_indicator: a table that is not in force yet changes nothing.
    if (((section[5] ?? 0) & 1) === 0) return
    if (pid === PAT_PID) this.#takePat(section)
    else this.#takePmt(pid, section)
  }

  #takePat(section: Uint8Array): void {
    const number = section[6] ?? 0
    if (same(this.#pat[number], section)) return
    const pat = parsePat(section)
    if (pat === null) return
    const [before] = this.#pat
    const isOther =
      before !== undefined && (before[5] !== section[5] || before[3] !== section[3] || before[4] !== section[4])
    if (isOther || this.#pat.length > (section[7] ?? 0) + 1) this.#pat = []
    // A section of a table is put in place once those before it are there.
    if (number > this.#pat.length) return
    this.#pat[number] = section.slice()
    this.#note("tables")
    const listed = this.#pat
      .flatMap((one) => parsePat(one)?.programs ?? [])
      .filter(({ program_number }) => program_number !== 0)
    const old = this.#programs
    this.#programs = listed.map(
      ({ program_number, pid }) =>
        old.find((one) => one.program_number === program_number && one.pid === pid) ?? {
          program_number,
          pid,
          pmt: null,
          section: null,
          seen: 0,
        },
    )
    if (this.#chosen !== null && !this.#programs.includes(this.#chosen)) this.#choose(null)
    this.#watch()
  }

  /** Every PMT until the programme is chosen, then its own. */
  #watch(): void {
    const wanted = this.#chosen === null ? this.#programs : [this.#chosen]
    const pids = new Set([PAT_PID, ...wanted.map(({ pid }) => pid)])
    for (const pid of this.#assemblers.keys()) if (!pids.has(pid)) this.#assemblers.delete(pid)
    for (const pid of pids)
      if (!this.#assemblers.has(pid))
        this.#assemblers.set(pid, new SectionAssembler((section) => this.#section(pid, section)))
  }

  #takePmt(pid: number, section: Uint8Array): void {
    const program = this.#programs.find(
      (one) => one.pid === pid && one.program_number === (((section[3] ?? 0) << 8) | (section[4] ?? 0)),
    )
    if (program === undefined) return
    if (!same(program.section ?? undefined, section)) {
      const pmt = parsePmt(section)
      if (pmt === null) return
      program.pmt = pmt
      program.section = section.slice()
      if (program === this.#chosen) this.#choose(program)
    }
    program.seen += 1
    if (this.#chosen === null) this.#first()
  }

  /** The first programme with video; once all PMTs, or one of them twice, were seen: else the first with audio. */
  #first(): void {
    const complete = this.#programs.every(({ pmt }) => pmt !== null) || this.#programs.some(({ seen }) => seen > 1)
    const kind = ({ pmt }: Program) => (pmt === null ? null : (referenceOf(pmt)?.kind ?? null))
    const video = this.#programs.find((one) => (kind(one) ?? "audio") !== "audio")
    const chosen = video ?? (complete ? (this.#programs.find((one) => kind(one) !== null) ?? null) : null)
    if (chosen === null) return
    this.#choose(chosen)
    this.#watch()
  }

  #choose(program: Program | null): void {
    this.#chosen = program
    const pmt = program?.pmt ?? null
    this.reference = pmt === null ? null : referenceOf(pmt)
    const layout = pmt === null ? "" : layoutOf(pmt)
    this.#note(layout === this.#layout ? "tables" : "streams")
    this.#layout = layout
  }

  #note(change: TableChange): void {
    if (this.#change !== "streams") this.#change = change
  }
}
