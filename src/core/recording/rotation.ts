/** When a recording goes on in a new file. */
import { SYNC_BYTE, TS_PACKET_SIZE } from "../ts/packet.ts"

export interface RotationPolicy {
  /** Seconds of a file. */
  readonly segmentS: number
  /** Bytes of a file; null: no bound. */
  readonly segmentBytes: number | null
}

export interface FileProgress {
  /** Time and bytes since the file was begun. */
  readonly elapsedMs: number
  readonly bytes: number
}

/** A file goes on for so long at most to let the next one begin with a PAT. */
const PATIENCE_MS = 1000
/** For a bound by size, so much of it. */
const PATIENCE_SHARE = 0.01

export type Rotation = "no" | "at_pat" | "now"

/** Whether the next packet begins a new file: at once, or if it is a PAT. */
export const rotation = ({ segmentS, segmentBytes }: RotationPolicy, { elapsedMs, bytes }: FileProgress): Rotation => {
  if (bytes === 0) return "no"
  const lateMs = elapsedMs - segmentS * 1000
  const excess = segmentBytes === null ? -1 : bytes - segmentBytes * (1 - PATIENCE_SHARE)
  if (lateMs >= PATIENCE_MS || (segmentBytes !== null && bytes >= segmentBytes)) return "now"
  return lateMs >= 0 || excess >= 0 ? "at_pat" : "no"
}

/** Offset of the first packet in which a PAT begins (PID 0, payload_unit_start_indicator); -1 without one. */
export const patOffset = (packets: Uint8Array): number => {
  for (let at = 0; at + TS_PACKET_SIZE <= packets.length; at += TS_PACKET_SIZE) {
    if (packets[at] === SYNC_BYTE && ((packets[at + 1] ?? 0) & 0xdf) === 0x40 && packets[at + 2] === 0) return at
  }
  return -1
}
