/** What happens to a channel and what needs a person: alarms, events as they are stored and shown, and their subjects. */
import type { ChannelName, SourceName } from "./channel.ts"

export const ALARM_KINDS = [
  "no_input",
  "redundancy_lost",
  "legs_differ",
  "leg_bad",
  "short_preroll",
  "missing_return",
  "overlong_break",
  "scte35_crc",
  "scte35_silent",
] as const
export type AlarmKind = (typeof ALARM_KINDS)[number]

/** Something that needs a person. */
export interface Alarm {
  readonly kind: AlarmKind
  readonly severity: "warning" | "critical"
  /** When it began, ISO 8601; for an engine that was found running, when it was first seen. */
  readonly since: string
  readonly message: string
}

/** What is recorded of a channel. The first eight are the engine's, of the legs together; see `docs/api.md`. */
export const EVENT_KINDS = [
  "switched",
  "leg_lost",
  "leg_back",
  "redundancy_lost",
  "redundancy_back",
  "merge_on",
  "merge_off",
  "legs_differ",
  "leg_failed",
  "sender_changed",
  "sequence_reset",
  "pcr_jump",
  "psi_changed",
  "fec_on",
  "fec_off",
  "rejoined",
  "input_connected",
  "input_lost",
  "input_refused",
  "started",
  "stopped",
  "no_input",
  "input_back",
  "output_connected",
  "output_waiting",
  "output_failed",
  "output_stopped",
  "output_switched",
  "engine_lost",
  "engine_back",
  "break_announced",
  "break_started",
  "break_ended",
  "break_cancelled",
  "overlapping_breaks",
  "short_preroll",
  "missing_return",
  "overlong_break",
  "scte35_crc",
  "scte35_bad",
  "scte35_silent",
  "cue_missed",
  "cue_inserted",
  "cue_not_inserted",
  "schedule_started",
  "schedule_stopped",
  "schedule_failed",
  "medialive_asked",
  "medialive_state",
  "medialive_alert",
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** What happened to a channel, kept across restarts. */
export interface ChannelEventView {
  /** Grows with time, never given out twice. */
  readonly id: number
  /** ISO 8601 with milliseconds. */
  readonly at: string
  /** One of `EVENT_KINDS`, or what another version of this software wrote. */
  readonly kind: string
  readonly severity: "info" | "warning" | "critical"
  readonly source: SourceName | null
  /** Slug of the output it is about. */
  readonly output: string | null
  readonly message: string
}

/** An event where events of many channels are shown. */
export interface ChannelEventOfView extends ChannelEventView {
  readonly channel: ChannelName
}

export const EVENT_SEVERITIES = ["info", "warning", "critical"] as const satisfies ReadonlyArray<
  ChannelEventView["severity"]
>

/** Which events of a channel to show, newest first. */
export interface EventQuery {
  readonly limit: number
  /** Only events with a lower id. */
  readonly before?: number | undefined
  /** Only events at or after this time, ms since 1970. */
  readonly sinceMs?: number | undefined
  /** Only events before this time. */
  readonly untilMs?: number | undefined
  readonly kinds?: ReadonlyArray<EventKind> | undefined
  readonly severities?: ReadonlyArray<ChannelEventView["severity"]> | undefined
  /** Only those of these channels, by UUID; left out, of all. */
  readonly among?: ReadonlyArray<string> | undefined
}

/** An event as its cause tells it. */
export interface Happening {
  readonly kind: EventKind
  readonly severity: ChannelEventView["severity"]
  readonly message: string
  readonly source?: SourceName
  /** Slug of the output it is about. */
  readonly output?: string
}

export interface NewEvent extends Happening {
  readonly channelId: string
  /** Unix time in ms. */
  readonly at: number
}

/** Kinds that tell who did what to the stream: each of them is kept, however many there are. */
export const AUDIT: ReadonlySet<EventKind> = new Set(["cue_inserted", "cue_not_inserted", "medialive_asked"])

/** Kinds that tell of one matter in its different states. */
const MATTERS: Partial<Record<EventKind, string>> = {
  leg_lost: "leg",
  leg_back: "leg",
  redundancy_lost: "redundancy",
  redundancy_back: "redundancy",
  merge_on: "merge",
  merge_off: "merge",
  legs_differ: "merge",
  fec_on: "fec",
  fec_off: "fec",
  input_connected: "srt",
  input_lost: "srt",
  no_input: "input",
  input_back: "input",
  started: "channel",
  stopped: "channel",
  engine_lost: "engine",
  engine_back: "engine",
  break_announced: "break",
  break_started: "break",
  break_ended: "break",
  break_cancelled: "break",
  medialive_asked: "medialive",
  medialive_state: "medialive",
}
/** Matters of the channel as a whole, whichever source an event names. */
const OF_CHANNEL = new Set(["switched", "redundancy", "merge", "input", "channel", "engine", "break", "medialive"])

/**
 * What an event is about. Events of one subject are limited together, so that the last of them always shows how the
 * subject is; all states of an output are one subject.
 */
export const subjectOf = ({ channelId, kind, output, source }: NewEvent): string => {
  // Each missed cue is news of its own: many of them must not hide that the output is back.
  if (kind === "cue_missed") return `${channelId} cue_missed ${output ?? ""}`
  if (output !== undefined) return `${channelId} output ${output}`
  const matter = MATTERS[kind] ?? kind
  return OF_CHANNEL.has(matter) ? `${channelId} ${matter}` : `${channelId} ${matter} ${source ?? ""}`
}
