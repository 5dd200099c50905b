/**
 * What the API takes and shows. Field names are the contract's (snake_case); the schemas validate and bound every input.
 */
import { Schema } from "effect"

export const Protocol = Schema.Literal("srt", "rtmp", "udp", "rtp", "rtsp", "hls", "file")
export type Protocol = typeof Protocol.Type

export const SourceName = Schema.Literal("primary", "backup")
export type SourceName = typeof SourceName.Type

export const ChannelStatus = Schema.Literal("stopped", "starting", "running", "error")
export type ChannelStatus = typeof ChannelStatus.Type

export const OutputStatus = Schema.Literal("stopped", "connecting", "connected", "retrying", "error")
export type OutputStatus = typeof OutputStatus.Type

/** Receive settings of a channel; more arrive with failover and FEC. */
export interface InputSettings {
  /** Interface name or local address for multicast joins. */
  readonly interface?: string | undefined
  /** Source address of a source-specific multicast join. */
  readonly source?: string | undefined
  /** Kernel receive buffer to ask for, in bytes. */
  readonly rcvbuf?: number | undefined
}

/** An output as stored: `url` holds its secrets. */
export interface OutputConfig {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly protocol: Protocol
  readonly url: string
  readonly enabled: boolean
  readonly created_at: string
}

/** A channel as stored. */
export interface ChannelConfig {
  readonly id: string
  /** Small whole number that never changes, for systems that count inputs (seed B). */
  readonly number: number
  readonly slug: string
  readonly name: string
  readonly rtp_ip: string
  readonly rtp_port: number
  readonly backup_rtp_ip: string | null
  readonly backup_rtp_port: number | null
  readonly input: InputSettings
  readonly autostart: boolean
  /** What the operator last asked for; a channel that should run is started again after a restart of the service. */
  readonly should_run: boolean
  readonly created_at: string
  readonly outputs: ReadonlyArray<OutputConfig>
}

/** One receiver of a SRT listener output. */
export interface ReceiverView {
  readonly peer: string
  readonly stream_id: string
  readonly uptime: number
  readonly bytes_sent: number
  readonly packets_dropped: number
  readonly rtt_ms: number | null
}

/** An output as the API shows it. `url` has its secrets masked. */
export interface OutputView {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly protocol: Protocol
  readonly url: string
  readonly enabled: boolean
  readonly status: OutputStatus
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
  readonly receivers: ReadonlyArray<ReceiverView>
  readonly created_at: string
}

/** A leg of a channel as the API shows it. */
export interface LegView {
  readonly source: SourceName
  readonly ip: string
  readonly port: number
  readonly receiving: boolean
  readonly framing: "none" | "rtp" | "udp"
  readonly sender: string | null
  readonly bitrate: number
  readonly last_error: string | null
  readonly warnings: ReadonlyArray<string>
  readonly scte35_pids: ReadonlyArray<number>
  readonly counters: Readonly<Record<string, number>>
}

export interface ChannelView {
  readonly id: string
  readonly number: number
  readonly slug: string
  readonly name: string
  readonly rtp_ip: string
  readonly rtp_port: number
  readonly backup_rtp_ip: string | null
  readonly backup_rtp_port: number | null
  readonly autostart: boolean
  readonly input: InputSettings & { readonly legs: ReadonlyArray<LegView> }
  readonly status: ChannelStatus
  /** Why the status is `error` or `starting`; null otherwise. */
  readonly error: string | null
  /** Seconds since the channel was started; 0 when stopped. */
  readonly uptime: number
  readonly created_at: string
  readonly active_source: SourceName
  readonly outputs: ReadonlyArray<OutputView>
}

const text = (max: number) =>
  Schema.String.pipe(
    Schema.minLength(1),
    Schema.maxLength(max),
    Schema.filter((s) =>
      /[\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(s)
        ? "must not hold control or text-direction characters"
        : undefined,
    ),
  )

const Port = Schema.Int.pipe(Schema.between(1, 65535))
const Name = text(128)
const Address = text(64)
/** Long enough for a 512-character stream id, percent-encoded. */
const OutputUrl = text(4096)

/** Body of `POST /api/channels/{id}/outputs`. */
export const OutputInput = Schema.Struct({
  name: Schema.optional(Schema.NullOr(Name)),
  protocol: Schema.optional(Protocol),
  url: OutputUrl,
  enabled: Schema.optional(Schema.Boolean),
})
export type OutputInput = typeof OutputInput.Type

/** Body of `PUT /api/channels/{id}/outputs/{output_id}`: what is left out stays as it is. */
export const OutputUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  protocol: Schema.optional(Protocol),
  url: Schema.optional(OutputUrl),
  enabled: Schema.optional(Schema.Boolean),
})
export type OutputUpdate = typeof OutputUpdate.Type

export const InputSettingsInput = Schema.Struct({
  interface: Schema.optional(text(64)),
  source: Schema.optional(Address),
  rcvbuf: Schema.optional(Schema.Int.pipe(Schema.between(65536, 1073741824))),
})

/** Body of `POST /api/channels`. */
export const ChannelInput = Schema.Struct({
  name: Name,
  rtp_ip: Schema.optional(Address),
  rtp_port: Port,
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  input: Schema.optional(InputSettingsInput),
  autostart: Schema.optional(Schema.Boolean),
  outputs: Schema.optional(Schema.Array(OutputInput).pipe(Schema.maxItems(500))),
})
export type ChannelInput = typeof ChannelInput.Type

/** Body of `PUT /api/channels/{id}`: what is left out stays as it is; outputs have their own routes. */
export const ChannelUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  rtp_ip: Schema.optional(Address),
  rtp_port: Schema.optional(Port),
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  input: Schema.optional(InputSettingsInput),
  autostart: Schema.optional(Schema.Boolean),
})
export type ChannelUpdate = typeof ChannelUpdate.Type
