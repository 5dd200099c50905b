/** Bytes as hexadecimal, base64 and readable text. */

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Lower-case hexadecimal, two digits a byte. */
export const toHex = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += HEX[byte] ?? ""
  return text
}

/** Bytes of an even number of hexadecimal digits; null for any other text. */
export const fromHex = (text: string): Uint8Array<ArrayBuffer> | null => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(i * 2, i * 2 + 2), 16))
}

/** Base64 (RFC 4648 section 4) with padding. */
export const toBase64 = (bytes: Uint8Array): string => {
  let text = ""
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const digits = Math.min(bytes.length - at, 3) + 1
    for (let i = 0; i < 4; i++) text += i < digits ? BASE64[(group >> (18 - 6 * i)) & 63] : "="
  }
  return text
}

/** Bytes of base64 in either alphabet (RFC 4648 sections 4 and 5), padded or not; null for any other text. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | null => {
  const digits = text
    .replace(/={0,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/")
  if (digits.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(digits)) return null
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let held = 0
  let bits = 0
  let at = 0
  for (const digit of digits) {
    held = ((held << 6) | BASE64.indexOf(digit)) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >> bits
  }
  return bytes
}

/** One character a byte (ISO 8859-1); loses nothing. */
export const toLatin1 = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Bytes of a text of characters up to U+00FF; null when there are others. */
export const fromLatin1 = (text: string): Uint8Array<ArrayBuffer> | null => {
  const codes = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  return codes.every((code) => code < 256) ? Uint8Array.from(codes) : null
}

/** The bytes as text when all of them are printable ASCII, null otherwise. */
export const toPrintable = (bytes: Uint8Array): string | null =>
  bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? toLatin1(bytes) : null

/** 0x and eight digits. */
export const hex32 = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`

/** 0x and two digits. */
export const hex8 = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, "0")}`

/** "1 byte", "2 bytes". */
export const byteCount = (count: number): string => (count === 1 ? "1 byte" : `${count} bytes`)
