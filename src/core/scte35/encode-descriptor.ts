/** Writes splice descriptors (ANSI/SCTE 35 clause 10). */

import { fromHex, fromLatin1 } from "../bytes/bytes-text.ts"
import { BitWriter } from "./bits.ts"
import { CUEI_IDENTIFIER, type SpliceDescriptor } from "./descriptor-fields.ts"
import { writeHex } from "./encode-command.ts"
import type { Encodable } from "./section-fields.ts"

export type DescriptorFields = Encodable<SpliceDescriptor>
type Of<Name> = Extract<DescriptorFields, { name: Name }>

const writeChars = (w: BitWriter, name: string, text: string): void => {
  const bytes = fromLatin1(text)
  if (bytes === null) throw new RangeError(`${name} may only have characters of one byte, is "${text}"`)
  w.append(bytes)
}

const writeDtmf = (w: BitWriter, descriptor: Of<"DTMF_descriptor">): void => {
  w.field("preroll", descriptor.preroll, 8)
  w.field("dtmf_chars, their number,", descriptor.dtmf_chars.length, 3)
  w.reserved(5, "dtmf_count", descriptor.reserved)
  writeChars(w, "dtmf_chars", descriptor.dtmf_chars)
}

const writeSegmentation = (w: BitWriter, segment: Of<"segmentation_descriptor">): void => {
  w.field("segmentation_event_id", segment.segmentation_event_id, 32)
  w.flag(segment.segmentation_event_cancel_indicator)
  w.flag(segment.segmentation_event_id_compliance_indicator)
  w.reserved(6, "segmentation_event", segment.reserved)
  if (segment.segmentation_event_cancel_indicator) return
  w.flag(segment.program_segmentation_flag)
  w.flag(segment.segmentation_duration !== null)
  w.flag(segment.delivery_not_restricted_flag)
  if (segment.delivery_not_restricted_flag) {
    w.reserved(5, "delivery_restrictions", segment.reserved)
  } else {
    w.flag(segment.web_delivery_allowed_flag === true)
    w.flag(segment.no_regional_blackout_flag === true)
    w.flag(segment.archive_allowed_flag === true)
    w.field("device_restrictions", segment.device_restrictions ?? 0, 2)
  }
  if (!segment.program_segmentation_flag) {
    const components = segment.components ?? []
    w.field("component_count", components.length, 8)
    for (const component of components) {
      w.field("component tag", component.tag, 8)
      w.reserved(7, "pts_offset", component.reserved)
      w.field("pts_offset", component.pts_offset, 33)
    }
  }
  if (segment.segmentation_duration !== null) w.field("segmentation_duration", segment.segmentation_duration, 40)
  w.field("segmentation_upid_type", segment.segmentation_upid_type, 8)
  w.field("segmentation_upid_length", segment.segmentation_upid_hex.length >> 1, 8)
  writeHex(w, "segmentation_upid_hex", segment.segmentation_upid_hex)
  w.field("segmentation_type_id", segment.segmentation_type_id, 8)
  w.field("segment_num", segment.segment_num, 8)
  w.field("segments_expected", segment.segments_expected, 8)
  const { sub_segment_num, sub_segments_expected } = segment
  if (sub_segment_num === null && sub_segments_expected === null) return
  if (sub_segment_num === null || sub_segments_expected === null) {
    throw new RangeError("sub_segment_num and sub_segments_expected belong together: both are numbers, or both null")
  }
  w.field("sub_segment_num", sub_segment_num, 8)
  w.field("sub_segments_expected", sub_segments_expected, 8)
}

const writeAudio = (w: BitWriter, descriptor: Of<"audio_descriptor">): void => {
  w.field("audio_channels, their number,", descriptor.audio_channels.length, 4)
  w.reserved(4, "audio_count", descriptor.reserved)
  for (const channel of descriptor.audio_channels) {
    if (channel.iso_code.length !== 3) throw new RangeError(`iso_code must have 3 characters, is "${channel.iso_code}"`)
    w.field("component_tag", channel.component_tag, 8)
    writeChars(w, "iso_code", channel.iso_code)
    w.field("bit_stream_mode", channel.bit_stream_mode, 3)
    w.field("num_channels", channel.num_channels, 4)
    w.flag(channel.full_srvc_audio)
  }
}

const writeTime = (w: BitWriter, descriptor: Of<"time_descriptor">): void => {
  w.field("tai_seconds", descriptor.tai_seconds, 48)
  w.field("tai_ns", descriptor.tai_ns, 32)
  w.field("utc_offset", descriptor.utc_offset, 16)
}

const identifierOf = (text: string): Uint8Array => {
  const bytes = /^0x/i.test(text) ? fromHex(text.slice(2)) : null
  if (bytes?.length !== 4) throw new RangeError(`identifier must be 0x and 8 hexadecimal digits, is "${text}"`)
  return bytes
}

/** Identifier and fields. */
const writeData = (w: BitWriter, descriptor: DescriptorFields): void => {
  if ("private_bytes" in descriptor) {
    if (descriptor.identifier !== null) w.append(identifierOf(descriptor.identifier))
    writeHex(w, "private_bytes", descriptor.private_bytes)
    return
  }
  w.field("identifier", CUEI_IDENTIFIER, 32)
  switch (descriptor.name) {
    case "avail_descriptor":
      w.field("provider_avail_id", descriptor.provider_avail_id, 32)
      break
    case "DTMF_descriptor":
      writeDtmf(w, descriptor)
      break
    case "segmentation_descriptor":
      writeSegmentation(w, descriptor)
      break
    case "time_descriptor":
      writeTime(w, descriptor)
      break
    case "audio_descriptor":
      writeAudio(w, descriptor)
  }
  if (descriptor.trailing_bytes !== undefined) writeHex(w, "trailing_bytes", descriptor.trailing_bytes)
}

/** Writes a descriptor with tag and length. RangeError, naming the field, for one that is out of range. */
export const encodeDescriptor = (w: BitWriter, descriptor: DescriptorFields): void => {
  const data = new BitWriter()
  writeData(data, descriptor)
  w.field("tag", descriptor.tag, 8)
  w.field(`descriptor_length of ${descriptor.name}`, data.length, 8)
  w.append(data.finish())
}
