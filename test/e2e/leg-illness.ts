/** What can be wrong with a leg, applied to a datagram's worth of the test programme. */

import { buildPacket, NULL_PID, TS_PACKET_SIZE } from "../../src/core/ts/packet.ts"
import { AUDIO_PID, PAT_PID, PMT_PID, SCTE35_PID, SDT_PID, VIDEO_PID } from "../../src/test-source/program-tables.ts"

export type LegIllness =
  | "none"
  /** The network swallows everything. */
  | "silent"
  /** The encoder lives, but sends nothing but null packets. */
  | "nulls"
  /** Datagrams have the right size but no sync byte. */
  | "garbage"
  /** Only the first packet of each datagram has its sync byte. */
  | "torn"
  | "no_pat"
  | "no_pmt"
  /** Every other continuity counter is wrong. */
  | "counters"
  /** Every random_access_indicator is missing. */
  | "no_indicator"
  /** discontinuity_indicator where the time base begins. */
  | "flagged_start"

const NULL_PACKET = buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184).fill(0xff) })
const NO_SYNC = 0xb8
const ADAPTATION = 0x20
const DISCONTINUITY = 0x80
const INDICATOR = 0x40
const PCR = 0x10

let brokenCounters = 0

const pidOf = (packet: Uint8Array) => (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0)
const flagsOf = (packet: Uint8Array) =>
  ((packet[3] ?? 0) & ADAPTATION) !== 0 && (packet[4] ?? 0) > 0 ? (packet[5] ?? 0) : 0

const without = (pid: number) => (packet: Uint8Array) => {
  if (pidOf(packet) === pid) packet.set(NULL_PACKET)
}

const treatments: Readonly<
  Record<Exclude<LegIllness, "none" | "silent">, (packet: Uint8Array, index: number) => void>
> = {
  nulls: (packet) => packet.set(NULL_PACKET),
  garbage: (packet) => {
    packet[0] = NO_SYNC
  },
  torn: (packet, index) => {
    if (index > 0) packet[0] = NO_SYNC
  },
  no_pat: without(PAT_PID),
  no_pmt: without(PMT_PID),
  counters: (packet) => {
    if (pidOf(packet) === NULL_PID || brokenCounters++ % 2 === 0) return
    const header = packet[3] ?? 0
    packet[3] = (header & 0xf0) | ((header + 5) & 15)
  },
  no_indicator: (packet) => {
    if ((flagsOf(packet) & INDICATOR) !== 0) packet[5] = flagsOf(packet) & ~INDICATOR
  },
  flagged_start: (packet) => {
    if (pidOf(packet) === VIDEO_PID && (flagsOf(packet) & PCR) !== 0) packet[5] = flagsOf(packet) | DISCONTINUITY
  },
}

/** Returns what becomes of a payload; null when nothing arrives. The payload itself stays as it is. */
export const inflict = (illness: LegIllness, payload: Uint8Array): Uint8Array | null => {
  if (illness === "silent") return null
  if (illness === "none") return payload
  const ill = payload.slice()
  for (let at = 0; at < ill.length; at += TS_PACKET_SIZE)
    treatments[illness](ill.subarray(at, at + TS_PACKET_SIZE), at / TS_PACKET_SIZE)
  return ill
}

/**
 * Makes packets that signal a new start of the counters of all PIDs but the clock's: at 0, as in a new test programme.
 */
export const signals = (): Uint8Array =>
  Buffer.concat(
    [PAT_PID, PMT_PID, AUDIO_PID, SCTE35_PID, SDT_PID].map((pid) =>
      buildPacket({ pid, continuity_counter: 15, discontinuity: true }),
    ),
  )
