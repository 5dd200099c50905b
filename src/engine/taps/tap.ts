/**
 * A channel's stream for the control plane itself (live preview, thumbnails): slots of the ring copied into a unix
 * socket. It is no output: it shows in no figures, has no part in the proof of cues, and gives way as soon as its
 * reader is slow.
 */
import { createConnection, type Socket } from "node:net"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { copySlots } from "../ring/copy-slots.ts"
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
    else this.#socket.write(copySlots(this.#core, this.channel, this.#reader, waiting))
  }

  close(): void {
    this.ended = true
    this.#socket.destroy()
  }
}
