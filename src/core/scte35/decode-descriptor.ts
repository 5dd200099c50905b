/** Reads splice descriptors (ANSI/SCTE 35 clause 10). */

import { byteCount, hex8, hex32, toHex, toLatin1, toPrintable } from "../bytes/bytes-text.ts"
import { BitReader } from "./bits.ts"
import { keep } from "./decode-command.ts"
import { decodeUpid } from "./decode-upid.ts"
import {
  AUDIO_DESCRIPTOR,
  AVAIL_DESCRIPTOR,
  CUEI_IDENTIFIER,
  DTMF_DESCRIPTOR,
  type KnownDescriptor,
  SEGMENTATION_DESCRIPTOR,
  type SegmentationDescriptor,
  type SpliceDescriptor,
  TIME_DESCRIPTOR,
} from "./descriptor-fields.ts"
import { segmentationType, segmentationTypeName } from "./segmentation-types.ts"
import { isoOfTai, seconds } from "./timing.ts"

/** Where a reader puts what it finds odd. */
export interface Findings {
  readonly errors: string[]
  readonly warnings: string[]
  readonly oddPlaces: string[]
}

type Places = Record<string, number>

const readAvail = (r: BitReader): KnownDescriptor => {
  r.group(4, "provider_avail_id")
  return { name: "avail_descriptor", tag: AVAIL_DESCRIPTOR, provider_avail_id: r.bits(32) }
}

const readDtmf = (r: BitReader): KnownDescriptor => {
  const reserved: Places = {}
  r.group(2, "preroll and dtmf_count")
  const preroll = r.bits(8)
  const count = r.bits(3)
  r.reserved(5, "dtmf_count", reserved)
  r.group(count, "DTMF_char")
  const head = { name: "DTMF_descriptor" as const, tag: DTMF_DESCRIPTOR as 1, preroll, preroll_seconds: preroll / 10 }
  return { ...head, dtmf_chars: toLatin1(r.take(count)), ...keep(reserved) }
}

const readRestrictions = (r: BitReader, reserved: Places) => {
  const delivery_not_restricted_flag = r.flag()
  if (delivery_not_restricted_flag) {
    r.reserved(5, "delivery_restrictions", reserved)
    return { delivery_not_restricted_flag }
  }
  const flags = {
    web_delivery_allowed_flag: r.flag(),
    no_regional_blackout_flag: r.flag(),
    archive_allowed_flag: r.flag(),
  }
  return { delivery_not_restricted_flag, ...flags, device_restrictions: r.bits(2) }
}

const readSegmentedComponents = (r: BitReader) => {
  const components = []
  r.group(1, "component_count")
  for (let wanted = r.bits(8); wanted > 0 && r.problem === null; wanted--) {
    const reserved: Places = {}
    r.group(6, "component")
    const tag = r.bits(8)
    r.reserved(7, "pts_offset", reserved)
    const pts_offset = r.bits(33)
    components.push({ tag, pts_offset, pts_offset_seconds: seconds(pts_offset), ...keep(reserved) })
  }
  return components
}

/** Sub-segments are there when exactly their two bytes remain, or more where the type has them (10.3.3.1). */
const readSubSegments = (r: BitReader, type: number) =>
  r.left === 2 || (r.left > 2 && segmentationType(type)?.sub_segments === true)
    ? { sub_segment_num: r.bits(8), sub_segments_expected: r.bits(8) }
    : { sub_segment_num: null, sub_segments_expected: null }

const readSegmentation = (r: BitReader, warnings: string[]): SegmentationDescriptor => {
  const reserved: Places = {}
  r.group(5, "segmentation_event_id")
  const segmentation_event_id = r.bits(32)
  const cancelled = r.flag()
  const segmentation_event_id_compliance_indicator = r.flag()
  r.reserved(6, "segmentation_event", reserved)
  const event = {
    name: "segmentation_descriptor" as const,
    tag: SEGMENTATION_DESCRIPTOR as 2,
    segmentation_event_id,
    segmentation_event_id_compliance_indicator,
  }
  if (cancelled) return { ...event, segmentation_event_cancel_indicator: true, ...keep(reserved) }
  r.group(1, "flags")
  const program_segmentation_flag = r.flag()
  const hasDuration = r.flag()
  const restrictions = readRestrictions(r, reserved)
  const components = program_segmentation_flag ? {} : { components: readSegmentedComponents(r) }
  if (hasDuration) r.group(5, "segmentation_duration")
  const segmentation_duration = hasDuration ? r.bits(40) : null
  r.group(2, "segmentation_upid_type and segmentation_upid_length")
  const upidType = r.bits(8)
  const upidLength = r.bits(8)
  r.group(upidLength, "segmentation_upid")
  const upid = decodeUpid(upidType, r.take(upidLength), r.problem === null ? warnings : [])
  r.group(3, "segmentation_type_id, segment_num and segments_expected")
  const segmentation_type_id = r.bits(8)
  return {
    ...event,
    segmentation_event_cancel_indicator: false,
    program_segmentation_flag,
    ...restrictions,
    ...components,
    segmentation_duration,
    segmentation_duration_seconds: segmentation_duration === null ? null : seconds(segmentation_duration),
    ...upid,
    segmentation_type_id,
    segmentation_type_name: segmentationTypeName(segmentation_type_id),
    segment_num: r.bits(8),
    segments_expected: r.bits(8),
    ...readSubSegments(r, segmentation_type_id),
    ...keep(reserved),
  }
}

const readTime = (r: BitReader): KnownDescriptor => {
  r.group(12, "TAI_seconds, TAI_ns and UTC_offset")
  const tai_seconds = r.bits(48)
  const tai_ns = r.bits(32)
  const utc_offset = r.bits(16)
  const utc_iso = isoOfTai(tai_seconds, tai_ns, utc_offset)
  return { name: "time_descriptor", tag: TIME_DESCRIPTOR, tai_seconds, tai_ns, utc_offset, utc_iso }
}

const readAudio = (r: BitReader): KnownDescriptor => {
  const reserved: Places = {}
  r.group(1, "audio_count")
  const count = r.bits(4)
  r.reserved(4, "audio_count", reserved)
  r.group(count * 5, "audio channels")
  const audio_channels = Array.from({ length: r.problem === null ? count : 0 }, () => ({
    component_tag: r.bits(8),
    iso_code: toLatin1(r.take(3)),
    bit_stream_mode: r.bits(3),
    num_channels: r.bits(4),
    full_srvc_audio: r.flag(),
  }))
  return { name: "audio_descriptor", tag: AUDIO_DESCRIPTOR, audio_channels, ...keep(reserved) }
}

const READERS: ReadonlyMap<number, { name: string; read: (r: BitReader, warnings: string[]) => KnownDescriptor }> =
  new Map([
    [AVAIL_DESCRIPTOR, { name: "avail_descriptor", read: readAvail }],
    [DTMF_DESCRIPTOR, { name: "DTMF_descriptor", read: readDtmf }],
    [SEGMENTATION_DESCRIPTOR, { name: "segmentation_descriptor", read: readSegmentation }],
    [TIME_DESCRIPTOR, { name: "time_descriptor", read: readTime }],
    [AUDIO_DESCRIPTOR, { name: "audio_descriptor", read: readAudio }],
  ])

/** The descriptor whose data, after tag and length, are the bytes from `start` to `end`; they must be there. */
export const decodeDescriptor = (
  bytes: Uint8Array,
  tag: number,
  start: number,
  end: number,
  found: Findings,
): SpliceDescriptor => {
  const data = bytes.subarray(start, end)
  if (data.length < 4) {
    found.errors.push(
      `descriptor ${hex8(tag)} at byte ${start - 2} has ${byteCount(data.length)}, too few for its identifier`,
    )
    return { name: "malformed_descriptor", tag, identifier: null, private_bytes: toHex(data) }
  }
  const r = new BitReader(bytes, start, end, "descriptor")
  const identifier = r.bits(32)
  const kept = { tag, identifier: hex32(identifier), private_bytes: toHex(data.subarray(4)) }
  if (identifier !== CUEI_IDENTIFIER) {
    return { ...kept, name: "private_descriptor", identifier_text: toPrintable(data.subarray(0, 4)), private: true }
  }
  const reader = READERS.get(tag)
  if (reader === undefined) return { ...kept, name: "unknown_descriptor" }
  const inside = new BitReader(bytes, start + 4, end, reader.name)
  const warnings: string[] = []
  const descriptor = reader.read(inside, warnings)
  if (inside.problem !== null) {
    found.errors.push(inside.problem)
    return { ...kept, name: "malformed_descriptor" }
  }
  found.warnings.push(...warnings)
  found.oddPlaces.push(...inside.oddPlaces)
  if (inside.left === 0) return descriptor
  found.errors.push(
    `${reader.name} ends at byte ${inside.position}, descriptor_length at byte ${end}: ${byteCount(inside.left)} left over`,
  )
  return { ...descriptor, trailing_bytes: toHex(inside.take(inside.left)) }
}
