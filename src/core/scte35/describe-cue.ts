/** A cue in one line, for people: lists, logs, alarms. */
import { byteCount, hex8, hex32 } from "../bytes/bytes-text.ts"
import {
  type ActiveSpliceInsert,
  type ScheduledEvent,
  type SpliceCommand,
  spliceCommandName,
} from "./command-fields.ts"
import type { ActiveSegmentation, SpliceDescriptor, Upid } from "./descriptor-fields.ts"
import { effectivePts } from "./effective-pts.ts"
import { encryptionAlgorithmName, type SpliceInfoSection } from "./section-fields.ts"
import { clockText, PTS_MODULUS, secondsText } from "./timing.ts"

type Duration = { readonly break_duration?: number; readonly break_auto_return?: boolean }

const describeBreak = ({ break_duration, break_auto_return }: Duration): string[] =>
  break_duration === undefined
    ? []
    : [`break ${secondsText(break_duration)}`, break_auto_return === true ? "auto-return" : "no auto-return"]

const describeTime = (pts: number | null): string => (pts === null ? "at a time not specified" : `at ${clockText(pts)}`)

const direction = (out: boolean): string => (out ? "out" : "in")

const describeWhen = (insert: ActiveSpliceInsert, section: SpliceInfoSection): string => {
  if (insert.splice_immediate_flag) return "immediately"
  if (insert.program_splice_flag) return describeTime(effectivePts(section))
  const times = (insert.components ?? []).flatMap(({ pts_time }) => (typeof pts_time === "number" ? [pts_time] : []))
  const first = times[0]
  return describeTime(first === undefined ? null : (Math.min(...times) + section.pts_adjustment) % PTS_MODULUS)
}

const describeInsert = (insert: ActiveSpliceInsert, section: SpliceInfoSection): string => {
  const parts = [
    `splice_insert ${direction(insert.out_of_network_indicator)}`,
    `event ${insert.splice_event_id}`,
    ...(insert.components === undefined ? [] : [`${insert.components.length} components`]),
    describeWhen(insert, section),
    ...describeBreak(insert),
    ...(insert.avails_expected > 0 ? [`avail ${insert.avail_num} of ${insert.avails_expected}`] : []),
  ]
  return parts.join(", ")
}

const describeEvent = (event: ScheduledEvent): string => {
  if (event.splice_event_cancel_indicator) return `event ${event.splice_event_id} cancelled`
  const time = event.utc_splice_time_iso ?? event.components?.[0]?.utc_splice_time_iso
  const parts = [
    `event ${event.splice_event_id} ${direction(event.out_of_network_indicator)}`,
    ...(time === undefined ? [] : [`at ${time}`]),
  ]
  return [...parts, ...describeBreak(event)].join(", ")
}

const describeUpid = (upid: Upid): string[] => {
  if (upid.upids !== undefined) return upid.upids.flatMap(describeUpid)
  if (upid.segmentation_upid_length === 0) return []
  if (upid.mpu !== undefined) {
    const owner = upid.mpu.format_identifier_text ?? hex32(upid.mpu.format_identifier)
    return [`MPU ${owner} ${upid.mpu.private_data_text ?? `0x${upid.mpu.private_data_hex}`}`]
  }
  return [`${upid.upid_type_name} ${upid.upid_text ?? upid.atsc?.content_id_text ?? `0x${upid.segmentation_upid_hex}`}`]
}

const describeSegment = (segment: ActiveSegmentation): string => {
  const parts = [
    segment.segmentation_type_name,
    `event ${segment.segmentation_event_id}`,
    ...(segment.segments_expected > 0 ? [`segment ${segment.segment_num} of ${segment.segments_expected}`] : []),
    ...(segment.sub_segments_expected
      ? [`sub-segment ${segment.sub_segment_num} of ${segment.sub_segments_expected}`]
      : []),
    ...(segment.segmentation_duration === null ? [] : [secondsText(segment.segmentation_duration)]),
    ...describeUpid(segment),
  ]
  return parts.join(", ")
}

const describeDescriptor = (descriptor: SpliceDescriptor): string[] => {
  if (descriptor.name !== "segmentation_descriptor") return []
  return descriptor.segmentation_event_cancel_indicator
    ? [`segmentation event ${descriptor.segmentation_event_id} cancelled`]
    : [describeSegment(descriptor)]
}

const describeCommand = (command: SpliceCommand, section: SpliceInfoSection): string => {
  switch (command.name) {
    case "splice_null":
    case "bandwidth_reservation":
      return command.name
    case "splice_schedule":
      return [`splice_schedule of ${command.events.length}`, ...command.events.map(describeEvent)].join("; ")
    case "splice_insert":
      return command.splice_event_cancel_indicator
        ? `splice_insert, event ${command.splice_event_id} cancelled`
        : describeInsert(command, section)
    case "time_signal":
      return `time_signal ${describeTime(effectivePts(section))}`
    case "private_command":
      return `private_command of ${command.identifier_text ?? hex32(command.identifier)}, ${byteCount(command.private_bytes.length / 2)}`
    case "unknown_command":
      return `unknown command of type ${hex8(command.splice_command_type)}, ${byteCount(command.command_bytes.length / 2)}`
    case "malformed_command":
      return `malformed ${spliceCommandName(command.splice_command_type)}`
  }
}

const describeEncrypted = ({ encryption_algorithm, cw_index }: SpliceInfoSection): string =>
  `encrypted section (${encryptionAlgorithmName(encryption_algorithm)}, control word ${cw_index})`

/**
 * One line: what the cue does, which event, when on the stream's clock (pts_adjustment included, h:mm:ss.mmm), for how
 * long, and its segments; whether it is damaged.
 */
export const describeCue = (section: SpliceInfoSection): string => {
  const command = section.command === null ? describeEncrypted(section) : describeCommand(section.command, section)
  const parts = [command, ...(section.descriptors ?? []).flatMap(describeDescriptor)]
  return [
    ...parts,
    ...(section.errors.length > 0 ? [`damaged (${section.crc_ok ? "CRC_32 good" : "CRC_32 wrong"})`] : []),
  ].join("; ")
}
