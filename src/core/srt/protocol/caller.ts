/**
 * The caller's side of an SRT handshake (clause 4.3.1): induction, which brings the listener's cookie, and conclusion,
 * which brings everything else. Bytes and times in, bytes and a state out.
 */
import {
  buildHandshake,
  FLAG,
  HANDSHAKE_TYPE,
  HANDSHAKE_V4,
  HANDSHAKE_V5,
  HAS,
  type Handshake,
  isUsable,
  MAGIC,
  readHandshake,
  rejectCodeOf,
  SRT_VERSION,
} from "./handshake.ts"
import { type KeyBytes, KM_STATE, type SrtCrypto, StreamKeys } from "./key-material.ts"
import type { Malformed } from "./packet.ts"
import { payloadFor, REJECT, type Session } from "./session.ts"

/** What a caller is to ask for. */
export interface CallerOptions {
  /** Our socket id: 1 to 2^30 - 1, unique among the connections that share the UDP socket. */
  readonly socketId: number
  /** The first sequence number, random. */
  readonly sequence: number
  /** Up to 512 bytes of UTF-8; "" for none. */
  readonly streamId: string
  /** Least latency in ms asked of the receiver, 0 to 65535. */
  readonly latencyMs: number
  /** False asks the receiver to play out without TSBPD. */
  readonly tsbpd: boolean
  /** 10 to 79 bytes; null for a connection in the clear. */
  readonly passphrase: string | null
  /** Null leaves it to the listener, which says 16 when it does not care. */
  readonly keyBytes: KeyBytes | null
  /** Largest UDP datagram with its headers, 76 to 9000. */
  readonly mtu: number
  /** Oldest version of the peer that is taken, 0xMMmmpp. */
  readonly minVersion: number
  /** Time after which a listener that has not answered is given up. */
  readonly timeoutUs: number
  /** The peer's address, as the handshake tells it: an IPv4 address in the first four of 16 bytes. */
  readonly peerAddress: Uint8Array
}

/** Time between two handshake packets: that of libsrt. */
const REPEAT_US = 250_000
/** Our receive window. A sender receives no data, but libsrt takes no window below 32. */
const OUR_WINDOW = 8192
/** Latency in ms we would receive with: libsrt's default. */
const OUR_RECEIVE_LATENCY_MS = 120
/** What the extension field of a caller's induction says: UDT's message mode. */
const UDT_DGRAM = 2

export type CallerState = "induction" | "conclusion" | "connected" | "failed"

/** Why a handshake failed: a reject code, ours or the peer's. */
export interface Refusal {
  readonly code: number
  /** True when the peer sent the code; false when we found it out. */
  readonly byPeer: boolean
}

const keyBytesOf = (encryption: number): KeyBytes | null => {
  const bytes = encryption * 8
  return bytes === 16 || bytes === 24 || bytes === 32 ? bytes : null
}

export class CallerHandshake {
  state: CallerState = "induction"
  refusal: Refusal | null = null
  /** What was agreed, once connected. */
  session: Session | null = null
  readonly #options: CallerOptions
  readonly #crypto: SrtCrypto
  readonly #startUs: number
  #keys: StreamKeys | null = null
  #cookie = 0
  #nextUs = 0

  /** Begins at `nowUs`, which becomes the connection's time 0. */
  constructor(crypto: SrtCrypto, options: CallerOptions, nowUs: number) {
    this.#crypto = crypto
    this.#options = options
    this.#startUs = nowUs
  }

  /** The packet to be sent now; null while there is none. The time of a call is the time the packet is stamped with. */
  poll(nowUs: number): Uint8Array<ArrayBuffer> | null {
    if (this.state === "connected" || this.state === "failed") return null
    if (nowUs - this.#startUs >= this.#options.timeoutUs) {
      this.#fail(REJECT.TIMEOUT, false)
      return null
    }
    if (nowUs < this.#nextUs) return null
    this.#nextUs = nowUs + REPEAT_US
    return this.state === "induction" ? this.#induction(nowUs) : this.#conclusion(nowUs)
  }

  #induction(nowUs: number): Uint8Array<ArrayBuffer> {
    const { socketId, sequence, mtu, peerAddress } = this.#options
    return buildHandshake({
      version: HANDSHAKE_V4,
      type: HANDSHAKE_TYPE.INDUCTION,
      extension: UDT_DGRAM,
      socketId,
      sequence,
      mtu,
      flowWindow: OUR_WINDOW,
      peerAddress,
      to: 0,
      timestamp: nowUs - this.#startUs,
    })
  }

  #conclusion(nowUs: number): Uint8Array<ArrayBuffer> {
    const { socketId, sequence, mtu, peerAddress, streamId, latencyMs, tsbpd } = this.#options
    const keys = this.#keys
    const always = FLAG.CRYPT | FLAG.TLPKTDROP | FLAG.PERIODICNAK | FLAG.REXMITFLG
    return buildHandshake({
      version: HANDSHAKE_V5,
      type: HANDSHAKE_TYPE.CONCLUSION,
      encryption: keys === null ? 0 : keys.keyBytes / 8,
      extension: HAS.HSREQ | (keys === null ? 0 : HAS.KMREQ) | (streamId === "" ? 0 : HAS.CONFIG),
      socketId,
      sequence,
      mtu,
      flowWindow: OUR_WINDOW,
      cookie: this.#cookie,
      peerAddress,
      capabilities: {
        version: SRT_VERSION,
        flags: always | (tsbpd ? FLAG.TSBPDSND | FLAG.TSBPDRCV : 0),
        receiveLatencyMs: OUR_RECEIVE_LATENCY_MS,
        sendLatencyMs: latencyMs,
      },
      keyMaterial: keys?.message() ?? null,
      streamId,
      to: 0,
      timestamp: nowUs - this.#startUs,
    })
  }

  /** Takes a handshake packet that came from the peer's address. Returns what is wrong with it, or null. */
  receive(bytes: Uint8Array, at: number, length: number): Malformed | null {
    const h = readHandshake(bytes, at, length)
    if (h === null) return "handshake"
    const code = rejectCodeOf(h.type)
    if (this.state === "induction") {
      if (code !== null) this.#fail(code, true)
      else if (h.type === HANDSHAKE_TYPE.INDUCTION) this.#induced(h)
    } else if (this.state === "conclusion") {
      if (code !== null) this.#fail(code, true)
      // An induction that comes twice is the answer to one that was sent twice.
      else if (h.type === HANDSHAKE_TYPE.CONCLUSION) return this.#concluded(h)
    }
    return null
  }

  #induced(h: Handshake): void {
    // Handshake version 4 is UDT's own, and that of SRT before 1.3.
    if (h.version !== HANDSHAKE_V5 || h.extension !== MAGIC) {
      this.#fail(REJECT.VERSION, false)
      return
    }
    const { passphrase, keyBytes } = this.#options
    if (passphrase !== null)
      this.#keys = StreamKeys.create(this.#crypto, passphrase, keyBytes ?? keyBytesOf(h.encryption) ?? 16)
    this.#cookie = h.cookie
    this.state = "conclusion"
    this.#nextUs = 0
  }

  #concluded(h: Handshake): Malformed | null {
    const { capabilities, keyMaterial } = h
    if (h.version !== HANDSHAKE_V5) return this.#refuse(REJECT.VERSION)
    if (capabilities === null) return this.#refuse(REJECT.ROGUE)
    if (capabilities.version < this.#options.minVersion) return this.#refuse(REJECT.VERSION)
    if (!isUsable(h)) return "handshake"
    const code = this.#keyProblem(keyMaterial)
    if (code !== null) return this.#refuse(code)
    const receivesInTime = (capabilities.flags & FLAG.TSBPDRCV) !== 0 && this.#options.tsbpd
    this.session = {
      socketId: this.#options.socketId,
      peerSocketId: h.socketId,
      sequence: this.#options.sequence,
      latencyMs: receivesInTime ? capabilities.receiveLatencyMs : 0,
      flowWindow: h.flowWindow,
      payloadBytes: payloadFor(this.#options.mtu, h.mtu),
      periodicNak: (capabilities.flags & FLAG.PERIODICNAK) !== 0,
      dropsTooLate: (capabilities.flags & FLAG.TLPKTDROP) !== 0,
      peerVersion: capabilities.version,
      keys: this.#keys,
      startUs: this.#startUs,
    }
    this.state = "connected"
    return null
  }

  /** Why a KMRSP does not fit; null when it does. It repeats our message, or is one word: an error state. */
  #keyProblem(answer: Uint8Array | null): number | null {
    const keys = this.#keys
    if (keys === null) return answer === null ? null : REJECT.UNSECURE
    if (answer === null) return REJECT.BADSECRET
    if (answer.length === 4 && answer[3] === KM_STATE.NOSECRET) return REJECT.UNSECURE
    const ours = keys.message()
    const same = answer.length === ours.length && ours.every((byte, i) => byte === answer[i])
    return same ? null : REJECT.BADSECRET
  }

  #refuse(code: number): null {
    this.#fail(code, false)
    return null
  }

  #fail(code: number, byPeer: boolean): void {
    this.refusal = { code, byPeer }
    this.state = "failed"
  }
}
