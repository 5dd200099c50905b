/** Cuts whole streams in tests, and looks into the result. */
import { TS_PACKET_SIZE } from "../../ts/packet.ts"
import type { HlsSegment, SegmenterOptions } from "../hls-segment.ts"
import { Segmenter } from "../segmenter.ts"

export interface CutOptions extends Partial<Omit<SegmenterOptions, "onSegment">> {
  /** Number of TS packets pushed at a time. */
  readonly packets?: number
  /** Bit rate that the arrival times imply, in bit/s. */
  readonly bitrate?: number
  /** Called before each push with the segmenter and the number of the packet. */
  readonly before?: (segmenter: Segmenter, packet: number) => void
}

/** Returns all segments of a stream, including its end. */
export const segmentsOf = (ts: Uint8Array, options: CutOptions = {}): HlsSegment[] => {
  const { packets = 7, bitrate = 2_000_000, wanted90k = 4 * 90_000, maxBytes = 1e8, maxUs = 1e9 } = options
  const segments: HlsSegment[] = []
  const segmenter = new Segmenter({ wanted90k, maxBytes, maxUs, onSegment: (segment) => segments.push(segment) })
  const size = packets * TS_PACKET_SIZE
  for (let at = 0; at + TS_PACKET_SIZE <= ts.length; at += size) {
    options.before?.(segmenter, at / TS_PACKET_SIZE)
    segmenter.push(
      ts.subarray(at, Math.min(at + size, ts.length - (ts.length % TS_PACKET_SIZE))),
      (at * 8e6) / bitrate,
      at / TS_PACKET_SIZE,
    )
  }
  segmenter.end()
  return segments
}

export const bytesOf = ({ parts }: Pick<HlsSegment, "parts">): Uint8Array => new Uint8Array(Buffer.concat(parts))

export const joined = (segments: ReadonlyArray<HlsSegment>): Uint8Array =>
  new Uint8Array(Buffer.concat(segments.flatMap(({ parts }) => parts)))

export const pidOf = (ts: Uint8Array, at: number): number => (((ts[at + 1] ?? 0) & 0x1f) << 8) | (ts[at + 2] ?? 0)

/** Returns the packets of a stream except those of some PIDs. */
export const without = (ts: Uint8Array, pids: ReadonlySet<number>): Buffer => {
  const kept: Uint8Array[] = []
  for (let at = 0; at + TS_PACKET_SIZE <= ts.length; at += TS_PACKET_SIZE)
    if (!pids.has(pidOf(ts, at))) kept.push(ts.subarray(at, at + TS_PACKET_SIZE))
  return Buffer.concat(kept)
}
