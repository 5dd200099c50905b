/** Big-endian numbers and UTF-8. */

/** Writes the low 24 bits. */
export const writeUint24 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 16
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value
}

/** Writes the low 32 bits. */
export const writeUint32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  writeUint24(bytes, at + 1, value)
}

/** Missing bytes count as 0. */
export const readUint24 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)

/** Missing bytes count as 0. */
export const readUint32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) * 0x1000000 + readUint24(bytes, at + 1)

/** The low 32 bits in four bytes. */
export const uint32 = (value: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4)
  writeUint32(bytes, 0, value)
  return bytes
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** UTF-8; a lone surrogate becomes U+FFFD. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

/** Text of UTF-8; what is none becomes U+FFFD. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)
