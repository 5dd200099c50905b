/**
 * The listener's side of SRT handshakes (clause 4.3.1). Nothing is kept of a caller before its cookie came back from
 * the address it claims; a passphrase is tried only then, and only as often as `mayDerive` lets it.
 */
import { Cookies } from "./cookie.ts"
import {
  buildHandshake,
  FLAG,
  HANDSHAKE_TYPE,
  HANDSHAKE_V5,
  HAS,
  type Handshake,
  isUsable,
  MAGIC,
  REJECT_BASE,
  readHandshake,
  SRT_VERSION,
} from "./handshake.ts"
import { type KeyBytes, readKeyMaterial, type SrtCrypto, StreamKeys } from "./key-material.ts"
import type { Malformed } from "./packet.ts"
import { payloadFor, REJECT, type Session } from "./session.ts"

export interface ListenerOptions {
  /** 10 to 79 bytes; null lets nobody in who encrypts. */
  readonly passphrase: string | null
  /** Key length told to callers that have none of their own. */
  readonly keyBytes: KeyBytes
  /** Least latency in ms asked of receivers, 0 to 65535. */
  readonly latencyMs: number
  readonly tsbpd: boolean
  readonly mtu: number
  /** Oldest version of a caller that is let in, 0xMMmmpp. */
  readonly minVersion: number
  /** The reject code with which a caller is refused, or null. Asked after the cookie and before the passphrase. */
  readonly admit: (caller: CallerIdentity) => number | null
  /** False while no more connections may be set up: the caller is not answered then, and asks again. */
  readonly maySetUp?: () => boolean
  /** False while this caller, or all together, have had their share of key derivations: it is not answered then. */
  readonly mayDerive: (caller: CallerIdentity) => boolean
}

export interface CallerIdentity {
  /** The address as the transport writes it; asked only of callers whose cookie is right. */
  readonly peer: string
  readonly streamId: string
}

/** What became of a handshake packet. */
export type ListenerStep =
  | { readonly kind: "reply"; readonly packet: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: "accepted"
      readonly packet: Uint8Array<ArrayBuffer>
      readonly caller: CallerIdentity
      readonly session: Session
    }
  | {
      readonly kind: "refused"
      readonly packet: Uint8Array<ArrayBuffer>
      readonly caller: CallerIdentity
      readonly code: number
    }
  | { readonly kind: "ignored"; readonly why: Malformed | "cookie" | "busy" }

const OUR_WINDOW = 8192
const OUR_RECEIVE_LATENCY_MS = 120

const needs = (flags: number, wanted: number): boolean => (flags & wanted) !== 0

/** Why the capabilities of a caller do not fit; null when they do. */
const misfit = (h: Handshake, minVersion: number): number | null => {
  if (h.capabilities === null) return REJECT.ROGUE
  if (h.capabilities.version < minVersion) return REJECT.VERSION
  if (h.grouped) return REJECT.GROUP
  // libsrt always says that it can filter (PACKET_FILTER); only the extension asks for it.
  if (h.filter !== "") return REJECT.FILTER
  if (h.congestion !== "" && h.congestion !== "live") return REJECT.CONGESTION
  return needs(h.capabilities.flags, FLAG.STREAM) ? REJECT.MESSAGEAPI : null
}

export class ListenerHandshakes {
  readonly #crypto: SrtCrypto
  readonly #options: ListenerOptions
  readonly #cookies: Cookies
  /** Answers to callers that are connected: one that did not hear it asks again. */
  readonly #answered = new Map<string, { readonly packet: Uint8Array<ArrayBuffer>; readonly startUs: number }>()

  constructor(crypto: SrtCrypto, options: ListenerOptions) {
    this.#crypto = crypto
    this.#options = options
    this.#cookies = new Cookies(crypto.random(8))
  }

  /**
   * Takes a handshake packet for socket id 0. `peer` and `address` name where it came from, as text and as bytes;
   * `freeSocketId` yields a socket id that no connection has, asked only when a caller is let in.
   */
  receive(
    from: { readonly peer: string; readonly address: Uint8Array },
    bytes: Uint8Array,
    at: number,
    length: number,
    nowUs: number,
    freeSocketId: () => number,
  ): ListenerStep {
    const h = readHandshake(bytes, at, length)
    if (h === null || h.socketId === 0) return { kind: "ignored", why: "handshake" }
    if (h.type === HANDSHAKE_TYPE.INDUCTION) return this.#induced(h, from.address, nowUs)
    if (h.type !== HANDSHAKE_TYPE.CONCLUSION || !isUsable(h)) return { kind: "ignored", why: "handshake" }
    if (!this.#cookies.check(from.address, h.cookie, nowUs)) return { kind: "ignored", why: "cookie" }
    const answered = this.#answered.get(this.#key(from.peer, h.socketId))
    if (answered !== undefined) return { kind: "reply", packet: restamped(answered.packet, nowUs - answered.startUs) }
    return this.#concluded(h, from.peer, nowUs, freeSocketId)
  }

  /** Forgets the answer to a caller whose connection has ended. */
  forget(peer: string, session: Session): void {
    this.#answered.delete(this.#key(peer, session.peerSocketId))
  }

  #key(peer: string, socketId: number): string {
    return `${peer} ${socketId}`
  }

  #induced(h: Handshake, address: Uint8Array, nowUs: number): ListenerStep {
    const packet = buildHandshake({
      ...h,
      version: HANDSHAKE_V5,
      encryption: this.#options.passphrase === null ? 0 : this.#options.keyBytes / 8,
      extension: MAGIC,
      cookie: this.#cookies.make(address, nowUs),
      to: h.socketId,
      timestamp: 0,
    })
    return { kind: "reply", packet }
  }

  #concluded(h: Handshake, peer: string, nowUs: number, freeSocketId: () => number): ListenerStep {
    const caller = { peer, streamId: h.streamId }
    if (h.version !== HANDSHAKE_V5) return this.#refuse(h, caller, REJECT.VERSION)
    const code = misfit(h, this.#options.minVersion) ?? this.#options.admit(caller)
    if (code !== null) return this.#refuse(h, caller, code)
    const secured = this.#secure(h, caller)
    if (secured === "busy") return { kind: "ignored", why: "busy" }
    if (typeof secured === "number") return this.#refuse(h, caller, secured)
    return this.#accept(h, caller, secured.keys, nowUs, freeSocketId())
  }

  /** The keys of a caller, a reject code, or "busy" when it has to try again. */
  #secure(h: Handshake, caller: CallerIdentity): { keys: StreamKeys | null } | number | "busy" {
    const { passphrase } = this.#options
    const full = () => this.#options.maySetUp?.() === false
    if (passphrase === null) {
      if (h.keyMaterial !== null) return REJECT.UNSECURE
      return full() ? "busy" : { keys: null }
    }
    if (h.keyMaterial === null) return REJECT.UNSECURE
    const announced = readKeyMaterial(h.keyMaterial)
    if (announced === null) return REJECT.ROGUE
    if (!this.#options.mayDerive(caller) || full()) return "busy"
    const keys = StreamKeys.unwrap(this.#crypto, passphrase, announced)
    return keys === null ? REJECT.BADSECRET : { keys }
  }

  #refuse(h: Handshake, caller: CallerIdentity, code: number): ListenerStep {
    // The caller looks at the type alone; the rest is its own handshake, as libsrt answers it.
    const packet = buildHandshake({
      version: HANDSHAKE_V5,
      type: REJECT_BASE + code,
      socketId: h.socketId,
      sequence: h.sequence,
      cookie: h.cookie,
      peerAddress: h.peerAddress,
      to: h.socketId,
      timestamp: 0,
    })
    return { kind: "refused", packet, caller, code }
  }

  #accept(
    h: Handshake,
    caller: CallerIdentity,
    keys: StreamKeys | null,
    nowUs: number,
    socketId: number,
  ): ListenerStep {
    const { tsbpd, mtu } = this.#options
    const theirs = h.capabilities
    const flags = theirs?.flags ?? 0
    const latencyMs = Math.max(this.#options.latencyMs, theirs?.receiveLatencyMs ?? 0)
    const packet = buildHandshake({
      version: HANDSHAKE_V5,
      type: HANDSHAKE_TYPE.CONCLUSION,
      encryption: keys === null ? 0 : keys.keyBytes / 8,
      extension: HAS.HSREQ | (keys === null ? 0 : HAS.KMREQ),
      response: true,
      // Both directions of a connection begin with the caller's number.
      sequence: h.sequence,
      socketId,
      mtu,
      flowWindow: OUR_WINDOW,
      cookie: h.cookie,
      peerAddress: h.peerAddress,
      capabilities: {
        version: SRT_VERSION,
        flags:
          FLAG.CRYPT | FLAG.TLPKTDROP | FLAG.PERIODICNAK | FLAG.REXMITFLG | (tsbpd ? FLAG.TSBPDSND | FLAG.TSBPDRCV : 0),
        receiveLatencyMs: Math.max(OUR_RECEIVE_LATENCY_MS, theirs?.sendLatencyMs ?? 0),
        sendLatencyMs: latencyMs,
      },
      keyMaterial: keys === null ? null : h.keyMaterial,
      to: h.socketId,
      timestamp: 0,
    })
    const session: Session = {
      socketId,
      peerSocketId: h.socketId,
      sequence: h.sequence,
      latencyMs: tsbpd && needs(flags, FLAG.TSBPDRCV) ? latencyMs : 0,
      flowWindow: h.flowWindow,
      payloadBytes: payloadFor(mtu, h.mtu),
      periodicNak: needs(flags, FLAG.PERIODICNAK),
      dropsTooLate: needs(flags, FLAG.TLPKTDROP),
      peerVersion: theirs?.version ?? 0,
      keys,
      startUs: nowUs,
    }
    this.#answered.set(this.#key(caller.peer, h.socketId), { packet, startUs: nowUs })
    return { kind: "accepted", packet, caller, session }
  }
}

/** The answer with the time it is sent again: the receiver's TSBPD counts from where it says 0. */
const restamped = (packet: Uint8Array<ArrayBuffer>, sinceStartUs: number): Uint8Array<ArrayBuffer> => {
  const again = packet.slice()
  new DataView(again.buffer).setUint32(8, sinceStartUs % 4294967296)
  return again
}
