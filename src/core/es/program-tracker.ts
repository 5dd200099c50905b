/** Chooses the programme that is taken apart, and its streams. */
import type { Pmt } from "../ts/psi.ts"
import { type Program, ProgramFollower } from "./program-follower.ts"
import { type StreamChoice, sameStreams, selectStreams } from "./select-streams.ts"
import type { SelectedStreams } from "./units.ts"

export interface ProgramChoice extends StreamChoice {
  /** Left out: the first programme with video, or the first at all where none has any. */
  readonly programNumber?: number
}

export interface TrackerHandler {
  /** The streams that are carried on, before the first and at each change. */
  readonly selected: (streams: SelectedStreams) => void
  /** `pids` are others now. */
  readonly tables: () => void
}

/** Programmes beyond this many are not looked at. */
const PROGRAMS_MAX = 64
/** Once a PMT has come this often, programmes whose PMT is missing are not waited for. */
const PATIENCE = 2

/**
 * The programme of the `TsDemuxer`. Where `ProgramTables` of HLS has to begin soon and takes the first video it meets,
 * this chooses in the order of the whole PAT, so that the same stream always yields the same programme; and it goes on
 * with the streams of a programme that has gone until there is another.
 */
export class ProgramTracker {
  readonly #choice: ProgramChoice
  readonly #handler: TrackerHandler
  readonly #programs: ProgramFollower
  #selection: SelectedStreams | null = null

  constructor(choice: ProgramChoice, handler: TrackerHandler) {
    this.#choice = choice
    this.#handler = handler
    this.#programs = new ProgramFollower(
      { pat: "whole", programsMax: PROGRAMS_MAX },
      { pat: () => this.#pat(), pmt: (program, isNew) => this.#pmt(program, isNew) },
    )
  }

  /** The PIDs whose packets are wanted. */
  get pids(): ReadonlySet<number> {
    return this.#programs.pids
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
    this.#programs.packet(bytes, start, end, pid, unitStart, continuity, discontinuity)
  }

  #pat(): void {
    this.#handler.tables()
    if (this.#programs.chosen === null) this.#choose()
  }

  #pmt(program: Program, isNew: boolean): void {
    if (this.#programs.chosen === null) this.#choose()
    else if (isNew && program === this.#programs.chosen && program.pmt !== null) this.#select(program.pmt)
  }

  #choose(): void {
    const program = this.#candidate(this.#programs.programs.every(({ sightings }) => sightings < PATIENCE))
    if (program === null || program.pmt === null) return
    this.#programs.choose(program)
    this.#select(program.pmt)
    this.#handler.tables()
  }

  #candidate(patient: boolean): Program | null {
    const { programs } = this.#programs
    const { programNumber } = this.#choice
    if (programNumber !== undefined)
      return programs.find(({ program_number }) => program_number === programNumber) ?? null
    let fallback: Program | null = null
    for (const program of programs) {
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
