/** SRT caller output on our own stack: one connection, made once; the control plane decides about the next attempt. */
import { randomInt } from "node:crypto"
import { formatEndpoint } from "../../core/net/address.ts"
import { CallerHandshake } from "../../core/srt/protocol/caller.ts"
import { CONTROL, controlType, isControl, type Malformed } from "../../core/srt/protocol/packet.ts"
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import { monotonicUs } from "../ffi/clock.ts"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { OwnConnection } from "../srt/own/connection.ts"
import { type Address, addressIn, type Endpoint } from "../srt/own/endpoint.ts"
import type { PayloadRing } from "../srt/own/payload-ring.ts"
import { refusalReason } from "../srt/own/reasons.ts"
import type { Lease, OwnSrt } from "../srt/own/stack.ts"
import * as options from "../srt/own/target-options.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import { resolve } from "../system/resolve.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"
import { callerStats } from "./srt-sending.ts"
import type { StackChoice } from "./stack-choice.ts"

export class OwnSrtCaller implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly srtStack: StackChoice = { stack: "own", needsLibsrt: [] }
  readonly immediate = false
  readonly spread = true
  readonly waiting = false
  readonly #context: SessionContext
  readonly #stack: OwnSrt
  readonly #target: SrtTarget
  readonly #life = new SessionLife(() => this.#letGo())
  #endpoint: Lease<Endpoint> | null = null
  #ring: Lease<PayloadRing> | null = null
  #socketId = 0
  #address: Address | null = null
  #handshake: CallerHandshake | null = null
  #connection: OwnConnection | null = null
  #releasePort: (() => void) | null = null

  constructor(context: SessionContext, stack: OwnSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.#stack = stack
    this.spec = spec
    this.channel = channel
    this.#target = target
    void this.#connect()
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  async #connect(): Promise<void> {
    try {
      const { address, family } = await resolve(this.#target.host, this.spec.public_only === true)
      if (this.#life.ended) return
      this.#life.figures.address = formatEndpoint(address, this.#target.port)
      this.#open(encodeSockaddr(address, this.#target.port), family)
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  #open(peer: Uint8Array, family: 4 | 6): void {
    const target = this.#target
    const stack = this.#stack
    const host = target.localHost ?? (family === 6 ? "::" : "0.0.0.0")
    const port = target.localPort ?? 0
    if (port !== 0) this.#releasePort = this.#context.udpPorts.hold(host, port, "an SRT output")
    this.#endpoint = stack.callerEndpoint(options.endpointOptions(target, encodeSockaddr(host, port)))
    const endpoint = this.#endpoint.value
    this.#socketId = stack.socketId(endpoint)
    this.#address = addressIn(stack.shared.arena, peer)
    const peerAddress = new Uint8Array(16)
    peerAddress.set(family === 6 ? peer.subarray(8, 24) : peer.subarray(4, 8).toReversed())
    this.#handshake = new CallerHandshake(
      stack.crypto,
      {
        socketId: this.#socketId,
        sequence: randomInt(0, 0x7fffffff),
        streamId: target.streamId ?? "",
        latencyMs: options.latencyOf(target),
        tsbpd: options.tsbpdOf(target),
        passphrase: target.passphrase,
        keyBytes: options.keyBytesOf(target),
        mtu: options.mtuOf(target),
        minVersion: options.minVersionOf(target),
        timeoutUs: target.connectTimeoutMs * 1000,
        peerAddress,
      },
      monotonicUs(),
    )
    endpoint.add(this.#socketId, {
      address: this.#address,
      receive: (at, length, nowUs) => this.#receive(at, length, nowUs),
      fault: (cause) => this.#context.fault(this, cause),
    })
  }

  get maxBurstUs(): number {
    return this.#connection?.maxBurstUs ?? Number.POSITIVE_INFINITY
  }

  #receive(at: number, length: number, nowUs: number): Malformed | null {
    const connection = this.#connection
    if (connection !== null) return connection.receive(at, length, nowUs)
    const { arena } = this.#stack.shared
    const word = arena.view.getUint32(at)
    if (!isControl(word) || controlType(word) !== CONTROL.HANDSHAKE) return null
    const problem = this.#handshake?.receive(arena.bytes, at, length) ?? null
    this.#progress(nowUs)
    return problem
  }

  /** What a handshake packet, or the time, has brought. */
  #progress(nowUs: number): void {
    const handshake = this.#handshake
    if (handshake === null || this.#connection !== null) return
    if (handshake.refusal !== null) this.#life.end(refusalReason(handshake.refusal))
    else if (handshake.session !== null && this.#endpoint !== null && this.#address !== null) {
      this.#ring = this.#stack.ring(this.channel)
      this.#connection = new OwnConnection(
        this.#stack.shared,
        this.#endpoint.value.fd,
        this.#ring.value,
        this.#address,
        handshake.session,
        options.connectionOptions(this.#target),
        nowUs,
      )
      this.#life.connect(this.#connection.connectedAt)
    }
  }

  poll(nowUs: number): void {
    if (this.#life.ended) return
    const connection = this.#connection
    if (connection !== null) {
      connection.poll(nowUs)
      const reason = connection.endReason(nowUs)
      if (reason !== null) this.#life.end(reason)
      return
    }
    const packet = this.#handshake?.poll(nowUs) ?? null
    if (packet !== null && this.#address !== null && this.#endpoint !== null) {
      this.#stack.shared.batch.use(this.#endpoint.value.fd)
      this.#stack.shared.batch.control(this.#address, packet)
    }
    this.#progress(nowUs)
  }

  flush(nowUs: number): void {
    this.#connection?.flush(nowUs)
  }

  fateOf(position: number): SlotFate {
    return this.#connection?.reader.fateOf(position) ?? "waiting"
  }

  followSlot(position: number, receivedUs: number): (nowUs: number) => SlotReceipt {
    return (nowUs) => this.#connection?.receiptOf(position, receivedUs, nowUs) ?? "unknown"
  }

  stats(): OutputStats {
    return callerStats(this.#context, this, this.#life, this.#connection)
  }

  close(): void {
    this.#life.close()
  }

  cut(reason: Reason): void {
    this.#life.end(reason)
  }

  /** Ends it: something was thrown in it. */
  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    if (this.#connection !== null) this.#connection.close(monotonicUs())
    else if (this.#address !== null) {
      // A handshake that waits to leave points at it.
      this.#stack.submit()
      this.#stack.shared.arena.release(this.#address.block)
    }
    this.#endpoint?.value.remove(this.#socketId)
    this.#ring?.release()
    this.#endpoint?.release()
    this.#releasePort?.()
  }
}
