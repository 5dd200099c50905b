/** What an RTP source is told to send, and what it has sent. */
import type { Selection } from "./selection.ts"

export interface RtpSourceOptions {
  /** Number of channels; channel i goes to `basePort + i * portStep`. Default 1. */
  readonly channels?: number
  readonly host?: string
  readonly basePort: number
  /** Default 2, as RTP leaves the odd port to RTCP. */
  readonly portStep?: number
  /** TS bit rate of a channel in bit/s. Default 8 000 000. */
  readonly bitrate?: number
  /** Phases the channels are spread over within a datagram period. Default 8. */
  readonly slots?: number
  /** Number of the first channel in the pattern. Default 0. */
  readonly firstChannel?: number
  /** False sends the TS without RTP headers. Default true. */
  readonly rtp?: boolean
  /** First RTP sequence number, 0..65535. Default 0. */
  readonly seqStart?: number
  /** SSRC of the first channel; others count up. Default 0x53440000. */
  readonly ssrc?: number
  /** RTP payload type. Default 33 (MP2T). */
  readonly payloadType?: number
  /** Whole TS packets to send instead of the pattern, again and again. */
  readonly media?: Uint8Array
  /** TS packets in a datagram of `media`, 1..7. Default 7. */
  readonly packetsPerDatagram?: number
  /** Datagrams of each channel after which it ends. Default none; `mediaOnce` sets it to the file's length. */
  readonly count?: number
  readonly mediaOnce?: boolean
  /** Datagrams lost on the way: their sequence number and counter are used up. */
  readonly loss?: Selection
  /** Datagrams sent twice. */
  readonly duplicate?: Selection
  /** Datagrams sent after the one that follows them. */
  readonly reorder?: Selection
  /** TTL and local interface address for a multicast `host`. */
  readonly ttl?: number
  readonly interface?: string
}

export interface SenderReport {
  readonly channels: number
  /** Datagrams handed to the kernel. */
  readonly sent: number
  readonly skipped: number
  readonly duplicated: number
  readonly reordered: number
  /** Datagrams the kernel refused. */
  readonly send_errors: number
  readonly late_max_us: number
  readonly seconds: number
  /** Next counter of every channel: datagrams 0 .. next_counter - 1 were due. */
  readonly next_counter: number
}
