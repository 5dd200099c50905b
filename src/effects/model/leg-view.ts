/** The legs of a channel as the API shows them. Field names are the contract's (snake_case). */
import type { SourceName } from "./channel.ts"

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
