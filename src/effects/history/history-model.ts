/**
 * Data behind plots and sparklines: figures from the last minutes up to a day, kept in memory, and those of up to 400
 * days that the store keeps.
 */

/** Name of a window with its length and the time between two points, in seconds. */
export const WINDOWS = {
  "5m": { length_s: 300, step_s: 1 },
  "1h": { length_s: 3600, step_s: 10 },
  "24h": { length_s: 86_400, step_s: 120 },
} as const
export type HistoryWindow = keyof typeof WINDOWS

/**
 * What a series counts. Bit rates are bit/s; losses, drops, errors and retransmissions are packets (errors: counts) a
 * second; `rtt` and `queue` are ms; `down`, of stored figures alone, is the part of the time without input or connection
 * in percent.
 */
export type HistoryMeasure = "bitrate" | "lost" | "cc_errors" | "rtt" | "retransmitted" | "dropped" | "queue" | "down"

export interface HistorySeries {
  /** `primary`, `backup`, or the slug of an output. */
  readonly of: string
  readonly is: "leg" | "output"
  readonly measure: HistoryMeasure
  /**
   * A value for each point of `times`: the mean over the step, for `rtt` and `queue` the highest; null where there is
   * no figure.
   */
  readonly values: ReadonlyArray<number | null>
}

/** An event or cue that is drawn as a line across a plot. */
export interface HistoryMark {
  /** Seconds since 1970. */
  readonly at: number
  readonly kind: "switch" | "cue_out" | "cue_in" | "cue" | "output_lost" | "restart"
  /** A few words for a person. */
  readonly label: string
}

export interface HistoryView {
  readonly window: HistoryWindow
  readonly step_s: number
  /** Seconds since 1970, ascending, `step_s` apart. */
  readonly times: ReadonlyArray<number>
  readonly series: ReadonlyArray<HistorySeries>
  readonly marks: ReadonlyArray<HistoryMark>
}

/** A channel's last minutes as a row of the list shows them. */
export interface RecentView {
  /**
   * Bit rate of the active leg in bit/s over the last 60 s, a value every 2 s, oldest first; null while it was not
   * running.
   */
  readonly bitrates: ReadonlyArray<number | null>
  /** Continuity errors on the active leg in the last 5 minutes. */
  readonly cc_errors: number
}

/** What a leg or output did over a span, in sum. Seconds in which its channel was stopped count nowhere. */
export interface FigureTotals extends Pick<HistorySeries, "of" | "is"> {
  /** Seconds in which the leg received, or the output was connected; and in which it should have and did not. */
  readonly up_s: number
  readonly down_s: number
  readonly bytes: number
  readonly packets: number
  readonly lost: number
  readonly cc_errors: number
  readonly dropped: number
  readonly resent: number
  /** Mean and highest round-trip time; null where there was none. */
  readonly rtt_ms: number | null
  readonly rtt_high_ms: number | null
  /** The lowest and the highest bit rate of a second, bit/s; null where there was none. */
  readonly bitrate_low: number | null
  readonly bitrate_high: number | null
}

/** Stored figures of a channel over a span. */
export interface FiguresView extends Omit<HistoryView, "window"> {
  /** ISO 8601: the span in whole steps. */
  readonly since: string
  readonly until: string
  readonly totals: ReadonlyArray<FigureTotals>
  /** True when the span has more marks than are shown, which are the last ones. */
  readonly marks_left_out: boolean
}
