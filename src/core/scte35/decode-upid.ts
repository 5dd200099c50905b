/**
 * Reads UPIDs (ANSI/SCTE 35 10.3.3.1 to 10.3.3.4). Their bytes are always kept; what they mean is added where they are
 * sound.
 */
import { byteCount, toHex, toPrintable } from "../bytes/bytes-text.ts"
import type { AtscContentIdentifier, Mpu, Upid } from "./descriptor-fields.ts"
import { UPID_MID, type UpidForm, upidType, upidTypeName } from "./upid-types.ts"

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
const u32 = (bytes: Uint8Array): number => u16(bytes, 0) * 0x10000 + u16(bytes, 2)

/** Digits in groups of the given widths, of the last width to the end. */
const grouped = (digits: string, widths: ReadonlyArray<number>, separator: string): string => {
  const groups: string[] = []
  for (let at = 0, i = 0; at < digits.length; i++) {
    const width = widths[Math.min(i, widths.length - 1)] ?? digits.length
    groups.push(digits.slice(at, at + width))
    at += width
  }
  return groups.join(separator)
}

const eidrText = (bytes: Uint8Array): string =>
  `10.${u16(bytes, 0)}/${grouped(toHex(bytes.subarray(2)).toUpperCase(), [4], "-")}`

const readAtsc = (bytes: Uint8Array): AtscContentIdentifier => ({
  tsid: u16(bytes, 0),
  end_of_day: (u16(bytes, 2) >> 9) & 0x1f,
  unique_for: u16(bytes, 2) & 0x1ff,
  content_id_hex: toHex(bytes.subarray(4)),
  content_id_text: toPrintable(bytes.subarray(4)),
})

const readMpu = (bytes: Uint8Array): Mpu => ({
  format_identifier: u32(bytes),
  format_identifier_text: toPrintable(bytes.subarray(0, 4)),
  private_data_hex: toHex(bytes.subarray(4)),
  private_data_text: toPrintable(bytes.subarray(4)),
})

/** Text of a UPID of a sound length. */
const FORMS: Readonly<Record<UpidForm, (bytes: Uint8Array) => string | null>> = {
  none: () => null,
  text: toPrintable,
  hex: (bytes) => `0x${toHex(bytes)}`,
  umid: (bytes) => grouped(toHex(bytes).toUpperCase(), [8], "."),
  isan: (bytes) => grouped(toHex(bytes).toUpperCase(), [4], "-"),
  eidr: eidrText,
  uuid: (bytes) => grouped(toHex(bytes), [8, 4, 4, 4, 12], "-"),
  atsc: () => null,
  mpu: () => null,
  mid: () => null,
}

/** The list inside a MID(); null, with a warning, when its lengths disagree with its own. */
const readMid = (bytes: Uint8Array, warnings: string[]): Upid[] | null => {
  const upids: Upid[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = bytes[at + 1] ?? 0
    if (at + 2 > bytes.length || at + 2 + size > bytes.length) {
      warnings.push(
        `MID of ${byteCount(bytes.length)} is truncated at its byte ${at}: UPID ${upids.length + 1} does not fit`,
      )
      return null
    }
    upids.push(decodeUpid(bytes[at] ?? 0, bytes.subarray(at + 2, at + 2 + size), warnings))
    at += 2 + size
  }
  return upids
}

const structure = (type: number, bytes: Uint8Array, warnings: string[]): Partial<Upid> => {
  const form = upidType(type)?.form
  if (type === UPID_MID) {
    const upids = readMid(bytes, warnings)
    return upids === null ? {} : { upids }
  }
  if (form !== "mpu" && form !== "atsc") return {}
  if (bytes.length < 4) {
    warnings.push(`UPID of type ${upidTypeName(type)} has ${byteCount(bytes.length)}, it needs at least 4`)
    return {}
  }
  return form === "mpu" ? { mpu: readMpu(bytes) } : { atsc: readAtsc(bytes) }
}

/** The UPID of `type` in `bytes`. Lengths that are wrong for the type are added to `warnings`; nothing is refused. */
export const decodeUpid = (type: number, bytes: Uint8Array, warnings: string[]): Upid => {
  const known = upidType(type)
  const rightSize = known === undefined || known.size === null || known.size === bytes.length
  if (!rightSize)
    warnings.push(`UPID of type ${known.name} has ${byteCount(bytes.length)}, the specification says ${known.size}`)
  const readable = bytes.length > 0 && (rightSize || known.form === "hex") ? FORMS[known?.form ?? "text"](bytes) : null
  return {
    segmentation_upid_type: type,
    upid_type_name: upidTypeName(type),
    segmentation_upid_length: bytes.length,
    segmentation_upid_hex: toHex(bytes),
    upid_text: readable ?? (rightSize ? null : toPrintable(bytes)),
    ...structure(type, bytes, warnings),
  }
}
