/** Receives a leg from the one SRT sender that calls us. */

import type { SrtInputTarget } from "../../core/input/input-url.ts"
import { formatEndpoint, hostOfEndpoint } from "../../core/net/address.ts"
import { isInNetworks, type Network, parseNetwork } from "../../core/net/network.ts"
import { monotonicUs } from "../ffi/clock.ts"
import type { InputPolicy, Reason } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { SrtInputs } from "./input-context.ts"
import type { LegReceiver, ReceiverFacts, ReceiverHost } from "./leg-receiver.ts"
import type { ListeningLeg, ListeningPlace } from "./srt-input-ports.ts"
import { withReceiveBuffer } from "./srt-receive-buffer.ts"
import { SrtReception } from "./srt-reception.ts"

const REOPEN_US = 1e6
/**
 * A sender from which nothing has come for so long gives way to one that connects now: mostly it is the same, which was
 * restarted or has another address, and libsrt would notice only after 5 s.
 */
const GIVES_WAY_US = 750_000

const REPLACED: Reason = {
  code: "srt_replaced",
  message: "nothing came from it any more, and a sender connected anew",
  transient: true,
}

const NO_LONGER_ALLOWED: Reason = {
  code: "allowed_senders",
  message: "its address is no longer one of input.allowed_senders",
  transient: true,
}

export class SrtListenerReceiver implements LegReceiver, ListeningLeg {
  readonly fd = -1
  readonly target: SrtInputTarget
  readonly #srt: SrtInputs
  readonly #host: ReceiverHost
  readonly #reception: SrtReception
  readonly #shown: string
  #place: ListeningPlace | null = null
  #problem: Reason | null = null
  #allowed: ReadonlyArray<Network> = []
  #nextOpenUs = 0

  constructor(srt: SrtInputs, host: ReceiverHost, policy: InputPolicy, target: SrtInputTarget) {
    this.#srt = srt
    this.#host = host
    this.target = withReceiveBuffer(target, host.spec.rcvbuf)
    this.#reception = new SrtReception(srt.library, host, "listener")
    this.#shown = formatEndpoint(target.host === "" ? "0.0.0.0" : target.host, target.port)
    this.configure(policy)
  }

  get arrival(): string {
    const peer = this.#reception.connection?.peer
    return peer === undefined ? `by SRT on ${this.#shown}` : `by SRT from ${peer}`
  }

  get srtSocket(): number {
    return this.#reception.socket
  }

  get open(): boolean {
    return this.#reception.open
  }

  get connected(): boolean {
    return this.#reception.connection !== null
  }

  get problem(): Reason | null {
    return this.#problem
  }

  configure(policy: InputPolicy): void {
    this.#allowed = policy.allowed_senders.map(parseNetwork).filter((network) => network !== null)
    const { connection } = this.#reception
    if (connection !== null && !this.#mayCome(connection.peer)) this.#lost(NO_LONGER_ALLOWED, monotonicUs(), true)
  }

  #mayCome(peer: string): boolean {
    return this.#allowed.length === 0 || isInNetworks(this.#allowed, hostOfEndpoint(peer))
  }

  poll(nowUs: number): void {
    if (this.#place === null) this.#open(nowUs)
    this.#place?.poll(nowUs)
    this.#reception.drain(nowUs)
    const { connection } = this.#reception
    if (connection === null) return
    connection.poll(nowUs)
    connection.receive()
    if (connection.proven) this.#place?.proven(connection.socket)
    if (connection.end !== null) this.#lost(connection.end, nowUs)
  }

  #open(nowUs: number): void {
    if (nowUs < this.#nextOpenUs) return
    this.#nextOpenUs = nowUs + REOPEN_US
    try {
      this.#place = this.#srt.listeners.listen(this)
      this.#problem = null
      this.#host.say("open", `waiting for an SRT sender on ${this.#shown}/udp`)
    } catch (cause) {
      const reason = reasonOf(cause)
      if (this.#problem?.message !== reason.message) this.#host.say("failed", reason.message)
      this.#problem = reason
    }
  }

  offer(socket: number, peer: string, streamId: string, nowUs: number): string | null {
    if (!this.#mayCome(peer)) return "its address is not one of input.allowed_senders"
    const { connection } = this.#reception
    if (connection !== null) {
      connection.receive()
      if (connection.end === null && connection.silentUs(nowUs) < GIVES_WAY_US)
        return `another sender, ${connection.peer}, is connected: an input takes one at a time`
      this.#lost(connection.end ?? REPLACED, nowUs)
    }
    this.#reception.connected(socket, peer, streamId, nowUs)
    return null
  }

  turnedAway(peer: string, streamId: string, why: string, nowUs: number): void {
    this.#reception.refused(peer, streamId, why, nowUs)
  }

  #lost(reason: Reason, nowUs: number, cut = false): void {
    this.#place?.proven(this.#reception.socket)
    this.#reception.lost(reason, nowUs, cut)
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
      warnings: this.#place?.warnings ?? [],
      fecOffered: false,
      srt: this.#reception.stats("listening"),
    }
  }

  close(): void {
    this.#reception.close()
    this.#place?.leave()
    this.#place = null
  }
}
