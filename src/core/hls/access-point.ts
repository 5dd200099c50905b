/** Where a stream can be begun, told from the first bytes of a PES packet (ISO/IEC 13818-1 2.4.3.6). */
import { H264_IDR, H264_SEI, H264_SLICE, h264NalType, hasRecoveryPoint } from "../es/h264.ts"
import { hevcNalType } from "../es/hevc.ts"
import { findNals } from "../es/nal.ts"
import type { ReferenceKind } from "../ts/stream-types.ts"

/**
 * `idr`: nothing from here on looks back; `point`: a decoder may begin, but pictures that follow may look back (open
 * GOP); `more`: the first slice is still to come.
 */
export type AccessPoint = "idr" | "point" | "none" | "more"

/** A PES packet whose first slice lies beyond is taken by its random_access_indicator. */
export const HEAD_MAX = 16_384

export interface PesTimes {
  /** 90 kHz, 33 bits. */
  readonly pts90k: number
  /** The PTS where none is written. */
  readonly dts90k: number
  /** Where the elementary stream begins. */
  readonly dataAt: number
}

const PTS_DTS_FLAGS = 7
const HEADER_LENGTH = 8
const PTS_AT = 9
const DTS_AT = 14

const stamp = (bytes: Uint8Array, at: number): number => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5)
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1)
}

/** The times of a PES packet; `more` when its header is not whole, null when there is none or it has no PTS. */
export const readPesTimes = (head: Uint8Array): PesTimes | "more" | null => {
  if ((head[0] ?? 0) !== 0 || (head[1] ?? 0) !== 0 || (head[2] ?? 1) !== 1) return null
  if (head.length <= HEADER_LENGTH) return "more"
  const flags = (head[PTS_DTS_FLAGS] ?? 0) >> 6
  if (((head[6] ?? 0) & 0xc0) !== 0x80 || (flags & 2) === 0) return null
  const dataAt = PTS_AT + (head[HEADER_LENGTH] ?? 0)
  if (head.length < dataAt || head.length < (flags === 3 ? DTS_AT : PTS_AT) + 5) return "more"
  const pts90k = stamp(head, PTS_AT)
  return { pts90k, dts90k: flags === 3 ? stamp(head, DTS_AT) : pts90k, dataAt }
}

const h264Point = (es: Uint8Array, nals: ReadonlyArray<number>, marked: boolean): AccessPoint => {
  let recovers = marked
  for (let i = 0; i + 1 < nals.length; i += 2) {
    const type = h264NalType(es[nals[i] ?? 0] ?? 0)
    if (type === H264_IDR) return "idr"
    if (type === H264_SLICE || type === 2) return recovers ? "point" : "none"
    // The last one may be cut short.
    if (type === H264_SEI && i + 2 < nals.length && hasRecoveryPoint(es.subarray(nals[i], nals[i + 1]))) recovers = true
  }
  return "more"
}

/**
 * nal_unit_type 16 to 23 are IRAP pictures, of which 21 (CRA) may have leading pictures that look back (ITU-T H.265
 * 7.4.2.2).
 */
const hevcPoint = (es: Uint8Array, nals: ReadonlyArray<number>, marked: boolean): AccessPoint => {
  for (let i = 0; i + 1 < nals.length; i += 2) {
    const type = hevcNalType(es[nals[i] ?? 0] ?? 0)
    if (type >= 16 && type <= 20) return "idr"
    if (type >= 21 && type <= 23) return "point"
    if (type < 16) return marked ? "point" : "none"
  }
  return "more"
}

const SEQUENCE = 0xb3
const GROUP = 0xb8
const PICTURE = 0x00

/** ISO/IEC 13818-2 6.2.2: a sequence header, and a group of pictures that is closed. */
const mpeg2Point = (es: Uint8Array, units: ReadonlyArray<number>, marked: boolean): AccessPoint => {
  let begins = marked
  for (let i = 0; i + 1 < units.length; i += 2) {
    const at = units[i] ?? 0
    const code = es[at] ?? 0
    if (code === SEQUENCE) begins = true
    if (code === GROUP && begins && i + 2 < units.length && ((es[at + 4] ?? 0) & 0x40) !== 0) return "idr"
    if (code === PICTURE) return begins ? "point" : "none"
  }
  return "more"
}

/** What the picture at the beginning of `es` is; `marked`: its packet has random_access_indicator. */
export const accessPointOf = (kind: ReferenceKind, es: Uint8Array, marked: boolean): AccessPoint => {
  // Every frame of audio stands by itself.
  if (kind === "audio") return "idr"
  if (kind === "marked") return marked ? "point" : "none"
  const units = findNals(es)
  if (kind === "h264") return h264Point(es, units, marked)
  return kind === "hevc" ? hevcPoint(es, units, marked) : mpeg2Point(es, units, marked)
}
