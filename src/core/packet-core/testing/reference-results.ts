/** What the reference parser finds, named as in `leg-fields.ts`. */
import type { CheckGauges } from "./reference-checks.ts"
import type { SectionEvent } from "./reference-sections.ts"

export type ReferenceEvent =
  | SectionEvent
  | { readonly kind: "sender"; readonly identity: number; readonly before: number }
  | { readonly kind: "sequence_reset"; readonly sequence: number; readonly expected: number }
  | { readonly kind: "pcr_jump"; readonly pid: number; readonly before_ms: number; readonly after_ms: number }

export interface ReferenceSlot {
  readonly payload: Uint8Array
  readonly rx_us: number
  readonly rtp_timestamp: number
  readonly rtp_sequence: number
  pcr: { readonly ticks: number; readonly index: number; readonly pid: number } | null
  random_access: boolean
  discontinuity: boolean
}

/** Values that the LEG_* gauges hold. */
export interface ReferenceGauges extends CheckGauges {
  first_rx_us: number
  last_rx_us: number
  last_programme_us: number
  jitter_90k: number
  max_gap_us: number
  identity: number
  framing: number
  payload_type: number
  pcr_27m: number
  pcr_pid: number
  in_sync: number
}
