/**
 * Splice descriptors (ANSI/SCTE 35 2022b and 2023r1, clause 10), in the specification's field names. Bytes are
 * hexadecimal.
 */
import type { Reserved } from "./bits.ts"

/** identifier of every descriptor that the specification defines: "CUEI". */
export const CUEI_IDENTIFIER = 0x43554549
export const AVAIL_DESCRIPTOR = 0x00
export const DTMF_DESCRIPTOR = 0x01
export const SEGMENTATION_DESCRIPTOR = 0x02
export const TIME_DESCRIPTOR = 0x03
export const AUDIO_DESCRIPTOR = 0x04

interface Kept {
  /** Reserved bits that are not all ones, by place. */
  readonly reserved?: Reserved
  /** Bytes between the last field and the end that descriptor_length gives. */
  readonly trailing_bytes?: string
}

/** avail_descriptor (10.3.1). */
export interface AvailDescriptor extends Kept {
  readonly name: "avail_descriptor"
  readonly tag: 0
  readonly provider_avail_id: number
}

/** DTMF_descriptor (10.3.2). */
export interface DtmfDescriptor extends Kept {
  readonly name: "DTMF_descriptor"
  readonly tag: 1
  /** Tenths of a second between the tones' end and the avail. */
  readonly preroll: number
  readonly preroll_seconds: number
  /** At most 7 characters, one a byte. */
  readonly dtmf_chars: string
}

/** MPU(), a managed private UPID (10.3.3.3). */
export interface Mpu {
  readonly format_identifier: number
  /** Its four characters, null when they are not printable. */
  readonly format_identifier_text: string | null
  readonly private_data_hex: string
  /** The private data as text, null when it is not printable ASCII. */
  readonly private_data_text: string | null
}

/** An ATSC content identifier (ATSC A/57B). */
export interface AtscContentIdentifier {
  readonly tsid: number
  /** Hour of the day. */
  readonly end_of_day: number
  /** Days. */
  readonly unique_for: number
  readonly content_id_hex: string
  readonly content_id_text: string | null
}

/** A UPID: its bytes, and what they mean where that is known. */
export interface Upid {
  readonly segmentation_upid_type: number
  readonly upid_type_name: string
  readonly segmentation_upid_length: number
  readonly segmentation_upid_hex: string
  /** The form in which people write it, null when its bytes are not of that form. */
  readonly upid_text: string | null
  /** With type 0x0C. */
  readonly mpu?: Mpu
  /** With type 0x0D, MID(): the UPIDs inside. */
  readonly upids?: ReadonlyArray<Upid>
  /** With type 0x0B. */
  readonly atsc?: AtscContentIdentifier
}

export interface SegmentedComponent {
  readonly reserved?: Reserved
  readonly tag: number
  /** Added to the time of the command, 90 kHz ticks, 33 bits. */
  readonly pts_offset: number
  readonly pts_offset_seconds: number
}

interface SegmentationEvent extends Kept {
  readonly name: "segmentation_descriptor"
  readonly tag: 2
  readonly segmentation_event_id: number
  /** As on the wire, inverted: false states that the event id complies with 9.9.3 (2023r1; a reserved bit before). */
  readonly segmentation_event_id_compliance_indicator: boolean
}

/** A segmentation event called off: no other field is on the wire. */
export interface CancelledSegmentation extends SegmentationEvent {
  readonly segmentation_event_cancel_indicator: true
}

export interface ActiveSegmentation extends SegmentationEvent, Upid {
  readonly segmentation_event_cancel_indicator: false
  readonly program_segmentation_flag: boolean
  /** true: none of the four restrictions below is on the wire. */
  readonly delivery_not_restricted_flag: boolean
  readonly web_delivery_allowed_flag?: boolean
  readonly no_regional_blackout_flag?: boolean
  readonly archive_allowed_flag?: boolean
  /** 0 to 2: not for devices of that group; 3: no restriction (Table 21). */
  readonly device_restrictions?: number
  /** Without program_segmentation_flag (deprecated). */
  readonly components?: ReadonlyArray<SegmentedComponent>
  /** 90 kHz ticks, 40 bits; null without segmentation_duration_flag. */
  readonly segmentation_duration: number | null
  readonly segmentation_duration_seconds: number | null
  readonly segmentation_type_id: number
  readonly segmentation_type_name: string
  readonly segment_num: number
  readonly segments_expected: number
  /** Both null when descriptor_length ends before them. */
  readonly sub_segment_num: number | null
  readonly sub_segments_expected: number | null
}

/** segmentation_descriptor (10.3.3). */
export type SegmentationDescriptor = CancelledSegmentation | ActiveSegmentation

/** time_descriptor (10.3.4). */
export interface TimeDescriptor extends Kept {
  readonly name: "time_descriptor"
  readonly tag: 3
  /** Seconds since 1970-01-01 00:00:00 TAI, 48 bits. */
  readonly tai_seconds: number
  readonly tai_ns: number
  /** Seconds from UTC to TAI. */
  readonly utc_offset: number
  /** ISO 8601, null when it lies beyond what a calendar holds. */
  readonly utc_iso: string | null
}

export interface AudioChannel {
  readonly component_tag: number
  /** ISO 639-2 language, one character a byte. */
  readonly iso_code: string
  readonly bit_stream_mode: number
  readonly num_channels: number
  readonly full_srvc_audio: boolean
}

/** audio_descriptor (10.3.5). */
export interface AudioDescriptor extends Kept {
  readonly name: "audio_descriptor"
  readonly tag: 4
  readonly audio_channels: ReadonlyArray<AudioChannel>
}

/** A descriptor of somebody else's identifier, kept as it came. */
export interface PrivateDescriptor {
  readonly name: "private_descriptor"
  readonly tag: number
  /** 0x and eight digits. */
  readonly identifier: string
  /** The identifier's four characters, null when they are not printable. */
  readonly identifier_text: string | null
  readonly private: true
  readonly private_bytes: string
}

/**
 * A CUEI descriptor of a tag that the specification reserves, or one whose fields do not fit its length: kept as it
 * came.
 */
export interface RawDescriptor {
  readonly name: "unknown_descriptor" | "malformed_descriptor"
  readonly tag: number
  /** Null when the descriptor is too short to hold one. */
  readonly identifier: string | null
  readonly private_bytes: string
}

/** A descriptor that was read field by field. */
export type KnownDescriptor =
  | AvailDescriptor
  | DtmfDescriptor
  | SegmentationDescriptor
  | TimeDescriptor
  | AudioDescriptor

export type SpliceDescriptor = KnownDescriptor | PrivateDescriptor | RawDescriptor
