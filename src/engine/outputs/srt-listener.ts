/** SRT listener output: one port, any number of receivers, each with a queue of its own. */
import { isIPv6 } from "node:net"
import { takenAddress } from "../../core/output/taken-address.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import { type LibSrt, SRT_ECONNLOST, SRTS_CONNECTED } from "../ffi/libsrt.ts"
import { encodeSockaddr, formatSockaddr } from "../ffi/sockaddr.ts"
import type { OutputSpec, OutputStats, Reason, ReceiverStats, SessionState } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { HandshakeGate } from "../srt/handshake-gate.ts"
import { SrtReadiness } from "../srt/srt-readiness.ts"
import {
  acceptOne,
  createSocket,
  forFamily,
  getString,
  lastError,
  readStats,
  type SrtTarget,
} from "../srt/srt-socket.ts"
import { type MayReceive, receiversAllowed } from "./allowed-receivers.ts"
import { newFigures, type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { queuedBytes } from "./queued-bytes.ts"
import { SrtConnection } from "./srt-connection.ts"

const BACKLOG = 64
const ACCEPT_INTERVAL_US = 10_000
const STATE_CHECK_US = 250_000
/** More waiting callers than this are taken at the next poll, so that a storm of them does not hold the loop. */
const ACCEPTS_PER_POLL = 8
/**
 * A receiver without a packet to acknowledge has shown that it is there when libsrt has not given it up for so long
 * (PEERIDLETIMEO is 5 s).
 */
const PROVEN_AFTER_US = 6e6
const PROOF_CHECK_US = 50_000
export const FLOODED =
  "more callers try to connect than can be served: new receivers are let in by turns and may have to try again; those connected notice nothing"

interface Receiver {
  readonly joinedUs: number
  readonly connection: SrtConnection
  readonly peer: string
  readonly streamId: string
}

export class SrtListener implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly immediate = false
  readonly waiting = false
  maxBurstUs = Number.POSITIVE_INFINITY
  state: SessionState = "connecting"
  reason: Reason | null = null
  readonly #context: SessionContext
  readonly #srt: LibSrt
  readonly #target: SrtTarget
  readonly #figures = newFigures()
  #receivers: Receiver[] = []
  /** What receivers that have left were sent. */
  #past = { bytes: 0, packets: 0, dropped: 0 }
  #mayReceive: MayReceive = () => false
  #socket = -1
  #releasePort: (() => void) | null = null
  #claimed: Uint8Array | null = null
  /** Asked before each accept, which would otherwise log an error when nobody waits. */
  readonly #waiting: SrtReadiness
  #gate: HandshakeGate | null = null
  /** Receivers that have not acknowledged anything yet. */
  #unproven: Receiver[] = []
  #nextProofUs = 0
  #nextAcceptUs = 0
  #nextCheckUs = 0

  constructor(context: SessionContext, srt: LibSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.#srt = srt
    this.spec = spec
    this.channel = channel
    this.#target = target
    this.#waiting = new SrtReadiness(srt)
    try {
      this.#mayReceive = receiversAllowed(spec.settings?.allowed_receivers ?? [])
      this.#listen()
      this.state = "listening"
    } catch (cause) {
      this.#end(reasonOf(cause))
    }
  }

  #listen(): void {
    const local = encodeSockaddr(this.#target.host === "" ? "0.0.0.0" : this.#target.host, this.#target.port)
    const shown = formatSockaddr(local)
    this.#figures.address = shown
    this.#releasePort = this.#context.udpPorts.hold(takenAddress(this.#target), this.#target.port, "an SRT listener")
    this.#context.listenerPorts.claim(local)
    this.#claimed = local
    this.#socket = createSocket(this.#srt, forFamily(this.#target, isIPv6(this.#target.host) ? 6 : 4))
    if (this.#srt.bind(this.#socket, local, local.length) !== 0)
      throw new SetupFailure(lastError(this.#srt, `cannot listen on ${shown}/udp`))
    this.#gate = new HandshakeGate(local, this.#context.gates)
    this.#gate.guard(this.#srt, this.#socket)
    if (this.#srt.listen(this.#socket, BACKLOG) !== 0)
      throw new SetupFailure(lastError(this.#srt, `cannot listen on ${shown}/udp`))
    this.#waiting.watch(this.#socket)
  }

  poll(nowUs: number): void {
    if (this.state === "ended") return
    if (nowUs >= this.#nextAcceptUs) {
      this.#nextAcceptUs = nowUs + ACCEPT_INTERVAL_US
      for (let i = 0; i < ACCEPTS_PER_POLL && this.#waiting.any() && this.#accept(nowUs); i++);
      this.#gate?.poll(nowUs, this.#unproven.length)
    }
    if (this.#unproven.length > 0 && nowUs >= this.#nextProofUs) this.#checkProofs(nowUs)
    if (nowUs < this.#nextCheckUs) return
    this.#nextCheckUs = nowUs + STATE_CHECK_US
    for (const receiver of this.#receivers)
      if (this.#srt.getsockstate(receiver.connection.socket) !== SRTS_CONNECTED)
        this.#leave(receiver, this.#srt.strerror(SRT_ECONNLOST, 0))
  }

  #checkProofs(nowUs: number): void {
    this.#nextProofUs = nowUs + PROOF_CHECK_US
    this.#unproven = this.#unproven.filter((receiver) => {
      // One that has left took its token with it.
      if (!this.#receivers.includes(receiver)) return false
      const proven =
        nowUs - receiver.joinedUs > PROVEN_AFTER_US ||
        (readStats(this.#srt, receiver.connection.socket)?.acks_received ?? 0) > 0
      if (proven) this.#gate?.proven()
      return !proven
    })
  }

  #accept(nowUs: number): boolean {
    const accepted = acceptOne(this.#srt, this.#socket)
    if (accepted === null) return false
    const streamId = getString(this.#srt, accepted.socket, SRT_OPTIONS.STREAMID)
    const refusal = this.#refusal(accepted.peer, streamId)
    if (refusal !== null) {
      this.#srt.close(accepted.socket)
      this.#context.receiver(this, accepted.peer, streamId, false, refusal)
      return true
    }
    const connection = new SrtConnection(
      this.#context,
      this.#srt,
      accepted.socket,
      this.channel,
      this.#target.packetSize,
    )
    const receiver = { connection, peer: accepted.peer, streamId, joinedUs: nowUs }
    this.#receivers.push(receiver)
    this.#unproven.push(receiver)
    this.maxBurstUs = Math.min(this.maxBurstUs, connection.maxBurstUs)
    this.#figures.connectedAt ??= connection.connectedAt
    this.state = "connected"
    this.#context.receiver(this, accepted.peer, streamId, true, null)
    return true
  }

  /** Why a caller is turned away before anything is sent to it, or null. */
  #refusal(peer: string, streamId: string): string | null {
    if (!this.#mayReceive(peer)) return "its address is not one of allowed_receivers"
    const wanted = this.#target.streamId
    return wanted !== null && streamId !== wanted ? "its stream id is not the one this listener serves" : null
  }

  flush(nowUs: number): void {
    for (const receiver of this.#receivers) {
      const reason = receiver.connection.flush(nowUs)
      if (reason !== null) this.#leave(receiver, reason.message)
    }
  }

  #leave(receiver: Receiver, reason: string): void {
    const { connection } = receiver
    this.#srt.close(connection.socket)
    this.#past.bytes += connection.bytesSent
    this.#past.packets += connection.packetsSent
    this.#past.dropped += connection.dropped
    // A new array: the caller may be walking the old one.
    this.#receivers = this.#receivers.filter((r) => r !== receiver)
    this.maxBurstUs = this.#receivers.reduce(
      (least, r) => Math.min(least, r.connection.maxBurstUs),
      Number.POSITIVE_INFINITY,
    )
    if (this.#receivers.length === 0) {
      this.state = "listening"
      this.#figures.connectedAt = null
    }
    this.#context.receiver(this, receiver.peer, receiver.streamId, false, reason)
  }

  fateOf(position: number): SlotFate {
    // A receiver that joined since has nothing to do with it.
    const fates = this.#receivers
      .map(({ connection }) => connection.reader)
      .filter((reader) => reader.covers(position))
      .map((reader) => reader.fateOf(position))
    return fates.includes("dropped") ? "dropped" : fates.length === 0 || fates.includes("waiting") ? "waiting" : "sent"
  }

  stats(): OutputStats {
    const receivers: ReceiverStats[] = this.#receivers.map(({ connection, peer, streamId }) => ({
      peer,
      stream_id: streamId,
      connected_at: connection.connectedAt,
      bytes_sent: connection.bytesSent,
      packets_sent: connection.packetsSent,
      srt: connection.stats(),
      packets_dropped: connection.dropped,
    }))
    const total = (key: "bytes_sent" | "packets_sent" | "packets_dropped") =>
      receivers.reduce((sum, r) => sum + r[key], 0)
    this.#figures.bytesSent = this.#past.bytes + total("bytes_sent")
    this.#figures.packetsSent = this.#past.packets + total("packets_sent")
    this.#figures.packetsDropped = this.#past.dropped + total("packets_dropped")
    const queueBytes = this.#receivers.reduce(
      (most, r) => Math.max(most, queuedBytes(this.#context.core, this.channel, r.connection.reader)),
      0,
    )
    const warnings = this.#gate?.flooded === true ? [FLOODED] : []
    return statsOf(this, this.#figures, {
      receivers,
      queueBytes,
      warnings,
      srt: receivers.length === 1 ? (receivers[0]?.srt ?? null) : null,
    })
  }

  #end(reason: Reason): void {
    if (this.state === "ended") return
    this.reason = reason
    this.close()
  }

  close(): void {
    this.state = "ended"
    for (const { connection } of this.#receivers) this.#srt.close(connection.socket)
    this.#receivers = []
    this.#unproven = []
    this.#waiting.close()
    this.#gate?.close()
    if (this.#socket >= 0) this.#srt.close(this.#socket)
    this.#socket = -1
    if (this.#claimed !== null) this.#context.listenerPorts.release(this.#claimed)
    this.#claimed = null
    this.#releasePort?.()
    this.#releasePort = null
  }
}
