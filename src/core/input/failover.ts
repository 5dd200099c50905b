/** Which leg a channel should take: a pure decision over plain numbers, many times a second. */

export type Leg = "primary" | "backup"
/** Why a leg cannot be used, or why the switch was made. */
export type FailoverReason = "no_packets" | "null_packets" | "sync_loss" | "no_pat" | "no_pmt" | "continuity" | "closed"

export interface FailoverPolicy {
  readonly failoverAfterMs: number
  readonly failback: "auto" | "manual"
  readonly failbackAfterMs: number
}

/** What is known of one leg at this moment. Times are monotonic milliseconds; null: never. */
export interface LegNumbers {
  /** Socket open. */
  readonly open: boolean
  readonly lastPacketAt: number | null
  /** Last packet that was not a null packet. */
  readonly lastProgrammeAt: number | null
  readonly lastPatAt: number | null
  readonly lastPmtAt: number | null
  readonly inSync: boolean
  /** Totals since the leg was opened. */
  readonly continuityErrors: number
  readonly tsPackets: number
}
