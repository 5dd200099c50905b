/** How an SRT sender is to run, and why one ends. */
import type { RenewalOptions } from "./key-renewal.ts"

export interface SenderOptions extends RenewalOptions {
  /** Extra time in ms before a packet is given up as too late: SNDDROPDELAY; -1 never gives one up. */
  readonly dropDelayMs: number
  /** Silence in µs after which the peer counts as gone: PEERIDLETIMEO, 5 s in libsrt. */
  readonly idleUs: number
  /** The number of the first message, 1 to 2^26 - 1. */
  readonly firstMessage: number
}

export const SENDER_DEFAULTS: SenderOptions = {
  refreshPackets: 1 << 24,
  announcePackets: 4096,
  dropDelayMs: 0,
  idleUs: 5e6,
  firstMessage: 1,
}

/**
 * Why a connection is over. `gone`: packets that the peer waits for are no longer there, and it plays nothing behind
 * them, as libsrt's receiver without too-late drop (TLPKTDROP); only a new connection helps it.
 */
export type SenderEnd = "shutdown" | "idle" | "peer_error" | "gone"
