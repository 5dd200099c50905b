/**
 * TS into a FIFO, whose reader (ffmpeg, for RTSP) the control plane runs: slots straight out of the packet memory,
 * never blocking.
 */
import { constants } from "node:fs"
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/memory/layout.ts"
import { errno, libc } from "../ffi/libc.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { RingReader, type SlotFate } from "../ring/ring-reader.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
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
    const { base, core, fences } = this.#context
    for (let waiting = reader.backlog(core.ringHead(this.channel)); waiting > 0; waiting--) {
      const slot = core.slotAddress(this.channel, reader.cursor)
      const length = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
      if (!fences.isOpen(this.channel)) return
      // Up to PIPE_BUF (4096) all is written or nothing (POSIX write).
      if (libc.write(this.#fd, base + slot + SLOT_PAYLOAD, length) < 0) {
        if (errno() !== EAGAIN) this.#end("pipe", `ffmpeg no longer reads its input (errno ${errno()})`)
        return
      }
      this.#figures.bytesSent += length
      this.#figures.packetsSent += 1
      reader.next()
    }
  }

  fateOf(position: number): SlotFate {
    return this.#reader?.fateOf(position) ?? "waiting"
  }

  stats(): OutputStats {
    this.#figures.packetsDropped = this.#reader?.dropped ?? 0
    return statsOf(this, this.#figures)
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
