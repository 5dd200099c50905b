/** SRT caller (and rendezvous) output: one connection, made once; the control plane decides about the next attempt. */
import { formatEndpoint } from "../../core/net/address.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import { type LibSrt, SRTS_CONNECTED, SRTS_CONNECTING } from "../ffi/libsrt.ts"
import { encodeSockaddr, formatSockaddr } from "../ffi/sockaddr.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { filterPackets } from "../srt/packet-filter.ts"
import {
  connectionLost,
  createSocket,
  forFamily,
  getInt,
  lastError,
  rejectReason,
  type SrtTarget,
} from "../srt/srt-socket.ts"
import { resolve } from "../system/resolve.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"
import { SrtConnection } from "./srt-connection.ts"
import { callerStats } from "./srt-sending.ts"
import { chooseStack, type StackChoice } from "./stack-choice.ts"

const KM_SECURED = 2
const NOT_ENCRYPTED: Reason = {
  code: "srt_not_encrypted",
  message:
    "the connection came up without encryption although a passphrase is set: the peer has another passphrase or none",
  transient: true,
}
const STATE_CHECK_US = 250_000
export class SrtCaller implements OutputSession {
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
  #socket = -1
  #releasePort: (() => void) | null = null
  #connection: SrtConnection | null = null
  #nextCheckUs = 0

  constructor(context: SessionContext, srt: LibSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.#srt = srt
    this.spec = spec
    this.channel = channel
    this.#target = target
    this.srtStack = chooseStack(context, target)
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
      const peer = encodeSockaddr(address, this.#target.port)
      this.#life.figures.address = formatEndpoint(address, this.#target.port)
      const target = forFamily(this.#target, family)
      this.#socket = createSocket(this.#srt, target)
      this.#bind(target, family)
      if (this.#srt.connect(this.#socket, peer, peer.length) !== 0)
        throw new SetupFailure(lastError(this.#srt, "srt_connect failed"))
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  #bind(target: SrtTarget, family: 4 | 6): void {
    if (target.localPort === null && target.mode === "caller" && this.#context.ports !== null) {
      this.#releasePort = this.#context.ports.bind(this.#socket, target, family)
      return
    }
    const host = target.localHost ?? (family === 6 ? "::" : "0.0.0.0")
    const port = target.localPort ?? target.port
    this.#releasePort = this.#context.udpPorts.hold(host, port, "an SRT output")
    const local = encodeSockaddr(host, port)
    if (this.#srt.bind(this.#socket, local, local.length) !== 0)
      throw new SetupFailure({ ...lastError(this.#srt, `cannot bind to ${formatSockaddr(local)}`), transient: false })
    filterPackets(local, "caller")
  }

  get maxBurstUs(): number {
    return this.#connection?.maxBurstUs ?? Number.POSITIVE_INFINITY
  }

  poll(nowUs: number): void {
    if (this.#life.ended || this.#socket < 0) return
    if (this.state === "connected" && nowUs < this.#nextCheckUs) return
    this.#nextCheckUs = nowUs + STATE_CHECK_US
    const socketState = this.#srt.getsockstate(this.#socket)
    if (this.state === "connecting") {
      if (socketState === SRTS_CONNECTED) this.#connected()
      else if (socketState > SRTS_CONNECTED) this.#life.end(this.#notConnected())
      else if (socketState < SRTS_CONNECTING) return
    } else if (socketState !== SRTS_CONNECTED) this.#life.end(connectionLost(this.#srt))
  }

  /**
   * Why the socket came to nothing. libsrt's threads connect it, and may have lost the connection again before this
   * thread looked: that leaves reject code 0, and the version of the peer, which only a handshake that was taken tells.
   * A second later libsrt has put the socket away (-1), with what it knew of it.
   */
  #notConnected(): Reason {
    return getInt(this.#srt, this.#socket, SRT_OPTIONS.PEERVERSION) === 0
      ? rejectReason(this.#srt, this.#socket)
      : connectionLost(this.#srt)
  }

  #connected(): void {
    // With SRTO_ENFORCEDENCRYPTION off a mismatch still connects: never send in clear what was to be encrypted.
    if (this.#target.passphrase !== null && getInt(this.#srt, this.#socket, SRT_OPTIONS.SNDKMSTATE) !== KM_SECURED) {
      this.#life.end(NOT_ENCRYPTED)
      return
    }
    this.#connection = new SrtConnection(this.#context, this.#srt, this.#socket, this.channel, this.#target.packetSize)
    this.#life.connect(this.#connection.connectedAt)
  }

  flush(nowUs: number): void {
    const reason = this.#connection?.flush(nowUs) ?? null
    if (reason !== null) this.#life.end(reason)
  }

  fateOf(position: number): SlotFate {
    return this.#connection?.reader.fateOf(position) ?? "waiting"
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

  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    if (this.#socket >= 0) this.#srt.close(this.#socket)
    this.#socket = -1
    this.#releasePort?.()
    this.#releasePort = null
  }
}
