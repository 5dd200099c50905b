/** H.264 parameter sets and pictures for tests: their headers are right, and nobody looks at their slice data. */
import { BitWriter } from "../../../test-source/bit-writer.ts"

export interface SpsOptions {
  readonly profile?: number
  readonly widthMbs?: number
  /** Height of the frame in macroblocks. */
  readonly heightMbs?: number
  /** Left, right, top and bottom in crop units. */
  readonly crop?: readonly [number, number, number, number]
  readonly interlaced?: boolean
  readonly chroma?: number
  readonly separatePlanes?: boolean
  readonly bitDepth?: number
  readonly scaling?: boolean
  readonly picOrderType?: 0 | 1 | 2
  /** The fields num_units_in_tick, time_scale and fixed_frame_rate_flag. */
  readonly timing?: readonly [number, number, boolean]
}

/** Inserts emulation_prevention_three_byte (7.4.1). */
export const escapeRbsp = (bytes: Uint8Array): Uint8Array => {
  const out: number[] = []
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3)
      zeros = 0
    }
    out.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return new Uint8Array(out)
}

const put32 = (w: BitWriter, value: number): void => w.put(value, 32)

/** Makes a seq_parameter_set NAL unit. */
export const h264Sps = (options: SpsOptions = {}): Uint8Array => {
  const {
    profile = 77,
    widthMbs = 40,
    heightMbs = 30,
    crop,
    interlaced = false,
    chroma = 1,
    bitDepth = 8,
    picOrderType = 0,
  } = options
  const w = new BitWriter(256)
  w.ue(0)
  if (profile >= 100) {
    w.ue(chroma)
    if (chroma === 3) w.put(options.separatePlanes === true ? 1 : 0, 1)
    w.ue(bitDepth - 8)
    w.ue(bitDepth - 8)
    w.put(0, 1)
    w.put(options.scaling === true ? 1 : 0, 1)
    if (options.scaling === true) {
      // The first list has a delta of 1 each, and the others fall back.
      w.put(1, 1)
      for (let i = 0; i < 16; i++) w.se(1)
      w.put(0, (chroma === 3 ? 12 : 8) - 1)
    }
  }
  w.ue(0)
  w.ue(picOrderType)
  if (picOrderType === 0) w.ue(2)
  if (picOrderType === 1) {
    w.put(0, 1)
    w.se(-3)
    w.se(2)
    w.ue(2)
    w.se(5)
    w.se(-5)
  }
  w.ue(1)
  w.put(0, 1)
  w.ue(widthMbs - 1)
  w.ue((interlaced ? heightMbs / 2 : heightMbs) - 1)
  w.put(interlaced ? 0 : 1, 1)
  if (interlaced) w.put(0, 1)
  w.put(1, 1)
  w.put(crop === undefined ? 0 : 1, 1)
  for (const edge of crop ?? []) w.ue(edge)
  w.put(options.timing === undefined ? 0 : 1, 1)
  if (options.timing !== undefined) {
    const [units, scale, fixed] = options.timing
    // The fields are aspect_ratio_idc 255 with its ratio, overscan, video signal type with colours, chroma location and
    // timing.
    w.put(1, 1)
    w.put(255, 8)
    w.put(16, 16)
    w.put(11, 16)
    w.put(0b10, 2)
    w.put(0b1_101_0_1, 6)
    w.put(0x010101, 24)
    w.put(1, 1)
    w.ue(1)
    w.ue(1)
    w.put(1, 1)
    put32(w, units)
    put32(w, scale)
    w.put(fixed ? 1 : 0, 1)
    w.put(0, 4)
  }
  w.trailing()
  return Uint8Array.of(0x67, profile, 0x40, 30, ...escapeRbsp(w.view()))
}

/** Makes a pic_parameter_set NAL unit with this number; another `variant` makes another content. */
export const h264Pps = (id = 0, variant = 0): Uint8Array => {
  const w = new BitWriter(16)
  w.ue(id)
  w.ue(0)
  w.put(variant & 3, 2)
  w.ue(0)
  w.trailing()
  return Uint8Array.of(0x68, ...escapeRbsp(w.view()))
}

export interface SliceOptions {
  readonly idr?: boolean
  readonly firstMb?: number
  /** The field frame_num, which has 4 bits. */
  readonly frameNum?: number
  /**
   * Field to which a slice of an interlaced stream belongs; null for a frame. Left out when the stream has no fields.
   */
  readonly field?: "top" | "bottom" | null
  /** Bytes of slice data, without zeros. */
  readonly data?: ReadonlyArray<number>
}

/** Makes a slice NAL unit; it fits an SPS of h264Sps, whose frame_num has 4 bits. */
export const h264Slice = ({
  idr = false,
  firstMb = 0,
  frameNum = 0,
  field,
  data = [0xaa],
}: SliceOptions = {}): Uint8Array => {
  const w = new BitWriter(64)
  w.ue(firstMb)
  w.ue(7)
  w.ue(0)
  w.put(frameNum, 4)
  if (field !== undefined) w.put(field === null ? 0 : 1, 1)
  if (field === "top" || field === "bottom") w.put(field === "bottom" ? 1 : 0, 1)
  w.put(0b1, 1)
  w.align()
  return Uint8Array.of(idr ? 0x65 : 0x41, ...escapeRbsp(Uint8Array.of(...w.view(), ...data, 0x80)))
}

export const H264_AUD_NAL = Uint8Array.of(0x09, 0xf0)
/** A recovery point SEI message with recovery_frame_cnt 0. */
export const RECOVERY_POINT_NAL = Uint8Array.of(0x06, 0x06, 0x01, 0xc4, 0x80)

/** Joins NAL units to a byte stream, each behind a start code of 4 bytes. */
export const annexB = (...nals: ReadonlyArray<Uint8Array>): Uint8Array =>
  new Uint8Array(nals.flatMap((nal) => [0, 0, 0, 1, ...nal]))
