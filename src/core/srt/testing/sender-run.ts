/** An SRT sender, two links and a model of a receiver, together on made-up time. */
import { seededRandom } from "../../scte35/testing/fuzz-decoder.ts"
import { StreamKeys } from "../protocol/key-material.ts"
import { HEADER_BYTES } from "../protocol/packet.ts"
import { SrtSender } from "../protocol/sender.ts"
import { SENDER_DEFAULTS, type SenderOptions } from "../protocol/sender-options.ts"
import type { Session } from "../protocol/session.ts"
import { ModelReceiver, type ReceiverOptions } from "./model-receiver.ts"
import { type LinkOptions, SimulatedLink } from "./simulated-link.ts"
import { cryptPayload, testCrypto } from "./test-crypto.ts"

export interface RunOptions {
  readonly seed?: number
  /** To the receiver, and back. */
  readonly there: LinkOptions
  readonly back: LinkOptions
  readonly latencyMs: number
  /** Time between two new packets in µs. */
  readonly intervalUs?: number
  /** When the run begins, in µs since the connection's start. */
  readonly beginUs?: number
  /** Packets that the sender's history holds. */
  readonly capacity?: number
  readonly passphrase?: string
  readonly session?: Partial<Session>
  readonly sender?: Partial<SenderOptions>
  readonly receiver?: Partial<ReceiverOptions>
}

/** A data packet as it left. */
export interface SentData {
  readonly atUs: number
  readonly sequence: number
  readonly message: number
  readonly stamp: number
  readonly resent: boolean
  readonly which: number
  /** Number of the packet in the order of offering. */
  readonly position: number
}

/** Time between two turns of the sender. */
const TURN_US = 5000
const STEP_US = 1000
const RECEIVED_AGE_MAX_US = 1e6
export const PAYLOAD_BYTES = 16

/** The session of a run, for which nobody shook hands. */
export const testSession = (fields: Partial<Session> = {}): Session => ({
  socketId: 11,
  peerSocketId: 22,
  sequence: 1000,
  latencyMs: 200,
  flowWindow: 8192,
  payloadBytes: 1456,
  periodicNak: true,
  dropsTooLate: true,
  peerVersion: 0x10501,
  keys: null,
  startUs: 0,
  ...fields,
})

export class SenderRun {
  readonly sender: SrtSender
  readonly receiver: ModelReceiver
  readonly there: SimulatedLink<Uint8Array>
  readonly back: SimulatedLink<Uint8Array>
  readonly sent: SentData[] = []
  readonly controls: Uint8Array[] = []
  /** When each packet that could be sent was offered, in µs since the connection's start. */
  readonly offered: number[] = []
  /** Packets that the full window refused, in the end. */
  refused = 0
  offering = true
  nowUs: number
  memory: DataView
  readonly #session: Session
  readonly #intervalUs: number
  #nextOfferUs: number
  #nextTurnUs: number
  #standsUntilUs = 0
  #resumedUs = 0

  constructor(options: RunOptions) {
    const random = seededRandom(options.seed ?? 1)
    const crypto = testCrypto(random)
    const { passphrase = null, capacity = 8192, beginUs = 0, latencyMs } = options
    const keys = passphrase === null ? null : StreamKeys.create(crypto, passphrase, 16)
    this.#session = testSession({ latencyMs, keys, ...options.session })
    this.#intervalUs = options.intervalUs ?? 1316
    this.there = new SimulatedLink(random, options.there)
    this.back = new SimulatedLink(random, options.back)
    this.nowUs = beginUs
    this.#nextOfferUs = beginUs
    this.#nextTurnUs = beginUs
    this.memory = new DataView(new ArrayBuffer(capacity * HEADER_BYTES))
    this.sender = new SrtSender(
      this.#session,
      { view: this.memory, at: 0, capacity },
      {
        data: (header, sequence, position, _offset, length, parity) =>
          this.#data(header, sequence, position, length, parity),
        control: (shared) => {
          const packet = shared.slice()
          this.controls.push(packet)
          this.there.send(packet, this.nowUs)
        },
      },
      { ...SENDER_DEFAULTS, ...options.sender },
      beginUs,
    )
    this.receiver = new ModelReceiver(
      {
        sequence: this.#session.sequence,
        latencyUs: latencyMs * 1000,
        baseUs: options.there.delayUs,
        stampUs: beginUs,
        bufferPackets: 8192,
        periodicNak: this.#session.periodicNak,
        passphrase,
        keys: keys === null ? null : copyOf(keys, crypto, passphrase ?? ""),
        crypto,
        ...options.receiver,
      },
      (packet, atUs) => this.back.send(packet, atUs),
    )
  }

  /** The payload of the packet that was offered as number `position`. */
  payload(position: number): Uint8Array {
    const bytes = new Uint8Array(PAYLOAD_BYTES)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, position)
    view.setUint32(12, (position * 2654435761) >>> 0)
    return bytes
  }

  #data(header: number, sequence: number, position: number, length: number, parity: -1 | 0 | 1): void {
    const packet = new Uint8Array(HEADER_BYTES + length)
    packet.set(new Uint8Array(this.memory.buffer, header, HEADER_BYTES))
    const plain = this.payload(position)
    const { keys } = this.#session
    const key = parity < 0 ? null : (keys?.key(parity === 0 ? 0 : 1) ?? null)
    packet.set(key === null ? plain : cryptPayload(key, keys?.salt ?? key, sequence, plain), HEADER_BYTES)
    const second = this.memory.getUint32(header + 4)
    this.sent.push({
      atUs: this.nowUs,
      sequence,
      message: second & 0x3ffffff,
      stamp: this.memory.getUint32(header + 8),
      resent: (second & 0x04000000) !== 0,
      which: (second >>> 27) & 3,
      position,
    })
    this.there.send(packet, this.nowUs)
  }

  /** A larger memory for the history. */
  grow(capacity: number): void {
    this.memory = new DataView(new ArrayBuffer(capacity * HEADER_BYTES))
    this.sender.grow({ view: this.memory, at: 0, capacity })
  }

  /** Lets `us` pass. */
  run(us: number): void {
    for (const endUs = this.nowUs + us; this.nowUs < endUs; this.nowUs += STEP_US) {
      for (const { atUs, item } of this.there.arrivals(this.nowUs))
        this.receiver.receive(item, Math.max(atUs, this.#resumedUs))
      this.receiver.poll(this.nowUs)
      if (this.nowUs < this.#standsUntilUs) continue
      for (const { item } of this.back.arrivals(this.nowUs)) this.hear(item)
      if (this.nowUs >= this.#nextTurnUs) this.#turn()
    }
  }

  /** Hands a packet to the sender as if it came from the peer. */
  hear(packet: Uint8Array): string | null {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    return this.sender.receive(packet, view, 0, packet.length, this.nowUs)
  }

  /** Nothing happens on the sender's side for `us`: what comes waits in its socket. */
  standStill(us: number): void {
    this.#standsUntilUs = this.nowUs + us
    this.run(us)
  }

  /** The whole machine stands still for `us`: what is on its way arrives when it goes on. */
  machineStandsStill(us: number): void {
    this.nowUs += us
    this.#resumedUs = this.nowUs
  }

  #turn(): void {
    this.#nextTurnUs = this.nowUs + TURN_US
    this.sender.poll(this.nowUs)
    for (; this.offering && this.#nextOfferUs <= this.nowUs; this.#nextOfferUs += this.#intervalUs) {
      // As the packet core has it: nothing counts as received more than a second ago.
      const receivedUs = Math.max(this.#nextOfferUs, this.nowUs - RECEIVED_AGE_MAX_US)
      if (this.sender.send(this.offered.length, 0, PAYLOAD_BYTES, receivedUs, this.nowUs)) this.offered.push(receivedUs)
      else this.refused += 1
    }
  }
}

/** A copy of the keys, as somebody else holds them. */
const copyOf = (keys: StreamKeys, crypto: ReturnType<typeof testCrypto>, passphrase: string): StreamKeys | null => {
  const message = keys.message()
  const which = message[3] ?? 0
  const salt = keys.salt
  return StreamKeys.unwrap(crypto, passphrase, { which, keyBytes: keys.keyBytes, salt, wrapped: message.subarray(32) })
}
