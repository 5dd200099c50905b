/**
 * Cuts a transport stream into HLS segments (RFC 8216 3.2): each begins with PAT and PMT, then the PES packet of an
 * access point; every other packet is in one of them, in order and untouched but for the counters of PAT and PMT.
 */
import { PAT_PID } from "../es/program-follower.ts"
import { difference33 } from "../es/unwrap.ts"
import { SYNC_BYTE, TS_PACKET_SIZE } from "../ts/packet.ts"
import { type AccessPoint, accessPointOf, HEAD_MAX, type PesTimes, readPesTimes } from "./access-point.ts"
import { ChunkList } from "./chunk-list.ts"
import type { SegmenterOptions } from "./hls-segment.ts"
import { ProgramTables } from "./program-tables.ts"
import { SegmentClock } from "./segment-clock.ts"
import { TablePackets } from "./table-packets.ts"

interface OpenSegment {
  readonly head: Uint8Array
  readonly startPts90k: number
  readonly startUs: number
  readonly startMark: number
  readonly discontinuity: boolean
  readonly independent: boolean
}

interface Candidate {
  readonly offset: number
  readonly atUs: number
  readonly mark: number
  readonly marked: boolean
  head: Uint8Array
  size: number
}

/** So much less than the wanted length counts as reached: frame durations are not whole ticks. */
const TOLERANCE_90K = 900
/** Pictures that others look back behind are taken only in a segment that is this much longer than wanted. */
const POINT_PATIENCE = 1.5
const REQUESTS_MAX = 64

export class Segmenter {
  readonly tables = new ProgramTables()
  /** Segments that had to be ended without an access point, and the access points there were. */
  overlong = 0
  accessPoints = 0
  readonly #options: SegmenterOptions
  readonly #chunks = new ChunkList()
  readonly #tablePackets = new TablePackets(this.#chunks)
  readonly #clock = new SegmentClock()
  #open: OpenSegment | null = null
  #candidate: Candidate | null = null
  /** Since when an access point is waited for to begin with; -1 while there is a segment. */
  #waitingUs = -1
  #atUs = 0
  #mark = 0
  #discontinuity = false
  /** Where packets with discontinuity_indicator or new tables began, behind the last picture. */
  #breakAt: number | null = null
  /** The last cut was at a picture that others look back behind: IDR pictures are rare or there are none. */
  #trustsPoints = false
  #cutNow = false
  #cutAt: number[] = []

  constructor(options: SegmenterOptions) {
    this.#options = options
  }

  /**
   * PTS of the first picture of the segment at hand, and of the latest one; null without one, and once its timeline is
   * no more.
   */
  get position(): { readonly startPts90k: number; readonly latestPts90k: number } | null {
    const open = this.#open
    return open === null || this.#discontinuity
      ? null
      : { startPts90k: open.startPts90k, latestPts90k: this.#clock.latest }
  }

  /** A segment is at hand. */
  get isOpen(): boolean {
    return this.#open !== null
  }

  /** Ends a segment at the first access point at or behind a time (90 kHz, 33 bits), or at the next one. */
  cutFrom(pts90k: number | null): void {
    if (pts90k === null) this.#cutNow = true
    else if (!this.#cutAt.includes(pts90k)) this.#cutAt = [...this.#cutAt.slice(1 - REQUESTS_MAX), pts90k]
  }

  /** Takes whole TS packets, of which nothing is kept by reference. `atUs` does not fall; `mark` is told back. */
  push(packets: Uint8Array, atUs: number, mark = 0): void {
    this.#atUs = atUs
    this.#mark = mark
    let base: number | null = this.#keeps ? this.#chunks.append(packets) : null
    for (let at = 0; at + TS_PACKET_SIZE <= packets.length; at += TS_PACKET_SIZE) {
      this.#packet(packets, at, base === null ? null : base + at)
      if (base === null && this.#keeps) base = this.#chunks.append(packets.subarray(at)) - at
      else if (this.#chunks.size === 0) base = null
    }
    const { maxBytes, maxUs } = this.#options
    if (this.#open !== null && (this.#chunks.size > maxBytes || atUs - this.#open.startUs > maxUs)) {
      this.overlong += 1
      this.lose(mark)
    } else if (!this.#keeps || (this.#open === null && this.#chunks.size > maxBytes)) this.#discard()
  }

  /**
   * Packets are missing from here on: ends the segment at hand; the next one begins at the next access point, with a
   * discontinuity.
   */
  lose(mark = 0): void {
    this.end(mark)
    this.#discontinuity = true
  }

  /** The stream ends: so does the segment at hand. */
  end(mark = 0): void {
    this.#tablePackets.forget(this.#chunks.end)
    if (this.#open !== null && this.#chunks.size > 0)
      this.#finish(this.#open, this.#chunks.end, this.#clock.estimate(), mark)
    this.#discard()
    this.#open = null
    this.#waitingUs = -1
    this.#clock.reset()
  }

  /** What is pushed belongs to a segment, or may turn out to. */
  get #keeps(): boolean {
    return this.#open !== null || this.#candidate !== null
  }

  #discard(): void {
    this.#tablePackets.forget(this.#chunks.end)
    this.#chunks.clear()
    this.#candidate = null
    this.#breakAt = null
  }

  /** The packet at `at`, which lies at `offset` of the chunks, or nowhere yet. */
  #packet(bytes: Uint8Array, at: number, offset: number | null): void {
    const b1 = bytes[at + 1] ?? 0
    if (bytes[at] !== SYNC_BYTE || (b1 & 0x80) !== 0) return
    const pid = ((b1 & 0x1f) << 8) | (bytes[at + 2] ?? 0)
    const b3 = bytes[at + 3] ?? 0
    const hasAdaptation = (b3 & 0x20) !== 0
    const adaptation = hasAdaptation ? (bytes[at + 4] ?? 0) : 0
    const flags = adaptation > 0 ? (bytes[at + 5] ?? 0) : 0
    const isReference = pid === this.tables.reference?.pid
    const flagged = (flags & 0x80) !== 0
    if (flagged) this.#flagged(pid, isReference, offset)
    const isTable = !isReference && this.tables.carriesTables(pid)
    if (!isReference && !isTable) return
    const packet = bytes.subarray(at, at + TS_PACKET_SIZE)
    const payloadAt = (b3 & 0x10) === 0 ? TS_PACKET_SIZE : Math.min(TS_PACKET_SIZE, hasAdaptation ? 5 + adaptation : 4)
    const unitStart = (b1 & 0x40) !== 0
    if (isTable) this.#table(packet, payloadAt, pid, unitStart, flagged, offset)
    else if (payloadAt === TS_PACKET_SIZE) return
    else if (unitStart) this.#unit(packet, payloadAt, offset, (flags & 0x40) !== 0)
    else if (this.#candidate !== null) this.#grow(this.#candidate, packet.subarray(payloadAt))
  }

  #flagged(pid: number, isReference: boolean, offset: number | null): void {
    this.#breakAt ??= offset
    if (!isReference && pid !== this.tables.pcrPid) return
    this.#discontinuity = this.#discontinuity || this.#open !== null
    this.#clock.freeze()
  }

  #table(
    packet: Uint8Array,
    payloadAt: number,
    pid: number,
    unitStart: boolean,
    flagged: boolean,
    offset: number | null,
  ): void {
    const before = this.tables.reference?.pid
    const change = this.tables.packet(packet, payloadAt, TS_PACKET_SIZE, pid, unitStart, (packet[3] ?? 0) & 15, flagged)
    this.#tablePackets.take(pid, packet, payloadAt, unitStart, offset)
    if (change !== "streams") return
    this.#breakAt ??= offset
    if (this.tables.reference?.pid !== before) this.#candidate = null
    if (this.#open === null) return
    if (this.tables.reference === null) this.lose(this.#mark)
    this.#discontinuity = true
    this.#clock.freeze()
  }

  /** A PES packet of the reference stream begins. */
  #unit(packet: Uint8Array, payloadAt: number, offset: number | null, marked: boolean): void {
    if (this.#candidate !== null) this.#decide(this.#candidate, true)
    if (this.tables.patSections.length === 0 || this.tables.pmtSections.length === 0) return
    if (this.#open === null) {
      if (this.#waitingUs < 0) this.#waitingUs = this.#atUs
      // What is kept while there is no segment begins with a PES packet that may be an access point.
      this.#tablePackets.forget(offset ?? this.#chunks.end)
      this.#chunks.takeUntil(offset ?? this.#chunks.end)
    }
    const head = packet.slice(payloadAt)
    this.#candidate = {
      offset: offset ?? this.#chunks.end,
      atUs: this.#atUs,
      mark: this.#mark,
      marked,
      head,
      size: head.length,
    }
    // Without a segment the packet is in the chunks only afterwards: it is decided about with the next one.
    if (offset !== null) this.#decide(this.#candidate, false)
  }

  #grow(candidate: Candidate, payload: Uint8Array): void {
    const size = candidate.size + payload.length
    if (size > candidate.head.length) {
      const grown = new Uint8Array(Math.max(2 * candidate.head.length, size))
      grown.set(candidate.head.subarray(0, candidate.size))
      candidate.head = grown
    }
    candidate.head.set(payload, candidate.size)
    candidate.size = size
    this.#decide(candidate, size >= HEAD_MAX)
  }

  /** `isWhole`: no more of it will come. */
  #decide(candidate: Candidate, isWhole: boolean): void {
    const head = candidate.head.subarray(0, candidate.size)
    const times = readPesTimes(head)
    if (times === "more" && !isWhole) return
    const kind = this.tables.reference?.kind
    if (times === "more" || times === null || kind === undefined) {
      this.#candidate = null
      return
    }
    const jumped = this.#clock.jumps(times.dts90k)
    const wishes = this.#wishes(times, jumped)
    let point: AccessPoint =
      wishes === "none" ? "none" : accessPointOf(kind, head.subarray(times.dataAt), candidate.marked)
    if (point === "more" && !isWhole) return
    if (point === "more") point = candidate.marked ? "point" : "none"
    if (point !== "none" && !isWhole && this.#tablePackets.waitsAt(candidate.offset)) return
    this.#candidate = null
    if (jumped) {
      this.#discontinuity = this.#discontinuity || this.#open !== null
      this.#clock.freeze()
    }
    if (point !== "none") this.accessPoints += 1
    if (point === "idr" || (point === "point" && wishes === "any")) this.#begin(candidate, times, point)
    else this.#breakAt = null
    this.#clock.take(times.pts90k, times.dts90k)
  }

  /** Which access points are welcome here. */
  #wishes({ pts90k }: PesTimes, jumped: boolean): "none" | "idr" | "any" {
    const { wanted90k } = this.#options
    const isBroken = this.#open === null || this.#discontinuity || jumped
    const waited90k = isBroken
      ? ((this.#atUs - (this.#open?.startUs ?? this.#waitingUs)) * 9) / 100
      : this.#clock.elapsedTo(pts90k)
    const isDue = isBroken || waited90k >= wanted90k - TOLERANCE_90K
    const isAsked = this.#cutNow || this.#cutAt.some((from) => difference33(pts90k, from) >= -TOLERANCE_90K)
    if (!isDue && !isAsked) return "none"
    return waited90k >= (this.#trustsPoints ? wanted90k - TOLERANCE_90K : wanted90k * POINT_PATIENCE) ? "any" : "idr"
  }

  /** A segment begins at `candidate`, or where what was flagged before it begins. */
  #begin(candidate: Candidate, { pts90k }: PesTimes, point: AccessPoint): void {
    const before = this.#open
    const isBroken = this.#discontinuity
    const offset = before !== null && isBroken ? (this.#breakAt ?? candidate.offset) : candidate.offset
    const { head, rest } = this.#tablePackets.divide(offset, [
      { pid: PAT_PID, sections: this.tables.patSections },
      { pid: this.tables.pmtPid, sections: this.tables.pmtSections },
    ])
    if (before !== null) {
      const elapsed = this.#clock.elapsedTo(pts90k)
      this.#finish(before, offset, isBroken || elapsed <= 0 ? this.#clock.estimate() : elapsed, candidate.mark, rest)
    }
    this.#open = {
      head,
      startPts90k: pts90k,
      startUs: candidate.atUs,
      startMark: candidate.mark,
      discontinuity: isBroken,
      independent: point === "idr",
    }
    this.#trustsPoints = point !== "idr"
    this.#discontinuity = false
    this.#breakAt = null
    this.#cutNow = false
    this.#cutAt = isBroken ? [] : this.#cutAt.filter((from) => difference33(pts90k, from) < -TOLERANCE_90K)
    this.#waitingUs = -1
    this.#clock.begin(pts90k)
  }

  #finish(open: OpenSegment, offset: number, duration90k: number, mark: number, rest?: Uint8Array): void {
    const { head, ...facts } = open
    const parts = [head, ...this.#chunks.takeUntil(offset)]
    if (rest !== undefined && rest.length > 0) parts.push(rest)
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    this.#options.onSegment({ ...facts, parts, bytes, duration90k, endMark: mark })
  }
}
