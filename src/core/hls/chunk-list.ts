/**
 * Bytes that are appended at one end and taken from the other, in chunks of whole TS packets. Offsets count from the
 * first byte ever appended.
 */
import { TS_PACKET_SIZE } from "../ts/packet.ts"

const CHUNK_PACKETS = 512
const CHUNK_BYTES = CHUNK_PACKETS * TS_PACKET_SIZE

interface Chunk {
  readonly bytes: Uint8Array
  /** Offset of `bytes[0]`. */
  readonly offset: number
  /** What was taken from its beginning, and where its next byte goes. */
  from: number
  used: number
}

export class ChunkList {
  #chunks: Chunk[] = []
  #start = 0
  #end = 0

  /** Offset of the first byte that is held. */
  get start(): number {
    return this.#start
  }

  /** Offset of the next byte that is appended. */
  get end(): number {
    return this.#end
  }

  get size(): number {
    return this.#end - this.#start
  }

  /** Copies whole TS packets; returns the offset of the first byte. */
  append(packets: Uint8Array): number {
    const offset = this.#end
    for (let at = 0; at < packets.length; ) {
      let last = this.#chunks.at(-1)
      if (last === undefined || last.used === CHUNK_BYTES) {
        last = { bytes: new Uint8Array(CHUNK_BYTES), offset: this.#end, from: 0, used: 0 }
        this.#chunks.push(last)
      }
      const size = Math.min(packets.length - at, CHUNK_BYTES - last.used)
      last.bytes.set(at === 0 && size === packets.length ? packets : packets.subarray(at, at + size), last.used)
      last.used += size
      this.#end += size
      at += size
    }
    return offset
  }

  /** The packet at `offset`: a view that may be written to. RangeError where none is held. */
  packetAt(offset: number): Uint8Array {
    for (let i = this.#chunks.length - 1; i >= 0; i--) {
      const chunk = this.#chunks[i]
      if (chunk === undefined || offset < chunk.offset + chunk.from) continue
      const at = offset - chunk.offset
      if (at + TS_PACKET_SIZE <= chunk.used) return chunk.bytes.subarray(at, at + TS_PACKET_SIZE)
      break
    }
    throw new RangeError(`no packet at offset ${offset}`)
  }

  /** Takes everything before `offset`, as views that nothing writes to any more. */
  takeUntil(offset: number): Uint8Array[] {
    const parts: Uint8Array[] = []
    const kept: Chunk[] = []
    for (const chunk of this.#chunks) {
      const to = Math.min(Math.max(offset - chunk.offset, chunk.from), chunk.used)
      if (to > chunk.from) parts.push(chunk.bytes.subarray(chunk.from, to))
      chunk.from = to
      if (to < chunk.used) kept.push(chunk)
    }
    this.#chunks = kept
    this.#start = Math.min(Math.max(offset, this.#start), this.#end)
    return parts
  }

  clear(): void {
    this.#chunks = []
    this.#start = this.#end
  }
}
