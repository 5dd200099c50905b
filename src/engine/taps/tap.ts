/**
 * A channel's stream for the control plane itself (live preview, thumbnails): slots of the ring copied into a unix
 * socket. It is no output: it shows in no figures, has no part in the proof of cues, and gives way as soon as its
 * reader is slow.
 */
import { createConnection, type Socket } from "node:net"
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { RingReader } from "../ring/ring-reader.ts"

/** In bytes: a reader that has this much unread is cut off, before it costs the engine memory. */
const MAX_UNREAD = 4 * 1024 * 1024

export class Tap {
  readonly channel: number
  readonly #core: PacketCore
  readonly #socket: Socket
  #reader: RingReader | null = null
  ended = false

  /** Connects to `path` and says `token` and a line feed, then what goes out from now on. */
  constructor(core: PacketCore, channel: number, path: string, token: string) {
    this.channel = channel
    this.#core = core
    this.#socket = createConnection(path, () => {
      this.#socket.write(`${token}\n`)
      this.#reader = new RingReader(core.ringHead(channel))
    })
    this.#socket.on("error", () => this.close())
    this.#socket.on("close", () => this.close())
    // Nothing is expected; unread it would hide that the other side has gone.
    this.#socket.resume()
  }

  flush(): void {
    if (this.#reader === null || this.ended) return
    const waiting = this.#reader.backlog(this.#core.ringHead(this.channel))
    if (waiting === 0) return
    if (this.#socket.writableLength > MAX_UNREAD) this.close()
    else this.#socket.write(this.#take(this.#reader, waiting))
  }

  /** Copies the next slots: the ring is written over long before the socket is done with them. */
  #take(reader: RingReader, waiting: number): Buffer {
    const { u8, u32 } = this.#core
    let size = 0
    for (let i = 0; i < waiting; i++) size += u32[(this.#slot(reader.cursor + i) + SLOT_LENGTH) >> 2] ?? 0
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (let i = 0; i < waiting; i++) {
      const slot = this.#slot(reader.cursor)
      const length = u32[(slot + SLOT_LENGTH) >> 2] ?? 0
      bytes.set(u8.subarray(slot + SLOT_PAYLOAD, slot + SLOT_PAYLOAD + length), at)
      at += length
      reader.next()
    }
    return bytes
  }

  #slot(position: number): number {
    return this.#core.slotAddress(this.channel, position >>> 0)
  }

  close(): void {
    this.ended = true
    this.#socket.destroy()
  }
}
