/** Writes splice_info_section (ANSI/SCTE 35 9.6): the inverse of decode-section.ts. */
import { sealSection } from "../ts/psi.ts"
import { BitWriter } from "./bits.ts"
import { type CommandFields, commandType, encodeCommand, writeHex } from "./encode-command.ts"
import { encodeDescriptor } from "./encode-descriptor.ts"
import {
  COMMAND_LENGTH_UNKNOWN,
  CRC_SIZE,
  SECTION_HEADER,
  type SpliceInfoSectionFields,
  TABLE_ID_SPLICE_INFO,
} from "./section-fields.ts"

/** The most that the 12 bits of section_length hold; the specification allows 4093. */
const SECTION_LENGTH_FIELD = 0xfff

const writeCommand = (command: CommandFields): { type: number; bytes: Uint8Array } => {
  const w = new BitWriter()
  encodeCommand(w, command)
  return { type: commandType(command), bytes: w.finish() }
}

/** descriptor_loop_length to alignment_stuffing. */
const writeTail = (w: BitWriter, fields: SpliceInfoSectionFields): void => {
  const loop = new BitWriter()
  for (const descriptor of fields.descriptors ?? []) encodeDescriptor(loop, descriptor)
  if (fields.undecoded_bytes !== undefined) writeHex(loop, "undecoded_bytes", fields.undecoded_bytes)
  if (fields.descriptor_loop_length !== null) {
    const declared = fields.undecoded_bytes === undefined ? undefined : fields.descriptor_loop_length
    w.field("descriptor_loop_length", declared ?? loop.length, 16)
  }
  w.append(loop.finish())
  writeHex(w, "alignment_stuffing_hex", fields.alignment_stuffing_hex ?? "")
}

/** splice_command_length as it must be written for a command of `size` bytes. */
const commandLength = (fields: SpliceInfoSectionFields, size: number): number => {
  const stated = fields.splice_command_length
  const asStated =
    stated === COMMAND_LENGTH_UNKNOWN || fields.encrypted_packet === true || fields.descriptor_loop_length === null
  return asStated ? (stated ?? size) : size
}

/** splice_command_type to the last byte before CRC_32. */
const writeBody = (fields: SpliceInfoSectionFields): { commandSize: number; bytes: Uint8Array } => {
  const w = new BitWriter()
  if (fields.encrypted_packet === true) {
    if (fields.encrypted_bytes === undefined)
      throw new RangeError("encrypted_bytes are missing: encrypted_packet is set")
    writeHex(w, "encrypted_bytes", fields.encrypted_bytes)
    if (w.length === 0) throw new RangeError("encrypted_bytes are empty: they hold at least splice_command_type")
    return { commandSize: COMMAND_LENGTH_UNKNOWN, bytes: w.finish() }
  }
  if (fields.command === null) throw new RangeError("command is missing: only an encrypted section has none")
  const { type, bytes } = writeCommand(fields.command)
  w.field("splice_command_type", type, 8)
  w.append(bytes)
  writeTail(w, fields)
  return { commandSize: bytes.length, bytes: w.finish() }
}

/**
 * The section's bytes, with the lengths and CRC_32 that belong to it. RangeError, naming the field, for a value that is
 * missing or does not fit its field, and for a section that is too long.
 *
 * encode(decode(x)) is x for every section x whose CRC_32 is right, also for one that breaks its own lengths.
 */
export const encodeSpliceInfoSection = (fields: SpliceInfoSectionFields): Uint8Array<ArrayBuffer> => {
  const { commandSize, bytes } = writeBody(fields)
  const length = SECTION_HEADER - 1 + bytes.length + CRC_SIZE - 3
  if (length > SECTION_LENGTH_FIELD)
    throw new RangeError(`the section is too long: ${length + 3} bytes, the most is 4096`)
  const w = new BitWriter()
  w.field("table_id", TABLE_ID_SPLICE_INFO, 8)
  w.field("section_syntax_indicator", fields.section_syntax_indicator ?? 0, 1)
  w.field("private_indicator", fields.private_indicator ?? 0, 1)
  w.field("sap_type", fields.sap_type ?? 3, 2)
  w.field("section_length", length, 12)
  w.field("protocol_version", fields.protocol_version ?? 0, 8)
  w.flag(fields.encrypted_packet ?? false)
  w.field("encryption_algorithm", fields.encryption_algorithm ?? 0, 6)
  w.field("pts_adjustment", fields.pts_adjustment ?? 0, 33)
  w.field("cw_index", fields.cw_index ?? 0, 8)
  w.field("tier", fields.tier ?? 0xfff, 12)
  w.field("splice_command_length", commandLength(fields, commandSize), 12)
  w.append(bytes)
  w.append(new Uint8Array(CRC_SIZE))
  const section = w.finish()
  sealSection(section)
  return section
}
