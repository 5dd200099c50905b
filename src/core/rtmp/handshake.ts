/**
 * The client's side of the simple handshake (Adobe RTMP Specification 1.0, 5.2): C0 C1, then S0 S1 answered by C2, then
 * S2.
 */
import { writeUint32 } from "./bytes.ts"

/** Bytes of C1, C2, S1 and S2. */
export const HANDSHAKE_SIZE = 1536

/** Bytes of C1 and S1 behind the time and the four zeros. */
export const HANDSHAKE_RANDOM_SIZE = HANDSHAKE_SIZE - 8

const RTMP_VERSION = 3

/** C0 and C1. The four bytes after the time stay 0: anything else lets some servers look for the digests of Flash. */
export const buildC0C1 = (timeMs: number, random: Uint8Array): Uint8Array<ArrayBuffer> => {
  if (random.length !== HANDSHAKE_RANDOM_SIZE)
    throw new RangeError(`C1 holds ${HANDSHAKE_RANDOM_SIZE} random bytes, not ${random.length}`)
  const bytes = new Uint8Array(1 + HANDSHAKE_SIZE)
  bytes[0] = RTMP_VERSION
  writeUint32(bytes, 1, timeMs)
  bytes.set(random, 9)
  return bytes
}

/** Why a first byte that is not 3 cannot be an RTMP server's; null when it is 3. */
export const versionProblem = (s0: number): string | null => {
  if (s0 === RTMP_VERSION) return null
  if (s0 === 6) return "the server wants RTMPE (version 6), which is not supported: use rtmps://"
  if (s0 === 0x15 || s0 === 0x16) return "the server answers in TLS: use rtmps:// for this port"
  if (s0 === 0x48) return "the server answers like a web server: this is not its RTMP port"
  return `the server does not speak RTMP: its handshake begins with ${s0} instead of 3`
}

export type HandshakeStep =
  | { readonly state: "more"; readonly toSend: Uint8Array | null }
  | {
      readonly state: "done"
      readonly toSend: Uint8Array | null
      /** What came behind S2. */
      readonly rest: Uint8Array
      /** S2 repeats C1, as it should; some servers do not care, and nothing depends on it. */
      readonly echoed: boolean
    }
  | { readonly state: "failed"; readonly error: string }

/** Takes the server's bytes in any pieces. Send `c0c1` first. */
export class ClientHandshake {
  readonly c0c1: Uint8Array
  readonly #received = new Uint8Array(1 + 2 * HANDSHAKE_SIZE)
  #length = 0

  /** `timeMs` of any epoch, HANDSHAKE_RANDOM_SIZE random bytes. */
  constructor(timeMs: number, random: Uint8Array) {
    this.c0c1 = buildC0C1(timeMs, random)
  }

  /** Not to be called again after `done` or `failed`. */
  push(bytes: Uint8Array): HandshakeStep {
    const hadS1 = this.#length > HANDSHAKE_SIZE
    const taken = Math.min(bytes.length, this.#received.length - this.#length)
    this.#received.set(bytes.subarray(0, taken), this.#length)
    this.#length += taken
    const error = this.#length > 0 ? versionProblem(this.#received[0] ?? 0) : null
    if (error !== null) return { state: "failed", error }
    const hasS1 = this.#length > HANDSHAKE_SIZE
    const toSend = hasS1 && !hadS1 ? this.#received.slice(1, 1 + HANDSHAKE_SIZE) : null
    if (this.#length < this.#received.length) return { state: "more", toSend }
    return { state: "done", toSend, rest: bytes.subarray(taken), echoed: this.#isEcho() }
  }

  /** S2 against C1 without the time of arrival in its second field. */
  #isEcho(): boolean {
    const s2 = this.#received.subarray(1 + HANDSHAKE_SIZE)
    for (let at = 0; at < HANDSHAKE_SIZE; at++) {
      if (at >= 4 && at < 8) continue
      if (s2[at] !== this.c0c1[1 + at]) return false
    }
    return true
  }
}
