/**
 * The listener's side of SRT handshakes (clause 4.3.1). Nothing is kept of a caller before its cookie came back from
 * the address it claims; a passphrase is tried only then, and only as often as `mayDerive` lets it.
 */
import { Cookies } from "./cookie.ts"
import {
  AT,
  buildHandshake,
  FLAG,
  HANDSHAKE_BYTES,
  HANDSHAKE_TYPE,
  HANDSHAKE_V5,
  HAS,
  type Handshake,
  isUsable,
  isWhole,
  MAGIC,
  REJECT_BASE,
  readHandshake,
  SRT_VERSION,
} from "./handshake.ts"
import { type KeyBytes, readKeyMaterial, type SrtCrypto, StreamKeys } from "./key-material.ts"
import { CONTROL, HEADER_BYTES, type Malformed, writeControlHeader } from "./packet.ts"
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

/** Where a handshake came from. */
export interface CallerAddress {
  /** As text; asked only of callers whose cookie is right. */
  readonly peer: string
  /** As bytes, 60 at most. */
  readonly address: Uint8Array
}

/** What became of a handshake packet. A reply's bytes are used again for the next one: whoever keeps them copies them. */
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

const ignored = (why: Malformed | "cookie" | "busy"): ListenerStep => ({ kind: "ignored", why })
const MALFORMED = ignored("handshake")
const STRANGE_COOKIE = ignored("cookie")
const BUSY = ignored("busy")

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
  /** The answer to whoever asks for a cookie. */
  readonly #inductionView = new DataView(new ArrayBuffer(HANDSHAKE_BYTES))
  readonly #induction: ListenerStep = { kind: "reply", packet: new Uint8Array(this.#inductionView.buffer) }
  /** Over the bytes that were received last. */
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** Answers to callers that are connected: one that did not hear it asks again. */
  readonly #answered = new Map<string, { readonly packet: Uint8Array<ArrayBuffer>; readonly startUs: number }>()

  constructor(crypto: SrtCrypto, options: ListenerOptions) {
    this.#crypto = crypto
    this.#options = options
    this.#cookies = new Cookies(crypto.random(8))
  }

  /**
   * Takes a handshake packet for socket id 0. `freeSocketId` yields a socket id that no connection has, asked only when
   * a caller is let in. No objects are made for a packet without a cookie, or with one that is not right.
   */
  receive(
    from: CallerAddress,
    bytes: Uint8Array,
    at: number,
    length: number,
    nowUs: number,
    freeSocketId: () => number,
  ): ListenerStep {
    if (this.#view.buffer !== bytes.buffer || this.#view.byteOffset !== bytes.byteOffset)
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const view = this.#view
    if (!isWhole(view, at, length) || view.getUint32(at + AT.SOCKET_ID) === 0) return MALFORMED
    const type = view.getUint32(at + AT.TYPE)
    if (type === HANDSHAKE_TYPE.INDUCTION) return this.#induced(view, at, from.address, nowUs)
    if (type !== HANDSHAKE_TYPE.CONCLUSION) return MALFORMED
    if (!this.#cookies.check(from.address, view.getUint32(at + AT.COOKIE), nowUs)) return STRANGE_COOKIE
    const h = readHandshake(bytes, at, length)
    if (h === null || !isUsable(h)) return MALFORMED
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

  /** The caller's own handshake with our version, MAGIC and the cookie. */
  #induced(view: DataView, at: number, address: Uint8Array, nowUs: number): ListenerStep {
    const answer = this.#inductionView
    writeControlHeader(answer, 0, { type: CONTROL.HANDSHAKE, timestamp: 0, to: view.getUint32(at + AT.SOCKET_ID) })
    for (let p = HEADER_BYTES; p < HANDSHAKE_BYTES; p += 4) answer.setUint32(p, view.getUint32(at + p))
    answer.setUint32(AT.VERSION, HANDSHAKE_V5)
    answer.setUint16(AT.ENCRYPTION, this.#options.passphrase === null ? 0 : this.#options.keyBytes / 8)
    answer.setUint16(AT.EXTENSION, MAGIC)
    answer.setUint32(AT.COOKIE, this.#cookies.make(address, nowUs))
    return this.#induction
  }

  #concluded(h: Handshake, peer: string, nowUs: number, freeSocketId: () => number): ListenerStep {
    const caller = { peer, streamId: h.streamId }
    if (h.version !== HANDSHAKE_V5) return this.#refuse(h, caller, REJECT.VERSION)
    const code = misfit(h, this.#options.minVersion) ?? this.#options.admit(caller)
    if (code !== null) return this.#refuse(h, caller, code)
    const secured = this.#secure(h, caller)
    if (secured === "busy") return BUSY
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
