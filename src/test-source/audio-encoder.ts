// AAC-LC in ADTS (ISO/IEC 14496-3 clause 4.4 and 1.A): encodes the test tone on both channels, with every frame of the
// same size.
import { BAND_EDGES, SPECTRUM_BOOK_11 } from "./aac-tables.ts"
import { BitWriter } from "./bit-writer.ts"
import { toneKey, toneSpectrum } from "./tone.ts"

/** Size of an ADTS frame in bytes; it makes a bit rate of 96 kbit/s. */
export const AUDIO_FRAME_BYTES = 256
/** Duration of one frame of 1024 samples at 48 kHz, in 90 kHz ticks. */
export const AUDIO_FRAME_90K = 1920
const ID_CPE = 1
const ID_FIL = 6
const ID_END = 7
const BOOK = 11
/** The value in codebook 11 that is followed by an escape sequence. */
const ESCAPE = 16
/** Largest quantised value. It keeps the noise more than 40 dB below the tone, and the frame within its size. */
const PEAK = 100
const BANDS = 14
const LINES = BAND_EDGES[BANDS] ?? 0

interface Quantised {
  readonly scaleFactor: number
  readonly values: Int32Array
}

/**
 * Quantises a spectrum by clause 4.6.1: the decoder shows sign(q) x |q|^(4/3) x 2^((scaleFactor - 100) / 4). All bands
 * have one scale factor, with which the largest value is PEAK.
 */
const quantise = (spectrum: Float64Array): Quantised => {
  const peak = spectrum.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const scaleFactor = Math.ceil(100 + 4 * Math.log2(peak / PEAK ** (4 / 3)))
  const step = 2 ** ((scaleFactor - 100) / 4)
  const values = Int32Array.from(
    spectrum,
    (value) => Math.sign(value) * Math.min(Math.round((Math.abs(value) / step) ** 0.75), PEAK),
  )
  return { scaleFactor, values }
}

/**
 * Writes the escape sequence of a value of at least 16 (4.6.3.3): N ones and a zero, then the low N + 4 bits of the
 * value, whose highest set bit is bit N + 4.
 */
const writeEscape = (w: BitWriter, value: number): void => {
  const bits = 31 - Math.clz32(value)
  w.put((1 << (bits - 3)) - 2, bits - 3)
  w.put(value - (1 << bits), bits)
}

/**
 * Writes individual_channel_stream with a common window: one section of codebook 11 over all bands, with all scale
 * factors equal.
 */
const writeChannel = (w: BitWriter, { scaleFactor, values }: Quantised): void => {
  w.put(scaleFactor, 8) // global_gain
  w.put(BOOK, 4)
  w.put(BANDS, 5) // sect_len_incr, 31 would be an escape
  w.put(0, BANDS) // each scale factor difference of 0 is a single 0 bit
  w.put(0, 3) // no pulse, TNS or gain control data
  for (let i = 0; i < LINES; i += 2) {
    const pair = [values[i] ?? 0, values[i + 1] ?? 0]
    const [y = 0, z = 0] = pair.map((value) => Math.min(Math.abs(value), ESCAPE))
    for (const bit of SPECTRUM_BOOK_11[y]?.[z] ?? "") w.put(bit === "1" ? 1 : 0, 1)
    for (const value of pair) if (value !== 0) w.put(value < 0 ? 1 : 0, 1)
    for (const value of pair) if (Math.abs(value) >= ESCAPE) writeEscape(w, Math.abs(value))
  }
}

/** Writes a fill_element that takes `bytes` bytes and the 7 bits of its head (clause 4.4.1.1); `bytes` is 16..269. */
const writeFill = (w: BitWriter, bytes: number): void => {
  w.put(ID_FIL, 3)
  w.put(15, 4)
  w.put(bytes - 14, 8) // esc_count: the bytes that follow are 15 + esc_count - 1
  for (let i = 0; i < bytes; i++) w.put(0, 8) // EXT_FILL
}

const writeHeader = (w: BitWriter): void => {
  w.put(0xfff, 12) // syncword
  w.put(0b0_00_1, 4) // MPEG-4, layer 0, no CRC
  w.put(1, 2) // profile: AAC LC
  w.put(3, 4) // 48 kHz
  w.put(0, 1)
  w.put(2, 3) // two channels
  w.put(0, 4) // not original, not home, no copyright identification
  w.put(AUDIO_FRAME_BYTES, 13)
  w.put(0x7ff, 11) // buffer fullness: variable rate
  w.put(0, 2) // one raw data block
}

const encodeFrame = (frame: number): Uint8Array => {
  const w = new BitWriter(AUDIO_FRAME_BYTES)
  writeHeader(w)
  w.put(ID_CPE, 3)
  w.put(0, 4) // element_instance_tag
  w.put(1, 1) // common_window
  w.put(0, 1 + 2 + 1) // reserved, long window, sine shape
  w.put(BANDS, 6) // max_sfb
  w.put(0, 1 + 2) // no prediction, no M/S stereo
  const quantised = quantise(toneSpectrum(frame, LINES))
  writeChannel(w, quantised)
  writeChannel(w, quantised)
  writeFill(w, Math.floor((AUDIO_FRAME_BYTES * 8 - w.bitLength - 15 - 3) / 8))
  w.put(ID_END, 3)
  w.align()
  return w.view().slice()
}

const cache = new Map<number, Uint8Array>()

/**
 * Returns the ADTS frame of 1024 samples with the number `frame`, counted from 0. The bytes are shared: do not write
 * into them.
 */
export const audioFrame = (frame: number): Uint8Array => {
  const key = toneKey(frame)
  const known = cache.get(key)
  if (known !== undefined) return known
  const encoded = encodeFrame(frame)
  cache.set(key, encoded)
  return encoded
}
