/** Receives a leg from an SRT listener that is called, and called again when the connection is lost. */

import type { SrtInputTarget } from "../../core/input/input-url.ts"
import { formatEndpoint } from "../../core/net/address.ts"
import { countFailure, retryDelayMs } from "../../core/settings/retry-delay.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import { SRTS_CONNECTED } from "../ffi/libsrt.ts"
import { encodeSockaddr, formatSockaddr } from "../ffi/sockaddr.ts"
import type { Reason } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import { filterPackets } from "../srt/packet-filter.ts"
import { connectionLost, createSocket, forFamily, getInt, lastError, rejectReason } from "../srt/srt-socket.ts"
import { resolve } from "../system/resolve.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import type { SrtInputs } from "./input-context.ts"
import type { LegReceiver, ReceiverFacts, ReceiverHost } from "./leg-receiver.ts"
import { withReceiveBuffer } from "./srt-receive-buffer.ts"
import { SrtReception } from "./srt-reception.ts"

export class SrtCallerReceiver implements LegReceiver {
  readonly fd = -1
  readonly #srt: SrtInputs
  readonly #host: ReceiverHost
  readonly #target: SrtInputTarget
  readonly #udpPorts: UdpPortRegistry
  readonly #reception: SrtReception
  readonly #shown: string
  /** Called, and not connected yet; -1 between attempts. */
  #calling = -1
  #peer = ""
  #resolving = false
  #releasePort: (() => void) | null = null
  #nextAttemptUs = 0
  #failures = 0
  #closed = false

  constructor(srt: SrtInputs, host: ReceiverHost, target: SrtInputTarget, udpPorts: UdpPortRegistry) {
    this.#srt = srt
    this.#host = host
    this.#target = withReceiveBuffer(target, host.spec.rcvbuf)
    this.#udpPorts = udpPorts
    this.#reception = new SrtReception(srt.library, host, "caller")
    this.#shown = formatEndpoint(target.host, target.port)
  }

  get arrival(): string {
    return `by SRT from ${this.#reception.connection?.peer ?? this.#shown}`
  }

  get srtSocket(): number {
    return this.#reception.socket
  }

  get open(): boolean {
    return this.#reception.open
  }

  get problem(): Reason | null {
    return this.#reception.connection !== null ? null : this.#reception.lastError
  }

  /** `allowed_senders` is for those who come by themselves. */
  configure(): void {}

  poll(nowUs: number): void {
    this.#reception.drain(nowUs)
    const { connection } = this.#reception
    if (connection !== null) {
      connection.poll(nowUs)
      connection.receive()
      if (connection.end !== null) this.#lost(connection.end, Date.now() - connection.connectedAt, nowUs)
    } else if (this.#calling >= 0) this.#look(nowUs)
    else if (!this.#resolving && nowUs >= this.#nextAttemptUs) void this.#call(nowUs)
  }

  async #call(nowUs: number): Promise<void> {
    this.#resolving = true
    try {
      const { address, family } = await resolve(
        this.#target.host,
        this.#host.spec.public_only === true,
        undefined,
        "input",
      )
      if (this.#closed) return
      const peer = encodeSockaddr(address, this.#target.port)
      this.#peer = formatEndpoint(address, this.#target.port)
      const target = forFamily(this.#target, family)
      this.#calling = createSocket(this.#srt.library, target, "receive")
      this.#bind(target, family)
      if (this.#srt.library.connect(this.#calling, peer, peer.length) !== 0)
        throw new SetupFailure(lastError(this.#srt.library, "srt_connect failed"))
    } catch (cause) {
      if (!this.#closed) this.#failed(reasonOf(cause), nowUs)
    } finally {
      this.#resolving = false
    }
  }

  #bind(target: SrtInputTarget, family: 4 | 6): void {
    if (target.localPort === null) {
      this.#releasePort = this.#srt.callers.bind(this.#calling, target, family)
      return
    }
    const host = target.localHost ?? (family === 6 ? "::" : "0.0.0.0")
    this.#releasePort = this.#udpPorts.hold(host, target.localPort, "an SRT input")
    const local = encodeSockaddr(host, target.localPort)
    if (this.#srt.library.bind(this.#calling, local, local.length) !== 0)
      throw new SetupFailure({
        ...lastError(this.#srt.library, `cannot bind to ${formatSockaddr(local)}`),
        transient: false,
      })
    filterPackets(local, "caller")
  }

  /** How far has libsrt come with the call? */
  #look(nowUs: number): void {
    const { library } = this.#srt
    const state = library.getsockstate(this.#calling)
    if (state === SRTS_CONNECTED) {
      const socket = this.#calling
      this.#calling = -1
      this.#reception.connected(socket, this.#peer, this.#target.streamId ?? "", nowUs)
    } else if (state > SRTS_CONNECTED) {
      // As of an output that calls: a handshake that was taken, and lost before this thread looked, leaves no reject code.
      const cameUp = getInt(library, this.#calling, SRT_OPTIONS.PEERVERSION) !== 0
      this.#failed(cameUp ? connectionLost(library) : rejectReason(library, this.#calling), nowUs)
    }
  }

  #failed(reason: Reason, nowUs: number): void {
    this.#letGo()
    this.#reception.failed({ ...reason, message: `${this.#shown} cannot be received from by SRT: ${reason.message}` })
    this.#retryAfter(reason, 0, nowUs)
  }

  #lost(reason: Reason, connectedMs: number, nowUs: number): void {
    this.#reception.lost(reason, nowUs)
    this.#letGo()
    this.#retryAfter(reason, connectedMs, nowUs)
  }

  #retryAfter(reason: Reason, connectedMs: number, nowUs: number): void {
    this.#failures = countFailure(this.#failures, connectedMs)
    const policy = { delayMs: this.#host.spec.retry_delay_ms ?? null, maxAttempts: 0 }
    this.#nextAttemptUs = nowUs + retryDelayMs(this.#failures, reason.transient, Math.random(), policy) * 1000
  }

  get hasMore(): boolean {
    return this.#reception.connection?.hasMore === true
  }

  receive(_clockOffsetUs: number, room: number): number {
    return this.#reception.connection?.receive(room) ?? 0
  }

  facts(): ReceiverFacts {
    return {
      kernelDrops: 0,
      rcvbufGranted: 0,
      warnings: [],
      fecOffered: false,
      srt: this.#reception.stats("connecting"),
    }
  }

  #letGo(): void {
    if (this.#calling >= 0) this.#srt.library.close(this.#calling)
    this.#calling = -1
    this.#releasePort?.()
    this.#releasePort = null
  }

  close(): void {
    this.#closed = true
    this.#reception.close()
    this.#letGo()
  }
}
