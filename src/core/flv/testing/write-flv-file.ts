/**
 * Writes an FLV file (Adobe Flash Video File Format 10.1, E.2 to E.4) from RTMP messages, with a tag header for each.
 */
import { joinBytes } from "../../bytes/join-bytes.ts"
import { type FlvMessage, TYPE_AUDIO, TYPE_VIDEO } from "../message.ts"

const FILE_HEADER = 9
const TAG_HEADER = 11

/** Makes one tag with its size behind it; the time is taken modulo 2^32. */
export const flvTag = ({ type, timestampMs, body }: Pick<FlvMessage, "type" | "timestampMs" | "body">): Uint8Array => {
  const time = timestampMs % 2 ** 32
  const size = body.length
  const tag = new Uint8Array(TAG_HEADER + size + 4)
  tag.set([type, size >> 16, (size >> 8) & 255, size & 255])
  tag.set([(time >>> 16) & 255, (time >>> 8) & 255, time & 255, time >>> 24], 4)
  tag.set(body, TAG_HEADER)
  new DataView(tag.buffer).setUint32(TAG_HEADER + size, TAG_HEADER + size)
  return tag
}

/** Makes the file header, with PreviousTagSize0. */
export const flvFileHeader = (hasVideo: boolean, hasAudio: boolean): Uint8Array =>
  Uint8Array.of(0x46, 0x4c, 0x56, 1, (hasAudio ? 4 : 0) | (hasVideo ? 1 : 0), 0, 0, 0, FILE_HEADER, 0, 0, 0, 0)

/** Makes a whole file of these messages. */
export const writeFlvFile = (messages: ReadonlyArray<FlvMessage>): Uint8Array => {
  const has = (type: number) => messages.some((message) => message.type === type)
  return joinBytes([flvFileHeader(has(TYPE_VIDEO), has(TYPE_AUDIO)), ...messages.map(flvTag)])
}
