/**
 * The ports that SRT legs listen on. Legs of several channels share a port when each has a stream id of its own; the
 * sender's tells whose it is.
 *
 * libsrt takes passphrase and buffers from the listening socket, so legs that share a port have these in common. Whether
 * a sender may come is looked at when libsrt has shaken hands with it: its hook before that runs on a thread of libsrt,
 * which must not wait for JavaScript. Encryption is not enforced by libsrt, which would refuse without a word to us, but
 * here, with a reason.
 */
import { isIPv6 } from "node:net"
import type { SrtInputTarget } from "../../core/input/input-url.ts"
import { fitsStreamId } from "../../core/srt/ingest-id.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import { encodeSockaddr, formatSockaddr } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { HandshakeGate, type HandshakeGates } from "../srt/handshake-gate.ts"
import type { ListenerPorts } from "../srt/listener-ports.ts"
import { SrtReadiness } from "../srt/srt-readiness.ts"
import { acceptOne, createSocket, forFamily, getInt, getString, lastError } from "../srt/srt-socket.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { forceReceiveBuffer } from "./srt-receive-buffer.ts"

const BACKLOG = 16
const ACCEPT_INTERVAL_US = 10_000
/** More waiting senders than this are taken at the next poll, so that a storm of them does not hold the loop. */
const ACCEPTS_PER_POLL = 8
/** A sender that has sent nothing for so long after it connected takes up no room among those being set up. */
const PROVEN_AFTER_US = 6e6
const RECEIVE_BUFFER = 4 << 20

/** SRT_KM_STATE of the receiving direction. */
const KM_SECURED = 2
const KM_NO_SECRET = 3
const KM_BAD_SECRET = 4

/** A leg that waits for its sender. */
export interface ListeningLeg {
  readonly target: SrtInputTarget
  /** Takes the connection; or says why not, and leaves it. */
  readonly offer: (socket: number, peer: string, streamId: string, nowUs: number) => string | null
  /** A sender that may have been meant for this leg was turned away. */
  readonly turnedAway: (peer: string, streamId: string, why: string, nowUs: number) => void
  /** A sender is connected. */
  readonly connected: boolean
}

/** The process-wide means that ports are opened with. */
export interface PortMeans {
  readonly srt: LibSrt
  readonly udpPorts: UdpPortRegistry
  readonly listenerPorts: ListenerPorts
  readonly gates: HandshakeGates
}

/** Options of the listening socket, as text: equal for legs that share a port. */
const socketOptions = ({ options }: SrtInputTarget): string =>
  options
    .filter(({ option }) => option !== SRT_OPTIONS.STREAMID)
    .map(({ option, value }) => `${option.name}=${String(value)}`)
    .sort()
    .join(" ")

const enforcesEncryption = ({ options }: SrtInputTarget): boolean =>
  options.find(({ option }) => option === SRT_OPTIONS.ENFORCEDENCRYPTION)?.value !== false

/** Why a sender whose key exchange ended in this state may not come; null when it may. */
const encryptionProblem = (target: SrtInputTarget, state: number): string | null => {
  if (state === KM_BAD_SECRET) return "its passphrase is not the one of this input"
  if (state === KM_NO_SECRET) return "it encrypts, and this input has no passphrase"
  if (target.passphrase !== null && state !== KM_SECURED && enforcesEncryption(target))
    return "it does not encrypt, and this input has a passphrase"
  return null
}

class SrtInputPort {
  readonly #means: PortMeans
  readonly #shown: string
  readonly #waiting: SrtReadiness
  readonly #releasePort: () => void
  readonly #gate: HandshakeGate
  readonly #socket: number
  readonly #options: string
  #legs: ReadonlyArray<ListeningLeg> = []
  /** Senders taken that have not sent anything yet: when they came. */
  #unproven = new Map<number, number>()
  #nextAcceptUs = 0

  constructor(means: PortMeans, target: SrtInputTarget, local: Uint8Array) {
    const { srt } = means
    this.#means = means
    this.#shown = formatSockaddr(local)
    this.#options = socketOptions(target)
    const release = means.udpPorts.hold(target.host, target.port, "an SRT input")
    try {
      means.listenerPorts.claim(local)
    } catch (cause) {
      release()
      throw cause
    }
    this.#releasePort = () => {
      means.listenerPorts.release(local)
      release()
    }
    let socket = -1
    try {
      socket = createSocket(srt, forFamily(unenforced(target), isIPv6(target.host) ? 6 : 4), "receive")
      if (srt.bind(socket, local, local.length) !== 0) throw new SetupFailure(lastError(srt, this.#doing))
      this.#gate = new HandshakeGate(local, means.gates)
      this.#gate.guard(srt, socket)
      forceReceiveBuffer(local, RECEIVE_BUFFER)
      if (srt.listen(socket, BACKLOG) !== 0) throw new SetupFailure(lastError(srt, this.#doing))
    } catch (cause) {
      if (socket >= 0) srt.close(socket)
      this.#releasePort()
      throw cause
    }
    this.#socket = socket
    this.#waiting = new SrtReadiness(srt)
    this.#waiting.watch(socket)
  }

  get #doing(): string {
    return `cannot listen on ${this.#shown}/udp`
  }

  get empty(): boolean {
    return this.#legs.length === 0
  }

  /** Throws SetupFailure when the leg cannot share the port with those that have it. */
  join(leg: ListeningLeg): void {
    const refuse = (why: string): never => {
      throw new SetupFailure({ code: "EADDRINUSE", message: `${this.#doing}: ${why}`, transient: true })
    }
    if (!this.empty) {
      if (leg.target.streamId === null || this.#legs.some(({ target }) => target.streamId === null))
        refuse("another input listens there; give each of them a streamid, or another port")
      if (this.#legs.some(({ target }) => target.streamId === leg.target.streamId))
        refuse("another input waits there for the same stream id; give one of them another")
      if (socketOptions(leg.target) !== this.#options)
        refuse("another input listens there with another passphrase or other options; inputs on one port share them")
    }
    this.#legs = [...this.#legs, leg]
  }

  leave(leg: ListeningLeg): void {
    this.#legs = this.#legs.filter((one) => one !== leg)
  }

  get warnings(): ReadonlyArray<string> {
    return this.#gate.warnings
  }

  poll(nowUs: number): void {
    if (nowUs < this.#nextAcceptUs) return
    this.#nextAcceptUs = nowUs + ACCEPT_INTERVAL_US
    for (let i = 0; i < ACCEPTS_PER_POLL && this.#waiting.any() && this.#accept(nowUs); i++);
    for (const [socket, sinceUs] of this.#unproven) if (nowUs - sinceUs > PROVEN_AFTER_US) this.proven(socket)
    this.#gate.poll(nowUs, this.#unproven.size)
  }

  /** The sender on this socket has sent something, or is gone. */
  proven(socket: number): void {
    if (this.#unproven.delete(socket)) this.#gate.proven()
  }

  #accept(nowUs: number): boolean {
    const { srt } = this.#means
    const accepted = acceptOne(srt, this.#socket)
    if (accepted === null) return false
    const { socket, peer } = accepted
    const streamId = getString(srt, socket, SRT_OPTIONS.STREAMID)
    this.#unproven.set(socket, nowUs)
    const leg = this.#legs.find(({ target }) => target.streamId === null || fitsStreamId(target.streamId, streamId))
    const why =
      leg === undefined
        ? this.#strangerProblem(streamId)
        : (encryptionProblem(leg.target, getInt(srt, socket, SRT_OPTIONS.RCVKMSTATE)) ??
          leg.offer(socket, peer, streamId, nowUs))
    if (why === null) return true
    srt.close(socket)
    this.proven(socket)
    // One that nobody waits for may have been meant for any leg, and rather for one that has no sender.
    const lonely = this.#legs.filter((one) => !one.connected)
    const meant = leg === undefined ? (lonely.length > 0 ? lonely : this.#legs) : [leg]
    for (const one of meant) one.turnedAway(peer, streamId, why, nowUs)
    return true
  }

  #strangerProblem(streamId: string): string {
    const waited = this.#legs.length === 1 ? "this input waits for" : "an input on this port waits for"
    return streamId === "" ? `it sent no stream id, and ${waited} one` : `its stream id is not one that ${waited}`
  }

  close(): void {
    this.#waiting.close()
    this.#gate.close()
    this.#means.srt.close(this.#socket)
    this.#releasePort()
  }
}

/** With encryption checked here instead of by libsrt. */
const unenforced = (target: SrtInputTarget): SrtInputTarget => ({
  ...target,
  options: [
    ...target.options.filter(({ option }) => option !== SRT_OPTIONS.ENFORCEDENCRYPTION),
    { option: SRT_OPTIONS.ENFORCEDENCRYPTION, value: false },
  ],
})

/** A leg's place on a port. */
export interface ListeningPlace {
  readonly warnings: ReadonlyArray<string>
  poll(nowUs: number): void
  proven(socket: number): void
  leave(): void
}

export class SrtInputPorts {
  readonly #means: PortMeans
  readonly #ports = new Map<string, SrtInputPort>()

  constructor(means: PortMeans) {
    this.#means = means
  }

  /** Listens for a leg. Throws SetupFailure when its address cannot be had, or not shared. */
  listen(leg: ListeningLeg): ListeningPlace {
    const { target } = leg
    const local = encodeSockaddr(target.host === "" ? "0.0.0.0" : target.host, target.port)
    const key = formatSockaddr(local)
    const port = this.#ports.get(key) ?? new SrtInputPort(this.#means, target, local)
    this.#ports.set(key, port)
    port.join(leg)
    return {
      get warnings() {
        return port.warnings
      },
      poll: (nowUs) => port.poll(nowUs),
      proven: (socket) => port.proven(socket),
      leave: () => {
        port.leave(leg)
        if (!port.empty) return
        this.#ports.delete(key)
        port.close()
      },
    }
  }
}
