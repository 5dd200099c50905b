/** Bytes written by hand in tests, as hexadecimal digits with any white space between them. */
import { fromHex } from "../../bytes/bytes-text.ts"

export const hex = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes = fromHex(text.replace(/\s+/g, ""))
  if (bytes === null) throw new Error(`not hexadecimal: ${text}`)
  return bytes
}

/** Returns ASCII characters as hexadecimal digits, for use inside `hex`. */
export const ascii = (text: string): string =>
  Array.from(text, (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("")
