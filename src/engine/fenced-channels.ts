/** Moves the fences of channels as the control plane says, and ends the outputs of those whose fence has run out. */
import type { EngineChannel } from "./engine-channel.ts"
import { fencedReason } from "./protocol/fenced.ts"
import type { Request } from "./protocol/messages.ts"
import { Fences } from "./system/fences.ts"

export class FencedChannels {
  readonly fences: Fences
  readonly #channels: ReadonlyMap<string, EngineChannel>

  constructor(channels: ReadonlyMap<string, EngineChannel>, fences = new Fences()) {
    this.#channels = channels
    this.fences = fences
  }

  /** Channels that the engine does not have are passed over. */
  lease(leases: Extract<Request, { readonly cmd: "lease" }>["fences"]): null {
    for (const { channel_id, fence_us } of leases) {
      const channel = this.#channels.get(channel_id)
      if (channel !== undefined) this.fences.set(channel.index, fence_us)
    }
    this.cut()
    return null
  }

  /** A channel was put: `untilUs` is undefined for one that may always send. */
  put({ index }: EngineChannel, untilUs: number | undefined): null {
    this.fences.set(index, untilUs)
    this.cut()
    return null
  }

  /** Ends the outputs of channels that may not send any more. */
  cut(): void {
    const closed = this.fences.takeClosed()
    if (closed.length === 0) return
    for (const channel of this.#channels.values()) if (closed.includes(channel.index)) channel.cut(fencedReason)
  }
}
