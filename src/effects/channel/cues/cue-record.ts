/** Turns a section of the stream into the record that is kept of it. Pure. */
import { describeCue } from "../../../core/scte35/describe-cue.ts"
import type { SpliceDescriptor, Upid } from "../../../core/scte35/descriptor-fields.ts"
import { effectivePts } from "../../../core/scte35/effective-pts.ts"
import type { SpliceInfoSection } from "../../../core/scte35/section-fields.ts"
import { seconds } from "../../../core/scte35/timing.ts"
import type { NewCue } from "../../model/cue.ts"

/**
 * Longest text that is kept, in characters. Sentences about a damaged section quote its bytes; a longer one helps
 * nobody.
 */
const MAX_TEXT = 1000
const MAX_ERRORS = 20

export type CueFacts = Pick<
  NewCue,
  | "command"
  | "event_id"
  | "event_ids"
  | "segmentation_type_ids"
  | "upids"
  | "pts"
  | "duration_s"
  | "description"
  | "base64"
  | "crc_ok"
  | "errors"
>

const unique = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]

const upidTexts = (upid: Upid): ReadonlyArray<string> => {
  if (upid.upids !== undefined) return upid.upids.flatMap(upidTexts)
  if (upid.segmentation_upid_length === 0) return []
  const text = upid.upid_text ?? upid.mpu?.private_data_text ?? upid.atsc?.content_id_text ?? null
  return [text ?? upid.segmentation_upid_hex]
}

const segmentsOf = (descriptors: ReadonlyArray<SpliceDescriptor>) =>
  descriptors.flatMap((descriptor) => (descriptor.name === "segmentation_descriptor" ? [descriptor] : []))

const spliceEventIds = ({ command }: SpliceInfoSection): ReadonlyArray<number> => {
  if (command?.name === "splice_insert") return [command.splice_event_id]
  return command?.name === "splice_schedule" ? command.events.map((event) => event.splice_event_id) : []
}

const breakTicks = ({ command }: SpliceInfoSection): number | undefined =>
  command?.name === "splice_insert" && !command.splice_event_cancel_indicator ? command.break_duration : undefined

/** What a section says; the break's duration, else that of its first segment that has one. */
export const factsOf = (section: SpliceInfoSection): CueFacts => {
  const segments = segmentsOf(section.descriptors ?? [])
  const active = segments.flatMap((segment) => (segment.segmentation_event_cancel_indicator ? [] : [segment]))
  const event_ids = unique([...spliceEventIds(section), ...segments.map((segment) => segment.segmentation_event_id)])
  const ticks =
    breakTicks(section) ?? active.find((segment) => segment.segmentation_duration !== null)?.segmentation_duration
  return {
    command: section.command?.name ?? "encrypted",
    event_id: event_ids[0] ?? null,
    event_ids,
    segmentation_type_ids: unique(active.map((segment) => segment.segmentation_type_id)),
    upids: unique(active.flatMap(upidTexts)),
    pts: effectivePts(section),
    duration_s: ticks == null ? null : seconds(ticks),
    description: describeCue(section).slice(0, MAX_TEXT),
    base64: section.base64,
    crc_ok: section.crc_ok,
    errors: section.errors.slice(0, MAX_ERRORS).map((error) => error.slice(0, MAX_TEXT)),
  }
}

/** The record's facts for bytes that cannot be read as a section. */
export const factsOfUnreadable = (base64: string, crc_ok: boolean, error: string): CueFacts => ({
  command: "unreadable",
  event_id: null,
  event_ids: [],
  segmentation_type_ids: [],
  upids: [],
  pts: null,
  duration_s: null,
  description: `not a splice_info_section: ${error}`.slice(0, MAX_TEXT),
  base64,
  crc_ok,
  errors: [error.slice(0, MAX_TEXT)],
})
