/** What a section asks for, event by event, and what tells two cues from one cue sent twice. */
import type { CueKind } from "./break-types.ts"
import type { ActiveSpliceInsert, SpliceCommand } from "./command-fields.ts"
import type { ActiveSegmentation, SegmentationDescriptor, SpliceDescriptor } from "./descriptor-fields.ts"
import { effectivePts } from "./effective-pts.ts"
import type { SpliceInfoSection } from "./section-fields.ts"
import { segmentationType } from "./segmentation-types.ts"
import { PTS_MODULUS } from "./timing.ts"
import { ticksBetween } from "./watch-clock.ts"

/** `signal` of a splice_insert; that of a segment is the segmentation_type_id of its start. */
export const SPLICE_INSERT_SIGNAL = -1

/** One thing that a section says of one event. */
export interface CueAction {
  readonly kind: Exclude<CueKind, "null">
  /** Names the event among those of all PIDs: a cancel reaches everything of the family. */
  readonly family: string
  /** What opens and closes together within a family, and must not overlap between families. */
  readonly signal: number
  /** How people call it: "event 18", "Provider Placement Opportunity, event 5". */
  readonly name: string
  readonly eventId: number | null
  /** Added to the section's time, 90 kHz ticks. */
  readonly offset90k: number
  /** 90 kHz ticks; null when not announced, and for 0, which encoders send for want of a figure. */
  readonly duration90k: number | null
  readonly autoReturn: boolean
}

/** A section as the watcher sees it. */
export interface CueReading {
  readonly kind: CueKind
  /** Splice point on the stream's clock, pts_adjustment included; null: at once, or not of this kind. */
  readonly pts: number | null
  /** At least one but for kind "null"; cancels before returns before outs, as they take effect. */
  readonly actions: ReadonlyArray<CueAction>
  /** Equal for a cue that was sent again, whatever its pts_adjustment, DTMF countdown and time stamps. */
  readonly signature: string
}

const DAY_90K = 24 * 3600 * 90_000

const durationOf = (ticks: number | null | undefined): number | null =>
  ticks === null || ticks === undefined || ticks === 0 || ticks > DAY_90K ? null : ticks

/** Earliest time of the components, which lie close together on the circle. */
const earliest = (times: ReadonlyArray<number>): number | null =>
  times.length === 0 ? null : times.reduce((first, time) => (ticksBetween(first, time) < 0 ? time : first))

const insertPts = (insert: ActiveSpliceInsert, section: SpliceInfoSection): number | null => {
  if (insert.splice_immediate_flag) return null
  if (insert.program_splice_flag) return effectivePts(section)
  const times = (insert.components ?? []).flatMap(({ pts_time }) => (typeof pts_time === "number" ? [pts_time] : []))
  const first = earliest(times)
  return first === null ? null : (first + section.pts_adjustment) % PTS_MODULUS
}

const plain = { offset90k: 0, duration90k: null, autoReturn: false }

const insertAction = (command: SpliceCommand & { readonly name: "splice_insert" }, pid: number): CueAction => {
  const { splice_event_id: eventId } = command
  const event = {
    family: `${pid}/insert/${eventId}`,
    signal: SPLICE_INSERT_SIGNAL,
    name: `event ${eventId}`,
    eventId,
    ...plain,
  }
  if (command.splice_event_cancel_indicator) return { ...event, kind: "cancel" }
  if (!command.out_of_network_indicator) return { ...event, kind: "in" }
  const duration90k = durationOf(command.break_duration)
  return { ...event, kind: "out", duration90k, autoReturn: duration90k !== null && command.break_auto_return === true }
}

const BREAK_ROLES = { start: "out", end: "in", point: "point" } as const

const activeSegment = (segment: ActiveSegmentation): Omit<CueAction, "family" | "eventId"> => {
  const id = segment.segmentation_type_id
  const type = segmentationType(id)
  const isBreak = type?.kind === "break"
  return {
    kind: isBreak ? BREAK_ROLES[type.role] : (type?.role ?? "point"),
    signal: isBreak && type.role === "end" ? id - 1 : id,
    name: `${segment.segmentation_type_name.replace(/ (?:Start|End)$/, "")}, event ${segment.segmentation_event_id}`,
    offset90k: earliest((segment.components ?? []).map(({ pts_offset }) => pts_offset)) ?? 0,
    duration90k: durationOf(segment.segmentation_duration),
    autoReturn: false,
  }
}

const segmentAction = (segment: SegmentationDescriptor, pid: number): CueAction => {
  const { segmentation_event_id: eventId } = segment
  const event = { family: `${pid}/segment/${eventId}`, eventId }
  return segment.segmentation_event_cancel_indicator
    ? { ...event, kind: "cancel", signal: 0, name: `segmentation event ${eventId}`, ...plain }
    : { ...event, ...activeSegment(segment) }
}

/** Kinds in the order in which those of one section take effect. */
const ORDER = ["cancel", "end", "in", "start", "point", "out", "other"] as const
/** Types of breaks from the outermost in (Table 23): breaks, blocks, opportunities, advertisements, promotions. */
const NESTING = [0x22, 0x44, 0x46, 0x42, 0x34, 0x36, 0x38, 0x3a, 0x30, 0x32, 0x3c, 0x3e]
const inOrder = (a: CueAction, b: CueAction): number =>
  ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || NESTING.indexOf(a.signal) - NESTING.indexOf(b.signal)
/** The section is called by the first of these that it holds. */
const RANK = ["out", "in", "cancel", "start", "end", "point", "other"] as const

/** 53 bits of a text: enough to tell the few hundred cues apart that are remembered at a time. */
const digest = (text: string): string => {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return ((b & 0x1fffff) * 2 ** 32 + (a >>> 0)).toString(36)
}

/** What stays the same when a cue is sent again. */
const lasting = (descriptor: SpliceDescriptor): unknown => {
  if (descriptor.name === "time_descriptor") return null
  return descriptor.name === "DTMF_descriptor" ? descriptor.dtmf_chars : descriptor
}

const timeless = (command: SpliceCommand | null, adjustment: number): unknown => {
  if (command?.name === "time_signal") return command.name
  if (command?.name !== "splice_insert" || command.splice_event_cancel_indicator) return command
  const { pts_time: _time, pts_time_seconds: _seconds, components, ...rest } = command
  const shifted = components?.map(({ tag, pts_time }) => [
    tag,
    typeof pts_time === "number" ? (pts_time + adjustment) % PTS_MODULUS : null,
  ])
  return [rest, shifted ?? null]
}

const actionsOf = (section: SpliceInfoSection, pid: number, signature: string): ReadonlyArray<CueAction> => {
  const { command } = section
  // In a splice_insert the command decides: its descriptors only say more about the same break, and need not have an
  // end.
  if (command?.name === "splice_insert") return [insertAction(command, pid)]
  if (command?.name === "time_signal") {
    const segments = (section.descriptors ?? []).flatMap((one) =>
      one.name === "segmentation_descriptor" ? [segmentAction(one, pid)] : [],
    )
    if (segments.length > 0) return segments.sort(inOrder)
    return [{ kind: "point", family: `${pid}/time_signal`, signal: 0, name: "time_signal", eventId: null, ...plain }]
  }
  return [{ kind: "other", family: `${pid}/other/${signature}`, signal: 0, name: "cue", eventId: null, ...plain }]
}

/** Takes a section of `pid` apart. It must be sound: one with `errors` is not to be acted on. */
export const readCue = (section: SpliceInfoSection, pid: number): CueReading => {
  const { command } = section
  if (command?.name === "splice_null" || command?.name === "bandwidth_reservation") {
    return { kind: "null", pts: null, actions: [], signature: "" }
  }
  const insert = command?.name === "splice_insert" && !command.splice_event_cancel_indicator ? command : null
  const pts = insert === null ? effectivePts(section) : insertPts(insert, section)
  const content = [
    timeless(command, section.pts_adjustment),
    (section.descriptors ?? []).map(lasting),
    section.encrypted_bytes ?? null,
  ]
  const signature = digest(JSON.stringify([pid, pts, content]))
  const actions = actionsOf(section, pid, signature)
  return {
    kind: RANK.find((kind) => actions.some((action) => action.kind === kind)) ?? "other",
    pts,
    actions,
    signature,
  }
}
