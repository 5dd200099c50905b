/**
 * TS into a FIFO, whose reader (ffmpeg, for RTSP) the control plane runs: slots straight out of the packet memory while
 * it takes them, never blocking.
 */
import { constants } from "node:fs"
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/memory/layout.ts"
import { errno, libc } from "../ffi/libc.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { copySlots } from "../ring/copy-slots.ts"
import { RingReader, type SlotFate } from "../ring/ring-reader.ts"
import { FifoQueue } from "./fifo-queue.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { queuedBytes } from "./queued-bytes.ts"
import { SessionLife } from "./session-life.ts"

const { O_NONBLOCK, O_WRONLY } = constants
const ENXIO = 6
const EAGAIN = 11
const OPEN_EVERY_US = 100_000
/** ffmpeg opens its input at once; one that has not by then has failed. */
const OPEN_WITHIN_US = 10e6

export class PipeOutput implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly immediate = false
  readonly maxBurstUs = Number.POSITIVE_INFINITY
  readonly waiting = false
  /** ffmpeg takes pictures and sound; the SCTE-35 PID has no place in RTSP. */
  readonly carriesCues = false
  readonly #context: SessionContext
  readonly #path: string
  readonly #life = new SessionLife(() => this.#letGo())
  readonly #figures = this.#life.figures
  /** What goes before the slots at the reader's place. */
  readonly #queue = new FifoQueue()
  #reader: RingReader | null = null
  #fd = -1
  #nextOpenUs = 0
  #giveUpUs = 0

  constructor(context: SessionContext, spec: OutputSpec, channel: number, path: string) {
    this.#context = context
    this.spec = spec
    this.channel = channel
    this.#path = path
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  poll(nowUs: number): void {
    if (this.state !== "connecting" || nowUs < this.#nextOpenUs) return
    this.#nextOpenUs = nowUs + OPEN_EVERY_US
    if (this.#giveUpUs === 0) this.#giveUpUs = nowUs + OPEN_WITHIN_US
    this.#fd = libc.open(this.#path, O_WRONLY | O_NONBLOCK, 0)
    if (this.#fd >= 0) {
      this.#reader = new RingReader(this.#context.core.ringHead(this.channel))
      this.#life.connect()
    } else if (errno() !== ENXIO) this.#end("pipe", `the FIFO to ffmpeg cannot be opened (errno ${errno()})`)
    else if (nowUs > this.#giveUpUs) this.#end("pipe", "ffmpeg does not read its input")
  }

  flush(): void {
    const reader = this.#reader
    if (reader === null || !this.#life.connected) return
    if (!this.#context.fences.isOpen(this.channel)) return
    this.#writeQueued()
    let waiting = reader.backlog(this.#context.core.ringHead(this.channel))
    while (waiting > 0 && this.#queue.bytes === 0 && this.#writeNext(reader)) waiting -= 1
    if (waiting > 0) this.#keep(reader, waiting)
  }

  /** False when the FIFO has not taken it. */
  #writeNext(reader: RingReader): boolean {
    const { base, core, fences } = this.#context
    if (!this.#life.connected || !fences.isOpen(this.channel)) return false
    const slot = core.slotAddress(this.channel, reader.cursor)
    const length = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
    // Up to PIPE_BUF (4096) all is written or nothing (POSIX write).
    if (libc.write(this.#fd, base + slot + SLOT_PAYLOAD, length) < 0) {
      if (errno() !== EAGAIN) this.#lost(`errno ${errno()}`)
      return false
    }
    this.#wrote(length, 1)
    reader.next()
    return true
  }

  #writeQueued(): void {
    try {
      this.#queue.write(this.#fd, (bytes, slots) => this.#wrote(bytes, slots))
    } catch (cause) {
      this.#lost(cause instanceof Error ? cause.message : String(cause))
    }
  }

  #wrote(bytes: number, slots: number): void {
    this.#figures.bytesSent += bytes
    this.#figures.packetsSent += slots
  }

  #lost(why: string): void {
    this.#end("pipe", `ffmpeg no longer reads its input (${why})`)
  }

  /** Moves the next `slots` slots into the queue; without room for them they stay in the ring until its bound. */
  #keep(reader: RingReader, slots: number): void {
    const { core } = this.#context
    if (!this.#life.connected || !this.#queue.hasRoom(queuedBytes(core, this.channel, reader))) return
    this.#queue.put(copySlots(core, this.channel, reader, slots), slots)
  }

  fateOf(position: number): SlotFate {
    return this.#reader?.fateOf(position) ?? "waiting"
  }

  stats(): OutputStats {
    this.#figures.packetsDropped = this.#reader?.dropped ?? 0
    return statsOf(this, this.#figures, { queueBytes: this.#queue.bytes })
  }

  #end(code: string, message: string): void {
    this.#life.end({ code, message, transient: true })
  }

  close(): void {
    this.#life.close()
  }

  cut(reason: Reason): void {
    this.#life.end(reason)
  }

  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    if (this.#fd >= 0) libc.close(this.#fd)
    this.#fd = -1
  }
}
