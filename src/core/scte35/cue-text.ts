/** A cue as people paste it: base64 or hexadecimal. */
import { fromBase64, fromHex } from "../bytes/bytes-text.ts"
import { decodeSpliceInfoSection } from "./decode-section.ts"
import { type SpliceInfoSection, TABLE_ID_SPLICE_INFO } from "./section-fields.ts"

export type DecodedCueText =
  | { readonly ok: true; readonly section: SpliceInfoSection; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: string }

type Bytes =
  | {
      readonly ok: true
      readonly bytes: Uint8Array
      /** What is wrong with the text although bytes could be read from it. */
      readonly flaw?: string
    }
  | { readonly ok: false; readonly error: string }

/** A section of 4096 bytes in hexadecimal, with room for line breaks. */
const LONGEST_TEXT = 16_384

const refuse = (error: string): Bytes => ({ ok: false, error })

/** The first character that neither notation has, with its place. */
const describeStranger = (text: string): string => {
  const at = text.search(/[^A-Za-z0-9+/_\-=]/)
  if (at < 0) return `"=" may only stand at the end, twice at most: this is not base64`
  return `character ${JSON.stringify([...text.slice(at)][0])} at position ${at + 1} belongs neither to base64 nor to hexadecimal`
}

/**
 * Bytes of base64 (standard or URL-safe, padded or not) or hexadecimal (0x before it or not), white space anywhere.
 * Text of hexadecimal digits alone is hexadecimal: base64 of a section starts with "/D" or "_D".
 */
const readBytes = (text: string): Bytes => {
  const dense = text.replace(/\s+/g, "")
  if (dense === "") return refuse("the text is empty: give a splice_info_section in base64 or hexadecimal")
  if (dense.length > LONGEST_TEXT)
    return refuse(`the text has ${dense.length} characters, the longest section takes 8192 in hexadecimal`)
  const digits = dense.replace(/^0x/i, "")
  if (digits !== dense || /^[0-9a-f]+$/i.test(dense)) {
    const bytes = fromHex(digits)
    if (bytes !== null && bytes.length > 0) return { ok: true, bytes }
    const stranger = digits.search(/[^0-9a-f]/i)
    const why =
      stranger < 0
        ? `the number of digits, ${digits.length}, is odd or nought`
        : `"${digits[stranger]}" is not a hexadecimal digit`
    return refuse(`this is neither hexadecimal (${why}) nor base64 of a section`)
  }
  const bytes = fromBase64(dense)
  if (bytes !== null) return { ok: true, bytes }
  const whole = fromBase64(dense.replace(/=*$/, "").slice(0, -1))
  if (whole === null || !/^[^=]*={0,2}$/.test(dense)) return refuse(describeStranger(dense))
  return { ok: true, bytes: whole, flaw: "the base64 has one character too many or was cut off" }
}

/**
 * Decodes a cue given as text; `error` is a sentence that says what is wrong where. A pointer_field of 0 before the
 * section, as tools that print a packet's payload leave it there, is taken off. A section with `errors` of its own is
 * still returned.
 */
export const decodeCueText = (text: string): DecodedCueText => {
  const read = readBytes(text)
  if (!read.ok) return read
  const pointed = read.bytes[0] === 0 && read.bytes[1] === TABLE_ID_SPLICE_INFO
  const bytes = pointed ? read.bytes.subarray(1) : read.bytes
  const decoded = decodeSpliceInfoSection(bytes)
  if (read.flaw !== undefined) return { ok: false, error: decoded.ok ? read.flaw : `${decoded.error}; ${read.flaw}` }
  return decoded.ok ? { ...decoded, bytes: bytes.subarray(0, decoded.section.section_length + 3) } : decoded
}
