/** Passes a transport stream through demuxer and muxer. */
import { TsDemuxer } from "../../es/ts-demuxer.ts"
import { FlvMuxer, type FlvMuxerOptions } from "../flv-muxer.ts"
import type { FlvMessage } from "../message.ts"

export interface Muxed {
  readonly messages: FlvMessage[]
  readonly problems: string[]
  readonly muxer: FlvMuxer
}

/** Options for a destination that takes everything. */
export const ALLOW_ALL: NonNullable<FlvMuxerOptions["allow"]> = { hevc: true, ac3: true, eac3: true, opus: true }

/** Returns all messages of `ts`, including the last ones. */
export const mux = (ts: Uint8Array, options: FlvMuxerOptions = {}): Muxed => {
  const messages: FlvMessage[] = []
  const problems: string[] = []
  const muxer = new FlvMuxer(
    { message: (message) => messages.push(message), problem: (sentence) => problems.push(sentence) },
    options,
  )
  const demuxer = new TsDemuxer(muxer)
  for (let at = 0; at < ts.length; at += 7 * 188) demuxer.push(ts, at, Math.min(7 * 188, ts.length - at))
  demuxer.flush()
  muxer.flush()
  return { messages, problems, muxer }
}
