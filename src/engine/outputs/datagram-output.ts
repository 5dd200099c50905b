/** UDP and RTP outputs, unicast and multicast: ring slots by sendmmsg, as they arrive or paced by the stream's PCR. */

import {
  SLOT_FLAG_DISCONTINUITY,
  SLOT_FLAG_PCR,
  SLOT_FLAGS,
  SLOT_LENGTH,
  SLOT_PCR,
  SLOT_PCR_INDEX,
  SLOT_PCR_PID,
  SLOT_RX_US,
  TS_PACKET,
  TX_BATCH,
  TX_MMSG,
} from "../../core/assembly/memory/layout.ts"
import { isMulticast } from "../../core/net/address.ts"
import type { DatagramTarget } from "../../core/output/output-url.ts"
import { PcrPacer } from "../../core/ts/pcr-pacer.ts"
import { captureSent } from "../captures/batches.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import { EAGAIN, ECONNREFUSED, EMSGSIZE, ENOBUFS, errno, errnoName, libc, MSG_DONTWAIT } from "../ffi/libc.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { startOf } from "../protocol/old-machine.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import { firstSince, RingReader, type SlotFate } from "../ring/ring-reader.ts"
import { describeErrno } from "../system/describe-errno.ts"
import { resolve } from "../system/resolve.ts"
import { openDatagramSocket } from "./datagram-socket.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { pacingWarning } from "./pacing-warning.ts"
import { queuedBytes } from "./queued-bytes.ts"
import { SessionLife } from "./session-life.ts"

/** With no datagram accepted by the kernel for this long, the session ends and the control plane tries again. */
const FAILING_US = 5e6
const CLOCK_LOST_US = 500_000

export class DatagramOutput implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly immediate = true
  readonly maxBurstUs = Number.POSITIVE_INFINITY
  readonly #capturePoint: CapturePoint = { capture: null }
  readonly capturePoints = [this.#capturePoint]
  readonly #context: SessionContext
  readonly #target: DatagramTarget
  readonly #life = new SessionLife(() => this.#letGo())
  readonly #figures = this.#life.figures
  #reader: RingReader
  readonly #pacer: PcrPacer | null
  readonly #rtp: boolean
  readonly #ssrc = Math.floor(Math.random() * 4294967296)
  #sequence = startOf("rtp", Math.floor(Math.random() * 65536))
  #warnings: string[] = []
  #fd = -1
  #releasePort: (() => void) | null = null
  /** Next slot to hand to the pacer, and how many of the waiting ones it has released. */
  #paced = 0
  #released = 0
  #failingSinceUs = 0
  /** PID whose PCR paces, and when it was last seen. */
  #clockPid = -1
  #clockUs = Number.NEGATIVE_INFINITY

  constructor(context: SessionContext, spec: OutputSpec, channel: number, target: DatagramTarget) {
    this.#context = context
    this.spec = spec
    this.channel = channel
    this.#target = target
    this.#rtp = target.protocol === "rtp"
    this.#pacer = target.pacing === "pcr" ? new PcrPacer({ delayMs: target.pacingDelayMs }) : null
    this.#reader = new RingReader(context.core.ringHead(channel))
    void this.#open()
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  async #open(): Promise<void> {
    try {
      const { address } = await resolve(this.#target.host, this.spec.public_only === true)
      if (this.#life.ended) return
      const { localPort } = this.#target
      if (localPort !== null && !isMulticast(address))
        this.#releasePort = this.#context.udpPorts.hold("", localPort, "an output")
      const opened = openDatagramSocket(address, this.#target)
      this.#fd = opened.fd
      this.#warnings = opened.warnings
      this.#figures.address = opened.address
      this.#reader = new RingReader(firstSince(this.#context.core, this.channel, this.spec.from_us))
      this.#paced = this.#reader.cursor
      this.#life.connect()
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  get waiting(): boolean {
    return this.#life.connected && this.#reader.cursor !== this.#context.core.ringHead(this.channel)
  }

  poll(): void {}

  flush(nowUs: number): void {
    if (!this.#life.connected) return
    const before = this.#reader.dropped
    const waiting = this.#reader.backlog(this.#context.core.ringHead(this.channel))
    // Every slot passes through the pacer, dropped ones too: they are taken off what it will release.
    this.#released -= this.#reader.dropped - before
    const ready = this.#pacer === null ? waiting : this.#pace(this.#pacer, waiting, nowUs)
    if (ready > 0) this.#send(ready, nowUs)
  }

  /** Feeds new slots to the pacer; returns how many may leave. */
  #pace(pacer: PcrPacer, waiting: number, nowUs: number): number {
    const { core } = this.#context
    const head = (this.#reader.cursor + waiting) >>> 0
    while (this.#paced !== head) {
      const slot = core.slotAddress(this.channel, this.#paced)
      const flags = core.u32[(slot + SLOT_FLAGS) >> 2] ?? 0
      const rxUs = core.f64[(slot + SLOT_RX_US) >> 3] ?? nowUs
      const hasPcr = (flags & SLOT_FLAG_PCR) !== 0 && this.#isClock(core.u32[(slot + SLOT_PCR_PID) >> 2] ?? 0, rxUs)
      const pcr = hasPcr ? (core.f64[(slot + SLOT_PCR) >> 3] ?? 0) : null
      const bytes = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
      const pcrOffset = (core.u32[(slot + SLOT_PCR_INDEX) >> 2] ?? 0) * TS_PACKET
      pacer.push(this.#paced, rxUs, bytes, pcr, (flags & SLOT_FLAG_DISCONTINUITY) !== 0, pcrOffset)
      this.#paced = (this.#paced + 1) >>> 0
    }
    this.#released += pacer.releaseUntil(nowUs)
    return Math.max(0, Math.min(waiting, this.#released))
  }

  /** Several programmes have several clocks: the one in use stays until it has been silent for `CLOCK_LOST_US`. */
  #isClock(pid: number, rxUs: number): boolean {
    if (pid !== this.#clockPid && rxUs - this.#clockUs < CLOCK_LOST_US) return false
    this.#clockPid = pid
    this.#clockUs = rxUs
    return true
  }

  #send(ready: number, nowUs: number): void {
    const { core, base } = this.#context
    let left = ready
    while (left > 0) {
      // Fill a batch from the cursor without moving it: what the kernel takes is known only afterwards.
      let count = 0
      let cursor = this.#reader.cursor
      let offset = this.#reader.offset
      for (let i = 0; i < left && count < TX_BATCH; i++) {
        const slot = core.slotAddress(this.channel, cursor)
        const end = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
        const timestamp = this.#rtp
          ? Math.floor((this.#pacer === null ? (core.f64[(slot + SLOT_RX_US) >> 3] ?? nowUs) : nowUs) * 0.09) %
            4294967296
          : 0
        for (; offset < end && count < TX_BATCH; count++) {
          const size = Math.min(this.#target.packetSize, end - offset)
          core.setSend(count, slot, offset, size, this.#rtp, (this.#sequence + count) & 0xffff, timestamp, this.#ssrc)
          offset += size
        }
        if (offset < end) break
        cursor = (cursor + 1) >>> 0
        offset = 0
      }
      if (!this.#context.fences.isOpen(this.channel)) return
      const sent = libc.sendmmsg(this.#fd, base + TX_MMSG, count, MSG_DONTWAIT)
      const code = sent < 0 ? errno() : 0
      const { capture } = this.#capturePoint
      if (capture !== null && sent > 0) captureSent(capture, this.#context, this.#fd, sent)
      const finished = this.#advance(Math.max(0, sent))
      left -= finished
      if (sent > 0) this.#failingSinceUs = 0
      if (sent < 0) {
        if (code === EAGAIN || code === ENOBUFS) return
        if (!this.#failed(code, nowUs)) return
        // ECONNREFUSED reports an earlier datagram; anything else is about the first of this batch, which is given up.
        if (code !== ECONNREFUSED) {
          this.#figures.packetsDropped += 1
          this.#reader.spoil()
          left -= this.#advance(1, false)
        }
      }
    }
  }

  /** Moves the cursor over `messages` pieces; returns the slots finished. */
  #advance(messages: number, sent = true): number {
    const { core } = this.#context
    let finished = 0
    for (let i = 0; i < messages; i++) {
      const slot = core.slotAddress(this.channel, this.#reader.cursor)
      const end = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
      const size = Math.min(this.#target.packetSize, end - this.#reader.offset)
      this.#reader.offset += size
      this.#sequence = (this.#sequence + 1) & 0xffff
      if (sent) {
        this.#figures.bytesSent += size
        this.#figures.packetsSent += 1
      }
      if (this.#reader.offset < end) continue
      this.#reader.next()
      finished += 1
    }
    this.#released -= finished
    return finished
  }

  /** Notes a refused send; false when the session is over. */
  #failed(code: number, nowUs: number): boolean {
    const f = this.#figures
    f.sendErrors += 1
    const size = this.#target.packetSize + (this.#rtp ? 12 : 0)
    f.lastSendError =
      code === EMSGSIZE
        ? `EMSGSIZE: datagrams of ${size} bytes and headers do not fit the path's MTU; set pkt_size=1128 or smaller`
        : describeErrno(code, `sending to ${f.address ?? this.#target.host}`)
    if (code === ECONNREFUSED) return true
    if (this.#failingSinceUs === 0) this.#failingSinceUs = nowUs
    if (nowUs - this.#failingSinceUs < FAILING_US) return true
    this.#life.end({ code: errnoName(code), message: f.lastSendError, transient: true })
    return false
  }

  fateOf(position: number): SlotFate {
    return this.#reader.fateOf(position)
  }

  stats(): OutputStats {
    const dropped = this.#figures.packetsDropped
    const queueBytes = this.#life.connected ? queuedBytes(this.#context.core, this.channel, this.#reader) : 0
    const pacing = this.#pacer === null ? null : pacingWarning(this.#pacer, this.#target.pacingDelayMs)
    const warnings = pacing === null ? this.#warnings : [...this.#warnings, pacing]
    return statsOf(this, { ...this.#figures, packetsDropped: dropped + this.#reader.dropped }, { warnings, queueBytes })
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
    this.#releasePort?.()
    this.#releasePort = null
  }
}
