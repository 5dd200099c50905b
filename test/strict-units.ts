/**
 * Checks the PES packets of one PID within a segment: their beginnings, lengths and time stamps, and the first access
 * point.
 */
import { type Packet, PCR_WRAP, STAMP_WRAP } from "./strict-packet.ts"
import { isAccessPoint, isVideo, readPesHeader } from "./strict-pes.ts"
import type { Complain, Segment, StreamFacts } from "./strict-report.ts"

const STAMP_STEP_MAX = 700 * 90
/**
 * Longest time that data stays in the decoder's buffers, in 90 kHz ticks: ten seconds, as for still pictures and H.264;
 * other streams have one second (2.4.2.7).
 */
const BUFFER_MAX = 10_000 * 90
/** Number of bytes of an access unit that are looked at. */
const LOOK_BYTES = 65_536

type Video = NonNullable<Segment["video"]>

interface Unit {
  /** PES_packet_length; 0 when the header does not tell. */
  readonly length: number
  bytes: number
}

export class UnitWatch {
  readonly pid: number
  readonly streamType: number
  #unit: Unit | null = null
  /**
   * Whether payload is skipped up to the beginning of a unit, because capture or segment has just begun or packets are
   * missing.
   */
  #isLost = true
  /** Whether the next payload has to begin a unit, because a flagged discontinuity came before it. */
  #mustStart: boolean
  #mustBeAccessPoint: boolean
  #isIndicated = false
  #video: { packet: number; head: Uint8Array[]; size: number; isIndicated: boolean } | null = null
  #isVideoJudged = false
  #facts: { firstPts: number | null; lastPts: number | null; units: number } = {
    firstPts: null,
    lastPts: null,
    units: 0,
  }
  #dts: number | null = null

  /**
   * Begins a PID. `afterFlag` is true when it begins anew here: by discontinuity_indicator, or because it was not there
   * before.
   */
  constructor(pid: number, streamType: number, afterFlag: boolean) {
    this.pid = pid
    this.streamType = streamType
    this.#mustStart = afterFlag
    this.#mustBeAccessPoint = afterFlag
  }

  get facts(): StreamFacts {
    return { streamType: this.streamType, ...this.#facts }
  }

  /** Goes on at the next unit, after missing packets that were flagged or complained of already. */
  lose(): void {
    this.#unit = null
    this.#isLost = true
  }

  /** Notes discontinuity_indicator on this PID within the segment. */
  flag(): void {
    this.lose()
    this.#mustStart = true
    if (this.#facts.units === 0) this.#mustBeAccessPoint = true
  }

  /** Takes a packet; `pcr` is the last one of the programme in 27 MHz ticks. */
  take(packet: Packet, number: number, pcr: number | null, complain: Complain): void {
    this.#isIndicated ||= packet.randomAccess
    if (packet.payload.length === 0) return
    if (packet.unitStart) this.#start(packet, number, pcr, complain)
    else if (this.#isLost) this.#complainStart(complain)
    else this.#add(packet.payload, complain)
  }

  #complainStart(complain: Complain): void {
    if (this.#mustStart)
      complain("unit_start", this.pid, "the first payload after the discontinuity is not the start of a PES packet")
    this.#mustStart = false
  }

  #start(packet: Packet, number: number, pcr: number | null, complain: Complain): void {
    this.#finishUnit(complain)
    this.#mustStart = false
    const header = readPesHeader(packet.payload)
    if (header.fault !== null) {
      complain("pes", this.pid, header.fault)
      this.lose()
      return
    }
    this.#isLost = false
    this.#unit = { length: header.length, bytes: 0 }
    this.#facts.units++
    if (isVideo(this.streamType) && this.#video === null)
      this.#video = {
        packet: number,
        head: [packet.payload.subarray(header.dataAt)],
        size: 0,
        isIndicated: this.#isIndicated,
      }
    this.#count(packet.payload, complain)
    if (header.pts !== null) this.#stamp(header.pts, header.dts ?? header.pts, pcr, complain)
  }

  #add(payload: Uint8Array, complain: Complain): void {
    if (this.#video !== null && this.#facts.units === 1 && this.#video.size < LOOK_BYTES) {
      this.#video.head.push(payload)
      this.#video.size += payload.length
    }
    this.#count(payload, complain)
  }

  #count(payload: Uint8Array, complain: Complain): void {
    const unit = this.#unit
    if (unit === null) return
    unit.bytes += payload.length
    if (unit.length > 0 && unit.bytes > unit.length + 6) {
      complain("pes", this.pid, `a PES packet is longer than its PES_packet_length ${unit.length}`)
      this.lose()
    }
  }

  #finishUnit(complain: Complain): void {
    const unit = this.#unit
    if (unit !== null && unit.length > 0 && unit.bytes !== unit.length + 6)
      complain("pes", this.pid, `a PES packet has ${unit.bytes - 6} bytes, PES_packet_length says ${unit.length}`)
    this.#unit = null
  }

  #stamp(pts: number, dts: number, pcr: number | null, complain: Complain): void {
    this.#facts.firstPts ??= pts
    this.#facts.lastPts = pts
    const before = this.#dts
    this.#dts = dts
    if (pcr !== null) {
      const ahead = (dts - (pcr % PCR_WRAP) / 300 + STAMP_WRAP) % STAMP_WRAP
      const behind = STAMP_WRAP - ahead
      if (ahead > BUFFER_MAX) {
        const where =
          behind < ahead ? `${Math.round(behind / 90)} ms before the PCR` : `${Math.round(ahead / 90)} ms after the PCR`
        complain("stamp_time_base", this.pid, `DTS ${dts} is ${where}`)
      }
    }
    if (before === null) return
    const step = (dts - before + STAMP_WRAP) % STAMP_WRAP
    if (step === 0 || step > STAMP_WRAP / 2) complain("stamp_order", this.pid, `DTS ${dts} after ${before}`)
    else if (step > STAMP_STEP_MAX)
      complain("stamp_repetition", this.pid, `${Math.round(step / 90)} ms between two time stamps`)
  }

  /** Judges the first video unit once its bytes are there; `final` judges it with the bytes that came. */
  judgeVideo(final: boolean, complain: Complain): Video | null {
    const video = this.#video
    if (video === null || this.#isVideoJudged || !(final || this.#facts.units > 1)) return null
    this.#isVideoJudged = true
    const shown = isAccessPoint(this.streamType, Buffer.concat(video.head))
    const accessPoint = video.isIndicated
      ? "indicator"
      : shown === true
        ? "picture"
        : shown === false
          ? "none"
          : "unknown"
    if (this.#mustBeAccessPoint && accessPoint === "none")
      complain(
        "access_point",
        this.pid,
        "video goes on after the discontinuity with a picture that is no random access point",
        video.packet,
      )
    return { packet: video.packet, pid: this.pid, accessPoint }
  }
}
