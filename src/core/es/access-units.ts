/** Where access units begin (ITU-T H.264 7.4.1.2.3, ITU-T H.265 7.4.2.4.4), and which can be decoded from. */
import {
  H264_IDR,
  H264_SEI,
  H264_SLICE,
  type H264SliceStart,
  type H264Sps,
  h264NalType,
  hasRecoveryPoint,
  parseH264SliceStart,
  parseH264Sps,
} from "./h264.ts"
import { hevcNalType } from "./hevc.ts"

export interface NalRole {
  /** A slice: part of the picture itself. */
  readonly vcl: boolean
  /**
   * Behind a slice of one picture, this NAL unit belongs to the next; at the beginning of a PES packet it begins an
   * access unit.
   */
  readonly begins: boolean
  readonly idr: boolean
  readonly randomAccess: boolean
}

const role = (vcl: boolean, begins: boolean, idr = false, randomAccess = idr): NalRole => ({
  vcl,
  begins,
  idr,
  randomAccess,
})
const OTHER = role(false, false)
const BEGINS = role(false, true)
const RECOVERY = role(false, true, false, true)
const FIRST_SLICE = role(true, true)
const LATER_SLICE = role(true, false)
const FIRST_IDR_SLICE = role(true, true, true)
const LATER_IDR_SLICE = role(true, false, true)
const FIRST_CRA_SLICE = role(true, true, false, true)
const LATER_CRA_SLICE = role(true, false, false, true)

/** first_mb_in_slice is 0: its ue(v) is a single one bit. Arbitrary slice order (Baseline) is not supported. */
const h264Role = (bytes: Uint8Array, start: number, end: number): NalRole => {
  const type = h264NalType(bytes[start] ?? 0)
  const first = ((bytes[start + 1] ?? 0) & 0x80) !== 0
  if (type === H264_IDR) return first ? FIRST_IDR_SLICE : LATER_IDR_SLICE
  if (type === H264_SLICE || type === 2) return first ? FIRST_SLICE : LATER_SLICE
  if (type === H264_SEI) return hasRecoveryPoint(bytes.subarray(start, end)) ? RECOVERY : BEGINS
  // 14, the prefix of SVC and MVC, stands before every slice of the base view, not only before the first.
  return (type >= 7 && type <= 9) || (type >= 15 && type <= 18) ? BEGINS : OTHER
}

const hevcRole = (bytes: Uint8Array, start: number): NalRole => {
  const type = hevcNalType(bytes[start] ?? 0)
  if (type < 32) {
    const first = ((bytes[start + 2] ?? 0) & 0x80) !== 0
    if (type >= 16 && type <= 20) return first ? FIRST_IDR_SLICE : LATER_IDR_SLICE
    if (type >= 21 && type <= 23) return first ? FIRST_CRA_SLICE : LATER_CRA_SLICE
    return first ? FIRST_SLICE : LATER_SLICE
  }
  return type <= 35 || type === 39 || (type >= 41 && type <= 44) || (type >= 48 && type <= 55) ? BEGINS : OTHER
}

/** The role of the NAL unit at `start` to `end`. */
export const nalRole = (codec: "h264" | "hevc", bytes: Uint8Array, start: number, end: number): NalRole =>
  codec === "h264" ? h264Role(bytes, start, end) : hevcRole(bytes, start)

/** Knows the stream's SPS, and with it whether a slice is of the second field of a frame. */
export class FieldPairs {
  #sps: H264Sps | null = null
  #first: H264SliceStart | null = null

  /** An SPS that goes by. */
  see(sps: Uint8Array): void {
    this.#sps = parseH264Sps(sps) ?? this.#sps
  }

  /** The stream may hold fields: the two calls below mean something. */
  get possible(): boolean {
    return this.#sps !== null && !this.#sps.frame_mbs_only
  }

  /** The first slice of an access unit. */
  begin(slice: Uint8Array): void {
    this.#first = this.#sps === null ? null : parseH264SliceStart(slice, this.#sps)
  }

  /** `slice`, the first of a picture, is of the other field of the frame that `begin` saw. */
  completes(slice: Uint8Array): boolean {
    if (this.#first === null || this.#sps === null || !this.#first.field) return false
    const second = parseH264SliceStart(slice, this.#sps)
    return second.field && second.bottom !== this.#first.bottom && second.frame_num === this.#first.frame_num
  }
}
