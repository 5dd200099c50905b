/** One SRT connection that a leg is received by: messages into the packet core, each with the time TSBPD gives it. */
import * as L from "../../core/assembly/memory/layout.ts"
import { placeDatagram } from "../../core/packet-core/place-datagram.ts"
import { captureReceived, endOfSockaddr, endOfText } from "../captures/batches.ts"
import { monotonicUs, realtimeOffsetUs } from "../ffi/clock.ts"
import { type LibSrt, SRT_EASYNCRCV, SRT_ECONNLOST, SRT_EINVSOCK, SRTS_CONNECTED } from "../ffi/libsrt.ts"
import type { Reason, SrtInputFigures } from "../protocol/messages.ts"
import { connectionLost, lastError, localAddress, readInputStats } from "../srt/srt-socket.ts"
import type { ReceiverHost } from "./leg-receiver.ts"

/** Where the 64-bit `srctime` of SRT_MSGCTRL is, in words: the time a message is due, CLOCK_MONOTONIC in µs. */
const SRCTIME = (L.RX_MSGCTRL + 16) >> 2

const STATE_CHECK_US = 250_000
/** Slots that a connection fills when nothing has told that it may be read: every 10 ms at most. */
const POLLED_SLOTS = 128
/** Longer than its latency no message waits; and so much longer at most. */
const DRAINED_AFTER_US = 200_000

export class SrtIncoming {
  readonly socket: number
  /** The sender, `ip:port`, and the stream id it sent or was sent. */
  readonly peer: string
  readonly streamId: string
  readonly connectedAt = Date.now()
  readonly #srt: LibSrt
  readonly #host: ReceiverHost
  #end: Reason | null = null
  #nextCheckUs = 0
  #figures: SrtInputFigures | null = null
  #heardUs: number
  #packets = 0

  constructor(srt: LibSrt, host: ReceiverHost, socket: number, peer: string, streamId: string, nowUs: number) {
    this.#srt = srt
    this.#host = host
    this.socket = socket
    this.peer = peer
    this.streamId = streamId
    this.#heardUs = nowUs
  }

  /** A message has been read: the sender is one. */
  proven = false
  /** The last `receive` may have left messages that are due, because there was no room for them. */
  hasMore = false

  /** Takes what is due, as far as it fills `room` slots. Returns messages taken. */
  receive(room = POLLED_SLOTS): number {
    let total = 0
    this.hasMore = false
    while (total < room) {
      const most = Math.min(L.RX_BATCH, room - total)
      const count = this.#readBatch(most)
      total += count
      if (count < most) return total
    }
    this.hasMore = true
    return total
  }

  /** Fills the receive batch from libsrt with `most` messages at most, and hands it on. */
  #readBatch(most: number): number {
    const { base, core, index } = this.#host
    let count = 0
    while (count < most) {
      const at = L.RX_DATA + count * L.RX_STRIDE
      const length = this.#srt.recvmsg2(this.socket, base + at, L.RX_STRIDE, base + L.RX_MSGCTRL)
      if (length <= 0) {
        if (length < 0) this.#noteRefusal()
        break
      }
      const atUs = (core.u32[SRCTIME] ?? 0) + (core.u32[SRCTIME + 1] ?? 0) * 2 ** 32
      placeDatagram(core, count++, length, atUs === 0 ? monotonicUs() : atUs)
    }
    if (count === 0) return 0
    this.proven = true
    if (this.#host.capturePoint.capture !== null) this.#captured(count)
    // Others may have had the processor since the pass began, and the messages become due in that time.
    core.ingest(index, count, 0, monotonicUs())
    return count
  }

  /** Hands the messages of a batch to the capture that runs, at the times they are due. */
  #captured(count: number): void {
    const { capturePoint, core } = this.#host
    if (capturePoint.capture === null) return
    const to = endOfSockaddr(localAddress(this.#srt, this.socket))
    captureReceived(capturePoint.capture, core, count, to, endOfText(this.peer), realtimeOffsetUs())
  }

  /** Why there was no message: mostly because none is due. */
  #noteRefusal(): void {
    const code = this.#srt.getlasterror(0)
    if (code === SRT_EASYNCRCV) return
    // libsrt takes a broken socket away after a second.
    this.#end ??=
      code === SRT_ECONNLOST || code === SRT_EINVSOCK
        ? connectionLost(this.#srt)
        : lastError(this.#srt, "SRT connection lost")
  }

  /** Looks, every quarter of a second, whether the connection is still there. */
  poll(nowUs: number): void {
    if (this.#end !== null || nowUs < this.#nextCheckUs) return
    this.#nextCheckUs = nowUs + STATE_CHECK_US
    const packets = this.stats()?.packets_received ?? 0
    if (packets !== this.#packets) this.#heardUs = nowUs
    this.#packets = packets
    // What libsrt still has is read first: it tells the end itself.
    if (this.#srt.getsockstate(this.socket) !== SRTS_CONNECTED) this.receive()
  }

  /** Since when no packet has come from the sender, whether its time has come or not. */
  silentUs(nowUs: number): number {
    return nowUs - this.#heardUs
  }

  /** Why it is over; null before. What came by it in time may still be due. */
  get end(): Reason | null {
    return this.#end
  }

  /** When the last of what came by it until `nowUs` is due. */
  drainedUs(nowUs: number): number {
    return nowUs + (this.#figures?.latency_ms ?? 0) * 1000 + DRAINED_AFTER_US
  }

  /** Last good sample: libsrt has none for a connection that broke. */
  stats(): SrtInputFigures | null {
    this.#figures = readInputStats(this.#srt, this.socket) ?? this.#figures
    return this.#figures
  }

  close(): void {
    this.#srt.close(this.socket)
  }
}
