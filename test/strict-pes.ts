/**
 * Reads PES headers (ISO/IEC 13818-1 2.4.3.6) and access points of video for the strict analyser. It shares no code
 * with src/core.
 */

/**
 * The stream_type values of Table 2-34, and common ones beside it: those that travel as PES, and of those the video
 * ones.
 */
const VIDEO_TYPES = new Set([0x01, 0x02, 0x10, 0x1b, 0x24])
const PES_TYPES = new Set([...VIDEO_TYPES, 0x03, 0x04, 0x06, 0x0f, 0x11, 0x81, 0x87])
/**
 * The stream_id values without an optional header (Table 2-21): program_stream_map, padding, private_stream_2, ECM,
 * EMM, DSM-CC, H.222.1 E, directory.
 */
const PLAIN_IDS = new Set([0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff])

export const isPes = (streamType: number): boolean => PES_TYPES.has(streamType)
export const isVideo = (streamType: number): boolean => VIDEO_TYPES.has(streamType)
/** Whether a stream_type carries sections: private sections, and SCTE-35 (ANSI/SCTE 35 8.1). */
export const isSections = (streamType: number): boolean => streamType === 0x05 || streamType === 0x86

export interface PesHeader {
  /** What is wrong with the header; null when nothing is. */
  readonly fault: string | null
  /** PES_packet_length; 0 when the header does not tell. */
  readonly length: number
  /** The PTS in 90 kHz ticks; null without one. */
  readonly pts: number | null
  /** The DTS in 90 kHz ticks; the PTS when no DTS is written. */
  readonly dts: number | null
  /** Offset at which the elementary stream's bytes begin. */
  readonly dataAt: number
}

const broken = (fault: string): PesHeader => ({ fault, length: 0, pts: null, dts: null, dataAt: 0 })

/** Reads 33 bits among three marker bits, behind a prefix of four bits; null when a marker or the prefix is wrong. */
const stamp = (bytes: Uint8Array, prefix: number): number | null => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes
  if (bytes.length < 5 || a >> 4 !== prefix || (a & c & e & 1) === 0) return null
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1)
}

/** Reads the header at the start of a payload, which must hold all of it. */
export const readPesHeader = (payload: Uint8Array): PesHeader => {
  const [a, b, c, id = 0, high = 0, low = 0, marker = 0, flags = 0, size = 0] = payload
  if (a !== 0 || b !== 0 || c !== 1) return broken("no packet_start_code_prefix")
  const length = high * 256 + low
  if (PLAIN_IDS.has(id)) return { fault: null, length, pts: null, dts: null, dataAt: 6 }
  if (payload.length < 9 + size) return broken("the PES header does not fit its packet")
  if (marker >> 6 !== 2) return broken("the two bits 10 of the PES header are missing")
  const which = flags >> 6
  if (which === 1) return broken("PTS_DTS_flags 01 is forbidden")
  const pts = which >= 2 ? stamp(payload.subarray(9, 14), which) : null
  const dts = which === 3 ? stamp(payload.subarray(14, 19), 1) : pts
  if (which >= 2 && (pts === null || dts === null)) return broken("marker bits of PTS or DTS are wrong")
  return { fault: null, length, pts, dts, dataAt: 9 + size }
}

/** Judges a code of the stream: true for an access point, false for none, and null to go on looking. */
type Judge = (first: number) => boolean | null
/** MPEG-2: sequence_header_code is an access point, a picture without one is not (ISO/IEC 13818-2 6.2.2). */
const mpeg2: Judge = (code) => (code === 0xb3 ? true : code === 0x00 ? false : null)
/**
 * H.264: an IDR slice or a sequence parameter set is one, a slice of another picture is not (ITU-T H.264 Table 7-1).
 */
const h264: Judge = (code) => ([5, 7].includes(code & 31) ? true : (code & 31) >= 1 && (code & 31) <= 4 ? false : null)
/**
 * HEVC: an IRAP picture or a sequence parameter set is one, a slice of another picture is not (ITU-T H.265 Table 7-1).
 */
const hevc: Judge = (code) => {
  const type = (code >> 1) & 63
  return (type >= 16 && type <= 21) || type === 33 ? true : type <= 9 ? false : null
}
const JUDGES: ReadonlyMap<number, Judge> = new Map([
  [0x01, mpeg2],
  [0x02, mpeg2],
  [0x1b, h264],
  [0x24, hevc],
])

/** Whether decoding can start at an access unit; null when its bytes do not tell (cut off, or another codec). */
export const isAccessPoint = (streamType: number, unit: Uint8Array): boolean | null => {
  const judge = JUDGES.get(streamType)
  for (let at = 0; judge !== undefined && at + 3 < unit.length; at++) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1) continue
    const verdict = judge(unit[at + 3] ?? 0)
    if (verdict !== null) return verdict
  }
  return null
}
