/**
 * The messages between control plane and engine: NDJSON over a unix-domain socket, one JSON object a line.
 *
 * Both sides validate with these schemas. A change that an older peer would misread raises `PROTOCOL_VERSION`; the
 * control plane replaces an engine of another version instead of talking to it.
 *
 * Requests carry an `id` and are answered once by `{re: id, ok: true, ...}` or `{re: id, ok: false, error}`. Events
 * carry no id.
 */
import * as v from "valibot"
import { POLICY_SETTINGS, type PolicySettings } from "../../core/input/input-settings.ts"
import { INPUT_SETTINGS } from "../../core/input/setting-table.ts"
import { ENGINE_SETTINGS, type EngineOutputSettings } from "../../core/output/output-settings.ts"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import { CARRIERS } from "../../core/srt/backup-choice.ts"
import { EngineInfo, EngineStats, epochMs, LegName, Reason, SessionState } from "./figures.ts"
import { LegSpec, RelaySpec } from "./leg-spec.ts"
import { optionalSettings, wholeSettings } from "./setting-schemas.ts"

export * from "./figures.ts"
export * from "./leg-spec.ts"

/** Raised when a message changes its meaning or a required field is added. */
export const PROTOCOL_VERSION = 6

/** Longest line either side accepts, in bytes; a longer one closes the connection. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024

/** How the legs of a channel become one stream. */
export const InputPolicy = v.object(wholeSettings<PolicySettings>(INPUT_SETTINGS, POLICY_SETTINGS))
export type InputPolicy = v.InferOutput<typeof InputPolicy>

export const ChannelSpec = v.object({
  id: v.string(),
  /** Slug, for the engine's own log lines. */
  label: v.string(),
  legs: v.pipe(v.array(LegSpec), v.minLength(1), v.maxLength(2)),
  policy: InputPolicy,
  /**
   * Until when outputs of this channel may send, in µs of CLOCK_MONOTONIC (`fence-clock.ts`). Left out: always, as on a
   * single machine. A moment that has passed, as 0: the legs are received and fill the ring, outputs are refused and
   * closed (`fenced`).
   */
  fence_us: v.optional(v.number()),
  /** Left out: nothing is relayed. A change leaves the legs open. */
  relay: v.optional(RelaySpec),
})
export type ChannelSpec = v.InferOutput<typeof ChannelSpec>

/** What an output's session goes by; what is left out has its default. */
export const OutputSettings = v.object(optionalSettings<EngineOutputSettings>(OUTPUT_SETTINGS, ENGINE_SETTINGS))

/** One attempt to run an output. `session` is new for every attempt and names it in events. */
export const OutputSpec = v.object({
  id: v.string(),
  label: v.string(),
  session: v.string(),
  /** The URL as the operator wrote it; the engine reads it with core's parser. */
  url: v.string(),
  /** RTMP: the stream key where it is not part of the URL, verbatim. */
  stream_key: v.optional(v.nullable(v.string())),
  settings: v.optional(OutputSettings),
  /** HLS and file: absolute path of the directory that the URL means. */
  directory: v.optional(v.nullable(v.string())),
  /** True refuses destinations that are, or resolve to, addresses of this machine or of a private network. */
  public_only: v.optional(v.boolean()),
  /** RTSP: path of the FIFO whose reader is the ffmpeg that the control plane runs. */
  pipe: v.optional(v.nullable(v.string())),
  /**
   * Channels with a fence: when this was asked for, in µs of CLOCK_MONOTONIC. What had come before then was another
   * machine's to send, also while it still waits to be read here. UDP and RTP outputs send all that has come since;
   * others begin when they are connected or open.
   */
  from_us: v.optional(v.number()),
  /**
   * Names this configuration (URL, key and settings), so that a session that runs it already is known again; told back
   * in the stats.
   */
  revision: v.optional(v.string()),
})
export type OutputSpec = v.InferOutput<typeof OutputSpec>

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
  /**
   * Starts a session. Answered at once; `output_state` events follow. An output id that is open is refused (`exists`).
   */
  v.object({ id, cmd: v.literal("open_output"), channel_id: v.string(), output: OutputSpec }),
  /** Ends whatever session the output has, answered when its sockets are closed; ok when there is none. */
  v.object({ id, cmd: v.literal("close_output"), channel_id: v.string(), output_id: v.string() }),
  /**
   * `manual`: the operator asks, with a clean switch while the old leg runs. Otherwise told again to an engine that was
   * restarted: at once.
   */
  v.object({
    id,
    cmd: v.literal("switch_source"),
    channel_id: v.string(),
    leg: LegName,
    manual: v.optional(v.boolean()),
  }),
  /**
   * Puts a splice_info_section into the stream that goes out, on `pid` or, when that is null, on the first SCTE-35 PID;
   * answered with the PID. Refused (`no_pid`, `no_input`, `busy`) when it cannot be done now. The section shows as a
   * `scte35` event when it went out; when no packet went out for 2 s it is dropped.
   */
  v.object({
    id,
    cmd: v.literal("insert_cue"),
    channel_id: v.string(),
    pid: v.nullable(v.number()),
    section_base64: v.pipe(v.string(), v.maxLength(8192)),
  }),
  /**
   * Connects to a destination as an output would, logs in, and leaves again without sending anything of a channel;
   * answered with `test` within about 20 s. Nothing of the channels is touched. With `publish` an RTMP destination is
   * published to for a moment, unless one of the sessions uses its stream key: `query` is put behind the key; "" for
   * none.
   */
  v.object({
    id,
    cmd: v.literal("test_output"),
    output: OutputSpec,
    publish: v.optional(v.object({ query: v.string() })),
  }),
  /**
   * Sends what goes out on a channel from now on to the unix socket at `path`, behind `token` and a line feed, until
   * either side closes the connection. No output: it shows in no figures.
   */
  v.object({ id, cmd: v.literal("open_tap"), channel_id: v.string(), path: v.string(), token: v.string() }),
  /**
   * Sends the datagrams of a leg or output from now on, as a capture file, to the unix socket at `path`, behind `token`
   * and a line feed. Answered with `capture` when it is over: after `seconds`, or with 32 MiB. Refused (`no_leg`,
   * `not_captured`, `capturing`, `too_many_captures`) when it cannot begin.
   */
  v.object({
    id,
    cmd: v.literal("open_capture"),
    channel_id: v.string(),
    of: v.union([v.object({ leg: LegName }), v.object({ output_id: v.string() })]),
    seconds: v.pipe(v.number(), v.minValue(1), v.maxValue(30)),
    path: v.string(),
    token: v.string(),
  }),
  /**
   * Moves the fences of channels, on or back. When one runs out, all outputs of its channel end (`fenced`) before
   * another packet is sent, also when the process was stopped meanwhile. Channels that the engine does not have are
   * passed over.
   */
  v.object({
    id,
    cmd: v.literal("lease"),
    fences: v.array(v.object({ channel_id: v.string(), fence_us: v.number() })),
  }),
  /** Closes every output (SRT shutdown sent), then the process exits with 0. */
  v.object({ id, cmd: v.literal("shutdown") }),
])
export type Request = v.InferOutput<typeof Request>
/** A request without its id, as callers write it. */
export type Command = Request extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never

/** What came of a dry run. */
export const OutputTest = v.object({
  /** Nothing that was tried failed. */
  ok: v.boolean(),
  /**
   * A sentence: what could not be tried, so that nobody knows whether the output would work; null when everything was.
   */
  untested: v.optional(v.nullable(v.string())),
  /** What was done and came back, step by step, for a person: `resolved to 203.0.113.5`, `TLS handshake done`, ... */
  steps: v.array(v.string()),
  /** Why it failed; null when it did not. */
  error: v.nullable(Reason),
  address: v.nullable(v.string()),
  took_ms: v.number(),
})
export type OutputTest = v.InferOutput<typeof OutputTest>

/**
 * What ended a capture: its time, its size, that the channel was closed, that nobody read it any more, or an error of
 * ours.
 */
export const CAPTURE_ENDS = ["time", "size", "channel", "reader", "fault"] as const
export type CaptureEnd = (typeof CAPTURE_ENDS)[number]

export const CaptureOutcome = v.object({
  /** Those in the file. */
  datagrams: v.number(),
  /** Those that are missing in it, since the control plane did not read fast enough. */
  left_out: v.number(),
  ended_by: v.picklist(CAPTURE_ENDS),
})
export type CaptureOutcome = v.InferOutput<typeof CaptureOutcome>

export const Reply = v.variant("ok", [
  v.object({
    re: v.number(),
    ok: v.literal(true),
    info: v.optional(EngineInfo),
    stats: v.optional(EngineStats),
    pid: v.optional(v.number()),
    test: v.optional(OutputTest),
    capture: v.optional(CaptureOutcome),
  }),
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
  /**
   * A receiver joined a listener, left it (no `reason`), was lost (`refused` is false) or was turned away. An engine
   * from before `refused` gives a reason for receivers that left, too.
   */
  v.object({
    event: v.literal("receiver"),
    channel_id: v.string(),
    output_id: v.string(),
    peer: v.string(),
    stream_id: v.string(),
    joined: v.boolean(),
    reason: v.nullable(v.string()),
    refused: v.optional(v.boolean()),
  }),
  /** Another receiver of an SRT output with a backup carries now. `message` is a sentence for a person. */
  v.object({
    event: v.literal("carrier"),
    channel_id: v.string(),
    output_id: v.string(),
    carrier: v.picklist(CARRIERS),
    message: v.string(),
  }),
  /**
   * A leg's socket failed or came back, its input began or ceased, or its sender or programme changed: what to log and
   * show.
   */
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
      /** An SRT sender connected, went, or was refused. */
      "connected",
      "lost",
      "refused",
    ]),
    message: v.string(),
  }),
  /**
   * The source of the channel's stream changed, or the safety that a second leg gives. `message` is a sentence for a
   * person.
   */
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
  /** A section from an SCTE-35 PID of the channel's stream, as it goes to the outputs. */
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
  /**
   * The receivers of an output have acknowledged a section that `cue_sent` called sent: of a listener the last of those
   * that were connected. Only of SRT on our own stack, and only when the acknowledgement came so early that no receiver
   * can have given the packet up.
   */
  v.object({
    event: v.literal("cue_acknowledged"),
    channel_id: v.string(),
    cue: v.number(),
    output_id: v.string(),
    at: epochMs,
    /** From the arrival of the section's last packet, in ms. */
    delay_ms: v.number(),
  }),
])
export type Event = v.InferOutput<typeof Event>

/** What the engine writes on the socket. */
export type Outgoing = Reply | Event
