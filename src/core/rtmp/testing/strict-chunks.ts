/**
 * A second reading of a chunk stream, for tests. It reads everything that a client has sent at once, with none of the
 * reader's code and none of its patience, and throws for what a strict server could refuse.
 */
import type { RtmpMessage } from "../constants.ts"

export interface StrictMessage extends RtmpMessage {
  /** Type of the message's first chunk header. */
  readonly format: number
  readonly chunks: number
}

interface Known {
  timestamp: number
  messageStreamId: number
}

const insist = (holds: boolean, claim: string): void => {
  if (!holds) throw new Error(claim)
}

/**
 * Reads a stream that keeps what ChunkWriter promises: ids below 32, type 0 first, then 0 or 1, type 3 only to
 * continue, no message inside another, and extended timestamps exactly where they belong and again on each
 * continuation. Chunk sizes follow Set Chunk Size.
 */
export const readStrictly = (bytes: Uint8Array, firstChunkSize = 128): StrictMessage[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const known = new Map<number, Known>()
  const messages: StrictMessage[] = []
  let chunkSize = firstChunkSize
  let at = 0
  const uint24 = (): number => {
    at += 3
    return view.getUint16(at - 3) * 256 + view.getUint8(at - 1)
  }
  while (at < bytes.length) {
    const first = view.getUint8(at++)
    const format = first >> 6
    const chunkStreamId = first & 63
    insist(chunkStreamId >= 2 && chunkStreamId < 32, `chunk stream ${chunkStreamId} is one that nginx-rtmp takes`)
    const before = known.get(chunkStreamId)
    insist(
      format === 0 || (format === 1 && before !== undefined),
      `a message does not start with a type ${format} header here`,
    )
    const field = uint24()
    const length = uint24()
    const typeId = view.getUint8(at++)
    const messageStreamId = format === 0 ? view.getUint32(at, true) : (before?.messageStreamId ?? -1)
    if (format === 0) at += 4
    const extended = field === 0xffffff
    insist(!extended || format === 0, "an extended timestamp stands behind type 0 only")
    const value = extended ? view.getUint32(at) : field
    insist(!extended || value >= 0xffffff, "an extended timestamp does not fit 24 bits")
    if (extended) at += 4
    const timestamp = format === 0 ? value : ((before?.timestamp ?? 0) + value) % 2 ** 32
    known.set(chunkStreamId, { timestamp, messageStreamId })
    const body = new Uint8Array(length)
    let filled = 0
    let chunks = 0
    do {
      if (chunks > 0) {
        insist(
          view.getUint8(at++) === 0xc0 + chunkStreamId,
          `chunk ${chunks} of a message has a type 3 header of its chunk stream`,
        )
        if (extended) {
          insist(view.getUint32(at) === value, "a continuation repeats the extended timestamp")
          at += 4
        }
      }
      const size = Math.min(chunkSize, length - filled)
      insist(at + size <= bytes.length, "a chunk is whole")
      body.set(bytes.subarray(at, at + size), filled)
      filled += size
      at += size
      chunks++
    } while (filled < length)
    messages.push({ chunkStreamId, typeId, messageStreamId, timestampMs: timestamp, body, format, chunks })
    if (typeId === 1) chunkSize = new DataView(body.buffer).getUint32(0)
  }
  return messages
}
