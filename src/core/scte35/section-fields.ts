/**
 * splice_info_section (ANSI/SCTE 35 2022b and 2023r1, 9.6), in the specification's field names. Bytes are hexadecimal.
 */
import type { SpliceCommand } from "./command-fields.ts"
import type { SpliceDescriptor } from "./descriptor-fields.ts"

export const TABLE_ID_SPLICE_INFO = 0xfc
/** splice_command_length of encoders that do not state it (9.6.1): the command's syntax gives its end. */
export const COMMAND_LENGTH_UNKNOWN = 0xfff
/** Bytes before the command: table_id to splice_command_type. */
export const SECTION_HEADER = 14
export const CRC_SIZE = 4
/** Bytes of the smallest section, a splice_null without descriptors. */
export const SECTION_MINIMUM = SECTION_HEADER + 2 + CRC_SIZE
/** section_length is at most 4093 (9.6.1). */
export const SECTION_LENGTH_MAXIMUM = 4093

interface Header {
  /** 0. */
  readonly section_syntax_indicator: number
  /** 0. */
  readonly private_indicator: number
  /** Stream access point at the splice: 0 to 2 are types 1 to 3, 3 is not specified. */
  readonly sap_type: number
  /** 0. */
  readonly protocol_version: number
  readonly encrypted_packet: boolean
  /** 0 none, 1 DES-ECB, 2 DES-CBC, 3 triple DES, 32 to 63 private (11.3). */
  readonly encryption_algorithm: number
  /** Added to every pts_time of the section, 90 kHz ticks, 33 bits. */
  readonly pts_adjustment: number
  /** The control word that decrypts the section. */
  readonly cw_index: number
  /** 0xFFF: for everybody. */
  readonly tier: number
}

/** What can only be said of bytes that were read. */
interface Reading {
  readonly section_length: number
  readonly splice_command_type: number
  readonly pts_adjustment_seconds: number
  readonly crc_ok: boolean
  /** CRC_32 as it stands in the section: 0x and eight digits. */
  readonly crc32: string
  /** (pts_time + pts_adjustment) mod 2^33 of a command with one time; absent for others. */
  readonly adjusted_pts?: number
  readonly adjusted_pts_seconds?: number
  /** The sum went past 2^33. */
  readonly adjusted_pts_wrapped?: true
  /** How many bytes lie between the descriptors and CRC_32, if any. */
  readonly alignment_stuffing_bytes?: number
  /** Encrypted: everything from splice_command_type on is in `encrypted_bytes`. */
  readonly encrypted_remainder?: true
  /** What is wrong: do not act on a section with any. */
  readonly errors: ReadonlyArray<string>
  /** What is unusual, and harmless. */
  readonly warnings: ReadonlyArray<string>
  readonly hex: string
  readonly base64: string
}

/** Parts that stand between the header and CRC_32. */
interface Body {
  /** As it stands; 0xFFF where the encoder did not state it. */
  readonly splice_command_length: number
  /** null when encrypted. */
  readonly command: SpliceCommand | null
  /** null when encrypted, or when nothing is left where it should be. */
  readonly descriptor_loop_length: number | null
  /** null when encrypted. */
  readonly descriptors: ReadonlyArray<SpliceDescriptor> | null
  /** Where reading the loop had to stop: the bytes from there to its end. Lengths are then written as they stand. */
  readonly undecoded_bytes?: string
  readonly alignment_stuffing_hex?: string
  /** splice_command_type to E_CRC_32, still encrypted. */
  readonly encrypted_bytes?: string
}

/** A section that was read. */
export type SpliceInfoSection = Header & Body & Reading

type DerivedKey =
  | "pts_time_seconds"
  | "break_duration_seconds"
  | "utc_splice_time_iso"
  | "identifier_text"
  | "preroll_seconds"
  | "pts_offset_seconds"
  | "segmentation_duration_seconds"
  | "segmentation_type_name"
  | "segmentation_upid_length"
  | "upid_type_name"
  | "upid_text"
  | "mpu"
  | "upids"
  | "atsc"
  | "utc_iso"

/** Without what follows from other fields: the encoder does not need it, and ignores it where it is given. */
export type Encodable<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Encodable<Item>>
    : T extends object
      ? { readonly [Key in keyof T as Key extends DerivedKey ? never : Key]: Encodable<T[Key]> }
      : T

/**
 * A section to write. Fields of the header that are left out take their usual values. Lengths and CRC_32 are computed,
 * except splice_command_length 0xFFF and the lengths of a section that could not be read to its end.
 */
export type SpliceInfoSectionFields = Partial<Header> & Encodable<Partial<Body> & Pick<Body, "command">>

const SAP_TYPES = ["type 1", "type 2", "type 3", "not specified"]
const ALGORITHMS = ["none", "DES-ECB", "DES-CBC", "triple DES EDE3-ECB"]

/** Name of a sap_type. */
export const sapTypeName = (sap_type: number): string => SAP_TYPES[sap_type] ?? "not specified"

/** Name of an encryption_algorithm (11.3, Table 28). */
export const encryptionAlgorithmName = (algorithm: number): string =>
  ALGORITHMS[algorithm] ?? (algorithm >= 32 ? `private algorithm ${algorithm}` : `reserved algorithm ${algorithm}`)
