/** Audio frames for tests. */

export interface AdtsOptions {
  readonly index?: number
  readonly channels?: number
  readonly crc?: boolean
  readonly blocks?: number
}

/** Makes a raw_data_block in an ADTS frame of AAC-LC (ISO/IEC 14496-3 1.A.2.2); crc_check is left zero. */
export const adtsFrame = (
  block: Uint8Array,
  { index = 3, channels = 2, crc = false, blocks = 1 }: AdtsOptions = {},
): Uint8Array => {
  const head = crc ? 9 : 7
  const size = head + block.length
  const frame = new Uint8Array(size)
  frame.set([
    0xff,
    crc ? 0xf0 : 0xf1,
    0x40 | (index << 2) | (channels >> 2),
    ((channels & 3) << 6) | (size >> 11),
    (size >> 3) & 255,
    ((size & 7) << 5) | 0x1f,
    0xfc | (blocks - 1),
  ])
  frame.set(block, head)
  return frame
}

/** Makes an AC-3 syncframe of 48 kHz (ETSI TS 102 366 4.3): frmsizecod 0..37, acmod 2, no LFE; its data is zero. */
export const ac3Frame = (frmsizecod: number): Uint8Array => {
  const rates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]
  // A syncframe has 1536 samples, which at 48 kHz are 32 ms: 4 bytes for each kbit/s.
  const frame = new Uint8Array((rates[frmsizecod >> 1] ?? 0) * 4)
  frame.set([0x0b, 0x77, 0, 0, frmsizecod, 8 << 3, 2 << 5, 0])
  return frame
}

/**
 * Makes an E-AC-3 syncframe of 48 kHz with 6 blocks (Annex E 1.2), in stereo; `dependent` makes it a dependent
 * substream.
 */
export const eac3Frame = (size: number, dependent = false, substream = 0): Uint8Array => {
  const words = size / 2 - 1
  const frame = new Uint8Array(size)
  frame.set([
    0x0b,
    0x77,
    (dependent ? 0x40 : 0) | (substream << 3) | (words >> 8),
    words & 255,
    0x30 | (2 << 1),
    16 << 3,
    0,
    0,
  ])
  return frame
}

/** Makes an Opus packet behind its control header (ETSI TS 103 491 B.3). */
export const opusUnit = (
  packet: Uint8Array,
  trims: { readonly start?: number; readonly end?: number; readonly extension?: number } = {},
): Uint8Array => {
  const { start, end, extension } = trims
  const flags = (start === undefined ? 0 : 0x10) | (end === undefined ? 0 : 0x08) | (extension === undefined ? 0 : 0x04)
  const size = [...new Array<number>(Math.floor(packet.length / 255)).fill(255), packet.length % 255]
  const trim = (value: number | undefined): number[] => (value === undefined ? [] : [value >> 8, value & 255])
  const more = extension === undefined ? [] : [extension, ...new Array<number>(extension).fill(0xab)]
  return Uint8Array.of(0x7f, 0xe0 | flags, ...size, ...trim(start), ...trim(end), ...more, ...packet)
}
