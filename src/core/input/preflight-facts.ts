/** What preflight looks at, and what it can find. */

import type { Alignment } from "./merge-reach.ts"

/** Every code and what it means, for the documentation. Codes never change their meaning. */
export const FINDING_CODES = {
  no_programme: "no PAT and PMT: there is nothing that outputs other than SRT, UDP, RTP and file could carry",
  mpts: "several programmes in one stream",
  no_scte35: "no PID of stream type 0x86: ad markers are not in the stream",
  no_cuei: "an SCTE-35 PID without the CUEI registration descriptor in its PMT",
  no_video: "a programme without video",
  no_audio: "a programme without audio",
  rtmp_video: "a video codec that classic RTMP cannot carry",
  rtmp_audio: "no audio that RTMP can carry",
  scrambled: "scrambled packets",
  no_pcr: "a programme without clock: PCR_PID 0x1FFF, or no PCRs",
  no_idr: "no random access point for 10 s",
  long_gop: "random access points more than 4 s apart",
  cbr: "constant bit rate",
  vbr: "variable bit rate",
  raw_udp: "MPEG-TS over UDP without RTP",
  datagram_size: "datagrams that do not hold 7 TS packets",
  unaligned_udp: "raw UDP datagrams that hold no whole number of TS packets",
  ts_204: "TS packets of 204 bytes, with Reed-Solomon bytes",
  bursty: "arrival that jitters or pauses for longer than the usual SRT latency",
  rcvbuf_small: "a smaller receive buffer than asked for",
  fec_not_enabled: "FEC arrives and is switched off",
  legs_aligned: "both legs carry the same packets",
  legs_not_aligned: "the legs carry different packets",
  legs_too_far: "the legs are too far apart to be compared and merged at their bit rate",
  merge_reach: "a merge reaches less than `merge_window_ms` at this bit rate",
} as const

export type FindingCode = keyof typeof FINDING_CODES

export interface Finding {
  readonly code: FindingCode
  /** A sentence for a person. */
  readonly message: string
}

/** A programme as its PMT tells it. */
export interface ProgrammeFacts {
  readonly program_number: number
  readonly pcr_pid: number
  /** CUEI registration descriptor present. */
  readonly cuei: boolean
  readonly streams: ReadonlyArray<{ readonly pid: number; readonly stream_type: number }>
}

/** What is known of a live leg. Totals and extremes since it went live, unless named otherwise. */
export interface PreflightFacts {
  /** Seconds since the leg went live without a break; null while it is not. */
  readonly liveS: number | null
  readonly framing: "none" | "rtp" | "udp" | "srt"
  readonly programmes: ReadonlyArray<ProgrammeFacts>
  /** Seconds since the last random access point; null when there was none. */
  readonly accessPointAgeS: number | null
  /** Longest distance of two lately, in ms; null before two were seen. */
  readonly accessPointIntervalMs: number | null
  readonly pcrs: number
  /** Lowest and highest TS bit rate between PCRs, bit/s; 0 when unknown. */
  readonly pcrBitrateMin: number
  readonly pcrBitrateMax: number
  /** Media datagrams taken, without duplicates and late ones. */
  readonly datagrams: number
  readonly tsPackets: number
  readonly nullPackets: number
  readonly scrambledPackets: number
  /** Raw UDP datagrams taken that hold no whole number of TS packets, and TS packets of 204 bytes. */
  readonly unalignedDatagrams: number
  readonly packets204: number
  /** RFC 3550 jitter, and the longest time between two datagrams lately; in ms. */
  readonly jitterMs: number
  readonly maxGapMs: number
  /** SO_RCVBUF as set, and as read back: the kernel grants twice what it was asked for (socket(7)). */
  readonly rcvbufAskedBytes: number
  readonly rcvbufGrantedBytes: number
  /** FEC packets arrive on the ports + 2 or + 4. */
  readonly fecSeen: boolean
  readonly fecEnabled: boolean
  /** Whether the other leg carries the same packets; null for a channel with one leg. */
  readonly alignment: Alignment | null
  readonly mode: "auto" | "failover" | "merge"
  readonly mergeWindowMs: number
  /**
   * How far apart the legs may be to be merged at their bit rate, and how far apart they are by their PCR; in ms, null
   * when not known.
   */
  readonly mergeReachMs: number | null
  readonly pathsApartMs: number | null
}
