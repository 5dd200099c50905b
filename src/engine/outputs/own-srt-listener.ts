/** SRT listener output on our own stack: one port, any number of receivers, each with a queue of its own. */
import {
  type CallerAddress,
  type CallerIdentity,
  ListenerHandshakes,
  type ListenerStep,
} from "../../core/srt/protocol/listener.ts"
import type { Malformed } from "../../core/srt/protocol/packet.ts"
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import { REJECT } from "../../core/srt/protocol/session.ts"
import { describeReject } from "../../core/srt/reject.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import { monotonicUs } from "../ffi/clock.ts"
import { formatSockaddr } from "../ffi/sockaddr.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { HandshakeGate } from "../srt/handshake-gate.ts"
import type { SrtArena } from "../srt/own/arena.ts"
import { OwnConnection } from "../srt/own/connection.ts"
import { Derivations } from "../srt/own/derivations.ts"
import { type Address, addressIn, type Endpoint } from "../srt/own/endpoint.ts"
import type { PayloadRing } from "../srt/own/payload-ring.ts"
import type { Destination } from "../srt/own/send-batch.ts"
import type { Lease, OwnSrt } from "../srt/own/stack.ts"
import * as options from "../srt/own/target-options.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import { admission, TURNED_AWAY } from "./allowed-receivers.ts"
import { followReceivers } from "./follow-receivers.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"
import { type ListenPort, takeListenPort } from "./srt-listen-port.ts"
import { type Receiver, SrtReceivers } from "./srt-receivers.ts"
import type { StackChoice } from "./stack-choice.ts"

/** A caller that is refused repeats itself at once; it is told of once in this time. */
const TOLD_AGAIN_US = 10e6
const REFUSED_MAX = 1024

/** Whoever sent the handshake whose address stands at `name` of the arena, until the next ones are received. */
class ArenaCaller implements CallerAddress, Destination {
  readonly segments = false
  readonly capture = null
  readonly address: Uint8Array
  readonly name: number
  readonly nameLength: number

  constructor(arena: SrtArena, name: number, nameLength: number) {
    this.address = arena.bytes.subarray(name, name + nameLength)
    this.name = name
    this.nameLength = nameLength
  }

  /** Written out for callers alone whose cookie is right: most of a flood never gets there. */
  get peer(): string {
    return formatSockaddr(this.address)
  }
}

export class OwnSrtListener implements OutputSession {
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
  readonly #receivers: SrtReceivers<Receiver<OwnConnection>>
  readonly #derivations = new Derivations(monotonicUs())
  /** When each caller was last told of as refused, by address and code. */
  readonly #refused = new Map<string, number>()
  /** Receivers that have not said anything yet: their tokens come back when they have, or slowly once they are gone. */
  #unproven: Receiver<OwnConnection>[] = []
  #gate: HandshakeGate | null = null
  /** Where handshakes come from, by the place of the address in the arena: as many as are received at a time. */
  readonly #callers = new Map<number, ArenaCaller>()
  readonly #freeSocketId = (): number => (this.#endpoint === null ? 0 : this.#stack.socketId(this.#endpoint.value))
  /** Answers to handshakes wait to be sent. */
  #answering = false
  #handshakes: ListenerHandshakes | null = null
  #endpoint: Lease<Endpoint> | null = null
  #ring: Lease<PayloadRing> | null = null
  #port: ListenPort | null = null

  constructor(context: SessionContext, stack: OwnSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.#stack = stack
    this.spec = spec
    this.channel = channel
    this.#target = target
    this.#receivers = new SrtReceivers(context, this, this.#life)
    try {
      this.#listen()
      this.#life.listen()
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  get capturePoints(): ReadonlyArray<CapturePoint> {
    return this.#receivers.all.map(({ connection }) => connection.address)
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  #listen(): void {
    const target = this.#target
    const isServed = admission(this.spec.settings?.allowed_receivers ?? [], target.streamId)
    this.#port = takeListenPort(this.#context, target)
    const { local } = this.#port
    this.#life.figures.address = this.#port.shown
    this.#handshakes = new ListenerHandshakes(this.#stack.crypto, {
      passphrase: target.passphrase,
      keyBytes: options.keyBytesOf(target) ?? 16,
      latencyMs: options.latencyOf(target),
      tsbpd: options.tsbpdOf(target),
      mtu: options.mtuOf(target),
      minVersion: options.minVersionOf(target),
      admit: ({ peer, streamId }) => isServed(peer, streamId),
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

  #onHandshake(name: number, nameLength: number, at: number, length: number, nowUs: number): Malformed | null {
    const endpoint = this.#endpoint?.value
    const { arena, batch } = this.#stack.shared
    if (endpoint === undefined || this.#handshakes === null) return null
    let caller = this.#callers.get(name)
    if (caller === undefined || caller.nameLength !== nameLength) {
      caller = new ArenaCaller(arena, name, nameLength)
      this.#callers.set(name, caller)
    }
    const step = this.#handshakes.receive(caller, arena.bytes, at, length, nowUs, this.#freeSocketId)
    // A cookie may have expired, and one that is told to wait asks again: neither is malformed.
    if (step.kind === "ignored") return step.why === "cookie" || step.why === "busy" ? null : step.why
    if (step.kind === "accepted" && !this.#join(step, caller.address, endpoint, nowUs)) return null
    batch.use(endpoint.fd)
    batch.control(caller, step.packet)
    this.#answering = true
    if (step.kind === "refused") this.#tellRefused(step.caller, step.code, refusalOf(step.code), nowUs)
    return null
  }

  /** Takes a receiver. False when there is no memory for it: it is not answered then, and asks again. */
  #join(
    { caller, session }: Extract<ListenerStep, { kind: "accepted" }>,
    sockaddr: Uint8Array,
    endpoint: Endpoint,
    nowUs: number,
  ): boolean {
    if (this.#ring === null) return false
    const { shared } = this.#stack
    const settings = options.connectionOptions(this.#target)
    let address: Address | null = null
    let connection: OwnConnection
    try {
      address = addressIn(shared.arena, sockaddr)
      connection = new OwnConnection(shared, endpoint.fd, this.#ring.value, address, session, settings, nowUs)
    } catch (cause) {
      if (!(cause instanceof SetupFailure)) throw cause
      if (address !== null) shared.arena.release(address.block)
      this.#handshakes?.forget(caller.peer, session)
      this.#tellRefused(caller, cause.reason.code, cause.reason.message, nowUs)
      return false
    }
    endpoint.add(session.socketId, {
      address,
      receive: (at, length, time) => connection.receive(at, length, time),
      fault: (cause) => this.#context.fault(this, cause),
    })
    const receiver = { connection, ...caller }
    this.#unproven.push(receiver)
    this.#receivers.join(receiver)
    return true
  }

  #tellRefused(caller: CallerIdentity, code: number | string, why: string, nowUs: number): void {
    const key = `${caller.peer} ${code}`
    const toldUs = this.#refused.get(key)
    if (toldUs !== undefined && nowUs - toldUs < TOLD_AGAIN_US) return
    if (this.#refused.size >= REFUSED_MAX) this.#refused.clear()
    this.#refused.set(key, nowUs)
    this.#receivers.turnedAway(caller.peer, caller.streamId, why)
  }

  poll(nowUs: number): void {
    this.#gate?.poll(nowUs, this.#unproven.length)
    if (this.#unproven.length > 0)
      this.#unproven = this.#unproven.filter((receiver) => {
        // One that has left took its token with it.
        if (!this.#receivers.all.includes(receiver)) return false
        const { proven } = receiver.connection
        if (proven) this.#gate?.proven()
        return !proven
      })
    for (const receiver of this.#receivers.all) {
      receiver.connection.poll(nowUs)
      const reason = receiver.connection.endReason(nowUs)
      if (reason === null) continue
      this.#close(receiver, nowUs)
      this.#receivers.leave(receiver, receiver.connection.saidGoodbye ? null : reason.message)
    }
  }

  get maxBurstUs(): number {
    return this.#receivers.maxBurstUs
  }

  flush(nowUs: number): void {
    for (const { connection } of this.#receivers.all) connection.flush(nowUs)
  }

  #close({ connection, peer }: Receiver<OwnConnection>, nowUs: number): void {
    this.#endpoint?.value.remove(connection.session.socketId)
    this.#handshakes?.forget(peer, connection.session)
    connection.close(nowUs)
  }

  fateOf(position: number): SlotFate {
    return this.#receivers.fateOf(position)
  }

  followSlot(position: number, receivedUs: number): (nowUs: number) => SlotReceipt {
    return followReceivers(() => this.#receivers.all, position, receivedUs)
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

  /** Ends it: something was thrown in it. */
  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    const nowUs = monotonicUs()
    for (const receiver of this.#receivers.all) this.#close(receiver, nowUs)
    this.#receivers.clear()
    this.#unproven = []
    this.#gate?.close()
    this.#endpoint?.release()
    this.#ring?.release()
    this.#port?.release()
  }
}

/** Why a caller was turned away, for the operator. */
const refusalOf = (code: number): string => {
  if (code === REJECT.BADSECRET) return "it has another passphrase than this listener"
  if (code === REJECT.UNSECURE) return "only one side uses encryption: it has no passphrase, or this listener has none"
  return TURNED_AWAY[code] ?? describeReject(code).text
}
