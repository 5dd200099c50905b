/** The taps of all channels, which the packet loop comes by every few milliseconds. */
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { Reason } from "../protocol/messages.ts"
import { Tap } from "./tap.ts"

/** More than the control plane ever asks for. */
const MAX_TAPS = 16

export class TapPool {
  readonly #core: PacketCore
  readonly #taps = new Set<Tap>()
  readonly #fault: (cause: unknown) => void

  /** `fault` is told what a tap has thrown, which is closed then. */
  constructor(core: PacketCore, fault: (cause: unknown) => void) {
    this.#core = core
    this.#fault = fault
  }

  get size(): number {
    return this.#taps.size
  }

  /** Null when the tap is being connected; what goes wrong later ends it. */
  open(channel: number, path: string, token: string): Reason | null {
    if (this.#taps.size >= MAX_TAPS) {
      return {
        code: "too_many_taps",
        message: `the engine shows at most ${MAX_TAPS} streams to the control plane`,
        transient: true,
      }
    }
    this.#taps.add(new Tap(this.#core, channel, path, token))
    return null
  }

  flush(): void {
    for (const tap of this.#taps) {
      try {
        tap.flush()
      } catch (cause) {
        this.#fault(cause)
        tap.close()
      }
      if (tap.ended) this.#taps.delete(tap)
    }
  }

  closeChannel(channel: number): void {
    for (const tap of this.#taps) if (tap.channel === channel) tap.close()
  }

  close(): void {
    for (const tap of this.#taps) tap.close()
    this.#taps.clear()
  }
}
