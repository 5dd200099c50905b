/**
 * What goes out of a channel as RTMP messages, made once for all RTMP outputs of the same settings. Reads the ring like an output; its
 * messages are shared by all queues and must not be changed.
 */
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/layout.ts"
import { TsDemuxer } from "../../core/es/ts-demuxer.ts"
import { FlvMuxer, type FlvMuxerOptions } from "../../core/flv/flv-muxer.ts"
import type { FlvMessage } from "../../core/flv/message.ts"
import type { PacketCore } from "../../core/packet-core.ts"
import { encodeAmf0 } from "../../core/rtmp/amf0-encode.ts"
import { RingReader } from "../outputs/ring-reader.ts"

export interface FlvSubscriber {
  /** The next message in order. Called from within `pump`. */
  message(message: FlvMessage): void
}

/** A name in front of the metadata makes a server keep it for players that come later. */
const SET_DATA_FRAME = encodeAmf0("@setDataFrame")

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
  /** Time of the first key frame each output got, so that its time goes on when it connects again; by the output's id. */
  readonly bases = new Map<string, number>()
  readonly #problems: string[] = []
  #reader: RingReader

  constructor(core: PacketCore, channel: number, options: FlvMuxerOptions) {
    this.#core = core
    this.#channel = channel
    this.#reader = new RingReader(core.ringHead(channel))
    this.#muxer = new FlvMuxer({ message: (message) => this.#hand(message), problem: (sentence) => this.#problems.push(sentence) }, options)
    this.#demuxer = new TsDemuxer(this.#muxer)
  }

  /** What cannot be carried, as sentences. */
  get problems(): ReadonlyArray<string> {
    return this.#problems
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
    if (this.#subscribers.size === 0) this.#reader = new RingReader(this.#core.ringHead(this.#channel))
    this.#subscribers.add(subscriber)
  }

  unsubscribe(subscriber: FlvSubscriber): void {
    this.#subscribers.delete(subscriber)
  }

  /** Takes what the ring holds; any subscriber may ask for it. */
  pump(): void {
    const head = this.#core.ringHead(this.#channel)
    for (let waiting = this.#reader.backlog(head); waiting > 0; waiting--) {
      const slot = this.#core.slotAddress(this.#channel, this.#reader.cursor)
      this.#demuxer.push(this.#core.u8, slot + SLOT_PAYLOAD, this.#core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0)
      this.#reader.next()
    }
  }

  #hand(message: FlvMessage): void {
    const shared = message.kind === "metadata" ? forServers(message) : message
    if (shared.kind === "metadata" || shared.kind === "video_header" || shared.kind === "audio_header")
      this.#headers.set(shared.kind, shared)
    for (const subscriber of this.#subscribers) subscriber.message(shared)
  }
}
