/** The remuxes of all channels: one for each set of settings in use. */
import type { FlvMuxerOptions } from "../../core/flv/flv-muxer.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { FlvRemux } from "./flv-remux.ts"
import { WorkShare } from "./work-share.ts"

/** Kept this long without a user, so that an output that connects again goes on in time. */
const KEEP_MS = 600_000

interface Entry {
  readonly remux: FlvRemux
  users: number
  unusedSinceMs: number
}

export class RemuxPool {
  readonly #core: PacketCore
  readonly #entries = new Map<string, Entry>()
  readonly #shares = new Map<number, WorkShare>()

  constructor(core: PacketCore) {
    this.#core = core
  }

  /** The remux for these settings, until `release` is called. */
  take(channel: number, options: FlvMuxerOptions): { readonly remux: FlvRemux; readonly release: () => void } {
    const nowMs = performance.now()
    for (const [key, entry] of this.#entries)
      if (entry.users === 0 && nowMs - entry.unusedSinceMs > KEEP_MS) this.#entries.delete(key)
    const key = `${channel} ${JSON.stringify(options)}`
    const kept = this.#entries.get(key)
    const known = kept?.remux.broken === true ? undefined : kept
    const entry = known ?? {
      remux: new FlvRemux(this.#core, channel, options, this.share(channel)),
      users: 0,
      unusedSinceMs: 0,
    }
    if (known === undefined) this.#entries.set(key, entry)
    entry.users++
    let released = false
    return {
      remux: entry.remux,
      release: () => {
        if (released) return
        released = true
        entry.users--
        entry.unusedSinceMs = performance.now()
      },
    }
  }

  /** What all outputs of a channel that take its stream apart may use of the loop's time together. */
  share(channel: number): WorkShare {
    const known = this.#shares.get(channel) ?? new WorkShare()
    this.#shares.set(channel, known)
    return known
  }

  /** The ring of this channel starts again: nothing that was made from it goes on. */
  forget(channel: number): void {
    for (const key of this.#entries.keys()) if (key.startsWith(`${channel} `)) this.#entries.delete(key)
  }
}
