/**
 * RTMP and RTMPS output: the channel's shared messages, queued for one server, whole groups of pictures dropped when it
 * reads too slowly.
 */

import { cuePoint } from "../../core/flv/cue-points.ts"
import type { FlvMessage } from "../../core/flv/message.ts"
import type { OutputSettings } from "../../core/output/output-settings.ts"
import type { RtmpTarget } from "../../core/output/output-url.ts"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import { type QueuedKind, type QueuedMessage, SendQueue } from "../../core/rtmp/send-queue.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import type { FlvRemux, FlvSubscriber } from "../remux/flv-remux.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { RtmpConnection } from "../rtmp/rtmp-connection.ts"
import { type OutgoingCue, type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"

/** Two groups of pictures of 2 s at 16 Mbit/s. Bodies are shared, so this bounds what a slow server can hold back. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024
/** Largest chunk and message headers. */
const HEADER_BYTES = 18
const CUES_KEPT = 256
const DEFAULT_AUDIO = OUTPUT_SETTINGS.audio.default
const DEFAULT_CUE_POINTS = OUTPUT_SETTINGS.cue_points.default

interface Queued extends QueuedMessage {
  readonly type: FlvMessage["type"]
  readonly body: Uint8Array
  /** Slot of the ring of a cue. */
  readonly position?: number
}

const MEDIA = { 8: "audio", 9: "video", 18: "data" } as const
const HEADERS: Readonly<Record<string, string>> = { metadata: "metadata", video_header: "video", audio_header: "audio" }

const restamp = (header: Queued, timestampMs: number): Queued => ({ ...header, timestampMs })

export class RtmpOutput implements OutputSession, FlvSubscriber {
  readonly spec: OutputSpec
  readonly channel: number
  readonly immediate = false
  readonly maxBurstUs = Number.POSITIVE_INFINITY
  readonly waiting = false
  readonly carriesCues: boolean
  readonly #context: SessionContext
  readonly #style: NonNullable<OutputSettings["cue_points"]>
  readonly #life = new SessionLife(() => this.#letGo())
  readonly #figures = this.#life.figures
  readonly #queue = new SendQueue<Queued>(restamp, { maxBytes: MAX_QUEUED_BYTES })
  readonly #remux: FlvRemux
  readonly #release: () => void
  readonly #connection: RtmpConnection
  /** What became of cues, by slot. */
  readonly #fates = new Map<number, SlotFate>()
  #notes: ReadonlyArray<string> = []
  /** Output time of this output's 0; null until its first key frame. */
  #baseMs: number | null = null
  /** Slots that the remux had given up before this output began. */
  #droppedBefore = 0
  #lastMs = 0

  constructor(context: SessionContext, spec: OutputSpec, channel: number, target: RtmpTarget) {
    this.spec = spec
    this.channel = channel
    this.#context = context
    const {
      audio = DEFAULT_AUDIO,
      codecs = [],
      cue_points = DEFAULT_CUE_POINTS,
      verify_tls = true,
    } = spec.settings ?? {}
    this.#style = cue_points
    this.carriesCues = cue_points !== "none"
    const { release, remux } = context.remuxes.take(channel, {
      audio,
      allow: {
        hevc: codecs.includes("hevc"),
        ac3: codecs.includes("ac3"),
        eac3: codecs.includes("eac3"),
        opus: codecs.includes("opus"),
      },
    })
    this.#remux = remux
    this.#release = release
    this.#connection = new RtmpConnection(
      { url: target.url, verifyTls: verify_tls, publicOnly: spec.public_only === true, mode: "publish" },
      {
        ready: () => this.#ready(),
        ended: (reason) => this.#life.end(reason),
        fault: (cause) => this.failed(cause),
        drained: () => this.#drain(),
        note: (text) => {
          this.#notes = [...this.#notes.slice(-4), text]
        },
      },
    )
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  #ready(): void {
    if (this.#life.ended) return
    this.#life.connect()
    this.#remux.subscribe(this)
    this.#droppedBefore = this.#remux.droppedSlots
  }

  failed(cause: unknown): void {
    this.#context.fault(this, cause)
  }

  message(message: FlvMessage): void {
    if (this.#baseMs === null && !this.#begin(message)) return
    const timestampMs = message.timestampMs - (this.#baseMs ?? 0)
    // Audio of before the first picture.
    if (timestampMs < 0) return
    this.#offer(message, timestampMs)
  }

  /** A stream begins with its headers, at a key frame. */
  #begin(message: FlvMessage): boolean {
    const starts = message.kind === "key" || (message.kind === "audio" && this.#remux.audioOnly)
    if (!starts) return false
    const { bases, headers } = this.#remux
    this.#baseMs = bases.get(this.spec.id) ?? message.timestampMs
    bases.set(this.spec.id, this.#baseMs)
    for (const header of headers) this.#offer(header, message.timestampMs - this.#baseMs)
    return true
  }

  #offer({ body, kind, type }: FlvMessage, timestampMs: number): void {
    const slot = HEADERS[kind]
    const queued: Queued = {
      type,
      body,
      timestampMs,
      bytes: body.length + HEADER_BYTES,
      kind: slot === undefined ? (kind as QueuedKind) : "header",
      ...(slot === undefined ? {} : { slot }),
    }
    this.#lastMs = Math.max(this.#lastMs, timestampMs)
    this.#queue.offer(queued, this.#connection.bufferedBytes)
  }

  onCue({ clock90k, position, section }: OutgoingCue): void {
    if (this.#style === "none" || !this.#life.connected) return
    const baseMs = this.#baseMs
    const timeOf = (ticks: number) => {
      const ms = this.#remux.mediaTime(ticks)
      return ms === null || baseMs === null ? null : ms - baseMs
    }
    const body = baseMs === null ? null : cuePoint(this.#style, section, { nowMs: this.#lastMs, clock90k, timeOf })
    this.#keepFate(position, body === null ? "dropped" : "waiting")
    if (body === null) return
    const message = { type: 18, kind: "data", timestampMs: this.#lastMs, bytes: body.length + HEADER_BYTES } as const
    this.#queue.offer({ ...message, body, position }, this.#connection.bufferedBytes)
  }

  #keepFate(position: number, fate: SlotFate): void {
    this.#fates.set(position, fate)
    const [oldest] = this.#fates.keys()
    if (this.#fates.size > CUES_KEPT && oldest !== undefined) this.#fates.delete(oldest)
  }

  flush(nowUs: number): void {
    if (!this.#life.connected) return
    this.#remux.pump(nowUs)
    // It may have ended meanwhile.
    if (this.#life.connected) this.#drain()
  }

  #drain(): void {
    if (!this.#context.fences.isOpen(this.channel)) return
    const pieces: Uint8Array[] = []
    let held = this.#connection.bufferedBytes
    for (let message = this.#queue.next(held); message !== null; message = this.#queue.next(held)) {
      for (const piece of this.#connection.pieces(MEDIA[message.type], message.timestampMs, message.body)) {
        pieces.push(piece)
        held += piece.length
        this.#figures.bytesSent += piece.length
      }
      this.#figures.packetsSent += 1
      if (message.position !== undefined) this.#fates.set(message.position, "sent")
    }
    // One write, one system call; bodies are small beside what a copy costs a connection anyway.
    if (pieces.length > 0) this.#connection.write(Buffer.concat(pieces))
    for (const { position } of this.#queue.takeMissed())
      if (position !== undefined) this.#fates.set(position, "dropped")
  }

  poll(): void {
    if (!this.#life.ended) this.#connection.poll()
  }

  fateOf(position: number): SlotFate {
    return this.#fates.get(position) ?? "dropped"
  }

  stats(): OutputStats {
    const { droppedMessages } = this.#queue.counters
    const droppedSlots = this.#figures.connectedAt === null ? 0 : this.#remux.droppedSlots - this.#droppedBefore
    this.#figures.packetsDropped = droppedMessages + droppedSlots
    this.#figures.address = this.#connection.address
    return statsOf(this, this.#figures, {
      warnings: [...this.#remux.problems, ...this.#notes],
      queueBytes: this.#queue.queuedBytes,
    })
  }

  close(): void {
    this.#life.close()
  }

  cut(reason: Reason): void {
    this.#connection.abort()
    this.#life.end(reason)
  }

  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    this.#remux.unsubscribe(this)
    this.#release()
    this.#connection.close()
  }
}
