/** A source of pictures and sounds at chosen times, and ways to look at the messages made from them. */
import { adtsFrame } from "../../es/testing/audio.ts"
import { AUDIO_PID, H264_AAC, pesPacket, TsWriter, VIDEO_PID } from "../../es/testing/build-ts.ts"
import { annexB, H264_AUD_NAL, h264Pps, h264Slice, h264Sps } from "../../es/testing/parameter-sets.ts"
import { wrap33 } from "../../es/unwrap.ts"
import type { FlvMessage } from "../message.ts"
import { decodeVideoBody, splitLengthPrefixed } from "../tag-body.ts"

export const VIDEO_ONLY = [{ pid: VIDEO_PID, stream_type: 0x1b }]
export const FRAME = 3600
export const sps = (widthMbs = 40) => h264Sps({ widthMbs, timing: [1, 50, true] })
export const key = (...sets: Uint8Array[]) =>
  annexB(H264_AUD_NAL, ...(sets.length === 0 ? [sps(), h264Pps()] : sets), h264Slice({ idr: true, data: [1, 2, 3] }))
export const inter = () => annexB(H264_AUD_NAL, h264Slice({ data: [4, 5] }))
const block = Uint8Array.of(1, 2, 3, 4, 5)

export class Source extends TsWriter {
  picture(payload: Uint8Array, pts: number, dts = pts, pid = VIDEO_PID): this {
    return this.pes(pid, pesPacket(payload, { pts: wrap33(pts), ...(dts === pts ? {} : { dts: wrap33(dts) }) }))
  }

  sound(pts: number, frames = 1, pid = AUDIO_PID, options = {}): this {
    const payload = new Uint8Array(Array.from({ length: frames }, () => [...adtsFrame(block, options)]).flat())
    return this.pes(pid, pesPacket(payload, { pts: wrap33(pts), bounded: true, streamId: 0xc0 }))
  }
}

export const source = (streams: Parameters<TsWriter["tables"]>[0] = H264_AAC): Source => new Source().tables(streams)
export const kinds = (messages: ReadonlyArray<FlvMessage>): string[] =>
  messages.map(({ kind, timestampMs }) => `${kind} ${timestampMs}`)
export const only = (messages: ReadonlyArray<FlvMessage>, ...wanted: string[]) =>
  messages.filter(({ kind }) => wanted.includes(kind))
export const nalTypes = ({ body }: FlvMessage): number[] =>
  (splitLengthPrefixed(decodeVideoBody(body)?.data ?? new Uint8Array(0)) ?? []).map((nal) => (nal[0] ?? 0) & 31)
