/** SRT listener output: one port, any number of receivers, each with a queue of its own. */
import { isIPv6 } from "node:net"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import { type LibSrt, SRT_ECONNLOST, SRTS_CONNECTED } from "../ffi/libsrt.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
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
import { type Admission, admission, TURNED_AWAY } from "./allowed-receivers.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"
import { SrtConnection } from "./srt-connection.ts"
import { type ListenPort, takeListenPort } from "./srt-listen-port.ts"
import { type Receiver, SrtReceivers } from "./srt-receivers.ts"
import { chooseStack, type StackChoice } from "./stack-choice.ts"

/** The end of a connection as libsrt tells it, which does not say whether the receiver left or fell silent. */
const BROKEN = `srt_${SRT_ECONNLOST}`
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

interface LibSrtReceiver extends Receiver<SrtConnection> {
  readonly joinedUs: number
}

export class SrtListener implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly srtStack: StackChoice
  readonly immediate = false
  readonly waiting = false
  readonly #context: SessionContext
  readonly #srt: LibSrt
  readonly #target: SrtTarget
  readonly #life = new SessionLife(() => this.#letGo())
  readonly #receivers: SrtReceivers<LibSrtReceiver>
  #admission: Admission | null = null
  #socket = -1
  #port: ListenPort | null = null
  /** Asked before each accept, which would otherwise log an error when nobody waits. */
  readonly #waiting: SrtReadiness
  #gate: HandshakeGate | null = null
  /** Receivers that have not acknowledged anything yet. */
  #unproven: LibSrtReceiver[] = []
  #nextProofUs = 0
  #nextAcceptUs = 0
  #nextCheckUs = 0

  constructor(context: SessionContext, srt: LibSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.#srt = srt
    this.spec = spec
    this.channel = channel
    this.#target = target
    this.srtStack = chooseStack(context, target)
    this.#waiting = new SrtReadiness(srt)
    this.#receivers = new SrtReceivers(context, this, this.#life)
    try {
      this.#admission = admission(spec.settings?.allowed_receivers ?? [], target.streamId)
      this.#listen()
      this.#life.listen()
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  #listen(): void {
    this.#port = takeListenPort(this.#context, this.#target)
    const { local, shown } = this.#port
    this.#life.figures.address = shown
    this.#socket = createSocket(this.#srt, forFamily(this.#target, isIPv6(this.#target.host) ? 6 : 4))
    if (this.#srt.bind(this.#socket, local, local.length) !== 0)
      throw new SetupFailure(lastError(this.#srt, `cannot listen on ${shown}/udp`))
    this.#gate = new HandshakeGate(local, this.#context.gates)
    this.#gate.guard(this.#srt, this.#socket)
    if (this.#srt.listen(this.#socket, BACKLOG) !== 0)
      throw new SetupFailure(lastError(this.#srt, `cannot listen on ${shown}/udp`))
    this.#waiting.watch(this.#socket)
  }

  get maxBurstUs(): number {
    return this.#receivers.maxBurstUs
  }

  poll(nowUs: number): void {
    if (this.#life.ended) return
    if (nowUs >= this.#nextAcceptUs) {
      this.#nextAcceptUs = nowUs + ACCEPT_INTERVAL_US
      for (let i = 0; i < ACCEPTS_PER_POLL && this.#waiting.any() && this.#accept(nowUs); i++);
      this.#gate?.poll(nowUs, this.#unproven.length)
    }
    if (this.#unproven.length > 0 && nowUs >= this.#nextProofUs) this.#checkProofs(nowUs)
    if (nowUs < this.#nextCheckUs) return
    this.#nextCheckUs = nowUs + STATE_CHECK_US
    for (const receiver of this.#receivers.all)
      if (this.#srt.getsockstate(receiver.connection.socket) !== SRTS_CONNECTED) this.#leave(receiver, null)
  }

  #checkProofs(nowUs: number): void {
    this.#nextProofUs = nowUs + PROOF_CHECK_US
    this.#unproven = this.#unproven.filter((receiver) => {
      // One that has left took its token with it.
      if (!this.#receivers.all.includes(receiver)) return false
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
    const code = this.#admission?.(accepted.peer, streamId) ?? null
    if (code !== null) {
      this.#srt.close(accepted.socket)
      this.#receivers.turnedAway(accepted.peer, streamId, TURNED_AWAY[code] ?? "")
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
    this.#unproven.push(receiver)
    this.#receivers.join(receiver)
    return true
  }

  flush(nowUs: number): void {
    for (const receiver of this.#receivers.all) {
      const reason = receiver.connection.flush(nowUs)
      if (reason !== null) this.#leave(receiver, reason.code === BROKEN ? null : reason.message)
    }
  }

  #leave(receiver: LibSrtReceiver, reason: string | null): void {
    this.#srt.close(receiver.connection.socket)
    this.#receivers.leave(receiver, reason)
  }

  fateOf(position: number): SlotFate {
    return this.#receivers.fateOf(position)
  }

  stats(): OutputStats {
    return this.#receivers.stats(this.#gate?.warnings ?? [])
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
    for (const { connection } of this.#receivers.all) this.#srt.close(connection.socket)
    this.#receivers.clear()
    this.#unproven = []
    this.#waiting.close()
    this.#gate?.close()
    if (this.#socket >= 0) this.#srt.close(this.#socket)
    this.#socket = -1
    this.#port?.release()
  }
}
