/**
 * A receiver in live mode as draft-sharabayko-srt-01 describes it, on made-up time: it acknowledges every 10 ms
 * (clause 4.8.1), reports losses at once and again (4.8.2), plays out by time stamp (4.5) and skips what is too late
 * (4.6). It is written for reading, not for speed.
 */
import { readKeyMaterial, type SrtCrypto, StreamKeys } from "../protocol/key-material.ts"
import { lossListWords } from "../protocol/loss-list.ts"
import {
  CONTROL,
  controlPacket,
  controlType,
  HEADER_BYTES,
  isControl,
  sequenceAfter,
  sequenceDistance,
  USER_KMREQ,
  USER_KMRSP,
} from "../protocol/packet.ts"
import { cryptPayload } from "./test-crypto.ts"

export interface ReceiverOptions {
  readonly sequence: number
  readonly latencyUs: number
  /** When a packet with the stamp 0 counts as received, in µs. */
  readonly baseUs: number
  /** Stamp of the first packet, in µs since the connection's start: stamps are followed over their wraps from there. */
  readonly stampUs?: number
  /** Packets that the buffer has room for. */
  readonly bufferPackets: number
  readonly periodicNak: boolean
  /** False waits for what is missing until the sender says that it is gone. */
  readonly dropsTooLate?: boolean
  readonly passphrase: string | null
  readonly keys: StreamKeys | null
  readonly crypto: SrtCrypto
}

export interface Delivered {
  readonly sequence: number
  readonly message: number
  /** µs since the connection's start, wraps followed. */
  readonly stampUs: number
  readonly atUs: number
  readonly payload: Uint8Array
}

interface Held extends Omit<Delivered, "atUs"> {}

const ACK_US = 10_000
const LIGHT_ACK_PACKETS = 64
const NAK_MIN_US = 20_000
/** Words of a loss list that fit into one packet. */
const NAK_WORDS = 360
const STAMPS = 4294967296

export class ModelReceiver {
  readonly delivered: Delivered[] = []
  readonly counts = { skipped: 0, duplicates: 0, overflows: 0, acks: 0, lightAcks: 0, naks: 0, keepalives: 0 }
  /** Ranges the sender said it will not send again, both ends included. */
  readonly dropRequests: Array<readonly [from: number, to: number]> = []
  readonly keyMessages: Uint8Array[] = []
  shutDown = false
  /** False keeps everything that arrives and plays none of it. */
  playing = true
  rttUs = 100_000
  rttVarUs = 50_000
  readonly #options: ReceiverOptions
  readonly #send: (packet: Uint8Array, nowUs: number) => void
  readonly #held = new Map<number, Held>()
  readonly #missing = new Set<number>()
  /** Missing, and said not to come any more. */
  readonly #gone = new Set<number>()
  readonly #ackTimes = new Map<number, { readonly sentUs: number; readonly acked: number }>()
  #keys: StreamKeys | null
  /** One past the newest packet. */
  #next: number
  /** The packet to be played next. */
  #play: number
  #lastStampUs: number
  #ackNumber = 0
  #acked = -1
  #confirmed = -1
  #nextAckUs = 0
  #nextNakUs = 0
  #nakEveryUs = NAK_MIN_US
  #sinceAck = 0
  #measured = false

  constructor(options: ReceiverOptions, send: (packet: Uint8Array, nowUs: number) => void) {
    this.#options = options
    this.#send = send
    this.#next = options.sequence
    this.#play = options.sequence
    this.#keys = options.keys
    this.#lastStampUs = options.stampUs ?? 0
  }

  /** Packets that are missing between those that arrived. */
  get missing(): number {
    return this.#missing.size
  }

  receive(packet: Uint8Array, nowUs: number): void {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    const word = view.getUint32(0)
    if (isControl(word)) this.#onControl(controlType(word), word & 0xffff, packet, view, nowUs)
    else this.#onData(packet, view, nowUs)
  }

  #onData(packet: Uint8Array, view: DataView, nowUs: number): void {
    const sequence = view.getUint32(0)
    const second = view.getUint32(4)
    if (second >>> 29 !== 7) throw new Error(`packet ${sequence} is no message of its own: ${second.toString(16)}`)
    if (sequenceDistance(sequence, this.#play) >= this.#options.bufferPackets) {
      this.counts.overflows += 1
      return
    }
    const ahead = sequenceDistance(sequence, this.#next)
    if (ahead < 0 && !this.#missing.delete(sequence)) {
      this.counts.duplicates += 1
      return
    }
    if (ahead > 0) {
      for (let i = 0; i < ahead; i++) this.#missing.add(sequenceAfter(this.#next, i))
      this.#nak([[this.#next, sequenceAfter(sequence, -1)]], nowUs)
    }
    if (ahead >= 0) this.#next = sequenceAfter(sequence, 1)
    this.#held.set(sequence, {
      sequence,
      message: second & 0x3ffffff,
      stampUs: this.#unwrapped(view.getUint32(8)),
      payload: this.#plain((second >>> 27) & 3, sequence, packet.subarray(HEADER_BYTES)),
    })
    this.#sinceAck += 1
    if (this.#sinceAck >= LIGHT_ACK_PACKETS) this.#lightAck(nowUs)
  }

  #plain(which: number, sequence: number, payload: Uint8Array): Uint8Array {
    if (which === 0) return payload.slice()
    const key = this.#keys?.key(which === 1 ? 0 : 1) ?? null
    if (this.#keys === null || key === null) throw new Error(`no key ${which} for packet ${sequence}`)
    return cryptPayload(key, this.#keys.salt, sequence, payload)
  }

  #unwrapped(stamp: number): number {
    const behind = (stamp - (this.#lastStampUs % STAMPS)) | 0
    const stampUs = this.#lastStampUs + behind
    this.#lastStampUs = Math.max(this.#lastStampUs, stampUs)
    return stampUs
  }

  #onControl(type: number, subtype: number, packet: Uint8Array, view: DataView, nowUs: number): void {
    if (type === CONTROL.ACKACK) this.#onAckAck(view.getUint32(4), nowUs)
    else if (type === CONTROL.KEEPALIVE) this.counts.keepalives += 1
    else if (type === CONTROL.SHUTDOWN) this.shutDown = true
    else if (type === CONTROL.DROPREQ) this.#onDropRequest(view.getUint32(16), view.getUint32(20))
    else if (type === CONTROL.USER && subtype === USER_KMREQ) this.#onKeys(packet.slice(HEADER_BYTES), nowUs)
  }

  #onAckAck(number: number, nowUs: number): void {
    const ack = this.#ackTimes.get(number)
    if (ack === undefined) return
    this.#ackTimes.delete(number)
    const sample = Math.max(1, Math.floor(nowUs - ack.sentUs))
    this.rttVarUs = this.#measured
      ? Math.floor((3 * this.rttVarUs + Math.abs(sample - this.rttUs)) / 4)
      : Math.floor(sample / 2)
    this.rttUs = this.#measured ? Math.floor((7 * this.rttUs + sample) / 8) : sample
    this.#measured = true
    this.#confirmed = ack.acked
  }

  #onDropRequest(from: number, to: number): void {
    this.dropRequests.push([from, to])
    for (const sequence of this.#missing)
      if (sequenceDistance(sequence, from) >= 0 && sequenceDistance(to, sequence) >= 0) {
        this.#missing.delete(sequence)
        this.#gone.add(sequence)
      }
  }

  #onKeys(message: Uint8Array, nowUs: number): void {
    const announced = readKeyMaterial(message)
    const { crypto, passphrase } = this.#options
    if (announced === null || passphrase === null) throw new Error("keys announced that cannot be read")
    this.#keys = StreamKeys.unwrap(crypto, passphrase, announced)
    this.keyMessages.push(message)
    const answer = new Uint8Array(HEADER_BYTES + message.length)
    answer.set(
      controlPacket({ type: CONTROL.USER, subtype: USER_KMRSP, timestamp: 0, to: 0 }).subarray(0, HEADER_BYTES),
    )
    answer.set(message, HEADER_BYTES)
    this.#send(answer, nowUs)
  }

  #skipTo(sequence: number): void {
    for (; sequenceDistance(sequence, this.#play) > 0; this.#play = sequenceAfter(this.#play, 1)) {
      this.#missing.delete(this.#play)
      this.#gone.delete(this.#play)
      if (!this.#held.delete(this.#play)) this.counts.skipped += 1
    }
  }

  #deliver(nowUs: number): void {
    const { baseUs, latencyUs, dropsTooLate = true } = this.#options
    const isDue = (held: Held) => baseUs + held.stampUs + latencyUs <= nowUs
    while (this.playing && this.#held.size > 0) {
      let first = this.#play
      let allGone = true
      for (; !this.#held.has(first); first = sequenceAfter(first, 1)) allGone &&= this.#gone.has(first)
      const held = this.#held.get(first)
      if (held === undefined || !isDue(held) || !(allGone || dropsTooLate)) return
      this.#skipTo(first)
      this.#held.delete(first)
      this.#play = sequenceAfter(first, 1)
      this.delivered.push({ ...held, atUs: nowUs })
    }
  }

  poll(nowUs: number): void {
    this.#deliver(nowUs)
    if (nowUs >= this.#nextAckUs) this.#ack(nowUs)
    if (!this.#options.periodicNak || (this.#missing.size > 0 && nowUs < this.#nextNakUs)) return
    if (this.#missing.size > 0) this.#nak(this.#missingRanges(), nowUs)
    this.#nextNakUs = nowUs + this.#nakEveryUs
  }

  #missingRanges(): Array<[first: number, last: number]> {
    const ranges: Array<[first: number, last: number]> = []
    for (const sequence of this.#missing) {
      const range = ranges.at(-1)
      if (range !== undefined && sequenceAfter(range[1], 1) === sequence) range[1] = sequence
      else ranges.push([sequence, sequence])
    }
    return ranges
  }

  get #firstMissing(): number {
    for (const sequence of this.#missing) return sequence
    return this.#next
  }

  #ack(nowUs: number): void {
    this.#nextAckUs = nowUs + ACK_US
    const acked = this.#firstMissing
    const last = this.#ackTimes.get(this.#ackNumber)
    const isRepeat = acked === this.#acked
    if (acked === this.#confirmed) return
    if (isRepeat && last !== undefined && nowUs - last.sentUs < this.rttUs + 4 * this.rttVarUs) return
    this.#acked = acked
    this.#ackNumber += 1
    this.#ackTimes.set(this.#ackNumber, { sentUs: nowUs, acked })
    this.#sinceAck = 0
    this.counts.acks += 1
    const room = Math.max(2, this.#options.bufferPackets - sequenceDistance(this.#next, this.#play))
    this.#control(CONTROL.ACK, this.#ackNumber, [acked, this.rttUs, this.rttVarUs, room, 1000, 5000, 1e6], nowUs)
  }

  #lightAck(nowUs: number): void {
    this.#sinceAck = 0
    this.counts.lightAcks += 1
    this.#control(CONTROL.ACK, 0, [this.#firstMissing], nowUs)
  }

  #nak(ranges: ReadonlyArray<readonly [first: number, last: number]>, nowUs: number): void {
    this.counts.naks += 1
    // As libsrt does: the time to the next report is set by the round trip that holds now, however odd a moment it is.
    this.#nakEveryUs = Math.max(NAK_MIN_US, (this.rttUs + 4 * this.rttVarUs) / 2)
    this.#control(CONTROL.NAK, 0, lossListWords(ranges.slice(0, NAK_WORDS / 2)), nowUs)
  }

  #control(type: number, about: number, words: ReadonlyArray<number>, nowUs: number): void {
    this.#send(controlPacket({ type, about, timestamp: 0, to: 0 }, words), nowUs)
  }
}
