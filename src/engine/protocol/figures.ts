/** What the engine reports of itself, its legs and outputs: the parts of its messages that hold figures and states. */
import * as v from "valibot"
import { Counters, SrtInputFigures, SrtStats } from "./srt-figures.ts"

export * from "./srt-figures.ts"

import { CARRIERS } from "../../core/srt/backup-choice.ts"
import { SRT_STACKS } from "../../core/srt/stack.ts"

const count = v.number()
export const epochMs = v.number()

export const LegName = v.picklist(["primary", "backup"])
export type LegName = v.InferOutput<typeof LegName>

/** Why a session ended or a leg is down: a stable code and a sentence for a person. */
export const Reason = v.object({
  /** e.g. `srt_reject_10`, `srt_2001`, `dns`, `EADDRINUSE`, `libsrt_missing`, `stalled`, `url`. */
  code: v.string(),
  message: v.string(),
  /** False when trying again cannot help until somebody changes something (configuration, address, missing library). */
  transient: v.boolean(),
})
export type Reason = v.InferOutput<typeof Reason>

export const SessionState = v.picklist(["connecting", "listening", "connected", "ended"])
export type SessionState = v.InferOutput<typeof SessionState>

/** The SRT side of a leg that has a `url`. */
export const SrtInputStats = v.object({
  mode: v.picklist(["caller", "listener"]),
  state: v.picklist(["connecting", "listening", "connected"]),
  /** The sender, `ip:port`; null while none is connected. */
  peer: v.nullable(v.string()),
  stream_id: v.nullable(v.string()),
  connected_at: v.nullable(epochMs),
  /** Connections there were. */
  connections: count,
  /** Why the last one ended, or could not be made; null before anything went wrong. */
  last_error: v.nullable(Reason),
  /** Senders that were turned away, and why the last one was; null when a sender has been taken since. */
  refused: count,
  last_refused: v.nullable(v.string()),
  /** Null before the first connection. */
  figures: v.nullable(SrtInputFigures),
})
export type SrtInputStats = v.InferOutput<typeof SrtInputStats>

/** One peer of an SRT listener. */
export const ReceiverStats = v.object({
  peer: v.string(),
  stream_id: v.string(),
  connected_at: epochMs,
  bytes_sent: count,
  packets_sent: count,
  packets_dropped: count,
  srt: v.nullable(SrtStats),
})
export type ReceiverStats = v.InferOutput<typeof ReceiverStats>

/** How one of the two receivers of an SRT output with a backup is. */
const ReceiverStanding = v.object({
  /** `waiting`: it is called again later. */
  state: v.picklist(["connecting", "connected", "waiting"]),
  address: v.nullable(v.string()),
  rtt_ms: v.nullable(v.number()),
  /** Why the last attempt or connection ended; null once it is connected. */
  error: v.nullable(v.string()),
})

export const BackupStats = v.object({
  /** Null before the first connection. */
  carrier: v.nullable(v.picklist(CARRIERS)),
  main: ReceiverStanding,
  backup: ReceiverStanding,
})
export type BackupStats = v.InferOutput<typeof BackupStats>

export const OutputStats = v.object({
  id: v.string(),
  session: v.string(),
  url: v.string(),
  /** As in the session's specification. */
  revision: v.optional(v.string()),
  state: SessionState,
  opened_at: epochMs,
  /** When the session became connected; null before. */
  connected_at: v.nullable(epochMs),
  /** TS payload bytes handed on by this session, and the datagrams or SRT messages that carried them. */
  bytes_sent: count,
  packets_sent: count,
  /** Messages given up: queue full, socket refused, receiver too slow. */
  packets_dropped: count,
  send_errors: count,
  /** TS bytes that wait in the output's own queue; of a listener in the longest of its receivers'. */
  queue_bytes: count,
  /** Last failed send that did not end the session. */
  last_send_error: v.nullable(v.string()),
  /** What was noticed and does not stop the output, e.g. datagrams above the path MTU. */
  warnings: v.array(v.string()),
  /** Address in use once known, e.g. `203.0.113.5:9000`. */
  address: v.nullable(v.string()),
  srt: v.nullable(SrtStats),
  /** `SRT_COUNTERS` over all connections of an SRT listener's session, those of receivers that have left included. */
  srt_sums: v.optional(Counters),
  /** Implementation of SRT that carries it; left out for other protocols, and by an engine of before. */
  srt_stack: v.optional(v.picklist(SRT_STACKS)),
  /** What of its URL only libsrt can do, where our own stack was asked for and libsrt was taken for that reason. */
  needs_libsrt: v.optional(v.array(v.string())),
  /** SRT output with a backup: which receiver carries, and how both are. */
  backup: v.optional(BackupStats),
  receivers: v.array(ReceiverStats),
})
export type OutputStats = v.InferOutput<typeof OutputStats>

/** Elementary stream of a programme (ISO/IEC 13818-1 2.4.4.8). */
export const StreamInfo = v.object({ pid: count, stream_type: count })

export const ProgrammeInfo = v.object({
  program_number: count,
  pmt_pid: count,
  pcr_pid: count,
  version: count,
  streams: v.array(StreamInfo),
  /** CUEI registration descriptor present at programme level. */
  cuei: v.boolean(),
})
export type ProgrammeInfo = v.InferOutput<typeof ProgrammeInfo>

/**
 * How a leg is: `good`; `degraded` with errors that viewers may notice; `bad`: not fit for the outputs; `lost`: nothing
 * usable.
 */
export const Verdict = v.picklist(["good", "degraded", "bad", "lost"])
export type Verdict = v.InferOutput<typeof Verdict>

/** One thing that would surprise the operator later: a stable code and a sentence. */
export const Finding = v.object({ code: v.string(), message: v.string() })
export type Finding = v.InferOutput<typeof Finding>

/** SMPTE 2022-1 as learnt from the stream. */
export const FecStats = v.object({
  columns: count,
  rows: count,
  /** Longest time a datagram was rebuilt after its place, in ms. */
  latency_ms: count,
})

export const PidStats = v.object({ pid: count, packets: count, bitrate: count })
export type PidStats = v.InferOutput<typeof PidStats>

export const LegStats = v.object({
  name: LegName,
  ip: v.string(),
  port: v.number(),
  /** Socket problem: bind or join failed. Null when listening. */
  problem: v.nullable(Reason),
  /** True when TS packets arrived in the last second. */
  receiving: v.boolean(),
  /** Sentences for the operator: what arrives but cannot be used, a second sender, a small receive buffer. */
  warnings: v.array(v.string()),
  framing: v.picklist(["none", "rtp", "udp", "srt"]),
  /** Null, or not there, for legs that are received by RTP or UDP. */
  srt: v.optional(v.nullable(SrtInputStats)),
  /** Sender's address, `ip:port`, or null. */
  source: v.nullable(v.string()),
  ssrc: v.nullable(v.number()),
  last_packet_at: v.nullable(epochMs),
  jitter_ms: count,
  rcvbuf_bytes: count,
  kernel_drops: count,
  verdict: Verdict,
  /** Why the verdict is not `good`. */
  reasons: v.array(v.string()),
  /** The reason that more than 5 % of what arrives is dropped; an engine of before does not tell. */
  dropping: v.optional(v.nullable(v.string())),
  /** What would surprise the operator later. */
  findings: v.array(Finding),
  /** Null while no FEC packets arrive. */
  fec: v.nullable(FecStats),
  /** Deviation of the PCR against arrival, smoothed, in ms; and the highest of the last second. */
  pcr_jitter_ms: count,
  pcr_jitter_max_ms: count,
  /** Longest time between two datagrams in the last second, in ms. */
  max_gap_ms: count,
  /** TS bit rate as the PCRs tell it; 0 while unknown. */
  pcr_bitrate: count,
  /** Longest distance of random access points lately, in ms; null before two were seen. */
  access_point_interval_ms: v.nullable(count),
  /** PIDs that carried packets in the last second, by PID. */
  pids: v.array(PidStats),
  programmes: v.array(ProgrammeInfo),
  /** Counters since the leg was opened, by the names of core's LEG_* fields in snake_case. */
  counters: Counters,
})
export type LegStats = v.InferOutput<typeof LegStats>

export const ChannelStats = v.object({
  id: v.string(),
  started_at: epochMs,
  active_source: LegName,
  /** Leg that takes over at its next clean point. */
  pending_source: v.nullable(LegName),
  merge: v.picklist(["off", "rtp", "content"]),
  /** Arrival of the backup's packets less that of the primary's, in ms; null while not merged. */
  path_difference_ms: v.nullable(v.number()),
  /** TS packets given up while merged; TS packets of the two legs that differed. */
  merge_lost: count,
  merge_mismatches: count,
  switches: count,
  /** `none`: one leg only; `ok`: the other leg could take over now; `lost`: it could not. */
  redundancy: v.picklist(["none", "ok", "lost"]),
  /**
   * System time clock of what goes out, from the last PCR of the active leg, in 90 kHz ticks modulo 2^33; null before
   * there is one.
   */
  clock_90k: v.nullable(v.number()),
  legs: v.array(LegStats),
  outputs: v.array(OutputStats),
})
export type ChannelStats = v.InferOutput<typeof ChannelStats>

export const EngineInfo = v.object({
  protocol: v.number(),
  engine_id: v.string(),
  pid: v.number(),
  started_at: epochMs,
  runtime: v.string(),
  /** Names the code that it runs (`build-id.ts`); an engine of before does not tell. */
  build: v.optional(v.string()),
  /** Descriptor of the memory that says which channel is being handled (`handling-memory.ts`); null without one. */
  handling_fd: v.optional(v.nullable(count)),
  srt: v.object({
    available: v.boolean(),
    version: v.nullable(v.string()),
    /** What to install or upgrade; null when all is well. May be set while available (an old, vulnerable build). */
    problem: v.nullable(v.string()),
  }),
})
export type EngineInfo = v.InferOutput<typeof EngineInfo>

/** One message a second: all figures of all channels, and of the engine itself. */
export const EngineStats = v.object({
  at: epochMs,
  /** CPU seconds used by the engine since its start. */
  cpu_seconds: count,
  rss_bytes: count,
  /** Longest time between two passes of the packet loop in the last second, in ms. */
  loop_max_ms: count,
  loop_passes: count,
  event_overflows: count,
  /**
   * Internal errors that ended a session, that ended a leg or its channel's choice of source, and that belong to no
   * stream.
   */
  output_faults: v.optional(count, 0),
  input_faults: v.optional(count, 0),
  engine_faults: v.optional(count, 0),
  /** Packets that our own SRT stack refused, by kind (`MALFORMED`); an engine of before does not tell. */
  srt_malformed: v.optional(Counters),
  /** How well the machine's clock is kept; an engine of before does not tell. */
  clock: v.optional(v.object({ synchronized: v.boolean(), max_error_us: count })),
  channels: v.array(ChannelStats),
})
export type EngineStats = v.InferOutput<typeof EngineStats>
