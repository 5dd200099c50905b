/** Access units and audio packets of one programme, out of a transport stream (ISO/IEC 13818-1 2.4). */
import { NULL_PID, SYNC_BYTE, TS_PACKET_SIZE } from "../ts/packet.ts"
import { INTAKE, PesArena, PesAssembler, type PesHandler, type PesHeader, parsePesHeader } from "./pes-assembler.ts"
import { type ProgramChoice, ProgramTracker } from "./program-tracker.ts"
import type { DemuxerHandler, LossReason, SelectedStreams, VideoCodec } from "./units.ts"
import { VideoUnits } from "./video-units.ts"

const PIDS = 8192
const IGNORED = 0
const TABLES = 1
const VIDEO = 2
const AUDIO = 3

export type TsDemuxerOptions = ProgramChoice

export class TsDemuxer {
  readonly #handler: DemuxerHandler
  /** What each PID means: one look a packet. */
  readonly #kinds = new Uint8Array(PIDS)
  readonly #arena = new PesArena()
  readonly #tracker: ProgramTracker
  readonly #video: PesAssembler
  readonly #audio: PesAssembler
  #streams: SelectedStreams | null = null
  #units: VideoUnits | null = null

  constructor(handler: DemuxerHandler, options: TsDemuxerOptions = {}) {
    this.#handler = handler
    this.#tracker = new ProgramTracker(options, {
      selected: (streams) => this.#select(streams),
      tables: () => this.#markPids(),
    })
    this.#video = new PesAssembler(this.#arena, "video", this.#videoHandler())
    this.#audio = new PesAssembler(this.#arena, "audio", this.#audioHandler())
    this.#markPids()
  }

  /**
   * Takes `length` bytes from `offset`: whole TS packets. Bytes are copied, nothing of `bytes` is kept. A packet
   * without sync byte is left out. Handlers are called from within.
   */
  push(bytes: Uint8Array, offset = 0, length = bytes.length - offset): void {
    const end = offset + length - (length % TS_PACKET_SIZE)
    for (let at = offset; at < end; ) {
      const size = Math.min(INTAKE, end - at)
      this.#arena.bytes.set(at === 0 && size === bytes.length ? bytes : bytes.subarray(at, at + size))
      for (let packet = 0; packet < size; packet += TS_PACKET_SIZE) this.#packet(packet)
      at += size
    }
  }

  /** The end of the stream: a video unit that waits for its end is whole. */
  flush(): void {
    this.#video.flush()
    this.#units?.flush()
    this.#audio.flush()
  }

  #packet(at: number): void {
    const { bytes } = this.#arena
    const b1 = bytes[at + 1] ?? 0
    const pid = ((b1 & 0x1f) << 8) | (bytes[at + 2] ?? 0)
    const kind = this.#kinds[pid]
    if (kind === IGNORED || bytes[at] !== SYNC_BYTE) return
    if ((b1 & 0x80) !== 0) {
      // The PID itself may be wrong: tables wait for their repetition, a PES packet cannot be trusted.
      if (kind === VIDEO) this.#video.drop("transport_error")
      else if (kind === AUDIO) this.#audio.drop("transport_error")
      return
    }
    const b3 = bytes[at + 3] ?? 0
    const end = at + TS_PACKET_SIZE
    let start = at + 4
    let discontinuity = false
    if ((b3 & 0x20) !== 0) {
      const size = bytes[at + 4] ?? 0
      start += 1 + size
      discontinuity = size > 0 && ((bytes[at + 5] ?? 0) & 0x80) !== 0
    }
    const hasPayload = (b3 & 0x10) !== 0
    const unitStart = (b1 & 0x40) !== 0
    if (kind === TABLES) {
      if (hasPayload && (b3 & 0xc0) === 0 && start < end)
        this.#tracker.packet(bytes, start, end, pid, unitStart, b3 & 15, discontinuity)
      return
    }
    const assembler = kind === VIDEO ? this.#video : this.#audio
    if (discontinuity) this.#handler.discontinuity()
    if (!hasPayload) {
      if (discontinuity) assembler.restart("discontinuity")
    } else if ((b3 & 0xc0) !== 0) assembler.restart("scrambled")
    else if (start > end) assembler.restart("malformed")
    else assembler.packet(start, end, unitStart, b3 & 15, discontinuity)
  }

  #select(streams: SelectedStreams): void {
    const before = this.#streams
    this.#streams = streams
    if (before?.video?.pid !== streams.video?.pid || before?.video?.codec !== streams.video?.codec) {
      this.#video.flush()
      this.#units?.flush()
      this.#video.restart("discontinuity")
      this.#units = streams.video === null ? null : this.#unitsOf(streams.video.codec)
    }
    if (before?.audio?.pid !== streams.audio?.pid || before?.audio?.codec !== streams.audio?.codec) {
      this.#audio.flush()
      this.#audio.restart("discontinuity")
    }
    this.#markPids()
    this.#handler.streams(streams)
  }

  #markPids(): void {
    this.#kinds.fill(IGNORED)
    if (this.#streams?.video != null) this.#kinds[this.#streams.video.pid] = VIDEO
    if (this.#streams?.audio != null) this.#kinds[this.#streams.audio.pid] = AUDIO
    for (const pid of this.#tracker.pids) this.#kinds[pid] = TABLES
    this.#kinds[NULL_PID] = IGNORED
  }

  #unitsOf(codec: VideoCodec): VideoUnits {
    return new VideoUnits(codec, this.#handler.video, (reason, bytes) =>
      this.#handler.lost({ kind: "video", reason, bytes }),
    )
  }

  #videoHandler(): PesHandler {
    return {
      packet: (bytes: Uint8Array, header: PesHeader, end: number, next: number, nextEnd: number) => {
        const { pts, dts } = header
        const times = pts === null ? null : { pts, dts: dts ?? pts }
        this.#units?.push(bytes.subarray(header.payload, end), times, next > 0 && this.#goesOn(bytes, next, nextEnd))
      },
      lost: (reason: LossReason, bytes: number) => {
        this.#units?.lost()
        this.#handler.lost({ kind: "video", reason, bytes })
      },
    }
  }

  /** Whether the video PES packet whose first part this is begins in the middle of an access unit. */
  #goesOn(bytes: Uint8Array, start: number, end: number): boolean {
    const header = parsePesHeader(bytes, start, end)
    return (
      typeof header !== "string" &&
      header.payload < end &&
      this.#units?.begins(bytes.subarray(header.payload, end)) === false
    )
  }

  #audioHandler(): PesHandler {
    return {
      packet: (bytes, { payload, pts }, end) => {
        const codec = this.#streams?.audio?.codec
        if (codec !== undefined) this.#handler.audio({ codec, pts90k: pts, bytes: bytes.subarray(payload, end) })
      },
      lost: (reason, bytes) => this.#handler.lost({ kind: "audio", reason, bytes }),
    }
  }
}
