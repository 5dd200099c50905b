/**
 * The fuzz target of SRT's caller, listener and sender: damages what peers say and makes up bytes. Shared by the short
 * run in the suite and load-tests/fuzz. The same seed gives the same cases.
 */
import { toHex } from "../../bytes/bytes-text.ts"
import { type Random, seededRandom } from "../../scte35/testing/fuzz-decoder.ts"
import { CallerHandshake } from "../protocol/caller.ts"
import { readHandshake } from "../protocol/handshake.ts"
import { type SrtCrypto, StreamKeys } from "../protocol/key-material.ts"
import { ListenerHandshakes } from "../protocol/listener.ts"
import { lossListWords } from "../protocol/loss-list.ts"
import { CONTROL, controlPacket, HEADER_BYTES, sequenceAfter } from "../protocol/packet.ts"
import { SrtSender } from "../protocol/sender.ts"
import { SENDER_DEFAULTS } from "../protocol/sender-options.ts"
import { testSession } from "./sender-run.ts"
import { altered, callerOptions, listenerOptions, PASSPHRASE, PEER } from "./shake-hands.ts"
import { hollowCrypto } from "./test-crypto.ts"

export interface SrtFuzzCounts {
  /** Packets that a sender took, and that it refused. */
  taken: number
  malformed: number
  resent: number
  /** Handshakes by what became of them at the caller. */
  connected: number
  failed: number
  waiting: number
  /** And at the listener. */
  accepted: number
  refused: number
  answered: number
  ignored: number
}

const EDGES = [0x00, 0x01, 0x03, 0x04, 0x10, 0x7f, 0x80, 0xfe, 0xff]
const CAPACITY = 256
const PART = 100_000
/** Cases one sender lives for. */
const SENDER_CASES = 4096

const insist = (holds: boolean, claim: string): void => {
  if (!holds) throw new Error(claim)
}

const damage = (random: Random, sound: Uint8Array): Uint8Array => {
  let bytes = sound.slice()
  for (let rounds = random() % 4; rounds > 0; rounds--) {
    const at = bytes.length === 0 ? 0 : random() % bytes.length
    const kind = random() % 6
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (random() % 8))
    else if (kind === 1) bytes[at] = EDGES[random() % EDGES.length] ?? 0
    else if (kind === 2) bytes[at] = random() >>> 24
    else if (kind === 3) bytes = bytes.slice(0, at)
    else if (kind === 4) bytes.copyWithin(at, random() % bytes.length)
    else {
      const longer = new Uint8Array(bytes.length + 4 * (1 + (random() % 4)))
      longer.set(bytes)
      longer[bytes.length] = random() >>> 24
      bytes = longer
    }
  }
  return bytes
}

/** Bytes of which nothing is known but that they are a control packet, or not even that. */
const madeUp = (random: Random): Uint8Array => {
  const bytes = Uint8Array.from({ length: random() % 128 }, () => random() >>> 24)
  if (bytes.length > 4 && random() % 4 > 0) bytes.set([0x80, random() % 9, 0, 0])
  return bytes
}

/** What peers say in a handshake, each with a cookie that `listener` takes. */
const handshakes = (crypto: SrtCrypto, listener: ListenerHandshakes) => {
  const toListener: Uint8Array[] = []
  const toCaller: Uint8Array[] = []
  const options = [{}, { passphrase: PASSPHRASE, streamId: "#!::r=live,m=publish" }]
  for (const asked of options) {
    const caller = new CallerHandshake(crypto, callerOptions(asked), 0)
    for (let turn = 0; turn < 2; turn++) {
      const packet = caller.poll(turn)
      if (packet === null) throw new Error("a caller speaks")
      toListener.push(packet)
      const step = listener.receive(PEER, packet, 0, packet.length, turn, () => 9)
      if (!("packet" in step)) throw new Error("a listener answers")
      if (step.kind === "accepted") listener.forget(PEER.peer, step.session)
      toCaller.push(step.packet.slice())
      caller.receive(step.packet, 0, step.packet.length)
    }
  }
  const last = toListener.at(-1)
  if (last !== undefined) toListener.push(altered(last, { filter: "fec", congestion: "live" }))
  return { toListener, toCaller }
}

class SenderTarget {
  #sender: SrtSender
  readonly #random: Random
  readonly #crypto: SrtCrypto
  #age = 0
  #nowUs = 0
  #out = 0

  constructor(random: Random, crypto: SrtCrypto) {
    this.#random = random
    this.#crypto = crypto
    this.#sender = this.#fresh()
  }

  #fresh(): SrtSender {
    const random = this.#random
    const keys = random() % 2 === 0 ? null : StreamKeys.create(this.#crypto, PASSPHRASE, 16)
    const sequence = random() % 2 === 0 ? random() >>> 1 : sequenceAfter(0, -(random() % 500))
    const session = testSession({ sequence, keys, periodicNak: random() % 2 === 0, startUs: this.#nowUs - random() })
    const memory = { view: new DataView(new ArrayBuffer(CAPACITY * HEADER_BYTES)), at: 0, capacity: CAPACITY }
    const sink = {
      data: () => {
        this.#out += 1
      },
      control: (packet: Uint8Array) => {
        this.#out += 1
        insist(packet.length >= HEADER_BYTES && packet.length <= 200, "a control packet is short")
      },
    }
    const options = { ...SENDER_DEFAULTS, refreshPackets: 500, announcePackets: 100, idleUs: 1e12 }
    return new SrtSender(session, memory, sink, options, this.#nowUs)
  }

  /** A sound packet about what this sender has sent, or nearly so. */
  #sound(): Uint8Array {
    const random = this.#random
    const sender = this.#sender
    const near = () => sequenceAfter(sender.acked, (random() % (sender.inFlight + 8)) - 4)
    const about = { timestamp: random(), to: 11 }
    const kind = random() % 8
    if (kind < 2) {
      const words = [near(), random() % 100_000, random() % 50_000, random() % 9000, 1000, 5000, 1e6]
      return controlPacket({ ...about, type: CONTROL.ACK, about: random() }, words.slice(0, random() % 8))
    }
    if (kind < 5) {
      const ranges = Array.from({ length: 1 + (random() % 6) }, () => {
        const first = near()
        return [first, random() % 2 === 0 ? first : sequenceAfter(first, random() % 100)] as const
      })
      return controlPacket({ ...about, type: CONTROL.NAK }, lossListWords(ranges))
    }
    if (kind === 5) return controlPacket({ ...about, type: CONTROL.DROPREQ }, [near(), near()])
    if (kind === 6) return controlPacket({ ...about, type: CONTROL.USER, subtype: random() % 8 }, new Array(14).fill(1))
    return controlPacket({ ...about, type: random() % 10 })
  }

  /** The next case's bytes. */
  next(): Uint8Array {
    const random = this.#random
    return random() % 8 === 0 ? madeUp(random) : damage(random, this.#sound())
  }

  check(bytes: Uint8Array, counts: SrtFuzzCounts): void {
    if (++this.#age % SENDER_CASES === 0 || this.#sender.ended !== null) this.#sender = this.#fresh()
    const sender = this.#sender
    const random = this.#random
    this.#nowUs += random() % 2000
    this.#out = 0
    if (random() % 2 === 0) sender.send(random(), 0, 1316, this.#nowUs, this.#nowUs)
    if (random() % 8 === 0) sender.poll(this.#nowUs)
    const resent = sender.figures.pktRetrans
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const problem = sender.receive(bytes, view, 0, bytes.length, this.#nowUs)
    counts[problem === null ? "taken" : "malformed"] += 1
    counts.resent += sender.figures.pktRetrans - resent
    insist(this.#out <= 4 * CAPACITY, "one packet makes us send no more than a few histories")
    insist(sender.kept >= 0 && sender.kept <= CAPACITY, "the history holds what it has room for")
    insist(sender.inFlight >= 0 && sender.inFlight <= CAPACITY, "what is in flight can be sent again")
    insist(sender.rttUs > 0 && sender.rttUs <= 60e6 && sender.rttVarUs <= 60e6, "a round trip is a time")
    insist(sender.window >= 0 && sender.window < 2 ** 32, "the window is a number of packets")
  }
}

const checkCaller = (random: Random, crypto: SrtCrypto, opening: Uint8Array, bytes: Uint8Array): CallerHandshake => {
  const caller = new CallerHandshake(crypto, callerOptions({ passphrase: random() % 2 === 0 ? null : PASSPHRASE }), 0)
  caller.poll(0)
  if (random() % 4 > 0) caller.receive(opening, 0, opening.length)
  caller.receive(bytes, 0, bytes.length)
  const { session, refusal, state } = caller
  insist((session !== null) === (state === "connected"), "who is connected has a session, and nobody else")
  insist((refusal !== null) === (state === "failed"), "who failed has a reason, and nobody else")
  insist(session === null || session.payloadBytes >= 188, "a session has room for a TS packet")
  const packet = caller.poll(1e6)
  insist((packet !== null) === (session === null && refusal === null), "who waits asks again, and nobody else")
  return caller
}

const checkListener = (listener: ListenerHandshakes, bytes: Uint8Array, nowUs: number, counts: SrtFuzzCounts): void => {
  const step = listener.receive(PEER, bytes, 0, bytes.length, nowUs, () => 4242)
  counts[step.kind === "reply" ? "answered" : step.kind] += 1
  if (step.kind === "ignored") return
  insist(readHandshake(step.packet, 0, step.packet.length) !== null, "an answer is a handshake")
  insist(step.kind !== "reply" || step.packet.length <= Math.max(64, bytes.length), "an answer is no longer than that")
  if (step.kind !== "accepted") return
  const { sequence, payloadBytes, peerSocketId, flowWindow } = step.session
  insist(sequence < 2 ** 31 && payloadBytes >= 188 && peerSocketId > 0 && flowWindow >= 2, "a session can be used")
  listener.forget(PEER.peer, step.session)
}

/**
 * Runs `cases` cases; throws an Error that holds the case in hexadecimal when one breaks a promise. The listeners live
 * through all of them; `afterPart` is called every 100 000 cases, while they do.
 */
export const fuzzSrt = (cases: number, seed: number, afterPart: () => void = () => {}): SrtFuzzCounts => {
  const random = seededRandom(seed)
  const crypto = hollowCrypto(random)
  const counts: SrtFuzzCounts = {
    taken: 0,
    malformed: 0,
    resent: 0,
    connected: 0,
    failed: 0,
    waiting: 0,
    accepted: 0,
    refused: 0,
    answered: 0,
    ignored: 0,
  }
  const listeners = [null, PASSPHRASE].map((passphrase) => {
    const listener = new ListenerHandshakes(crypto, listenerOptions({ passphrase }))
    return { listener, ...handshakes(crypto, listener) }
  })
  const sender = new SenderTarget(random, crypto)
  for (let n = 0; n < cases; n++) {
    const kind = random() % 4
    const peers = listeners[random() % 2]
    if (peers === undefined) throw new Error("there are two listeners")
    const said = kind === 2 ? peers.toCaller : peers.toListener
    const bytes = kind < 2 ? sender.next() : damage(random, said[random() % said.length] ?? new Uint8Array(0))
    try {
      if (kind < 2) sender.check(bytes, counts)
      else if (kind === 3) checkListener(peers.listener, bytes, random() % 60e6, counts)
      else {
        const { state } = checkCaller(random, crypto, peers.toCaller[0] ?? bytes, bytes)
        counts[state === "connected" ? "connected" : state === "failed" ? "failed" : "waiting"] += 1
      }
    } catch (cause) {
      throw new Error(`case ${n} of seed ${seed}, ${toHex(bytes)}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      })
    }
    if ((n + 1) % PART === 0) afterPart()
  }
  return counts
}
