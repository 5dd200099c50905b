/**
 * A tiny but decodable H.264 stream (ITU-T H.264 clause 7.3): grey 640x360 pictures, an IDR then pictures that repeat
 * it. The bit rate is made by SEI user data (D.1.7) whose bytes are the test pattern, so remuxers copy the stream like
 * any other.
 */

class BitWriter {
  #bits: Array<number> = []

  u(count: number, value: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push((value >> i) & 1)
    return this
  }

  /** Exp-Golomb, clause 9.1. se(0) has the same code. */
  ue(value: number): this {
    const length = 32 - Math.clz32(value + 1)
    return this.u(length - 1, 0).u(length, value + 1)
  }

  /** rbsp_trailing_bits, then bytes. */
  finish(): Array<number> {
    this.u(1, 1)
    while (this.#bits.length % 8 !== 0) this.#bits.push(0)
    const bytes: Array<number> = []
    for (let i = 0; i < this.#bits.length; i += 8) bytes.push(Number.parseInt(this.#bits.slice(i, i + 8).join(""), 2))
    return bytes
  }
}

/** A NAL unit in Annex B form with emulation prevention (7.4.1.1). */
const nal = (header: number, rbsp: ReadonlyArray<number>): Array<number> => {
  const bytes = [0, 0, 0, 1, header]
  let zeros = 0
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3)
      zeros = 0
    }
    bytes.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return bytes
}

const WIDTH_MBS = 40
const HEIGHT_MBS = 23

export const AUD = [0, 0, 0, 1, 9, 0xf0]

/** Baseline, level 3, picture order by decoding order, one reference, cropped to 360 lines. */
export const SPS = nal(
  0x67,
  new BitWriter()
    .u(8, 66)
    .u(8, 0xc0)
    .u(8, 30)
    .ue(0)
    .ue(0)
    .ue(2)
    .ue(1)
    .u(1, 0)
    .ue(WIDTH_MBS - 1)
    .ue(HEIGHT_MBS - 1)
    .u(1, 1)
    .u(1, 1)
    .u(1, 1)
    .ue(0)
    .ue(0)
    .ue(0)
    .ue(4)
    .u(1, 0)
    .finish(),
)

/** CAVLC, one slice group, no optional tools. */
export const PPS = nal(
  0x68,
  new BitWriter().ue(0).ue(0).u(2, 0).ue(0).ue(0).ue(0).u(3, 0).ue(0).ue(0).ue(0).u(3, 0).finish(),
)

/** Every macroblock I_16x16 with DC prediction and no residual: eight bits each. */
export const idrSlice = (): Array<number> => {
  const bits = new BitWriter().ue(0).ue(7).ue(0).u(4, 0).ue(0).u(2, 0).ue(0)
  for (let i = 0; i < WIDTH_MBS * HEIGHT_MBS; i++) bits.u(8, 0x27)
  return nal(0x65, bits.finish())
}

/** All macroblocks skipped: the picture repeats its reference. */
export const skipSlice = (frameNumber: number): Array<number> =>
  nal(
    0x41,
    new BitWriter()
      .ue(0)
      .ue(5)
      .ue(0)
      .u(4, frameNumber & 15)
      .u(3, 0)
      .ue(0)
      .ue(WIDTH_MBS * HEIGHT_MBS)
      .finish(),
  )

/**
 * Start of a SEI NAL unit with user data of `payload` bytes (16 of them the UUID); one byte 0x80 must follow the
 * payload.
 */
export const seiHeader = (payload: number): Array<number> => [
  ...[0, 0, 0, 1, 6, 5],
  ...new Array<number>(Math.floor(payload / 255)).fill(255),
  payload % 255,
  ...[0x9a, 0x21, 0xf3, 0xbe, 0x31, 0xf0, 0x4b, 0x78, 0xb0, 0xbe, 0xc7, 0xf7, 0xdb, 0xb9, 0x72, 0x64],
]

/** One silent AAC-LC stereo frame at 48 kHz in ADTS (ISO/IEC 13818-7 6.2). */
export const SILENT_AAC = [0xff, 0xf1, 0x4c, 0x80, 0x01, 0xbf, 0xfc, 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]
