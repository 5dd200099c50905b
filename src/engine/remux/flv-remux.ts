/**
 * What goes out of a channel as RTMP messages, made once for all RTMP outputs of the same settings. Reads the ring like
 * an output; its messages are shared by all queues and must not be changed.
 */
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/memory/layout.ts"
import { TsDemuxer } from "../../core/es/ts-demuxer.ts"
import { FlvMuxer, type FlvMuxerOptions } from "../../core/flv/flv-muxer.ts"
import type { FlvMessage } from "../../core/flv/message.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { encodeAmf0 } from "../../core/rtmp/amf0-encode.ts"
import { RingReader } from "../ring/ring-reader.ts"
import { REMUX_SHARE, SLOTS_A_LOOK, type WorkShare } from "./work-share.ts"

export interface FlvSubscriber {
  /** The next message in order. Called from within `pump`. */
  message(message: FlvMessage): void
  /** Something was thrown: by this subscriber's `message`, or by the remux, which is over then. */
  failed(cause: unknown): void
}

/** What was left out is told for so long, in ms. */
const TOLD_MS = 60_000

interface Told {
  times: number
  atMs: number
}

/** A name in front of the metadata makes a server keep it for players that come later. */
const SET_DATA_FRAME = encodeAmf0("@setDataFrame")

const TOO_MUCH = `Parts of the stream are left out: to take it apart costs more than ${REMUX_SHARE * 100} of 100 of the engine's time.`

const forServers = (message: FlvMessage): FlvMessage => {
  const body = new Uint8Array(SET_DATA_FRAME.length + message.body.length)
  body.set(SET_DATA_FRAME)
  body.set(message.body, SET_DATA_FRAME.length)
  return { ...message, body }
}

export class FlvRemux {
  readonly #core: PacketCore
  readonly #channel: number
  readonly #demuxer: TsDemuxer
  readonly #muxer: FlvMuxer
  readonly #subscribers = new Set<FlvSubscriber>()
  /** Latest metadata and sequence headers. */
  readonly #headers = new Map<FlvMessage["kind"], FlvMessage>()
  /**
   * Time of the first key frame each output got, so that its time goes on when it connects again; by the output's id.
   */
  readonly bases = new Map<string, number>()
  readonly #problems: string[] = []
  readonly #share: WorkShare
  /** What was left out lately. */
  readonly #told = new Map<string, Told>()
  #reader: RingReader
  /** Slots of the ring that earlier readers gave up. */
  #droppedBefore = 0
  #readSlots = 0
  #broken = false

  constructor(core: PacketCore, channel: number, options: FlvMuxerOptions, share: WorkShare) {
    this.#core = core
    this.#share = share
    this.#channel = channel
    this.#reader = new RingReader(core.ringHead(channel))
    this.#muxer = new FlvMuxer(
      {
        message: (message) => this.#hand(message),
        problem: (sentence) => this.#problems.push(sentence),
        fault: (sentence) => this.#tell(sentence, 1),
      },
      options,
    )
    this.#demuxer = new TsDemuxer(this.#muxer)
  }

  /** What cannot be carried, and what was left out in the last minute, as sentences. */
  get problems(): ReadonlyArray<string> {
    const sinceMs = performance.now() - TOLD_MS
    for (const [sentence, { atMs }] of this.#told) if (atMs < sinceMs) this.#told.delete(sentence)
    return [...this.#problems, ...[...this.#told].map(([sentence, { times }]) => `${sentence} (${times} times)`)]
  }

  /** Slots of the ring given up because the stream takes more work than the channel's share of the loop. */
  get droppedSlots(): number {
    return this.#droppedBefore + this.#reader.dropped
  }

  /** Slots taken so far. */
  get readSlots(): number {
    return this.#readSlots
  }

  /** Something was thrown inside: it is of no use any more. */
  get broken(): boolean {
    return this.#broken
  }

  #tell(sentence: string, times: number): void {
    const told = this.#told.get(sentence)
    this.#told.set(sentence, { times: (told?.times ?? 0) + times, atMs: performance.now() })
  }

  /** Metadata and sequence headers as they are now, in the order in which they are to be sent. */
  get headers(): ReadonlyArray<FlvMessage> {
    return [...this.#headers.values()]
  }

  /** True when the stream has no video, so that nothing waits for a key frame. */
  get audioOnly(): boolean {
    return this.#muxer.audioOnly
  }

  /** Output time, in ms, of a time of the stream (90 kHz, 33 bits); null before the first key frame. */
  mediaTime(ticks90k: number): number | null {
    return this.#muxer.mediaTimeMs(ticks90k)
  }

  subscribe(subscriber: FlvSubscriber): void {
    // Nobody has read for a while: what the ring holds is of no use to anybody.
    if (this.#subscribers.size === 0) {
      this.#droppedBefore += this.#reader.dropped
      this.#reader = new RingReader(this.#core.ringHead(this.#channel))
    }
    this.#subscribers.add(subscriber)
  }

  unsubscribe(subscriber: FlvSubscriber): void {
    this.#subscribers.delete(subscriber)
  }

  /**
   * Takes what the ring holds, as far as the channel's share of the loop's time goes; any subscriber may ask for it.
   */
  pump(nowUs: number): void {
    const before = this.#reader.dropped
    const waiting = this.#reader.backlog(this.#core.ringHead(this.#channel))
    if (this.#reader.dropped > before) this.#tell(TOO_MUCH, this.#reader.dropped - before)
    if (waiting === 0 || this.#broken || !this.#share.begin(nowUs)) return
    try {
      this.#take(waiting)
    } catch (cause) {
      this.#broken = true
      for (const subscriber of [...this.#subscribers]) subscriber.failed(cause)
    }
    this.#share.end()
  }

  #take(waiting: number): void {
    for (let taken = 0; taken < waiting; ) {
      const slot = this.#core.slotAddress(this.#channel, this.#reader.cursor)
      this.#demuxer.push(this.#core.u8, slot + SLOT_PAYLOAD, this.#core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0)
      this.#reader.next()
      this.#readSlots += 1
      taken += 1
      if (taken % SLOTS_A_LOOK === 0 && !this.#share.goesOn) return
    }
  }

  #hand(message: FlvMessage): void {
    const shared = message.kind === "metadata" ? forServers(message) : message
    if (shared.kind === "metadata" || shared.kind === "video_header" || shared.kind === "audio_header")
      this.#headers.set(shared.kind, shared)
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.message(shared)
      } catch (cause) {
        subscriber.failed(cause)
      }
    }
  }
}
