/**
 * The queue before the socket of one RTMP output. A peer that reads too slowly loses whole groups of pictures out of
 * its own queue, so that what it gets can always be decoded, memory stays bounded, and no other output is touched.
 */

export type QueuedKind =
  /** A sequence header, or `onMetaData`: one of each `slot` counts, the latest. */
  | "header"
  /** A video key frame: where a decoder can start. */
  | "key"
  /** Any other video frame. */
  | "inter"
  | "audio"
  /** A cue point. */
  | "data"

export interface QueuedMessage {
  readonly kind: QueuedKind
  /** Media time in ms, not wrapped. */
  readonly timestampMs: number
  /** What it costs on the wire. */
  readonly bytes: number
  /** The header that a header replaces, such as `video`, `audio` or `metadata`. */
  readonly slot?: string
}

export interface SendQueueLimits {
  /** Bytes in the queue and in the socket together. */
  readonly maxBytes: number
  /** Media time from the oldest to the newest message of the queue. */
  readonly maxAgeMs: number
  /** Bytes the socket may hold before messages wait here, where they can still be dropped. */
  readonly socketBytes: number
  /** What one message may cost: a larger one is dropped. */
  readonly maxMessageBytes: number
}

export const SEND_QUEUE_LIMITS: SendQueueLimits = {
  maxBytes: 4 * 1024 * 1024,
  maxAgeMs: 5000,
  socketBytes: 256 * 1024,
  maxMessageBytes: 0xffffff,
}

export interface SendQueueCounters {
  readonly droppedMessages: number
  readonly droppedBytes: number
  /** Groups of pictures that lost all or their end. */
  readonly droppedGops: number
  /** Times that the limit was passed. */
  readonly drops: number
}

/** Cue points kept for `takeMissed`; more are only counted. */
const MISSED_MAX = 64

/**
 * `offer` what is to be sent, then `next` until it gives null, whenever something was offered and whenever the socket
 * has drained. Audio without any video is treated as if every message were a key frame, also when video has stopped for
 * `maxAgeMs`.
 */
export class SendQueue<M extends QueuedMessage> {
  readonly #limits: SendQueueLimits
  readonly #restamp: (header: M, timestampMs: number) => M
  #queue: M[] = []
  #head = 0
  #bytes = 0
  /** Messages are dropped until a key frame. */
  #waiting = false
  /** A video frame was dropped since the last key frame: those behind it cannot be decoded. */
  #videoCut = false
  #lastVideoMs: number | null = null
  /** Time of the latest audio or video; cue points and headers may lie elsewhere. */
  #newestMs = Number.NEGATIVE_INFINITY
  /** Headers that were dropped, the latest of each slot. */
  readonly #lostHeaders = new Map<string, M>()
  #missed: M[] = []
  #gopCounted = false
  #counted = { droppedMessages: 0, droppedBytes: 0, droppedGops: 0, drops: 0 }

  /** `restamp` gives a header another time: one that is sent again stands at the key frame behind it. */
  constructor(restamp: (header: M, timestampMs: number) => M, limits: Partial<SendQueueLimits> = {}) {
    this.#restamp = restamp
    this.#limits = { ...SEND_QUEUE_LIMITS, ...limits }
  }

  get counters(): SendQueueCounters {
    return { ...this.#counted }
  }

  get queuedBytes(): number {
    return this.#bytes
  }

  get queuedMessages(): number {
    return this.#queue.length - this.#head
  }

  /** Nothing is queued until the next key frame comes. */
  get waitsForKeyFrame(): boolean {
    return this.#waiting
  }

  /** Adds a message; `socketBytes` is what the socket still holds. */
  offer(message: M, socketBytes: number): void {
    const video = message.kind === "key" || message.kind === "inter"
    if (video) this.#lastVideoMs = message.timestampMs
    if (video || message.kind === "audio") this.#newestMs = message.timestampMs
    if (message.bytes > this.#limits.maxMessageBytes || !this.#admits(message)) {
      this.#drop(message)
      return
    }
    if (message.kind === "key") this.#gopCounted = false
    this.#queue.push(message)
    this.#bytes += message.bytes
    if (this.#isOver(socketBytes)) this.#makeRoom(socketBytes)
  }

  /** What to write next; null when the socket holds enough or nothing is left. */
  next(socketBytes: number): M | null {
    if (socketBytes >= this.#limits.socketBytes) return null
    return this.#shift()
  }

  /** Cue points that were dropped since the last call, at most 64. */
  takeMissed(): ReadonlyArray<M> {
    const taken = this.#missed
    if (taken.length > 0) this.#missed = []
    return taken
  }

  /** Whether the message may be queued; ends the wait for a key frame when it is one. */
  #admits(message: M): boolean {
    if (this.#waiting) {
      if (!this.#restarts(message)) return false
      this.#waiting = false
      this.#restoreHeaders(message.timestampMs)
    }
    if (message.kind === "key") this.#videoCut = false
    return !this.#videoCut || message.kind !== "inter"
  }

  #restarts(message: M): boolean {
    if (message.kind === "key") return true
    if (message.kind !== "audio") return false
    return this.#lastVideoMs === null || message.timestampMs - this.#lastVideoMs > this.#limits.maxAgeMs
  }

  #isOver(socketBytes: number): boolean {
    if (this.queuedMessages === 0) return false
    if (this.#bytes + socketBytes > this.#limits.maxBytes) return true
    for (let at = this.#head; at < this.#queue.length; at++) {
      const message = this.#queue[at]
      if (message === undefined || message.kind === "header" || message.kind === "data") continue
      return this.#newestMs - message.timestampMs > this.#limits.maxAgeMs
    }
    return false
  }

  /** Drops up to the next key frame, and again while that is not enough. A restart point alone in the queue stays. */
  #makeRoom(socketBytes: number): void {
    let started = false
    while (this.#isOver(socketBytes)) {
      const to = this.#nextRestart()
      if (to === this.#head) return
      if (!started) this.#counted.drops++
      started = true
      if (to < 0) {
        for (let message = this.#shift(); message !== null; message = this.#shift()) this.#drop(message)
        this.#waiting = true
        return
      }
      // Counted before: shift may move what is left to the front of the array.
      for (let excess = to - this.#head; excess > 0; excess--) {
        const message = this.#shift()
        if (message !== null) this.#drop(message)
      }
      const first = this.#queue[this.#head]
      if (first === undefined) return
      this.#gopCounted = false
      if (first.kind === "key") this.#videoCut = false
      this.#restoreHeaders(first.timestampMs)
    }
  }

  /**
   * Index of the first restart point behind the first message that is none of its headers; -1 without one; `head` to
   * leave all.
   */
  #nextRestart(): number {
    let at = this.#head
    while (this.#queue[at]?.kind === "header") at++
    const first = this.#queue[at]
    const firstRestarts = first !== undefined && this.#restarts(first)
    // The latest restart point is all that is left: dropping it would starve a peer for whom a single frame is too
    // much.
    if (firstRestarts && at === this.#queue.length - 1) return this.#head
    for (let index = firstRestarts ? at + 1 : at; index < this.#queue.length; index++) {
      const message = this.#queue[index]
      if (message !== undefined && this.#restarts(message)) return index
    }
    return -1
  }

  /** Puts the headers that were lost before what stands first in the queue. */
  #restoreHeaders(timestampMs: number): void {
    if (this.#lostHeaders.size === 0) return
    const headers = [...this.#lostHeaders.values()].map((header) => this.#restamp(header, timestampMs))
    this.#lostHeaders.clear()
    this.#queue = [...headers, ...this.#queue.slice(this.#head)]
    this.#head = 0
    for (const header of headers) this.#bytes += header.bytes
  }

  #shift(): M | null {
    const message = this.#queue[this.#head]
    if (message === undefined) return null
    this.#bytes -= message.bytes
    this.#head++
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0
      this.#head = 0
    } else if (this.#head >= 256 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    return message
  }

  #drop(message: M): void {
    if (message.kind === "header") {
      // It is not lost: it comes again before the next key frame. The order of first appearance is kept.
      this.#lostHeaders.set(message.slot ?? "", message)
      return
    }
    if (message.kind === "key" || message.kind === "inter") this.#videoCut = true
    this.#counted.droppedMessages++
    this.#counted.droppedBytes += message.bytes
    if (message.kind === "key" || (message.kind === "inter" && !this.#gopCounted)) {
      this.#counted.droppedGops++
      this.#gopCounted = true
    }
    if (message.kind === "data" && this.#missed.length < MISSED_MAX) this.#missed.push(message)
  }
}
