/** SRT listener output on our own stack: one port, any number of receivers, each with a queue of its own. */
import { takenAddress } from "../../core/output/taken-address.ts"
import { type CallerIdentity, ListenerHandshakes, type ListenerStep } from "../../core/srt/protocol/listener.ts"
import { REJECT } from "../../core/srt/protocol/session.ts"
import { describeReject } from "../../core/srt/reject.ts"
import { monotonicUs } from "../ffi/clock.ts"
import { encodeSockaddr, formatSockaddr } from "../ffi/sockaddr.ts"
import type { OutputSpec, OutputStats, Reason, ReceiverStats, SessionState } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { HandshakeGate } from "../srt/handshake-gate.ts"
import { OwnConnection } from "../srt/own/connection.ts"
import { Derivations } from "../srt/own/derivations.ts"
import { addressIn, type Endpoint } from "../srt/own/endpoint.ts"
import type { PayloadRing } from "../srt/own/payload-ring.ts"
import { endReason, STALL_US, STALLED } from "../srt/own/reasons.ts"
import type { Lease, OwnSrt } from "../srt/own/stack.ts"
import * as options from "../srt/own/target-options.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import { type MayReceive, receiversAllowed } from "./allowed-receivers.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { queuedBytes } from "./queued-bytes.ts"
import { SessionLife } from "./session-life.ts"
import { FLOODED } from "./srt-listener.ts"

/** Reject code for what the operator does not allow: forbidden (SRT_REJX_FORBIDDEN). */
const FORBIDDEN = 1403
const NOT_FOUND = 1404
/** A caller that is refused repeats itself at once; it is told of once in this time. */
const TOLD_AGAIN_US = 10e6
const REFUSED_MAX = 1024

interface Receiver {
  readonly connection: OwnConnection
  readonly caller: CallerIdentity
}

export class OwnSrtListener implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly immediate = false
  readonly waiting = false
  maxBurstUs = Number.POSITIVE_INFINITY
  readonly #context: SessionContext
  readonly #stack: OwnSrt
  readonly #target: SrtTarget
  readonly #life = new SessionLife(() => this.#letGo())
  readonly #figures = this.#life.figures
  readonly #derivations = new Derivations(monotonicUs())
  /** When each caller was last told of as refused, by address and code. */
  readonly #refused = new Map<string, number>()
  #receivers: Receiver[] = []
  /** Receivers that have not said anything yet: their tokens come back when they have, or slowly once they are gone. */
  #unproven: OwnConnection[] = []
  #gate: HandshakeGate | null = null
  /** Answers to handshakes wait to be sent. */
  #answering = false
  /** What receivers that have left were sent. */
  #past = { bytes: 0, packets: 0, dropped: 0 }
  #mayReceive: MayReceive = () => false
  #handshakes: ListenerHandshakes | null = null
  #endpoint: Lease<Endpoint> | null = null
  #ring: Lease<PayloadRing> | null = null
  #releasePort: (() => void) | null = null
  #claimed: Uint8Array | null = null

  constructor(context: SessionContext, stack: OwnSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.#stack = stack
    this.spec = spec
    this.channel = channel
    this.#target = target
    try {
      this.#mayReceive = receiversAllowed(spec.settings?.allowed_receivers ?? [])
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
    const target = this.#target
    const local = encodeSockaddr(target.host === "" ? "0.0.0.0" : target.host, target.port)
    this.#figures.address = formatSockaddr(local)
    this.#releasePort = this.#context.udpPorts.hold(takenAddress(target), target.port, "an SRT listener")
    this.#context.listenerPorts.claim(local)
    this.#claimed = local
    this.#handshakes = new ListenerHandshakes(this.#stack.crypto, {
      passphrase: target.passphrase,
      keyBytes: options.keyBytesOf(target) ?? 16,
      latencyMs: options.latencyOf(target),
      tsbpd: options.tsbpdOf(target),
      mtu: options.mtuOf(target),
      minVersion: options.minVersionOf(target),
      admit: (caller) => this.#admit(caller),
      maySetUp: () => this.#gate?.takeToken() !== false,
      mayDerive: ({ peer }) => this.#derivations.allow(peer.replace(/:\d+$/, ""), monotonicUs()),
    })
    this.#endpoint = this.#stack.listenerEndpoint(options.endpointOptions(target, local), {
      take: (name, nameLength, at, length, nowUs) => this.#onHandshake(name, nameLength, at, length, nowUs),
      answered: () => {
        if (this.#answering) this.#stack.submit()
        this.#answering = false
      },
      fault: (cause) => this.#context.fault(this, cause),
    })
    this.#gate = new HandshakeGate(local, this.#context.gates)
    this.#ring = this.#stack.ring(this.channel)
  }

  /** The reject code of a caller that is turned away, or null. */
  #admit({ peer, streamId }: CallerIdentity): number | null {
    if (!this.#mayReceive(peer)) return FORBIDDEN
    const wanted = this.#target.streamId
    return wanted !== null && streamId !== wanted ? NOT_FOUND : null
  }

  #onHandshake(name: number, nameLength: number, at: number, length: number, nowUs: number): void {
    const endpoint = this.#endpoint?.value
    const { arena, batch } = this.#stack.shared
    if (endpoint === undefined || this.#handshakes === null) return
    const sockaddr = arena.bytes.subarray(name, name + nameLength)
    // Written out for callers alone whose cookie is right: most of a flood never gets there.
    const from = {
      get peer() {
        return formatSockaddr(sockaddr)
      },
      address: sockaddr,
    }
    const step = this.#handshakes.receive(from, arena.bytes, at, length, nowUs, () => this.#stack.socketId(endpoint))
    if (step.kind === "ignored") return
    batch.use(endpoint.fd)
    batch.control({ name, nameLength, segments: false }, step.packet)
    this.#answering = true
    if (step.kind === "accepted") this.#join(step, addressIn(arena, sockaddr), endpoint, nowUs)
    else if (step.kind === "refused") this.#tellRefused(step.caller, step.code, nowUs)
  }

  #join(
    { caller, session }: Extract<ListenerStep, { kind: "accepted" }>,
    address: ReturnType<typeof addressIn>,
    endpoint: Endpoint,
    nowUs: number,
  ): void {
    if (this.#ring === null) return
    const connection = new OwnConnection(
      this.#stack.shared,
      endpoint.fd,
      this.#ring.value,
      address,
      session,
      options.connectionOptions(this.#target),
      nowUs,
    )
    endpoint.add(session.socketId, {
      address,
      receive: (at, length, time) => connection.receive(at, length, time),
      fault: (cause) => this.#context.fault(this, cause),
    })
    this.#receivers.push({ connection, caller })
    this.#unproven.push(connection)
    this.maxBurstUs = Math.min(this.maxBurstUs, connection.maxBurstUs)
    this.#life.connect(this.#figures.connectedAt ?? connection.connectedAt)
    this.#context.receiver(this, caller.peer, caller.streamId, true, null)
  }

  #tellRefused(caller: CallerIdentity, code: number, nowUs: number): void {
    const key = `${caller.peer} ${code}`
    const toldUs = this.#refused.get(key)
    if (toldUs !== undefined && nowUs - toldUs < TOLD_AGAIN_US) return
    if (this.#refused.size >= REFUSED_MAX) this.#refused.clear()
    this.#refused.set(key, nowUs)
    this.#context.receiver(this, caller.peer, caller.streamId, false, refusalOf(code))
  }

  poll(nowUs: number): void {
    this.#gate?.poll(nowUs, this.#unproven.length)
    if (this.#unproven.length > 0)
      this.#unproven = this.#unproven.filter((connection) => {
        if (connection.proven) this.#gate?.proven()
        return !connection.proven && connection.ended === null
      })
    for (const receiver of this.#receivers) {
      const { connection } = receiver
      connection.poll(nowUs)
      if (connection.ended !== null) this.#leave(receiver, endReason(connection.ended).message, nowUs)
      else if (connection.blockedUs(nowUs) > STALL_US) this.#leave(receiver, STALLED.message, nowUs)
    }
  }

  flush(nowUs: number): void {
    for (const { connection } of this.#receivers) connection.flush(nowUs)
  }

  #leave(receiver: Receiver, reason: string, nowUs: number): void {
    const { connection, caller } = receiver
    this.#past.bytes += connection.bytesSent
    this.#past.packets += connection.packetsSent
    this.#past.dropped += connection.dropped
    this.#close(receiver, nowUs)
    // A new array: the caller may be walking the old one.
    this.#receivers = this.#receivers.filter((r) => r !== receiver)
    this.maxBurstUs = this.#receivers.reduce(
      (least, r) => Math.min(least, r.connection.maxBurstUs),
      Number.POSITIVE_INFINITY,
    )
    if (this.#receivers.length === 0) this.#life.listen()
    this.#context.receiver(this, caller.peer, caller.streamId, false, reason)
  }

  #close({ connection, caller }: Receiver, nowUs: number): void {
    this.#endpoint?.value.remove(connection.session.socketId)
    this.#handshakes?.forget(caller.peer, connection.session)
    connection.close(nowUs)
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
    const receivers: ReceiverStats[] = this.#receivers.map(({ connection, caller }) => ({
      peer: caller.peer,
      stream_id: caller.streamId,
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
    return statsOf(this, this.#figures, {
      receivers,
      warnings: this.#gate?.flooded === true ? [FLOODED] : [],
      queueBytes,
      srt: receivers.length === 1 ? (receivers[0]?.srt ?? null) : null,
    })
  }

  close(): void {
    this.#life.close()
  }

  /** Ends it: something was thrown in it. */
  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    const nowUs = monotonicUs()
    for (const receiver of this.#receivers) this.#close(receiver, nowUs)
    this.#receivers = []
    this.#unproven = []
    this.#gate?.close()
    this.#endpoint?.release()
    this.#ring?.release()
    if (this.#claimed !== null) this.#context.listenerPorts.release(this.#claimed)
    this.#claimed = null
    this.#releasePort?.()
    this.#releasePort = null
  }
}

/** Why a caller was turned away, for the operator. */
const refusalOf = (code: number): string => {
  if (code === FORBIDDEN) return "its address is not one of allowed_receivers"
  if (code === NOT_FOUND) return "its stream id is not the one this listener serves"
  if (code === REJECT.BADSECRET) return "it has another passphrase than this listener"
  if (code === REJECT.UNSECURE) return "only one side uses encryption: it has no passphrase, or this listener has none"
  return describeReject(code).text
}
