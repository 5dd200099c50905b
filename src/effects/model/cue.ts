/** Cues of SCTE-35 as they are stored and shown, with the proof that they left by every output. */
import type { CueKind } from "../../core/scte35/break-types.ts"
import type { SpliceInfoSection } from "../../core/scte35/section-fields.ts"
import type { ChannelName, SourceName } from "./channel.ts"

/** What a cue asks for; `damaged` when its section must not be acted on. splice_null is counted and not kept. */
export const CUE_KINDS = [
  "out",
  "in",
  "cancel",
  "start",
  "end",
  "point",
  "other",
  "damaged",
] as const satisfies ReadonlyArray<CueKind | "damaged">
export type StoredCueKind = (typeof CUE_KINDS)[number]

/** Whether a cue left by one output, and whether it arrived, where the far side says so. */
export interface CueProof {
  /** Slug. */
  readonly output: string
  /**
   * `pending` until the engine tells, or for 10 s (HLS: 610 s); `no_receiver` of a listener that has waited for
   * receivers for a minute; `no_cues` of an output that is not to carry any.
   */
  readonly status: "sent" | "missed" | "pending" | "no_receiver" | "no_cues"
  /** When the packet left, or was given up; ISO 8601; null while pending. */
  readonly at: string | null
  /** From the arrival of the section's last packet, in ms; null unless sent. */
  readonly delay_ms: number | null
  /** Why it was missed; of one that was sent, that only a repetition was. */
  readonly reason: string | null
  /**
   * When the receiver of an SRT output on our own stack had acknowledged it, or the first of its repetitions that was;
   * of a listener the last of its receivers. ISO 8601; left out where that is not known.
   */
  readonly acknowledged_at?: string
  /** From the arrival of that section's last packet, in ms. */
  readonly acknowledged_ms?: number
}

/** A proof as it is stored. */
export interface StoredProof extends CueProof {
  /** While it is pending: how long the engine is given to tell, from the cue's arrival, in ms. */
  readonly within_ms?: number
}

/** A cue on its way into the store. */
export interface NewCue {
  readonly channelId: string
  /** When its last packet arrived, Unix time in ms. */
  readonly at: number
  /** When its last repetition arrived; `at` without one. */
  readonly last_at: number
  readonly pid: number
  readonly source: SourceName
  /** Number that the engine gave it, in that run of the engine. */
  readonly cue: number
  readonly kind: StoredCueKind
  /** splice_insert, time_signal, ...; `encrypted` when that cannot be seen, `unreadable` when there is no section. */
  readonly command: string
  /** splice_event_id, or the first segmentation_event_id. */
  readonly event_id: number | null
  /** All event ids in it. */
  readonly event_ids: ReadonlyArray<number>
  readonly segmentation_type_ids: ReadonlyArray<number>
  /** As text where their bytes are of that form, else in hexadecimal. */
  readonly upids: ReadonlyArray<string>
  /** When it takes effect, on the stream's clock: 90 kHz ticks, pts_adjustment included. */
  readonly pts: number | null
  /** From its arrival until it takes effect, in seconds; negative when it came too late. */
  readonly preroll_s: number | null
  readonly duration_s: number | null
  readonly description: string
  readonly base64: string
  readonly crc_ok: boolean
  readonly errors: ReadonlyArray<string>
  /** Repetitions that followed. */
  readonly repeats: number
  /** True for a cue that the operator had inserted. */
  readonly manual: boolean
  readonly outputs: ReadonlyArray<StoredProof>
}

/** A stored cue as it is shown. */
export interface CueView extends Omit<NewCue, "channelId" | "at" | "last_at" | "outputs"> {
  /** Grows with time, never given out twice. */
  readonly id: number
  /** ISO 8601 with milliseconds. */
  readonly at: string
  readonly last_at: string
  readonly hex: string
  readonly outputs: ReadonlyArray<CueProof>
}

/** A cue where cues of many channels are shown. */
export interface ChannelCueView extends CueView {
  readonly channel: ChannelName
}

/** A cue that the engine has taken to insert it; that it went out shows in the cue history. */
export interface CueAnswer {
  readonly cue: Pick<NewCue, "pid" | "command" | "event_id" | "pts" | "description" | "base64"> & {
    readonly hex: string
    readonly section: SpliceInfoSection
  }
  /** Sentences: what is unusual about it. */
  readonly warnings: ReadonlyArray<string>
}

/** Which cues of a channel to show, newest first. */
export interface CueQuery {
  readonly limit: number
  /** Only cues with a lower id. */
  readonly before?: number | undefined
  /** Only cues at or after this time, ms since 1970. */
  readonly sinceMs?: number | undefined
  /** Only cues before this time. */
  readonly untilMs?: number | undefined
  /** Any of these kinds, commands and segmentation types. */
  readonly types?:
    | {
        readonly kinds: ReadonlyArray<StoredCueKind>
        readonly commands: ReadonlyArray<string>
        readonly segmentations: ReadonlyArray<number>
      }
    | undefined
  readonly eventId?: number | undefined
  /** Part of a UPID; case does not matter. */
  readonly upid?: string | undefined
  /** `missed`: only cues that did not leave by some output. */
  readonly outcome?: CueOutcome | undefined
  /** Only those of these channels, by UUID; left out, of all. */
  readonly among?: ReadonlyArray<string> | undefined
}

export const CUE_OUTCOMES = ["missed"] as const
export type CueOutcome = (typeof CUE_OUTCOMES)[number]

/** The commands that can be searched for. */
export const CUE_COMMANDS = [
  "splice_insert",
  "time_signal",
  "splice_schedule",
  "bandwidth_reservation",
  "private_command",
  "unknown_command",
  "malformed_command",
  "encrypted",
  "unreadable",
] as const

/** Where a channel's ad breaks stand, and what its SCTE-35 PIDs brought since it was started. */
export interface Scte35View {
  readonly pids: ReadonlyArray<number>
  readonly state: "idle" | "announced" | "in_break"
  readonly event_id: number | null
  /** Seconds until the break ends, where that is known. */
  readonly ends_in_s: number | null
  /** When the last cue that is not a splice_null arrived, ISO 8601. */
  readonly last_cue_at: string | null
  /** Cues without splice_null and repetitions. */
  readonly cues: number
  /** All sections. */
  readonly sections: number
  readonly crc_errors: number
}
