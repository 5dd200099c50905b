/** One call of an SRT receiver on our own stack: from the name of its host to the end of its connection. */
import { randomInt } from "node:crypto"
import { formatEndpoint } from "../../core/net/address.ts"
import { CallerHandshake } from "../../core/srt/protocol/caller.ts"
import { CONTROL, controlType, isControl, type Malformed } from "../../core/srt/protocol/packet.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import { monotonicUs } from "../ffi/clock.ts"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import { startOf } from "../protocol/old-machine.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import { type ConnectionOptions, OwnConnection } from "../srt/own/connection.ts"
import { type Address, addressIn, type Endpoint } from "../srt/own/endpoint.ts"
import type { PayloadRing } from "../srt/own/payload-ring.ts"
import { refusalReason } from "../srt/own/reasons.ts"
import type { Lease, OwnSrt } from "../srt/own/stack.ts"
import * as options from "../srt/own/target-options.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import { resolve } from "../system/resolve.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"

export class OwnSrtCall {
  readonly life = new SessionLife(() => this.#letGo())
  readonly #context: SessionContext
  readonly #stack: OwnSrt
  readonly #session: OutputSession
  readonly #target: SrtTarget
  readonly #options: Partial<ConnectionOptions>
  #endpoint: Lease<Endpoint> | null = null
  #ring: Lease<PayloadRing> | null = null
  #socketId = 0
  #address: Address | null = null
  #handshake: CallerHandshake | null = null
  #connection: OwnConnection | null = null
  #releasePort: (() => void) | null = null

  /** Calls at once; `session` is the output it is made for, `more` what its connection has beside the target's. */
  constructor(
    context: SessionContext,
    stack: OwnSrt,
    session: OutputSession,
    target: SrtTarget,
    more: Partial<ConnectionOptions> = {},
  ) {
    this.#context = context
    this.#stack = stack
    this.#session = session
    this.#target = target
    this.#options = more
    void this.#connect()
  }

  /** Null before the handshake is done; it stays when it has ended. */
  get connection(): OwnConnection | null {
    return this.#connection
  }

  /** Where the packets of the call pass: from the first handshake on. */
  get capturePoints(): ReadonlyArray<CapturePoint> {
    return this.#address === null ? [] : [this.#address]
  }

  async #connect(): Promise<void> {
    try {
      const { address, family } = await resolve(this.#target.host, this.#session.spec.public_only === true)
      if (this.life.ended) return
      this.life.figures.address = formatEndpoint(address, this.#target.port)
      this.#open(encodeSockaddr(address, this.#target.port), family)
    } catch (cause) {
      this.life.end(reasonOf(cause))
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
        sequence: startOf("srt", randomInt(0, 0x7fffffff)),
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
      fault: (cause) => this.#context.fault(this.#session, cause),
    })
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
    if (handshake.refusal !== null) this.life.end(refusalReason(handshake.refusal))
    else if (handshake.session !== null && this.#endpoint !== null && this.#address !== null) {
      this.#ring = this.#stack.ring(this.#session.channel)
      try {
        this.#connection = new OwnConnection(
          this.#stack.shared,
          this.#endpoint.value.fd,
          this.#ring.value,
          this.#address,
          handshake.session,
          { ...options.connectionOptions(this.#target), ...this.#options },
          nowUs,
        )
      } catch (cause) {
        if (!(cause instanceof SetupFailure)) throw cause
        // The arena is full: the output may have another receiver, which goes on.
        this.life.end(cause.reason)
        return
      }
      this.life.connect(this.#connection.connectedAt)
    }
  }

  poll(nowUs: number): void {
    if (this.life.ended) return
    const connection = this.#connection
    if (connection !== null) {
      connection.poll(nowUs)
      const reason = connection.endReason(nowUs)
      if (reason !== null) this.life.end(reason)
      return
    }
    const packet = this.#handshake?.poll(nowUs) ?? null
    if (packet !== null && this.#address !== null && this.#endpoint !== null) {
      this.#stack.shared.batch.use(this.#endpoint.value.fd)
      this.#stack.shared.batch.control(this.#address, packet)
    }
    this.#progress(nowUs)
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
