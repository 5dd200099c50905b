/**
 * What is stored and what the API shows; what it takes is in `request-bodies.ts`. Field names are the contract's
 * (snake_case).
 */
import { Schema } from "effect"
import type { InputSettings } from "../../core/input/input-settings.ts"
import type { OutputSettings } from "../../core/output/output-settings.ts"
import type { PresetName } from "../../core/output/presets.ts"
import type { Carrier } from "../../core/srt/backup-choice.ts"
import type { SrtStack } from "../../core/srt/stack.ts"
import type { Scte35View } from "./cue.ts"
import type { Alarm } from "./event.ts"

export type { InputSettings } from "../../core/input/input-settings.ts"
export type { CueAnswer, CueProof, CueView, Scte35View } from "./cue.ts"

export const Protocol = Schema.Literal("srt", "rtmp", "udp", "rtp", "rtsp", "hls", "file")
export type Protocol = typeof Protocol.Type

export const SourceName = Schema.Literal("primary", "backup")
export type SourceName = typeof SourceName.Type

export const ChannelStatus = Schema.Literal("stopped", "starting", "running", "error")
export type ChannelStatus = typeof ChannelStatus.Type

export const OutputStatus = Schema.Literal("stopped", "connecting", "connected", "retrying", "error")
export type OutputStatus = typeof OutputStatus.Type

/** `on_demand` starts a channel with its first enabled output and stops it after its last one. */
export const AutoRun = Schema.Literal("off", "on_demand")
export type AutoRun = typeof AutoRun.Type

/** States of a channel's life cycle, transitions included: `stopping` until its sockets are closed. */
export type ChannelLifecycle = "idle" | "starting" | "running" | "stopping" | "error"
/**
 * States of an output's life cycle: `ready` waits to be started, `starting` connects, `error` has failed, whether or
 * not it is retried.
 */
export type OutputLifecycle = "ready" | "starting" | "streaming" | "stopping" | "error"

/** An output as stored, with its secrets. */
export interface OutputConfig {
  readonly id: string
  /** Small whole number, within its channel, that never changes and is never given out again. */
  readonly number: number
  readonly slug: string
  readonly name: string
  readonly protocol: Protocol
  readonly url: string
  /** Verbatim; null where the URL holds it or there is none. */
  readonly stream_key: string | null
  /** What differs from the defaults. */
  readonly settings: OutputSettings
  /** Kind of destination, whose limits are watched. */
  readonly preset: PresetName | null
  readonly enabled: boolean
  readonly created_at: string
}

/** A channel as stored. */
export interface ChannelConfig {
  readonly id: string
  /** Small whole number that never changes, by which `/api/inputs` names the channel. */
  readonly number: number
  readonly slug: string
  readonly name: string
  /** Where the primary is received; of an SRT leg the host and port that its URL names. */
  readonly rtp_ip: string
  readonly rtp_port: number
  /** URL of a primary that is received by SRT, with its secrets; null for RTP and plain TS. */
  readonly input_url: string | null
  readonly backup_rtp_ip: string | null
  readonly backup_rtp_port: number | null
  readonly backup_input_url: string | null
  readonly input: InputSettings
  /** By which channels are grouped, and to which roles may be bound; each once, sorted. */
  readonly tags: ReadonlyArray<string>
  readonly autostart: boolean
  readonly auto_run: AutoRun
  /** What the operator last asked for; a channel that should run is started again after a restart of the service. */
  readonly should_run: boolean
  /** Highest number that an output of it ever had. */
  readonly last_output_number: number
  readonly created_at: string
  readonly outputs: ReadonlyArray<OutputConfig>
}

/** One receiver of an SRT listener output. */
export interface ReceiverView {
  readonly peer: string
  readonly stream_id: string
  readonly uptime: number
  readonly bytes_sent: number
  readonly packets_dropped: number
  readonly rtt_ms: number | null
}

/** How one of the two receivers of an SRT output with a backup is. */
export interface StandingView {
  /** `waiting`: it is called again later. */
  readonly state: "connecting" | "connected" | "waiting"
  /** Null before its name is resolved. */
  readonly address: string | null
  /** Null while it is not connected. */
  readonly rtt_ms: number | null
  /** Why its last attempt or connection ended; null once it is connected. */
  readonly last_error: string | null
}

export interface BackupView {
  /** Null before the first connection. */
  readonly carried_by: Carrier | null
  readonly main: StandingView
  readonly backup: StandingView
}

/** An output as the API shows it. `url` has its secrets masked. */
export interface OutputView {
  readonly id: string
  readonly number: number
  readonly slug: string
  readonly name: string
  readonly protocol: Protocol
  readonly url: string
  /** `***` when there is one. */
  readonly stream_key: string | null
  /** As given, secrets masked; what is left out has its default. */
  readonly settings: OutputSettings
  readonly preset: PresetName | null
  readonly enabled: boolean
  readonly status: OutputStatus
  readonly lifecycle: OutputLifecycle
  /**
   * Something goes out: it is connected, and packets of the source in use arrive. One that is connected and carries
   * nothing is idle.
   */
  readonly carrying: boolean
  /** Seconds since connected; 0 when not. */
  readonly uptime: number
  readonly error_count: number
  readonly reconnects: number
  readonly last_error: string | null
  /** When the next attempt starts (ISO 8601), while retrying. */
  readonly next_retry_at: string | null
  /** bit/s over the last second. */
  readonly bitrate: number
  readonly bytes_sent: number
  readonly packets_sent: number
  readonly packets_dropped: number
  /** What was understood from the URL, as plain options (`mode`, `latency_ms`, ...), secrets left out. */
  readonly options: Readonly<Record<string, string | number | boolean>>
  /** Keys of the URL that were not understood, and other things to look at. */
  readonly warnings: ReadonlyArray<string>
  readonly srt: Readonly<Record<string, number>> | null
  /** Implementation of SRT that carries it now; null without a session and for other protocols. */
  readonly srt_stack: SrtStack | null
  /** What of its URL made libsrt that implementation although our own was asked for; empty otherwise. */
  readonly needs_libsrt: ReadonlyArray<string>
  /** SRT output with a backup receiver that has a session: who carries, and how both are; else null. */
  readonly backup: BackupView | null
  readonly receivers: ReadonlyArray<ReceiverView>
  /** SCTE-35 cues since the channel or the output was started that left by it, and that did not. */
  readonly cues_sent: number
  readonly cues_missed: number
  readonly created_at: string
}

/** What came of a test of a destination. */
export interface OutputTestView {
  /** `unknown`: nothing failed, and what matters could not be tried (`untested`). */
  readonly outcome: "ok" | "failed" | "unknown"
  /** `outcome` is `ok`: the output would work. */
  readonly ok: boolean
  /** What could not be tried and why, when the outcome is unknown. */
  readonly untested: string | null
  /** What was done and came back. */
  readonly steps: ReadonlyArray<string>
  /** Why it failed. */
  readonly error: { readonly code: string; readonly message: string; readonly transient: boolean } | null
  readonly address: string | null
  readonly took_ms: number
}

/** The SRT side of a leg as the API shows it. */
export interface SrtLegView {
  readonly mode: "caller" | "listener"
  /** `stopped` while the engine tells nothing of it. */
  readonly state: "stopped" | "connecting" | "listening" | "connected"
  readonly peer: string | null
  readonly stream_id: string | null
  /** Seconds since the sender connected; 0 while none is. */
  readonly uptime: number
  /** Connections since the engine opened the leg. */
  readonly connections: number
  readonly last_error: string | null
  /** Senders that were turned away, and why the last one was. */
  readonly refused: number
  readonly last_refused: string | null
  /** Figures of the connection; null before the first one. */
  readonly figures: Readonly<Record<string, number>> | null
  /** What was understood from the URL, secrets left out. */
  readonly options: Readonly<Record<string, string | number | boolean>>
}

/** A leg of a channel as the API shows it. */
export interface LegView {
  readonly source: SourceName
  readonly ip: string
  readonly port: number
  /** Masked URL of a leg that is received by SRT; null for the others. */
  readonly url: string | null
  readonly srt: SrtLegView | null
  readonly receiving: boolean
  readonly framing: "none" | "rtp" | "udp" | "srt"
  readonly sender: string | null
  readonly bitrate: number
  readonly last_error: string | null
  readonly warnings: ReadonlyArray<string>
  /** `good`, `degraded`, `bad` or `lost`, by TR 101 290 and what arrives; with the reasons as sentences. */
  readonly verdict: "good" | "degraded" | "bad" | "lost"
  readonly reasons: ReadonlyArray<string>
  /** Preflight: what would surprise later, as `{code, message}`. */
  readonly findings: ReadonlyArray<{ readonly code: string; readonly message: string }>
  readonly fec: { readonly columns: number; readonly rows: number; readonly latency_ms: number } | null
  readonly jitter_ms: number
  readonly pcr_jitter_ms: number
  readonly pcr_jitter_max_ms: number
  readonly max_gap_ms: number
  readonly pcr_bitrate: number
  readonly access_point_interval_ms: number | null
  readonly rcvbuf_bytes: number
  readonly kernel_drops: number
  readonly pids: ReadonlyArray<{ readonly pid: number; readonly packets: number; readonly bitrate: number }>
  readonly programmes: ReadonlyArray<ProgrammeView>
  readonly scte35_pids: ReadonlyArray<number>
  readonly counters: Readonly<Record<string, number>>
}

/** A programme of a leg as its PMT describes it. */
export interface ProgrammeView {
  readonly program_number: number
  readonly pmt_pid: number
  readonly pcr_pid: number
  readonly version: number
  readonly cuei: boolean
  readonly streams: ReadonlyArray<{ readonly pid: number; readonly stream_type: number }>
}

/** How the legs of a channel are joined now. */
export interface InputState {
  readonly merge: "off" | "rtp" | "content"
  readonly path_difference_ms: number | null
  readonly merge_lost: number
  readonly merge_mismatches: number
  readonly switches: number
  /** Leg that takes over at its next random access point. */
  readonly pending_source: SourceName | null
  /** `none` without a backup or figures of it, `ok` while the other leg could take over, `lost` while it could not. */
  readonly redundancy: "none" | "ok" | "lost"
}

/** From the worst to the best, then what is not on air; lists of channels are sorted by it. */
export const WORST_STATES = [
  "no_input",
  "error",
  "degraded",
  "outputs_down",
  "warning",
  "starting",
  "ok",
  "stopping",
  "stopped",
] as const
export type WorstState = (typeof WORST_STATES)[number]

/** How a channel is, in one word: the worst that is the matter, with its cause. */
export interface ChannelWorst {
  readonly state: WorstState
  /** A sentence; null where there is nothing to explain. */
  readonly cause: string | null
  /** When it began, ISO 8601; null where that is not known. */
  readonly since: string | null
  /** Number of enabled outputs that should send and do not. */
  readonly outputs_down: number
}

/** A channel as others name it. */
export type ChannelName = Pick<ChannelConfig, "id" | "slug" | "name">

export interface ChannelView {
  readonly id: string
  readonly number: number
  readonly slug: string
  readonly name: string
  /** Null, and so is the port, for a primary that is received by SRT. */
  readonly rtp_ip: string | null
  readonly rtp_port: number | null
  /** Masked. */
  readonly input_url: string | null
  readonly backup_rtp_ip: string | null
  readonly backup_rtp_port: number | null
  readonly backup_input_url: string | null
  readonly tags: ReadonlyArray<string>
  readonly autostart: boolean
  readonly auto_run: AutoRun
  /** Settings with their defaults, how the legs are joined, and what each receives. */
  readonly input: InputSettings & InputState & { readonly legs: ReadonlyArray<LegView> }
  readonly status: ChannelStatus
  readonly lifecycle: ChannelLifecycle
  /** Why the status is `error` or `starting`; null otherwise. */
  readonly error: string | null
  /** Seconds since the channel was started; 0 when stopped. */
  readonly uptime: number
  readonly created_at: string
  readonly active_source: SourceName
  readonly worst: ChannelWorst
  readonly alarms: ReadonlyArray<Alarm>
  readonly scte35: Scte35View
  readonly outputs: ReadonlyArray<OutputView>
}
