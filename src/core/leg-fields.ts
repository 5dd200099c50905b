/** Names of a leg's counters, as the engine's messages and the metrics use them: LEG_* of the memory map in snake_case. */
import * as L from "./assembly/layout.ts"

export const LEG_COUNTERS = {
  datagrams: L.LEG_DATAGRAMS,
  bytes: L.LEG_BYTES,
  rtp_datagrams: L.LEG_RTP_DATAGRAMS,
  udp_datagrams: L.LEG_UDP_DATAGRAMS,
  ts_packets: L.LEG_TS_PACKETS,
  rtp_lost: L.LEG_RTP_LOST,
  rtp_duplicates: L.LEG_RTP_DUPLICATES,
  rtp_reordered: L.LEG_RTP_REORDERED,
  rtp_resets: L.LEG_RTP_RESETS,
  sender_changes: L.LEG_SENDER_CHANGES,
  foreign: L.LEG_FOREIGN,
  bad_not_ts: L.LEG_BAD_NOT_TS,
  bad_rtp: L.LEG_BAD_RTP,
  bad_length: L.LEG_BAD_LENGTH,
  bad_204: L.LEG_BAD_204,
  bad_sync: L.LEG_BAD_SYNC,
  sync_byte_errors: L.LEG_SYNC_BYTE_ERRORS,
  sync_losses: L.LEG_SYNC_LOSSES,
  tei: L.LEG_TEI,
  scrambled: L.LEG_SCRAMBLED,
  null_packets: L.LEG_NULL_PACKETS,
  cc_errors: L.LEG_CC_ERRORS,
  cc_duplicates: L.LEG_CC_DUPLICATES,
  discontinuities: L.LEG_DISCONTINUITIES,
  pat_sections: L.LEG_PAT_SECTIONS,
  pmt_sections: L.LEG_PMT_SECTIONS,
  scte35_sections: L.LEG_SCTE35_SECTIONS,
  crc_errors: L.LEG_CRC_ERRORS,
  pcrs: L.LEG_PCRS,
  truncated: L.LEG_TRUNCATED,
  forwarded: L.LEG_FORWARDED,
  rai: L.LEG_RAI,
} as const

export type LegCounter = keyof typeof LEG_COUNTERS
/** All counters of a leg by name. */
export type LegCounters = Record<LegCounter, number>
