/**
 * What is stored of a channel and what the API shows of it; what it takes is in `request-bodies.ts`. Field names are
 * the contract's (snake_case).
 */
import { Schema } from "effect"
import type { InputSettings } from "../../core/input/input-settings.ts"
import type { OutputSettings } from "../../core/output/output-settings.ts"
import type { PresetName } from "../../core/output/presets.ts"
import type { Scte35View } from "./cue.ts"
import type { Alarm } from "./event.ts"
import type { InputState, LegView } from "./leg-view.ts"
import type { OutputView } from "./output-view.ts"

export type { InputSettings } from "../../core/input/input-settings.ts"
export type { CueAnswer, CueProof, CueView, Scte35View } from "./cue.ts"
export type { InputState, LegView, ProgrammeView, SrtLegView } from "./leg-view.ts"
export type { BackupView, OutputTestView, OutputView, ReceiverView, StandingView } from "./output-view.ts"

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
