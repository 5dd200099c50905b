import { REORDER_DATAGRAMS_MAX, SLOT_PAYLOAD_MAX } from "../assembly/memory/layout.ts"

/**
 * How long the datagrams that may wait behind a missing one last at a bit rate, in ms: `reorder_ms` has its full length
 * up to that.
 */
export const reorderReachMs = (mbps: number): number =>
  Math.floor((REORDER_DATAGRAMS_MAX * SLOT_PAYLOAD_MAX * 8) / mbps / 1000)
