/** PAT and PMT as they were last seen, and the stream of the programme that segments are cut by. */
import { type Program, ProgramFollower } from "../es/program-follower.ts"
import { type Pmt, type PmtStream, registrationOf } from "../ts/psi.ts"
import { type ReferenceKind, STREAM_TYPE_PRIVATE_PES, STREAM_TYPES } from "../ts/stream-types.ts"

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

const EMPTY: ReadonlyArray<Uint8Array> = []

const kindIn = ({ pmt }: Program): ReferenceKind | null => (pmt === null ? null : (referenceOf(pmt)?.kind ?? null))

/**
 * PAT and PMT for segments, which begin with them. Where `ProgramTracker` chooses in the order of the whole PAT, this
 * takes the first programme whose PMT shows video, and each section of the PAT as it comes, so that segments can begin
 * soon; and a programme that has gone ends what there is.
 */
export class ProgramTables {
  readonly #programs = new ProgramFollower(
    { pat: "in order" },
    { pat: () => this.#pat(), pmt: (program, isNew) => this.#pmt(program, isNew) },
  )
  #layout = ""
  #change: TableChange = "none"
  reference: ReferenceStream | null = null

  /** Programmes in the PAT; HLS has room for one. */
  get programs(): number {
    return this.#programs.programs.length
  }

  /** PCR_PID of the programme; -1 while there is none. */
  get pcrPid(): number {
    return this.#programs.chosen?.pmt?.pcr_pid ?? -1
  }

  /** PID of the programme's PMT; -1 while there is none. */
  get pmtPid(): number {
    return this.#programs.chosen?.pid ?? -1
  }

  /** True for PAT and PMT PIDs that `packet` wants to see. */
  carriesTables(pid: number): boolean {
    return this.#programs.pids.has(pid)
  }

  /** The sections a segment begins with: of the PAT, and the programme's PMT. */
  get patSections(): ReadonlyArray<Uint8Array> {
    return this.#programs.chosen?.section == null ? EMPTY : this.#programs.patSections
  }

  get pmtSections(): ReadonlyArray<Uint8Array> {
    const { chosen } = this.#programs
    return chosen?.section == null ? EMPTY : [chosen.section]
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
    this.#change = "none"
    this.#programs.packet(bytes, start, end, pid, unitStart, continuity, flagged)
    return this.#change
  }

  #pat(): void {
    this.#note("tables")
    if (this.#programs.chosen === null) this.#follow(null)
  }

  #pmt(program: Program, isNew: boolean): void {
    if (this.#programs.chosen === null) this.#choose()
    else if (isNew && program === this.#programs.chosen) this.#follow(program.pmt)
  }

  /** The first programme with video; once all PMTs, or one of them twice, were seen: else the first with audio. */
  #choose(): void {
    const { programs } = this.#programs
    const complete = programs.every(({ pmt }) => pmt !== null) || programs.some(({ sightings }) => sightings > 1)
    const video = programs.find((one) => (kindIn(one) ?? "audio") !== "audio")
    const chosen = video ?? (complete ? programs.find((one) => kindIn(one) !== null) : undefined)
    if (chosen === undefined) return
    this.#programs.choose(chosen)
    this.#follow(chosen.pmt)
  }

  #follow(pmt: Pmt | null): void {
    this.reference = pmt === null ? null : referenceOf(pmt)
    const layout = pmt === null ? "" : layoutOf(pmt)
    this.#note(layout === this.#layout ? "tables" : "streams")
    this.#layout = layout
  }

  #note(change: TableChange): void {
    if (this.#change !== "streams") this.#change = change
  }
}
