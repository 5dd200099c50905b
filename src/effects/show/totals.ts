/**
 * Totals of a channel since this process started, or since the channel or output was created, across connections, stops
 * and starts, and restarts of the engine. These are the numbers of `/metrics`, for whatever else shows them.
 */

export interface OutputTotals {
  readonly bytes_sent: number
  readonly packets_sent: number
  readonly packets_dropped: number
  readonly cues_sent: number
  readonly cues_missed: number
}

export interface ChannelTotals {
  /**
   * Counters of a leg by the engine's names, and `kernel_drops`. Losses that late packets made up for are taken off
   * again.
   */
  readonly leg: (source: "primary" | "backup") => Readonly<Record<string, number>>
  readonly merge_lost: number
  readonly merge_mismatches: number
  readonly output: (id: string) => OutputTotals
}

export const NOTHING_SENT: OutputTotals = {
  bytes_sent: 0,
  packets_sent: 0,
  packets_dropped: 0,
  cues_sent: 0,
  cues_missed: 0,
}
export const NOTHING_COUNTED: ChannelTotals = {
  leg: () => ({}),
  merge_lost: 0,
  merge_mismatches: 0,
  output: () => NOTHING_SENT,
}
