/** Reads splice_info_section (ANSI/SCTE 35 9.6). */

import { byteCount, hex8, hex32, toBase64, toHex } from "../bytes/bytes-text.ts"
import { crc32 } from "../ts/crc32.ts"
import { BitReader } from "./bits.ts"
import { decodeCommand } from "./decode-command.ts"
import { decodeDescriptor, type Findings } from "./decode-descriptor.ts"
import type { SpliceDescriptor } from "./descriptor-fields.ts"
import { adjustedPts } from "./effective-pts.ts"
import {
  COMMAND_LENGTH_UNKNOWN,
  CRC_SIZE,
  SECTION_HEADER,
  SECTION_LENGTH_MAXIMUM,
  SECTION_MINIMUM,
  type SpliceInfoSection,
  TABLE_ID_SPLICE_INFO,
} from "./section-fields.ts"
import { seconds } from "./timing.ts"

/** A section, which may have `errors` of its own; or why the bytes are none. */
export type Decoded =
  | { readonly ok: true; readonly section: SpliceInfoSection }
  | { readonly ok: false; readonly error: string }

/** Why the bytes cannot be read as a section at all; null when they can. */
const refuse = (bytes: Uint8Array): string | null => {
  if (bytes.length === 0) return "there are no bytes"
  if (bytes[0] !== TABLE_ID_SPLICE_INFO) {
    const short =
      bytes.length < SECTION_MINIMUM ? `, and too short for one, which takes at least ${SECTION_MINIMUM}` : ""
    return `table_id is ${hex8(bytes[0] ?? 0)}, not 0xFC: ${byteCount(bytes.length)} that are not a splice_info_section${short}`
  }
  if (bytes.length < 3) return `truncated at byte ${bytes.length}: section_length needs bytes 1 and 2`
  const size = ((((bytes[1] ?? 0) & 0x0f) << 8) | (bytes[2] ?? 0)) + 3
  if (size < SECTION_HEADER + CRC_SIZE) {
    return `section_length ${size - 3} makes a section of ${size} bytes: too short for a header and CRC_32, which take ${SECTION_HEADER + CRC_SIZE}`
  }
  if (size <= bytes.length) return null
  return `truncated at byte ${bytes.length} of ${size}: section_length ${size - 3} announces ${byteCount(size - bytes.length)} more than there are`
}

const readHeader = (bytes: Uint8Array) => {
  const r = new BitReader(bytes, 1, SECTION_HEADER, "header")
  return {
    section_syntax_indicator: r.bits(1),
    private_indicator: r.bits(1),
    sap_type: r.bits(2),
    section_length: r.bits(12),
    protocol_version: r.bits(8),
    encrypted_packet: r.flag(),
    encryption_algorithm: r.bits(6),
    pts_adjustment: r.bits(33),
    cw_index: r.bits(8),
    tier: r.bits(12),
    splice_command_length: r.bits(12),
    splice_command_type: r.bits(8),
  }
}

type Header = ReturnType<typeof readHeader>

const judgeHeader = (header: Header, errors: string[]): void => {
  if (header.section_syntax_indicator !== 0) errors.push("section_syntax_indicator is 1, it must be 0 (short section)")
  if (header.private_indicator !== 0) errors.push("private_indicator is 1, it must be 0")
  if (header.protocol_version !== 0) {
    errors.push(`protocol_version is ${header.protocol_version}, only 0 is defined: the fields may mean something else`)
  }
  if (header.section_length > SECTION_LENGTH_MAXIMUM) {
    errors.push(`section_length is ${header.section_length}, the most is ${SECTION_LENGTH_MAXIMUM}`)
  }
}

/** The descriptors between `start` and `end`, and where reading stopped. */
const readLoop = (
  bytes: Uint8Array,
  start: number,
  end: number,
  found: Findings,
): { descriptors: SpliceDescriptor[]; at: number } => {
  const descriptors: SpliceDescriptor[] = []
  let at = start
  while (at < end) {
    const data = at + 2
    const length = bytes[at + 1] ?? 0
    if (data > end || data + length > end) {
      const why = data > end ? "only its tag is there" : `descriptor_length ${length} runs to byte ${data + length}`
      found.errors.push(
        `descriptor ${hex8(bytes[at] ?? 0)} at byte ${at} does not fit in the loop, which ends at byte ${end}: ${why}`,
      )
      break
    }
    descriptors.push(decodeDescriptor(bytes, bytes[at] ?? 0, data, data + length, found))
    at = data + length
  }
  return { descriptors, at }
}

type Body = Pick<
  SpliceInfoSection,
  | "command"
  | "descriptor_loop_length"
  | "descriptors"
  | "undecoded_bytes"
  | "alignment_stuffing_bytes"
  | "alignment_stuffing_hex"
  | "encrypted_remainder"
  | "encrypted_bytes"
>

/**
 * descriptor_loop_length and what follows it, from `start` to `limit`. `explained`: an error has said why nothing may
 * be left.
 */
const readTail = (
  bytes: Uint8Array,
  start: number,
  limit: number,
  explained: boolean,
  found: Findings,
): Omit<Body, "command"> => {
  if (start + 2 > limit) {
    if (!explained)
      found.errors.push(
        `truncated at byte ${start} of ${limit}: descriptor_loop_length needs 2 bytes, ${limit - start} left before CRC_32`,
      )
    return { descriptor_loop_length: null, descriptors: [], undecoded_bytes: toHex(bytes.subarray(start, limit)) }
  }
  const loop = start + 2
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0)
  const overrun = loop + length > limit
  if (overrun) {
    found.errors.push(`descriptor_loop_length ${length} runs to byte ${loop + length}, CRC_32 starts at byte ${limit}`)
  }
  const end = overrun ? limit : loop + length
  const { descriptors, at } = readLoop(bytes, loop, end, found)
  const stuffing = bytes.subarray(end, limit)
  if (stuffing.length > 0)
    found.warnings.push(`${byteCount(stuffing.length)} of alignment_stuffing in a section that is not encrypted`)
  return {
    descriptor_loop_length: length,
    descriptors,
    ...(overrun || at < end ? { undecoded_bytes: toHex(bytes.subarray(at, end)) } : {}),
    ...(stuffing.length > 0
      ? { alignment_stuffing_bytes: stuffing.length, alignment_stuffing_hex: toHex(stuffing) }
      : {}),
  }
}

const readBody = (bytes: Uint8Array, header: Header, limit: number, found: Findings): Body => {
  if (header.encrypted_packet) {
    const encrypted_bytes = toHex(bytes.subarray(SECTION_HEADER - 1, limit))
    return {
      command: null,
      descriptor_loop_length: null,
      descriptors: null,
      encrypted_remainder: true,
      encrypted_bytes,
    }
  }
  const { splice_command_length: length, splice_command_type: type } = header
  const declared = length === COMMAND_LENGTH_UNKNOWN ? null : length
  const overrun = declared !== null && SECTION_HEADER + declared > limit
  if (overrun) {
    found.errors.push(
      `splice_command_length ${declared} runs to byte ${SECTION_HEADER + declared}, CRC_32 starts at byte ${limit}`,
    )
  }
  const { command, end, errors, oddPlaces } = decodeCommand(bytes, type, SECTION_HEADER, declared, limit)
  found.errors.push(...errors)
  found.oddPlaces.push(...oddPlaces)
  return { command, ...readTail(bytes, end, limit, overrun || errors.length > 0, found) }
}

const joinPlaces = (places: ReadonlyArray<string>): string[] => {
  const unique = [...new Set(places)]
  const more = unique.length > 5 ? `, and ${unique.length - 5} more` : ""
  return unique.length === 0 ? [] : [`reserved bits that are not 1 in ${unique.slice(0, 5).join(", ")}${more}`]
}

/**
 * The section at the start of `bytes`, which may be followed by stuffing of 0xFF. Never throws.
 *
 * A section that is damaged or breaks its own lengths is still returned, as far as it can be read, with sentences in
 * `errors`: never act on such a one as a cue. `ok` is false only when there is no section: no table_id 0xFC, or fewer
 * bytes than it announces.
 */
export const decodeSpliceInfoSection = (bytes: Uint8Array): Decoded => {
  const error = refuse(bytes)
  if (error !== null) return { ok: false, error }
  const header = readHeader(bytes)
  const section = bytes.subarray(0, header.section_length + 3)
  const limit = section.length - CRC_SIZE
  const found: Findings = { errors: [], warnings: [], oddPlaces: [] }
  const crc = crc32(section.subarray(0, limit))
  const stated = new BitReader(section, limit, section.length, "CRC_32").bits(32)
  if (crc !== stated)
    found.errors.push(`CRC_32 is ${hex32(stated)}, the bytes give ${hex32(crc)}: the section was damaged or altered`)
  const after = bytes.subarray(section.length)
  if (!after.every((byte) => byte === 0xff)) {
    found.errors.push(
      `${byteCount(after.length)} after the section, which ends at byte ${section.length} by its section_length`,
    )
  }
  judgeHeader(header, found.errors)
  const body = readBody(section, header, limit, found)
  return {
    ok: true,
    section: {
      ...header,
      pts_adjustment_seconds: seconds(header.pts_adjustment),
      ...body,
      ...adjustedPts(body.command, header.pts_adjustment),
      crc_ok: crc === stated,
      crc32: hex32(stated),
      errors: found.errors,
      warnings: [...found.warnings, ...joinPlaces(found.oddPlaces)],
      hex: toHex(section),
      base64: toBase64(section),
    },
  }
}
