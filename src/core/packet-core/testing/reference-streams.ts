/**
 * Decides which PIDs the reference parser follows, as the PMTs in force name them, and which of them are the main
 * programme's.
 */
import { type Pmt, type PmtStream, registrationOf } from "../../ts/psi.ts"

export type VideoCodec = "mpeg2" | "avc" | "hevc" | "other"
export type StreamKind = { readonly media: "video"; readonly codec: VideoCodec } | { readonly media: "audio" }

const VIDEO: ReadonlyMap<number, VideoCodec> = new Map([
  ...([0x01, 0x02] as const).map((type) => [type, "mpeg2"] as const),
  [0x1b, "avc"],
  [0x24, "hevc"],
  ...([0x10, 0x21, 0x33, 0x42, 0xea] as const).map((type) => [type, "other"] as const),
])
const AUDIO = new Set([0x03, 0x04, 0x0f, 0x11, 0x1c, 0x2d, 0x2e, 0x81, 0x84, 0x85, 0x87, 0x88, 0x8a])
const PRIVATE_PES = 0x06
const AUDIO_DESCRIPTORS = new Set([0x6a, 0x7a, 0x7b, 0x7c])
const AUDIO_FORMATS = new Set(["AC-3", "EAC3", "DTS1", "DTS2", "DTS3", "Opus", "BSSD"])

/** What a stream of a PMT is; null when it is neither video nor audio. */
export const streamKind = ({ stream_type, descriptors }: PmtStream): StreamKind | null => {
  const codec = VIDEO.get(stream_type)
  if (codec !== undefined) return { media: "video", codec }
  const isPrivateAudio = descriptors.some(
    (each) => AUDIO_DESCRIPTORS.has(each.tag) || AUDIO_FORMATS.has(registrationOf(each) ?? ""),
  )
  return AUDIO.has(stream_type) || (stream_type === PRIVATE_PES && isPrivateAudio) ? { media: "audio" } : null
}

interface Programme {
  readonly pmtPid: number
  readonly number: number
  readonly pcrPid: number | null
  /** Kinds of the streams by PID, in the order of the PMT. */
  readonly streams: ReadonlyMap<number, StreamKind>
}

/** What all PMTs together say about a followed PID. */
export interface Role {
  /** Whether the PID carries video or audio. */
  readonly hasUnits: boolean
  /** Whether a programme names the PID as its PCR PID. The PIDs of a programme that names none may have a PCR. */
  readonly isPcrPid: boolean
  readonly mayHavePcr: boolean
}

export interface Main {
  readonly programme: Programme | null
  /** The stream whose access points count. */
  readonly access: { readonly pid: number; readonly kind: StreamKind } | null
}

const isAssignable = (pid: number) => pid >= 0x10 && pid < 0x1fff

const readProgramme = (pmtPid: number, pmt: Pmt): Programme => {
  const streams = new Map<number, StreamKind>()
  for (const stream of pmt.streams) {
    const kind = streamKind(stream)
    if (kind !== null && isAssignable(stream.pid) && !streams.has(stream.pid)) streams.set(stream.pid, kind)
  }
  return { pmtPid, number: pmt.program_number, pcrPid: isAssignable(pmt.pcr_pid) ? pmt.pcr_pid : null, streams }
}

export class ReferenceStreams {
  readonly #programmes = new Map<string, Programme>()
  roles: ReadonlyMap<number, Role> = new Map()
  main: Main = { programme: null, access: null }

  /** Takes a PMT that is new or has changed. */
  set(pmtPid: number, pmt: Pmt): void {
    this.#programmes.set(`${pmtPid}/${pmt.program_number}`, readProgramme(pmtPid, pmt))
    this.#settle()
  }

  /** Drops a programme, or with null all programmes of a PMT PID. */
  drop(pmtPid: number, number: number | null): void {
    for (const [key, programme] of [...this.#programmes]) {
      if (programme.pmtPid === pmtPid && (number === null || programme.number === number)) this.#programmes.delete(key)
    }
    this.#settle()
  }

  #settle(): void {
    const roles = new Map<number, Role>()
    const add = (pid: number, role: Role) => {
      const before = roles.get(pid)
      roles.set(pid, {
        hasUnits: before?.hasUnits === true || role.hasUnits,
        isPcrPid: before?.isPcrPid === true || role.isPcrPid,
        mayHavePcr: before?.mayHavePcr === true || role.mayHavePcr,
      })
    }
    for (const { streams, pcrPid } of this.#programmes.values()) {
      for (const pid of streams.keys()) add(pid, { hasUnits: true, isPcrPid: false, mayHavePcr: pcrPid === null })
      if (pcrPid !== null) add(pcrPid, { hasUnits: false, isPcrPid: true, mayHavePcr: false })
    }
    this.roles = roles
    this.main = this.#chooseMain()
  }

  /** Chooses the programme with the lowest number among those with video, else with audio, else with a PCR. */
  #chooseMain(): Main {
    const programmes = [...this.#programmes.values()].sort((a, b) => a.number - b.number || a.pmtPid - b.pmtPid)
    for (const media of ["video", "audio"] as const) {
      for (const programme of programmes) {
        const found = [...programme.streams].find(([, kind]) => kind.media === media)
        if (found !== undefined) return { programme, access: { pid: found[0], kind: found[1] } }
      }
    }
    return { programme: programmes.find(({ pcrPid }) => pcrPid !== null) ?? null, access: null }
  }
}
