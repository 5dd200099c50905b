/** Judges from the payload of its first TS packet whether a decoder can start with a PES packet. */
import type { VideoCodec } from "./reference-streams.ts"

/** Bytes behind the PES header (ISO/IEC 13818-1 2.4.3.6); null when there is no sound header. */
export const elementaryBytes = (payload: Uint8Array): Uint8Array | null => {
  const [p0, p1, p2] = payload
  const isSound = payload.length >= 9 && p0 === 0 && p1 === 0 && p2 === 1 && ((payload[6] ?? 0) & 0xc0) === 0x80
  return isSound ? payload.subarray(Math.min(9 + (payload[8] ?? 0), payload.length)) : null
}

/** Whether the PES header has a PTS and all of it is in the packet. */
export const hasPts = (payload: Uint8Array): boolean =>
  elementaryBytes(payload) !== null &&
  ((payload[7] ?? 0) & 0x80) !== 0 &&
  (payload[8] ?? 0) >= 5 &&
  payload.length >= 14

/** Returns the bytes that follow each 00 00 01. */
const startCodes = (bytes: Uint8Array): number[] => {
  const codes: number[] = []
  for (let at = 0; at + 3 < bytes.length; ) {
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1) {
      codes.push(bytes[at + 3] ?? 0)
      at += 4
    } else at += 1
  }
  return codes
}

type Verdict = "point" | "none" | null

const VERDICTS: Record<Exclude<VideoCodec, "other">, (code: number) => Verdict> = {
  // The point is sequence_header_code; picture_start_code and slices are none (ISO/IEC 13818-2 6.2.1).
  mpeg2: (code) => (code === 0xb3 ? "point" : code <= 0xaf ? "none" : null),
  // Points are an IDR slice and a sequence parameter set; other slices are none (H.264 table 7-1).
  avc: (code) => ([5, 7].includes(code & 31) ? "point" : [1, 2, 3, 4].includes(code & 31) ? "none" : null),
  // Points are IRAP pictures, VPS and SPS; other VCL NAL units are none (H.265 table 7-1).
  hevc: (code) => {
    const type = (code >> 1) & 63
    if ((type >= 16 && type <= 23) || type === 32 || type === 33) return "point"
    return type < 32 ? "none" : null
  },
}

export const showsAccessPoint = (codec: VideoCodec, payload: Uint8Array): boolean => {
  const bytes = elementaryBytes(payload)
  if (codec === "other" || bytes === null) return false
  const verdicts = startCodes(bytes).map(VERDICTS[codec])
  return verdicts.find((verdict) => verdict !== null) === "point"
}
