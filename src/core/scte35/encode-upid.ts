/** UPIDs from the form in which people write them. */
import { byteCount, fromHex, fromLatin1, toHex, toPrintable } from "../bytes/bytes-text.ts"
import { type UpidType, upidType } from "./upid-types.ts"

/** Bytes in hexadecimal, or why there are none. */
export type EncodedUpid = { readonly ok: true; readonly hex: string } | { readonly ok: false; readonly problem: string }

/** segmentation_upid_length has 8 bits. */
const LONGEST = 255

const eidr = (text: string): string | null => {
  const parts = /^10\.(\d{1,5})\/((?:[0-9a-f]{4}-){4}[0-9a-f]{4})(?:-[0-9a-z])?$/i.exec(text)
  const prefix = Number(parts?.[1])
  if (parts === null || prefix > 0xffff) return null
  return prefix.toString(16).padStart(4, "0") + (parts[2] ?? "").replaceAll("-", "").toLowerCase()
}

const hexOf = (text: string, size: number | null): string | null => {
  const digits = text.replace(/^0x/i, "").replace(/[-.]/g, "").toLowerCase()
  return fromHex(digits) === null || (size !== null && digits.length !== size * 2) ? null : digits
}

const textual = (text: string): string | null => {
  const bytes = fromLatin1(text)
  return bytes === null || toPrintable(bytes) === null ? null : toHex(bytes)
}

/** Bytes of `text` in the form of `type`; what the form looks like, when it is not. */
const convert = (type: UpidType, text: string): { hex: string | null; form: string } => {
  switch (type.form) {
    case "none":
      return { hex: text === "" ? "" : null, form: "empty" }
    case "text":
      return { hex: textual(text), form: "printable ASCII" }
    case "eidr":
      return { hex: eidr(text), form: 'like "10.5240/7791-8534-2C23-9030-8610"' }
    case "umid":
    case "isan":
    case "uuid":
    case "hex":
      return { hex: hexOf(text, type.size), form: `${type.size === null ? "" : `${type.size * 2} `}hexadecimal digits` }
    case "atsc":
    case "mpu":
    case "mid":
      return { hex: /^0x/i.test(text) ? hexOf(text, null) : null, form: "0x and hexadecimal digits" }
  }
}

/**
 * Bytes of a UPID of `id` written as `text`: the inverse of `upid_text`; structures are given as 0x and hexadecimal
 * digits.
 */
export const encodeUpid = (id: number, text: string): EncodedUpid => {
  const type = upidType(id)
  if (type === undefined) return { ok: false, problem: `segmentation_upid_type ${id} is not defined` }
  const { hex, form } = convert(type, text)
  if (hex === null) return { ok: false, problem: `a UPID of type ${type.name} must be ${form}, is "${text}"` }
  const size = hex.length / 2
  if (type.size !== null && size !== type.size) {
    return {
      ok: false,
      problem: `a UPID of type ${type.name} must have ${byteCount(type.size)}, "${text}" has ${size}`,
    }
  }
  if (size > LONGEST) return { ok: false, problem: `a UPID has at most ${LONGEST} bytes, this one has ${size}` }
  return { ok: true, hex }
}
