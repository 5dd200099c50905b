/**
 * The messages between control plane and engine: NDJSON over a unix-domain socket, one JSON object a line.
 *
 * Both sides validate with these schemas. A change that an older peer would misread raises `PROTOCOL_VERSION`; the control
 * plane replaces an engine of another version instead of talking to it.
 *
 * Requests carry an `id` and are answered once by `{re: id, ok: true, ...}` or `{re: id, ok: false, error}`. Events carry no id.
 */
import * as v from "valibot"

/** Raised when a message changes its meaning or a required field is added. */
export const PROTOCOL_VERSION = 2

/** Longest line either side accepts, in bytes; a longer one closes the connection. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024

const count = v.number()
const epochMs = v.number()

export const LegName = v.picklist(["primary", "backup"])
export type LegName = v.InferOutput<typeof LegName>

/** Where a leg listens. `ip` is a local address, 0.0.0.0, or a multicast group. */
export const LegSpec = v.object({
  name: LegName,
  ip: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
  /** Interface name or address for multicast joins. */
  interface: v.optional(v.string()),
  /** Source filter of a multicast join (SSM). */
  source: v.optional(v.string()),
  /** SO_RCVBUF to ask for, in bytes. */
  rcvbuf: v.optional(v.number()),
})
export type LegSpec = v.InferOutput<typeof LegSpec>

/** How the legs of a channel become one stream. Times in milliseconds unless named otherwise. */
export const InputPolicy = v.object({
  /** `auto` merges legs that agree and fails over otherwise; `failover` never merges; `merge` is `auto` with a warning while not merged. */
  mode: v.picklist(["auto", "failover", "merge"]),
  failover_after_ms: v.number(),
  failback: v.picklist(["auto", "manual"]),
  failback_after_s: v.number(),
  /** `clean`: at the new leg's next random access point; `immediate`: with its next packet. */
  switch: v.picklist(["clean", "immediate"]),
  /** Longest wait for a late datagram; 0 forwards in order of arrival. */
  reorder_ms: v.number(),
  /** Longest wait for the other leg while merged. */
  merge_window_ms: v.number(),
  /** `auto` receives SMPTE 2022-1 on the ports + 2 and + 4. */
  fec: v.picklist(["off", "auto"]),
  /** IPv4 addresses or networks (`10.0.0.0/8`) that may send; empty: anyone. */
  allowed_senders: v.array(v.string()),
})
export type InputPolicy = v.InferOutput<typeof InputPolicy>

export const ChannelSpec = v.object({
  id: v.string(),
  /** Slug, for the engine's own log lines. */
  label: v.string(),
  legs: v.pipe(v.array(LegSpec), v.minLength(1), v.maxLength(2)),
  policy: InputPolicy,
})
export type ChannelSpec = v.InferOutput<typeof ChannelSpec>

/** One attempt to run an output. `session` is new for every attempt and names it in events. */
export const OutputSpec = v.object({
  id: v.string(),
  label: v.string(),
  session: v.string(),
  /** The URL as the operator wrote it; the engine reads it with core's parser. */
  url: v.string(),
})
export type OutputSpec = v.InferOutput<typeof OutputSpec>

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

const SRT_FIGURES = [
  "rtt_ms",
  /** Negotiated latency, SRTO_PEERLATENCY after the handshake. */
  "latency_ms",
  "packets_sent",
  "packets_sent_unique",
  "packets_lost",
  "packets_retransmitted",
  "packets_dropped",
  "bytes_dropped",
  "send_buffer_packets",
  "send_buffer_ms",
  "flight_packets",
  "bandwidth_mbps",
  /** SRT_KM_STATE: 0 unsecured, 1 securing, 2 secured, 3 no secret, 4 bad secret. */
  "km_state",
] as const

const isNumbers = (input: unknown): input is Record<string, number> => {
  if (typeof input !== "object" || input === null) return false
  for (const key in input) if (typeof (input as Record<string, unknown>)[key] !== "number") return false
  return true
}

// Plain loops where a statistics message has hundreds of figures: entry by entry, the schema library took a quarter of the
// control plane's time.
const Counters = v.custom<Record<string, number>>(isNumbers, "must be an object of numbers")

/** libsrt's own figures of one connection; names as in SRT_TRACEBSTATS, units in the name. */
export const SrtStats = v.custom<Record<(typeof SRT_FIGURES)[number], number>>(
  (input) => isNumbers(input) && SRT_FIGURES.every((name) => name in input),
  `must hold the numbers ${SRT_FIGURES.join(", ")}`,
)
export type SrtStats = v.InferOutput<typeof SrtStats>

/** One peer of a SRT listener. */
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

export const OutputStats = v.object({
  id: v.string(),
  session: v.string(),
  url: v.string(),
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
  /** Last failed send that did not end the session. */
  last_send_error: v.nullable(v.string()),
  /** What was noticed and does not stop the output, e.g. datagrams above the path MTU. */
  warnings: v.array(v.string()),
  /** Address in use once known, e.g. `203.0.113.5:9000`. */
  address: v.nullable(v.string()),
  srt: v.nullable(SrtStats),
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

/** How a leg is: `good`; `degraded` with errors that viewers may notice; `bad`: not fit for the outputs; `lost`: nothing usable. */
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
  framing: v.picklist(["none", "rtp", "udp"]),
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
  channels: v.array(ChannelStats),
})
export type EngineStats = v.InferOutput<typeof EngineStats>

// --- Requests

const id = v.number()
export const Request = v.variant("cmd", [
  v.object({ id, cmd: v.literal("hello"), protocol: v.number(), pid: v.number() }),
  /** All channels and outputs as they are now; answered by `{stats}`. */
  v.object({ id, cmd: v.literal("state") }),
  /** Idempotent: legs that already match stay open, others are closed or opened. Outputs are never touched. */
  v.object({ id, cmd: v.literal("put_channel"), channel: ChannelSpec }),
  /** Closes the legs and all outputs of a channel; ok when it does not exist. */
  v.object({ id, cmd: v.literal("remove_channel"), channel_id: v.string() }),
  /** Starts a session. Answered at once; `output_state` events follow. An output id that is open is refused (`exists`). */
  v.object({ id, cmd: v.literal("open_output"), channel_id: v.string(), output: OutputSpec }),
  /** Ends whatever session the output has, answered when its sockets are closed; ok when there is none. */
  v.object({ id, cmd: v.literal("close_output"), channel_id: v.string(), output_id: v.string() }),
  /** `manual`: the operator asks, with a clean switch while the old leg runs. Otherwise told again to an engine that was restarted: at once. */
  v.object({ id, cmd: v.literal("switch_source"), channel_id: v.string(), leg: LegName, manual: v.optional(v.boolean()) }),
  /** Closes every output (SRT shutdown sent), then the process exits with 0. */
  v.object({ id, cmd: v.literal("shutdown") }),
])
export type Request = v.InferOutput<typeof Request>
/** A request without its id, as callers write it. */
export type Command = Request extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never

export const Reply = v.variant("ok", [
  v.object({ re: v.number(), ok: v.literal(true), info: v.optional(EngineInfo), stats: v.optional(EngineStats) }),
  v.object({ re: v.number(), ok: v.literal(false), error: Reason }),
])
export type Reply = v.InferOutput<typeof Reply>

// --- Events

export const Event = v.variant("event", [
  v.object({ event: v.literal("stats"), stats: EngineStats }),
  /** A session changed its state. `reason` is set when it ended by itself. */
  v.object({
    event: v.literal("output_state"),
    channel_id: v.string(),
    output_id: v.string(),
    session: v.string(),
    state: SessionState,
    reason: v.nullable(Reason),
  }),
  /** A receiver joined or left a listener, or was turned away (`reason`). */
  v.object({
    event: v.literal("receiver"),
    channel_id: v.string(),
    output_id: v.string(),
    peer: v.string(),
    stream_id: v.string(),
    joined: v.boolean(),
    reason: v.nullable(v.string()),
  }),
  /** A leg's socket failed or came back, its input began or ceased, or its sender or programme changed: what to log and show. */
  v.object({
    event: v.literal("leg"),
    channel_id: v.string(),
    leg: LegName,
    kind: v.picklist([
      "open",
      "failed",
      "live",
      "silent",
      "sender_changed",
      "sequence_reset",
      "psi_changed",
      "pcr_jump",
      "fec_on",
      "fec_off",
      "rejoined",
    ]),
    message: v.string(),
  }),
  /** The source of the channel's stream changed, or the safety that a second leg gives. `message` is a sentence for a person. */
  v.object({
    event: v.literal("source"),
    channel_id: v.string(),
    kind: v.picklist([
      /** The ring is filled by another leg; `reason` is a FailoverReason, `operator` or `failback`. */
      "switched",
      "leg_lost",
      "leg_back",
      "redundancy_lost",
      "redundancy_back",
      "merge_on",
      "merge_off",
      /** Both legs live and carrying different programmes or packets although `mode` asks for a merge. */
      "legs_differ",
    ]),
    /** The leg it is about; of `switched` the new one. */
    leg: LegName,
    reason: v.string(),
    message: v.string(),
  }),
  /** A section from a SCTE-35 PID of the channel's stream, as it goes to the outputs. */
  v.object({
    event: v.literal("scte35"),
    channel_id: v.string(),
    /** The active leg at that moment. */
    leg: LegName,
    pid: v.number(),
    /** Number of the section in this run of the engine; names it in `cue_sent`. */
    cue: v.number(),
    /** When the packet that completed it arrived. */
    at: epochMs,
    /** System time clock of the stream then, from its PCR, in 90 kHz ticks modulo 2^33; null while there is no PCR. */
    clock_90k: v.nullable(v.number()),
    crc_ok: v.boolean(),
    section_base64: v.string(),
  }),
  /** A section has left by an output, or will not: its packets were given up, or the session ended before. */
  v.object({
    event: v.literal("cue_sent"),
    channel_id: v.string(),
    cue: v.number(),
    output_id: v.string(),
    sent: v.boolean(),
    at: epochMs,
    /** From the arrival of the section's last packet, in ms. */
    delay_ms: v.number(),
    /** Why it was not sent. */
    reason: v.nullable(v.string()),
  }),
])
export type Event = v.InferOutput<typeof Event>

/** What the engine writes on the socket. */
export type Outgoing = Reply | Event
