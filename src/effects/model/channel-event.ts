/** Something that happened to a channel, on its way into the store; `ChannelEventView` is how it comes out. */
import type { ChannelEventView, EventKind, SourceName } from "./channel.ts"

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
export const AUDIT: ReadonlySet<EventKind> = new Set(["cue_inserted", "cue_not_inserted"])

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
}
/** Matters of the channel as a whole, whichever source an event names. */
const OF_CHANNEL = new Set(["switched", "redundancy", "merge", "input", "channel", "engine", "break"])

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
