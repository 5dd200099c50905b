/**
 * What the watcher of a channel's ad breaks takes in and gives out. Times in milliseconds are of one monotonic clock.
 */
import type { SpliceInfoSection } from "./section-fields.ts"

/** Limits of the watch. */
export interface BreakPolicy {
  /** Seconds before its splice point by which an out or an in has to arrive; SCTE 35 9.2 asks for 4. */
  readonly minPrerollS: number
  /** A break that lasts longer, in seconds, is reported, and taken for over unless its announced end is later. */
  readonly maxBreakS: number
  /** Seconds after the announced end at which a return that did not come is missing. */
  readonly returnSlackS: number
  /** Hours without any cue that are worth a warning; 0: never. */
  readonly silentAfterH: number
}

/** One section seen on the channel's stream. */
export interface Sighting {
  /** Number of the sighting, given by the caller and rising. */
  readonly cue: number
  readonly atMs: number
  readonly pid: number
  /** The stream's clock at arrival, 90 kHz ticks of 33 bits; null before the first PCR. */
  readonly clock90k: number | null
  readonly section: SpliceInfoSection
}

/**
 * What a section asks for: out, in and cancel of ad breaks; start, end and point of programme-level segmentation; null
 * for splice_null and bandwidth_reservation; other for private and unknown commands, splice_schedule and encrypted
 * sections.
 */
export type CueKind = "out" | "in" | "cancel" | "start" | "end" | "point" | "null" | "other"

/** What happened to a break, or is wrong with it. */
export interface BreakEvent {
  readonly kind:
    | "break_announced"
    | "break_started"
    | "break_ended"
    | "break_cancelled"
    | "short_preroll"
    | "missing_return"
    | "overlong_break"
    | "overlapping_breaks"
    | "crc_error"
    | "bad_section"
    | "silent"
  readonly severity: "info" | "warning"
  /** Number of the sighting that it is about; null where there is none. */
  readonly cue: number | null
  readonly eventId: number | null
  /** A sentence for a person. */
  readonly message: string
}

/** What came of a sighting. */
export interface Noted {
  /** Number of the sighting that this one repeats; null when it is new. */
  readonly repeatOf: number | null
  readonly kind: CueKind
  /**
   * Seconds from arrival to the splice point; null when immediate, without a time or without a clock. Negative: too
   * late.
   */
  readonly prerollS: number | null
  readonly events: ReadonlyArray<BreakEvent>
}

/** Where the channel stands. */
export interface BreakView {
  readonly state: "idle" | "announced" | "in_break"
  /** Event of the break that the view is about. */
  readonly eventId: number | null
  /** When the break began. */
  readonly startedMs: number | null
  readonly announcedDurationS: number | null
  /** Seconds to its end, where that is known. */
  readonly endsInS: number | null
  /** The break ends by its duration, with no in. */
  readonly autoReturn: boolean
}
