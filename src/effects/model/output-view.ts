/** An output as the API shows it, and what came of a test of one. Field names are the contract's (snake_case). */
import type { OutputSettings } from "../../core/output/output-settings.ts"
import type { PresetName } from "../../core/output/presets.ts"
import type { Carrier } from "../../core/srt/backup-choice.ts"
import type { SrtStack } from "../../core/srt/stack.ts"
import type { OutputLifecycle, OutputStatus, Protocol } from "./channel.ts"

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
