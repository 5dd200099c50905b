/** H.264 parameter sets (ITU-T H.264 7.3.2.1, Annex E) and AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1). */
import { RbspReader, unescapeRbsp } from "./rbsp.ts"

export const H264_SLICE = 1
export const H264_IDR = 5
export const H264_SEI = 6
export const H264_SPS = 7
export const H264_PPS = 8
export const H264_AUD = 9
export const H264_FILLER = 12

/** nal_unit_type. */
export const h264NalType = (header: number): number => header & 0x1f

export interface H264Sps {
  readonly profile_idc: number
  /** The byte of constraint_set flags. */
  readonly constraints: number
  readonly level_idc: number
  readonly id: number
  readonly chroma_format_idc: number
  readonly separate_colour_plane: boolean
  readonly bit_depth_luma: number
  readonly bit_depth_chroma: number
  readonly log2_max_frame_num: number
  readonly frame_mbs_only: boolean
  /** After cropping, in luma samples. */
  readonly width: number
  readonly height: number
  /** Frames a second, with fixed_frame_rate_flag only; null otherwise. */
  readonly frame_rate: number | null
}

/** profile_idc values whose SPS states the chroma format (7.3.2.1.1). */
const CHROMA_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
const EXTENDED_SAR = 255
/** Profiles whose configuration record ends after the PPS. */
const SHORT_RECORD = new Set([66, 77, 88])

const skipScalingList = (r: RbspReader, size: number): void => {
  let next = 8
  for (let i = 0, last = 8; i < size && next !== 0 && !r.overrun; i++) {
    next = (last + r.se() + 256) % 256
    last = next === 0 ? last : next
  }
}

const skipScalingMatrix = (r: RbspReader, lists: number): void => {
  for (let i = 0; i < lists; i++) if (r.flag()) skipScalingList(r, i < 6 ? 16 : 64)
}

const skipPicOrder = (r: RbspReader): void => {
  const type = r.ue()
  if (type === 0) r.ue()
  if (type !== 1) return
  r.skip(1)
  r.se()
  r.se()
  for (let cycle = r.ue(); cycle > 0 && !r.overrun; cycle--) r.se()
}

/** VUI up to its timing (E.1.1). */
const vuiFrameRate = (r: RbspReader): number | null => {
  if (r.flag() && r.u(8) === EXTENDED_SAR) r.skip(32)
  if (r.flag()) r.skip(1)
  if (r.flag()) {
    r.skip(4)
    if (r.flag()) r.skip(24)
  }
  if (r.flag()) {
    r.ue()
    r.ue()
  }
  if (!r.flag()) return null
  const units = r.u(32)
  const scale = r.u(32)
  const fixed = r.flag()
  return fixed && units > 0 && scale > 0 && !r.overrun ? scale / (2 * units) : null
}

/** Reads a seq_parameter_set NAL unit (with its header byte); null when it is cut short or not one. */
export const parseH264Sps = (nal: Uint8Array): H264Sps | null => {
  if (nal.length < 4 || h264NalType(nal[0] ?? 0) !== H264_SPS) return null
  const [profile_idc = 0, constraints = 0, level_idc = 0] = nal.subarray(1, 4)
  const r = new RbspReader(unescapeRbsp(nal.subarray(4)))
  const id = r.ue()
  let chroma_format_idc = 1
  let separate_colour_plane = false
  let depths = [8, 8]
  if (CHROMA_PROFILES.has(profile_idc)) {
    chroma_format_idc = r.ue()
    if (chroma_format_idc === 3) separate_colour_plane = r.flag()
    depths = [8 + r.ue(), 8 + r.ue()]
    r.skip(1)
    if (r.flag()) skipScalingMatrix(r, chroma_format_idc === 3 ? 12 : 8)
  }
  const log2_max_frame_num = r.ue() + 4
  skipPicOrder(r)
  r.ue()
  r.skip(1)
  const widthMbs = r.ue() + 1
  const heightUnits = r.ue() + 1
  const frame_mbs_only = r.flag()
  if (!frame_mbs_only) r.skip(1)
  r.skip(1)
  const crop = r.flag() ? [r.ue(), r.ue(), r.ue(), r.ue()] : [0, 0, 0, 0]
  if (r.overrun || chroma_format_idc > 3) return null
  const [left = 0, right = 0, top = 0, bottom = 0] = crop
  const fields = frame_mbs_only ? 1 : 2
  const arrayType = separate_colour_plane ? 0 : chroma_format_idc
  const unitX = arrayType === 1 || arrayType === 2 ? 2 : 1
  const unitY = (arrayType === 1 ? 2 : 1) * fields
  const width = widthMbs * 16 - unitX * (left + right)
  const height = heightUnits * 16 * fields - unitY * (top + bottom)
  if (width <= 0 || height <= 0) return null
  return {
    profile_idc,
    constraints,
    level_idc,
    id,
    chroma_format_idc,
    separate_colour_plane,
    bit_depth_luma: depths[0] ?? 8,
    bit_depth_chroma: depths[1] ?? 8,
    log2_max_frame_num,
    frame_mbs_only,
    width,
    height,
    frame_rate: r.flag() ? vuiFrameRate(r) : null,
  }
}

const withLengths = (nals: ReadonlyArray<Uint8Array>): number[] =>
  nals.flatMap((nal) => [nal.length >> 8, nal.length & 255, ...nal])

/**
 * AVCDecoderConfigurationRecord with 4-byte NAL unit lengths. Null without an SPS that can be read or without a PPS,
 * and for more than the record holds (31 SPS, 255 PPS, 65535 bytes each).
 */
export const buildAvcC = (
  spsNals: ReadonlyArray<Uint8Array>,
  ppsNals: ReadonlyArray<Uint8Array>,
): Uint8Array | null => {
  const [first] = spsNals
  const sps = first === undefined ? null : parseH264Sps(first)
  if (sps === null || ppsNals.length === 0) return null
  if (spsNals.length > 31 || ppsNals.length > 255 || [...spsNals, ...ppsNals].some((nal) => nal.length > 0xffff))
    return null
  const head = [1, sps.profile_idc, sps.constraints, sps.level_idc, 0xff, 0xe0 | spsNals.length]
  const tail = SHORT_RECORD.has(sps.profile_idc)
    ? []
    : [0xfc | sps.chroma_format_idc, 0xf8 | (sps.bit_depth_luma - 8), 0xf8 | (sps.bit_depth_chroma - 8), 0]
  return Uint8Array.from([...head, ...withLengths(spsNals), ppsNals.length, ...withLengths(ppsNals), ...tail])
}

/** Whether an SEI NAL unit has a recovery point message (D.1.8), whatever its recovery_frame_cnt. */
export const hasRecoveryPoint = (nal: Uint8Array): boolean => {
  const RECOVERY_POINT = 6
  for (let at = 1; at + 2 < nal.length; ) {
    let type = 0
    while (nal[at] === 0xff) {
      type += 255
      at++
    }
    type += nal[at++] ?? 0
    let size = 0
    while (nal[at] === 0xff) {
      size += 255
      at++
    }
    size += nal[at++] ?? 0
    if (type === RECOVERY_POINT) return true
    // Emulation prevention bytes are not part of payloadSize: count them, for they move what follows.
    for (let zeros = 0; size > 0 && at < nal.length; at++) {
      const byte = nal[at] ?? 0
      if (zeros >= 2 && byte === 3) {
        zeros = 0
        continue
      }
      zeros = byte === 0 ? zeros + 1 : 0
      size--
    }
  }
  return false
}

export interface H264SliceStart {
  readonly frame_num: number
  readonly field: boolean
  readonly bottom: boolean
}

/** The beginning of a slice_header (7.3.3), of a slice NAL unit that refers to `sps`. */
export const parseH264SliceStart = (nal: Uint8Array, sps: H264Sps): H264SliceStart => {
  const r = new RbspReader(unescapeRbsp(nal.subarray(1, 32)))
  r.ue()
  r.ue()
  r.ue()
  if (sps.separate_colour_plane) r.skip(2)
  const frame_num = r.u(sps.log2_max_frame_num)
  const field = !sps.frame_mbs_only && r.flag()
  return { frame_num, field, bottom: field && r.flag() }
}
