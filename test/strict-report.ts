/** The report of the strict analyser on a stream. */

export type ViolationKind =
  /** sync_byte is not 0x47, or the stream ends inside a packet (TR 101 290 1.1, 1.2). */
  | "sync"
  /** transport_error_indicator (TR 101 290 2.1). */
  | "transport_error"
  /** adaptation_field_control or adaptation_field_length that 2.4.3.4 forbids. */
  | "adaptation_field"
  /** continuity_counter neither continuous nor excused by discontinuity_indicator (2.4.3.3, TR 101 290 1.4). */
  | "continuity"
  /**
   * A packet that comes a third time, or discontinuity_indicator in three packets in a row of a PID that carries no PCR
   * (2.4.3.5).
   */
  | "repetition"
  /** discontinuity_indicator on the PCR PID that does not lead to a new time base as 2.4.3.5 asks. */
  | "time_base"
  /** PCR step outside 0 to 100 ms without discontinuity_indicator (TR 101 290 2.3.b). */
  | "pcr_jump"
  /** Intervals in which the clock runs on but PCRs are missing (TR 101 290 2.3.a). */
  | "pcr_repetition"
  /** A section that is cut off, has a bad CRC_32 or stands on the wrong PID (TR 101 290 2.2, 1.3, 1.5). */
  | "section"
  /** More than 500 ms between two PATs or two PMTs of a programme (TR 101 290 1.3, 1.5). */
  | "table_repetition"
  /** Video after a flagged discontinuity that comes before PAT and PMT. */
  | "table_missing"
  /** Video after a flagged discontinuity that does not begin with an access point (2.4.3.5). */
  | "access_point"
  /** The first payload after a flagged discontinuity continues a PES packet whose beginning is missing (2.4.3.5). */
  | "unit_start"
  /** A wrong PES header, or a PES_packet_length that its bytes do not match, within a segment. */
  | "pes"
  /** A DTS that does not grow within a segment. */
  | "stamp_order"
  /** More than 700 ms between two time stamps of a PID (TR 101 290 2.5). */
  | "stamp_repetition"
  /** A DTS before the PCR, or more than 10 s behind it: it belongs to another time base, or is too late (2.4.2.7). */
  | "stamp_time_base"
  /** A PID that neither PAT nor PMT names (TR 101 290 3.4). */
  | "unreferenced"

export interface Violation {
  readonly kind: ViolationKind
  /** Number of the packet, counted from 0. */
  readonly packet: number
  readonly pid: number | null
  readonly message: string
}

/** What one PID with PES packets carried within a segment. Time stamps are PTS in 90 kHz ticks; null without any. */
export interface StreamFacts {
  readonly streamType: number
  readonly firstPts: number | null
  readonly lastPts: number | null
  readonly units: number
}

/** A stretch of the stream from one flagged discontinuity to the next. */
export interface Segment {
  /** Numbers of the first packet, and of the one behind the last. */
  readonly from: number
  readonly to: number
  /** Number of the first packet with discontinuity_indicator, by PID. */
  readonly flagged: ReadonlyMap<number, number>
  readonly streams: ReadonlyMap<number, StreamFacts>
  /** The first video unit of the segment: where it begins, and by what it shows itself as an access point. */
  readonly video: {
    readonly packet: number
    readonly pid: number
    readonly accessPoint: "indicator" | "picture" | "none" | "unknown"
  } | null
  /**
   * Time of arrival between the last packet before the segment and its first one, in ms. Null without times, and for
   * the first segment.
   */
  readonly gapMs: number | null
}

export interface StrictReport {
  readonly packets: number
  /** Violations of the standard; empty when the stream is clean. */
  readonly violations: ReadonlyArray<Violation>
  readonly segments: ReadonlyArray<Segment>
  /** Every packet with discontinuity_indicator. */
  readonly discontinuities: ReadonlyArray<{ readonly packet: number; readonly pid: number }>
  /** Longest time between two packets; null without times. */
  readonly longestGap: { readonly ms: number; readonly packet: number } | null
}

/** Takes a violation; it is about the packet at hand when `packet` is left out. */
export type Complain = (kind: ViolationKind, pid: number | null, message: string, packet?: number) => void
