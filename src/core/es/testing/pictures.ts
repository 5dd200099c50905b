/** H.264 access units, and what the demuxer made of them. */
import { pesPacket, type TsWriter, VIDEO_PID } from "./build-ts.ts"
import type { Collected } from "./collect.ts"
import { annexB, H264_AUD_NAL, h264Pps, h264Slice, h264Sps } from "./parameter-sets.ts"

const data = (size: number, seed = 1): number[] =>
  Array.from({ length: size }, (_, i) => 1 + ((i * 7 + seed * 13) % 254))
export const key = (size = 300, seed = 1): Uint8Array =>
  annexB(H264_AUD_NAL, h264Sps(), h264Pps(), h264Slice({ idr: true, data: data(size, seed) }))
export const inter = (size = 100, seed = 2): Uint8Array => annexB(H264_AUD_NAL, h264Slice({ data: data(size, seed) }))
export const block = (size: number): Uint8Array => new Uint8Array(data(size))
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
export const units = ({ units }: Collected): string[] => units.map(({ bytes }) => hex(bytes))
export const times = ({ units }: Collected): number[][] => units.map(({ pts90k, dts90k }) => [pts90k, dts90k])
export const video = (writer: TsWriter, payload: Uint8Array, pts?: number, dts?: number): TsWriter =>
  writer.pes(
    VIDEO_PID,
    pesPacket(payload, { ...(pts === undefined ? {} : { pts }), ...(dts === undefined ? {} : { dts }) }),
  )
