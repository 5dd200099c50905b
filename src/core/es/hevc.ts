/** HEVC parameter sets (ITU-T H.265 7.3.2) and HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1). */
import { RbspReader, unescapeRbsp } from "./rbsp.ts"

export const HEVC_VPS = 32
export const HEVC_SPS = 33
export const HEVC_PPS = 34
export const HEVC_AUD = 35
export const HEVC_FILLER = 38

/** nal_unit_type, from the first byte of the NAL unit's header. */
export const hevcNalType = (header: number): number => (header >> 1) & 0x3f

export interface HevcSps {
  /** general_profile_space to general_level_idc as they stand: 12 bytes. */
  readonly profile_tier_level: Uint8Array
  readonly max_sub_layers: number
  readonly temporal_id_nesting: boolean
  readonly chroma_format_idc: number
  readonly bit_depth_luma: number
  readonly bit_depth_chroma: number
  /** After the conformance window, in luma samples. */
  readonly width: number
  readonly height: number
}

const PTL_SIZE = 12
const HEADER = 2

/** sub_layer part of profile_tier_level (7.3.3). */
const skipSubLayers = (r: RbspReader, count: number): void => {
  if (count === 0) return
  const present: Array<readonly [boolean, boolean]> = []
  for (let i = 0; i < count; i++) present.push([r.flag(), r.flag()])
  r.skip(2 * (8 - count))
  for (const [profile, level] of present) r.skip((profile ? 88 : 0) + (level ? 8 : 0))
}

/** Reads an SPS NAL unit (with its header); null when it is cut short or not one. */
export const parseHevcSps = (nal: Uint8Array): HevcSps | null => {
  if (nal.length < HEADER + 1 + PTL_SIZE || hevcNalType(nal[0] ?? 0) !== HEVC_SPS) return null
  const rbsp = unescapeRbsp(nal.subarray(HEADER))
  const r = new RbspReader(rbsp)
  r.skip(4)
  const subLayers = r.u(3)
  const temporal_id_nesting = r.flag()
  r.skip(PTL_SIZE * 8)
  skipSubLayers(r, subLayers)
  r.ue()
  const chroma_format_idc = r.ue()
  const separate = chroma_format_idc === 3 && r.flag()
  const codedWidth = r.ue()
  const codedHeight = r.ue()
  const window = r.flag() ? [r.ue(), r.ue(), r.ue(), r.ue()] : [0, 0, 0, 0]
  const bit_depth_luma = 8 + r.ue()
  const bit_depth_chroma = 8 + r.ue()
  if (r.overrun || chroma_format_idc > 3 || bit_depth_luma > 15 || bit_depth_chroma > 15) return null
  const [left = 0, right = 0, top = 0, bottom = 0] = window
  const unitX = !separate && (chroma_format_idc === 1 || chroma_format_idc === 2) ? 2 : 1
  const unitY = !separate && chroma_format_idc === 1 ? 2 : 1
  const width = codedWidth - unitX * (left + right)
  const height = codedHeight - unitY * (top + bottom)
  if (width <= 0 || height <= 0) return null
  return {
    profile_tier_level: rbsp.slice(1, 1 + PTL_SIZE),
    max_sub_layers: subLayers + 1,
    temporal_id_nesting,
    chroma_format_idc,
    bit_depth_luma,
    bit_depth_chroma,
    width,
    height,
  }
}

const nalArray = (type: number, nals: ReadonlyArray<Uint8Array>): number[] =>
  nals.length === 0
    ? []
    : [
        0x80 | type,
        nals.length >> 8,
        nals.length & 255,
        ...nals.flatMap((nal) => [nal.length >> 8, nal.length & 255, ...nal]),
      ]

/**
 * HEVCDecoderConfigurationRecord with 4-byte NAL unit lengths; every array is marked complete. What the record leaves
 * to the writer is stated as unknown (parallelism, average frame rate, constant frame rate). Null without a VPS, an SPS
 * that can be read and a PPS.
 */
export const buildHvcC = (
  vpsNals: ReadonlyArray<Uint8Array>,
  spsNals: ReadonlyArray<Uint8Array>,
  ppsNals: ReadonlyArray<Uint8Array>,
): Uint8Array | null => {
  const [first] = spsNals
  const sps = first === undefined ? null : parseHevcSps(first)
  if (sps === null || vpsNals.length === 0 || ppsNals.length === 0) return null
  const arrays = [nalArray(HEVC_VPS, vpsNals), nalArray(HEVC_SPS, spsNals), nalArray(HEVC_PPS, ppsNals)]
  return Uint8Array.from([
    1,
    ...sps.profile_tier_level,
    // min_spatial_segmentation_idc 0, parallelismType 0: unknown.
    0xf0,
    0x00,
    0xfc,
    0xfc | sps.chroma_format_idc,
    0xf8 | (sps.bit_depth_luma - 8),
    0xf8 | (sps.bit_depth_chroma - 8),
    0,
    0,
    (sps.max_sub_layers << 3) | (sps.temporal_id_nesting ? 4 : 0) | 3,
    arrays.length,
    ...arrays.flat(),
  ])
}
