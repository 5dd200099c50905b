// A multiplexer of constant rate (ISO/IEC 13818-1). It decides for each packet slot what goes out, so that byte
// position and PCR always agree.
import { buildPacket, NULL_PID, SYNC_BYTE, TS_PACKET_SIZE } from "../core/ts/packet.ts"
import { packetizeSection } from "../core/ts/psi.ts"
import { AUDIO_PID, PAT_PID, PMT_PID, type ProgramTables, SCTE35_PID, SDT_PID, VIDEO_PID } from "./program-tables.ts"

/** Longest intervals in 27 MHz ticks: 20 ms for the PCR, 80 ms and 1 s for the tables. */
const PCR_INTERVAL = 540_000
const PSI_INTERVAL = 2_160_000
const SDT_INTERVAL = 27_000_000
const PACKET_BITS_27M = TS_PACKET_SIZE * 8 * 27_000_000
const PAYLOAD_SIZE = TS_PACKET_SIZE - 4
/** Bytes of an adaptation field with a PCR: length, flags and PCR. */
const PCR_FIELD = 8

/**
 * What the multiplexer asks for when the time of a slot has come, in 27 MHz ticks since the start. Undefined means that
 * there is nothing yet.
 */
export interface Sources {
  readonly video: (now: number) => { readonly pes: Uint8Array; readonly idr: boolean } | undefined
  readonly audio: (now: number) => Uint8Array | undefined
  readonly cue: (now: number) => Uint8Array | undefined
}

const NULL_PACKET = new Uint8Array(TS_PACKET_SIZE).fill(0xff)
NULL_PACKET.set([SYNC_BYTE, NULL_PID >> 8, NULL_PID & 255, 0x10])

/** A PES packet being cut into TS packets. */
interface Unit {
  readonly pes: Uint8Array
  readonly idr: boolean
  sent: number
}

export class Multiplexer {
  readonly #sources: Sources
  readonly #startPcr: number
  readonly #tables: ReadonlyArray<readonly [number, Uint8Array]>
  readonly #sdt: Uint8Array
  readonly #whole: number
  readonly #rest: number
  readonly #bitrate: number
  readonly #counters = new Map<number, number>()
  readonly #tableQueue: Array<readonly [number, Uint8Array]> = []
  #now = 0
  #remainder = 0
  #nextPsi = 0
  #nextSdt = 0
  #nextPcr = 0
  #video: Unit | undefined
  #audio: Unit | undefined

  /** Begins a multiplex. `bitrate` is that of the whole stream in bit/s; `startPcr` is in 27 MHz ticks. */
  constructor(bitrate: number, startPcr: number, tables: ProgramTables, sources: Sources) {
    this.#bitrate = bitrate
    this.#startPcr = startPcr
    this.#sources = sources
    this.#tables = [
      [PAT_PID, tables.pat],
      [PMT_PID, tables.pmt],
    ]
    this.#sdt = tables.sdt
    // Times of packets are exact integers: a packet takes `whole` ticks, and one more whenever the remainders fill up.
    this.#whole = Math.floor(PACKET_BITS_27M / bitrate)
    this.#rest = PACKET_BITS_27M % bitrate
  }

  /** Writes the next packet at an offset of `target`, in bytes. */
  writePacket(target: Uint8Array, offset: number): void {
    target.set(this.#choosePacket(), offset)
    this.#now += this.#whole
    this.#remainder += this.#rest
    if (this.#remainder >= this.#bitrate) {
      this.#remainder -= this.#bitrate
      this.#now++
    }
  }

  #choosePacket(): Uint8Array {
    this.#takeVideo()
    // Tables come between pictures, and always before an IDR picture, so that a segment can start there.
    this.#queueTables()
    const started = this.#video !== undefined && this.#video.sent > 0
    if (this.#now >= this.#nextPcr && (started || this.#tableQueue.length === 0)) return this.#videoPacket(this.#video)
    const table = this.#tableQueue.shift()
    if (table !== undefined) return this.#tablePacket(...table)
    if (this.#video?.idr === true && !started) return this.#videoPacket(this.#video)
    const cue = this.#sources.cue(this.#now)
    if (cue !== undefined) return packetizeSection(cue, SCTE35_PID, this.#count(SCTE35_PID))
    const audio = this.#audioPacket()
    if (audio !== undefined) return audio
    return this.#video === undefined ? NULL_PACKET : this.#videoPacket(this.#video)
  }

  #takeVideo(): void {
    if (this.#video !== undefined) return
    const next = this.#sources.video(this.#now)
    if (next === undefined) return
    this.#video = { ...next, sent: 0 }
    if (next.idr) this.#nextPsi = this.#now
  }

  #queueTables(): void {
    if (this.#now >= this.#nextPsi) {
      this.#nextPsi = this.#now + PSI_INTERVAL
      this.#tableQueue.push(...this.#tables)
    }
    if (this.#now >= this.#nextSdt) {
      this.#nextSdt = this.#now + SDT_INTERVAL
      this.#tableQueue.push([SDT_PID, this.#sdt])
    }
  }

  /**
   * Returns a packet of the video PID, with a PCR when one is due or an IDR picture begins. Without a picture, the
   * packet carries the PCR alone.
   */
  #videoPacket(unit: Unit | undefined): Uint8Array {
    const first = unit !== undefined && unit.sent === 0
    const randomAccess = first && unit.idr
    const withPcr = randomAccess || this.#now >= this.#nextPcr
    if (withPcr) this.#nextPcr = this.#now + PCR_INTERVAL
    const pcr = withPcr ? { pcr: this.#startPcr + this.#now } : {}
    if (unit === undefined) {
      // A packet without payload repeats the counter of the last packet (2.4.3.3).
      return buildPacket({ pid: VIDEO_PID, continuity_counter: (this.#counters.get(VIDEO_PID) ?? 0) - 1, ...pcr })
    }
    const payload = unit.pes.subarray(unit.sent, unit.sent + PAYLOAD_SIZE - (withPcr ? PCR_FIELD : 0))
    unit.sent += payload.length
    if (unit.sent === unit.pes.length) this.#video = undefined
    const fields = {
      pid: VIDEO_PID,
      continuity_counter: this.#count(VIDEO_PID),
      unit_start: first,
      random_access: randomAccess,
      payload,
    }
    return buildPacket({ ...fields, ...pcr })
  }

  #audioPacket(): Uint8Array | undefined {
    if (this.#audio === undefined) {
      const pes = this.#sources.audio(this.#now)
      if (pes === undefined) return undefined
      this.#audio = { pes, idr: false, sent: 0 }
    }
    const unit = this.#audio
    const payload = unit.pes.subarray(unit.sent, unit.sent + PAYLOAD_SIZE)
    const first = unit.sent === 0
    unit.sent += payload.length
    if (unit.sent === unit.pes.length) this.#audio = undefined
    return buildPacket({ pid: AUDIO_PID, continuity_counter: this.#count(AUDIO_PID), unit_start: first, payload })
  }

  #tablePacket(pid: number, packet: Uint8Array): Uint8Array {
    packet[3] = 0x10 | this.#count(pid)
    return packet
  }

  /** Returns the next continuity counter of a PID, for a packet with payload. */
  #count(pid: number): number {
    const value = this.#counters.get(pid) ?? 0
    this.#counters.set(pid, (value + 1) & 15)
    return value
  }
}
