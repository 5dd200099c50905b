/** Cues made from what a person gives, checked before they are written. */
import { decodeSpliceInfoSection } from "./decode-section.ts"
import type { DescriptorFields } from "./encode-descriptor.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { encodeUpid } from "./encode-upid.ts"
import type { SpliceInfoSection, SpliceInfoSectionFields } from "./section-fields.ts"
import { segmentationType, segmentationTypeName } from "./segmentation-types.ts"
import { PTS_MODULUS, TICKS_PER_SECOND } from "./timing.ts"

/** The section and its bytes; or every problem as a sentence that names the field. */
export type BuiltCue =
  | { readonly ok: true; readonly section: SpliceInfoSection; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly problems: ReadonlyArray<string> }

interface SectionOptions {
  /** Added to pts_time by whoever reads the cue, 90 kHz ticks; 0. */
  readonly pts_adjustment?: number | undefined
  /** 0xFFF, for everybody. */
  readonly tier?: number | undefined
}

interface DurationOptions {
  readonly ticks: number | undefined
  readonly seconds: number | undefined
}

export interface SpliceInsertOptions extends SectionOptions {
  readonly splice_event_id: number
  /** true calls the event off: no other field is written. */
  readonly splice_event_cancel_indicator?: boolean | undefined
  /** Required unless the event is called off. true: leave the network; false: come back. */
  readonly out_of_network_indicator?: boolean | undefined
  /** 90 kHz ticks, 33 bits; left out: at once. */
  readonly pts_time?: number | undefined
  /** Length of the break: 90 kHz ticks, or seconds; only on the way out. */
  readonly break_duration?: number | undefined
  readonly break_duration_seconds?: number | undefined
  /** true. */
  readonly break_auto_return?: boolean | undefined
  readonly unique_program_id?: number | undefined
  readonly avail_num?: number | undefined
  readonly avails_expected?: number | undefined
  readonly segmentation?: ReadonlyArray<SegmentationOptions> | undefined
}

export interface DeliveryRestrictions {
  readonly web_delivery_allowed_flag: boolean
  readonly no_regional_blackout_flag: boolean
  readonly archive_allowed_flag: boolean
  /** 0 to 3; 3 is no restriction. */
  readonly device_restrictions: number
}

export interface SegmentationOptions {
  readonly segmentation_event_id: number
  readonly segmentation_event_cancel_indicator?: boolean | undefined
  /** Required unless the event is called off (Table 23). */
  readonly segmentation_type_id?: number | undefined
  /** 90 kHz ticks of 40 bits, or seconds. */
  readonly segmentation_duration?: number | undefined
  readonly segmentation_duration_seconds?: number | undefined
  readonly segmentation_upid_type?: number | undefined
  /** The UPID as people write it (see encode-upid.ts). */
  readonly upid_text?: string | undefined
  readonly segment_num?: number | undefined
  readonly segments_expected?: number | undefined
  readonly sub_segment_num?: number | undefined
  readonly sub_segments_expected?: number | undefined
  /** Left out: delivery is not restricted. */
  readonly restrictions?: DeliveryRestrictions | undefined
}

export interface TimeSignalOptions extends SectionOptions {
  /** 90 kHz ticks, 33 bits; left out: at once. */
  readonly pts_time?: number | undefined
  /** At least one: a time_signal says nothing by itself. */
  readonly segmentation: ReadonlyArray<SegmentationOptions>
}

/** The most descriptor bytes that make sense in one cue are far fewer; this bounds what is checked. */
const MOST_SEGMENTS = 32
const DURATION_MAXIMUM = 2 ** 40 - 1

const whole = (problems: string[], name: string, value: number | undefined, maximum: number): void => {
  if (value !== undefined && (!Number.isInteger(value) || value < 0 || value > maximum)) {
    problems.push(`${name} must be a whole number from 0 to ${maximum}, is ${value}`)
  }
}

/** Ticks of a duration given in either unit; undefined when there is none, or when it is no good. */
const ticksOf = (
  problems: string[],
  name: string,
  { ticks, seconds }: DurationOptions,
  maximum: number,
): number | undefined => {
  if (ticks === undefined && seconds === undefined) return undefined
  const inTicks = seconds === undefined ? undefined : Math.round(seconds * TICKS_PER_SECOND)
  if (ticks !== undefined && inTicks !== undefined && ticks !== inTicks) {
    problems.push(`${name} (${ticks} ticks of 90 kHz) and ${name}_seconds (${seconds}) disagree: give one of them`)
    return undefined
  }
  const value = ticks ?? inTicks ?? 0
  if (Number.isInteger(value) && value > 0 && value <= maximum) return value
  const unit = ticks === undefined ? "_seconds" : ""
  const most = ticks === undefined ? Math.floor(maximum / TICKS_PER_SECOND) : maximum
  problems.push(`${name}${unit} must be above 0 and at most ${most}, is ${ticks ?? seconds}`)
  return undefined
}

const checkSection = (problems: string[], { pts_adjustment, tier }: SectionOptions): void => {
  whole(problems, "pts_adjustment", pts_adjustment, PTS_MODULUS - 1)
  whole(problems, "tier", tier, 0xfff)
}

const checkNumbers = (
  problems: string[],
  name: string,
  of: string,
  number: number | undefined,
  expected: number | undefined,
): void => {
  whole(problems, name, number, 255)
  whole(problems, of, expected, 255)
  if ((expected ?? 0) > 0 && (number ?? 0) > (expected ?? 0))
    problems.push(`${name} is ${number}, more than ${of} (${expected})`)
}

const upidOf = (problems: string[], { segmentation_upid_type = 0, upid_text = "" }: SegmentationOptions): string => {
  const encoded = encodeUpid(segmentation_upid_type, upid_text)
  if (encoded.ok) return encoded.hex
  problems.push(`upid_text: ${encoded.problem}`)
  return ""
}

const subSegmentsOf = (problems: string[], options: SegmentationOptions) => {
  const { sub_segment_num = null, sub_segments_expected = null, segmentation_type_id = 0 } = options
  if ((sub_segment_num === null) !== (sub_segments_expected === null)) {
    problems.push("sub_segment_num and sub_segments_expected belong together: give both or neither")
  }
  if (sub_segment_num !== null && segmentationType(segmentation_type_id)?.sub_segments === false) {
    problems.push(
      `${segmentationTypeName(segmentation_type_id)} has no sub-segments: leave sub_segment_num and sub_segments_expected out`,
    )
  }
  checkNumbers(
    problems,
    "sub_segment_num",
    "sub_segments_expected",
    options.sub_segment_num,
    options.sub_segments_expected,
  )
  return { sub_segment_num, sub_segments_expected }
}

const typeOf = (problems: string[], id: number | undefined): number => {
  if (id === undefined) problems.push("segmentation_type_id is missing: it says what the segment is")
  else if (segmentationType(id) === undefined)
    problems.push(`segmentation_type_id ${id} is not defined by the specification`)
  return id ?? 0
}

const segmentation = (problems: string[], options: SegmentationOptions): DescriptorFields => {
  whole(problems, "segmentation_event_id", options.segmentation_event_id, 2 ** 32 - 1)
  const event = {
    name: "segmentation_descriptor" as const,
    tag: 2 as const,
    segmentation_event_id: options.segmentation_event_id,
    segmentation_event_id_compliance_indicator: true,
  }
  if (options.segmentation_event_cancel_indicator === true)
    return { ...event, segmentation_event_cancel_indicator: true }
  const { segment_num = 0, segments_expected = 0, restrictions } = options
  checkNumbers(problems, "segment_num", "segments_expected", options.segment_num, options.segments_expected)
  whole(problems, "device_restrictions", restrictions?.device_restrictions, 3)
  const duration = { ticks: options.segmentation_duration, seconds: options.segmentation_duration_seconds }
  return {
    ...event,
    segmentation_event_cancel_indicator: false,
    program_segmentation_flag: true,
    ...(restrictions === undefined
      ? { delivery_not_restricted_flag: true }
      : { delivery_not_restricted_flag: false, ...restrictions }),
    segmentation_duration: ticksOf(problems, "segmentation_duration", duration, DURATION_MAXIMUM) ?? null,
    segmentation_upid_type: options.segmentation_upid_type ?? 0,
    segmentation_upid_hex: upidOf(problems, options),
    segmentation_type_id: typeOf(problems, options.segmentation_type_id),
    segment_num,
    segments_expected,
    ...subSegmentsOf(problems, options),
  }
}

/** Descriptors of all `options`; their problems start with the place in the list. */
const segmentations = (problems: string[], options: ReadonlyArray<SegmentationOptions>): DescriptorFields[] => {
  if (options.length > MOST_SEGMENTS) {
    problems.push(`segmentation has ${options.length} entries, the most is ${MOST_SEGMENTS}`)
    return []
  }
  return options.map((one, i) => {
    const own: string[] = []
    const descriptor = segmentation(own, one)
    problems.push(...own.map((problem) => `segmentation ${i + 1}: ${problem}`))
    return descriptor
  })
}

const finish = (
  problems: string[],
  fields: SpliceInfoSectionFields,
  { pts_adjustment = 0, tier = 0xfff }: SectionOptions,
): BuiltCue => {
  if (problems.length > 0) return { ok: false, problems }
  try {
    const bytes = encodeSpliceInfoSection({ ...fields, pts_adjustment, tier })
    const decoded = decodeSpliceInfoSection(bytes)
    if (!decoded.ok) return { ok: false, problems: [decoded.error] }
    const { section } = decoded
    return section.errors.length === 0 ? { ok: true, section, bytes } : { ok: false, problems: section.errors }
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, problems: [error.message] }
    throw error
  }
}

/** A splice_insert (9.7.3) for the whole programme. */
export const spliceInsert = (options: SpliceInsertOptions): BuiltCue => {
  const problems: string[] = []
  const { splice_event_id, out_of_network_indicator, pts_time, break_auto_return = true } = options
  const { unique_program_id = 0, avail_num = 0, avails_expected = 0 } = options
  checkSection(problems, options)
  whole(problems, "splice_event_id", splice_event_id, 2 ** 32 - 1)
  const descriptors = segmentations(problems, options.segmentation ?? [])
  const id = { name: "splice_insert" as const, splice_event_id }
  if (options.splice_event_cancel_indicator === true) {
    return finish(problems, { command: { ...id, splice_event_cancel_indicator: true }, descriptors }, options)
  }
  whole(problems, "pts_time", pts_time, PTS_MODULUS - 1)
  whole(problems, "unique_program_id", unique_program_id, 0xffff)
  checkNumbers(problems, "avail_num", "avails_expected", avail_num, avails_expected)
  const given = { ticks: options.break_duration, seconds: options.break_duration_seconds }
  const break_duration = ticksOf(problems, "break_duration", given, PTS_MODULUS - 1)
  if (out_of_network_indicator === undefined) {
    problems.push("out_of_network_indicator is missing: true leaves the network, false comes back")
  } else if (!out_of_network_indicator && (given.ticks !== undefined || given.seconds !== undefined)) {
    problems.push("break_duration only makes sense on the way out: leave it out, or set out_of_network_indicator")
  }
  const command = {
    ...id,
    splice_event_cancel_indicator: false as const,
    out_of_network_indicator: out_of_network_indicator ?? false,
    program_splice_flag: true,
    duration_flag: break_duration !== undefined,
    splice_immediate_flag: pts_time === undefined,
    event_id_compliance_flag: true,
    ...(pts_time === undefined ? {} : { pts_time }),
    ...(break_duration === undefined ? {} : { break_auto_return, break_duration }),
    unique_program_id,
    avail_num,
    avails_expected,
  }
  return finish(problems, { command, descriptors }, options)
}

/** A time_signal (9.7.4) with its segmentation descriptors. */
export const timeSignal = (options: TimeSignalOptions): BuiltCue => {
  const problems: string[] = []
  checkSection(problems, options)
  whole(problems, "pts_time", options.pts_time, PTS_MODULUS - 1)
  if (options.segmentation.length === 0)
    problems.push("segmentation is empty: a time_signal says nothing without a segmentation descriptor")
  const descriptors = segmentations(problems, options.segmentation)
  return finish(
    problems,
    { command: { name: "time_signal", pts_time: options.pts_time ?? null }, descriptors },
    options,
  )
}

/** A splice_null (9.7.1): a heartbeat. */
export const spliceNull = (options: SectionOptions = {}): BuiltCue => {
  const problems: string[] = []
  checkSection(problems, options)
  return finish(problems, { command: { name: "splice_null" } }, options)
}
