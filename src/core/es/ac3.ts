/** AC-3 and E-AC-3 syncframes (ETSI TS 102 366, 4.3 and Annex E). */

export interface Ac3Header {
  readonly codec: "ac3" | "eac3"
  /** Hz. */
  readonly sample_rate: number
  /** Bytes. */
  readonly frame_size: number
  readonly samples: number
  /** Coded channels, LFE included. */
  readonly channels: number
  /**
   * Begins a frame of the first programme: an independent substream with number 0. What does not goes with the frame
   * before.
   */
  readonly begins: boolean
}

const SAMPLE_RATES = [48_000, 44_100, 32_000]
/** kbit/s by frmsizecod / 2 (Table 5.18). */
const BIT_RATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]
/** By acmod (Table 5.8), without LFE. */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5]
const BLOCKS = [1, 2, 3, 6]
const BLOCK_SAMPLES = 256
/** Bytes that a header needs. */
export const AC3_HEADER = 8

const ac3Header = (bytes: Uint8Array, at: number): Ac3Header | null => {
  const b4 = bytes[at + 4] ?? 0
  const sample_rate = SAMPLE_RATES[b4 >> 6]
  const code = b4 & 0x3f
  const rate = BIT_RATES[code >> 1]
  if (sample_rate === undefined || rate === undefined) return null
  // 16-bit words of 1536 samples; at 44.1 kHz they alternate between two sizes.
  const words =
    sample_rate === 44_100
      ? Math.floor((rate * 1000 * 1536) / (44_100 * 16)) + (code & 1)
      : (rate * 1000 * 1536) / (sample_rate * 16)
  const bits = ((bytes[at + 6] ?? 0) << 8) | (bytes[at + 7] ?? 0)
  const acmod = bits >> 13
  const skip = ((acmod & 1) !== 0 && acmod !== 1 ? 2 : 0) + ((acmod & 4) !== 0 ? 2 : 0) + (acmod === 2 ? 2 : 0)
  const lfe = (bits >> (12 - skip)) & 1
  return {
    codec: "ac3",
    sample_rate,
    frame_size: words * 2,
    samples: 6 * BLOCK_SAMPLES,
    channels: (CHANNELS[acmod] ?? 0) + lfe,
    begins: true,
  }
}

const eac3Header = (bytes: Uint8Array, at: number): Ac3Header | null => {
  const b2 = bytes[at + 2] ?? 0
  const b4 = bytes[at + 4] ?? 0
  const strmtyp = b2 >> 6
  const fscod = b4 >> 6
  const reduced = SAMPLE_RATES[(b4 >> 4) & 3]
  const sample_rate = fscod === 3 ? (reduced === undefined ? undefined : reduced / 2) : SAMPLE_RATES[fscod]
  if (strmtyp === 3 || sample_rate === undefined) return null
  const blocks = fscod === 3 ? 6 : (BLOCKS[(b4 >> 4) & 3] ?? 6)
  return {
    codec: "eac3",
    sample_rate,
    frame_size: ((((b2 & 7) << 8) | (bytes[at + 3] ?? 0)) + 1) * 2,
    samples: blocks * BLOCK_SAMPLES,
    channels: (CHANNELS[(b4 >> 1) & 7] ?? 0) + (b4 & 1),
    begins: strmtyp !== 1 && ((b2 >> 3) & 7) === 0,
  }
}

/** The header at `at`; null where there is none that can be right. Eight bytes must be there. */
export const parseAc3Header = (bytes: Uint8Array, at = 0): Ac3Header | null => {
  if (bytes[at] !== 0x0b || bytes[at + 1] !== 0x77 || at + AC3_HEADER > bytes.length) return null
  const bsid = (bytes[at + 5] ?? 0) >> 3
  if (bsid > 16) return null
  return bsid > 10 ? eac3Header(bytes, at) : ac3Header(bytes, at)
}
