/**
 * A strict analyser of transport streams, written from ISO/IEC 13818-1 and ETSI TR 101 290 apart from src/core, to
 * judge what leaves the product: where a source was switched, only flagged discontinuities are allowed, and each must
 * be one a decoder can start at.
 *
 * The first segment may begin anywhere, as a capture does. Rates are taken as constant within a segment.
 */
import { NULL_PID, PACKET_BYTES, type Packet, readPacket, TICKS_PER_MS } from "./strict-packet.ts"
import { isPes, isVideo } from "./strict-pes.ts"
import { PidWatch } from "./strict-pid.ts"
import type { Complain, Segment, StrictReport, Violation } from "./strict-report.ts"
import { PAT_PID, TableWatch } from "./strict-tables.ts"
import { UnitWatch } from "./strict-units.ts"

export type { Segment, StreamFacts, StrictReport, Violation, ViolationKind } from "./strict-report.ts"

const TABLE_INTERVAL = 500 * TICKS_PER_MS

/** The state of the segment that is being read. */
class Stretch {
  readonly from: number
  readonly gapMs: number | null
  readonly flagged = new Map<number, number>()
  /** PIDs that begin anew in this segment: they are flagged, or were not there before it. */
  readonly begun = new Set<number>()
  /** PIDs that came without the flag after they were flagged. */
  readonly settled = new Set<number>()
  readonly units = new Map<number, UnitWatch>()
  readonly pmts = new Set<number>()
  readonly strangers = new Set<number>()
  hasPat = false
  hasComplainedOfTables = false
  video: Segment["video"] = null
  /**
   * The clock is in 27 MHz ticks since the segment's first PCR; the map holds its value at the last PAT and PMTs, by
   * PID.
   */
  clock = 0
  readonly tablesAt = new Map<number, number>([[PAT_PID, 0]])

  constructor(from: number, gapMs: number | null) {
    this.from = from
    this.gapMs = gapMs
  }
}

class Analyser {
  readonly violations: Violation[] = []
  readonly segments: Segment[] = []
  readonly discontinuities: Array<{ packet: number; pid: number }> = []
  #number = 0
  #stretch = new Stretch(0, null)
  readonly #watches = new Map<number, PidWatch>()
  readonly #complain: Complain = (kind, pid, message, packet = this.#number) => {
    this.violations.push({ kind, packet, pid, message })
  }
  readonly #tables = new TableWatch((pid, programme) => this.#noteTable(pid, programme), this.#complain)

  take(stream: Uint8Array, number: number, gapMs: number | null): void {
    this.#number = number
    const packet = readPacket(stream, number * PACKET_BYTES)
    if (!this.#isUsable(packet)) return
    this.#noteFlag(packet, gapMs)
    if (!this.#watches.has(packet.pid) && this.segments.length > 0) this.#stretch.begun.add(packet.pid)
    const watch = this.#watches.get(packet.pid) ?? new PidWatch(packet.pid)
    this.#watches.set(packet.pid, watch)
    const carriesClock = this.#tables.isClock(packet.pid)
    const order = watch.check(packet, carriesClock, this.#complain)
    if (order === "duplicate") return
    const passed = watch.takePcr(packet, number, carriesClock, this.#complain)
    if (packet.pid === this.#tables.mainClock) this.#stretch.clock += passed ?? 0
    this.#checkReference(packet.pid)
    const hasGap = order === "broken" || packet.discontinuity
    if (this.#tables.carriesTables(packet.pid)) this.#tables.read(packet, hasGap)
    else this.#readUnits(packet, hasGap)
  }

  finish(packets: number): void {
    this.#number = Math.max(packets - 1, 0)
    this.#close(packets)
  }

  #isUsable(packet: Packet): boolean {
    const { control, damaged, fault, pid, synchronised } = packet
    if (!synchronised) this.#complain("sync", null, "no sync_byte 0x47, or the stream ends inside a packet")
    else if (damaged) this.#complain("transport_error", pid, "transport_error_indicator is set")
    else if (fault !== null && pid !== NULL_PID) this.#complain("adaptation_field", pid, fault)
    return synchronised && !damaged && control !== 0 && pid !== NULL_PID
  }

  /**
   * Notes a flag. On a PID that had settled since its last flag, it opens a new segment; flags of other PIDs join the
   * open one.
   */
  #noteFlag({ discontinuity, pid }: Packet, gapMs: number | null): void {
    if (!discontinuity) {
      if (this.#stretch.flagged.has(pid)) this.#stretch.settled.add(pid)
      return
    }
    this.discontinuities.push({ packet: this.#number, pid })
    const isFirst = this.segments.length === 0 && this.#stretch.flagged.size === 0
    if (isFirst || this.#stretch.settled.has(pid)) {
      this.#close(this.#number)
      this.#stretch = new Stretch(this.#number, gapMs)
    }
    this.#stretch.begun.add(pid)
    if (!this.#stretch.flagged.has(pid)) this.#stretch.flagged.set(pid, this.#number)
    this.#stretch.units.get(pid)?.flag()
  }

  #close(to: number): void {
    const { flagged, from, gapMs, tablesAt, units } = this.#stretch
    if (to === from) return
    for (const watch of units.values()) this.#stretch.video ??= watch.judgeVideo(true, this.#complain)
    for (const pid of tablesAt.keys()) this.#checkInterval(pid, to - 1)
    const streams = new Map([...units].map(([pid, watch]) => [pid, watch.facts]))
    this.segments.push({ from, to, flagged, streams, video: this.#stretch.video, gapMs })
  }

  #noteTable(pid: number, programme: number | null): void {
    const stretch = this.#stretch
    this.#checkInterval(pid)
    stretch.tablesAt.set(pid, stretch.clock)
    if (programme !== null) stretch.pmts.add(programme)
    else {
      stretch.hasPat = true
      for (const pmtPid of this.#tables.pmtPids)
        if (!stretch.tablesAt.has(pmtPid)) stretch.tablesAt.set(pmtPid, stretch.clock)
    }
  }

  #checkInterval(pid: number, packet = this.#number): void {
    const passed = this.#stretch.clock - (this.#stretch.tablesAt.get(pid) ?? this.#stretch.clock)
    if (passed <= TABLE_INTERVAL) return
    const what = pid === PAT_PID ? "PAT" : "PMT"
    this.#complain("table_repetition", pid, `${Math.round(passed / TICKS_PER_MS)} ms without a ${what}`, packet)
  }

  /** Checks that a PID is named by the PAT or a PMT, once the segment has told all its programmes. */
  #checkReference(pid: number): void {
    const { hasPat, pmts, strangers } = this.#stretch
    if (
      !hasPat ||
      pmts.size < Math.max(this.#tables.programmes, 1) ||
      strangers.has(pid) ||
      this.#tables.isReferenced(pid)
    )
      return
    strangers.add(pid)
    this.#complain("unreferenced", pid, "neither PAT nor PMT names this PID")
  }

  #readUnits(packet: Packet, hasGap: boolean): void {
    const { pid } = packet
    const stream = this.#tables.streamOf(pid)
    if (stream === null || !isPes(stream.type)) return
    let units = this.#stretch.units.get(pid)
    if (units === undefined || units.streamType !== stream.type) {
      units = new UnitWatch(pid, stream.type, this.#stretch.begun.has(pid))
      this.#stretch.units.set(pid, units)
    } else if (hasGap) units.lose()
    if (isVideo(stream.type) && packet.unitStart) this.#checkTables(pid)
    units.take(packet, this.#number, this.#watches.get(stream.pcrPid)?.pcr ?? null, this.#complain)
    this.#stretch.video ??= units.judgeVideo(false, this.#complain)
  }

  /**
   * Checks that PAT and PMT come before the first picture after a flagged discontinuity, since a decoder needs them.
   */
  #checkTables(pid: number): void {
    const stretch = this.#stretch
    if (!stretch.begun.has(pid) || stretch.hasComplainedOfTables || (stretch.hasPat && stretch.pmts.size > 0)) return
    stretch.hasComplainedOfTables = true
    this.#complain(
      "table_missing",
      pid,
      `video begins after the discontinuity without ${stretch.hasPat ? "a PMT" : "a PAT"}`,
    )
  }
}

/** Judges a whole stream; `timeOf` gives the time of arrival of a packet in ms, and never falls. */
export const analyseStrictly = (stream: Uint8Array, timeOf?: (packet: number) => number): StrictReport => {
  const analyser = new Analyser()
  const packets = Math.ceil(stream.length / PACKET_BYTES)
  let longestGap: StrictReport["longestGap"] = null
  for (let number = 0; number < packets; number++) {
    const gapMs = timeOf === undefined || number === 0 ? null : timeOf(number) - timeOf(number - 1)
    if (gapMs !== null && gapMs > (longestGap?.ms ?? 0)) longestGap = { ms: gapMs, packet: number }
    analyser.take(stream, number, gapMs)
  }
  analyser.finish(packets)
  const { discontinuities, segments, violations } = analyser
  return { packets, violations, segments, discontinuities, longestGap }
}

/**
 * Analyses datagrams in order of arrival. It cuts off `header` bytes of each (12 for RTP); whole packets must remain.
 */
export const analyseDatagrams = (
  datagrams: ReadonlyArray<{ readonly at: number; readonly data: Uint8Array }>,
  header = 0,
): StrictReport => {
  const payloads = datagrams.map(({ data }) => data.subarray(header))
  const times = datagrams.flatMap(({ at, data }) =>
    Array.from({ length: Math.ceil((data.length - header) / PACKET_BYTES) }, () => at),
  )
  return analyseStrictly(Buffer.concat(payloads), (packet) => times[packet] ?? 0)
}
