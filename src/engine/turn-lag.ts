/**
 * How far the rings of the channels have gone on since all of their outputs had their turn.
 *
 * Legs that are drained for an output that sends at once are read twenty times a tick, and other outputs of the channel
 * have their turn once a tick: after a pause of the process or of the sender, a socket holds several times what a ring
 * does. It is emptied only as fast as the outputs can follow; and two legs are read alike, so that after a pause neither
 * runs ahead of the other, which it may be merged with.
 */
import { MAX_CHANNELS, RELEASE_MAX } from "../core/assembly/memory/layout.ts"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import { QUEUE_SLOTS } from "./ring/ring-reader.ts"

/** Slots filled from one leg in one go at most. */
const SLOTS_AT_ONCE = 256

export class TurnLag {
  readonly #core: PacketCore
  /** Head of each ring when the outputs had their turn: those of a tick, and those that are spread over it. */
  readonly #ofTick = new Uint32Array(MAX_CHANNELS)
  readonly #ofPhase = new Uint32Array(MAX_CHANNELS)
  readonly #legs = new Uint8Array(MAX_CHANNELS).fill(1)
  /** The drain that a channel was last read in, in microseconds, and each leg's share of the room when it began. */
  readonly #drainUs = new Float64Array(MAX_CHANNELS).fill(Number.NaN)
  readonly #share = new Uint32Array(MAX_CHANNELS)

  constructor(core: PacketCore) {
    this.#core = core
  }

  /** So many legs share the room of a channel. */
  share(channel: number, legs: number): void {
    this.#legs[channel] = legs
  }

  /** The outputs of a channel have had their turn: all of those of a tick, all of those that are spread, or both. */
  turned(channel: number, ofTick: boolean, ofPhase: boolean): void {
    const head = this.#core.ringHead(channel)
    if (ofTick) this.#ofTick[channel] = head
    if (ofPhase) this.#ofPhase[channel] = head
  }

  /**
   * Slots of a channel's ring that one of its legs may fill now, in the drain of `drainUs`, so that no output loses any.
   * What waited for a gap may follow them. A leg that another node relays has two sockets, and asks for each.
   */
  room(channel: number, drainUs: number): number {
    const head = this.#core.ringHead(channel)
    const lag = Math.max((head - (this.#ofTick[channel] ?? 0)) >>> 0, (head - (this.#ofPhase[channel] ?? 0)) >>> 0)
    const left = Math.max(0, QUEUE_SLOTS - RELEASE_MAX - lag)
    if (this.#drainUs[channel] !== drainUs) {
      this.#drainUs[channel] = drainUs
      this.#share[channel] = Math.min(SLOTS_AT_ONCE, Math.floor(left / Math.max(1, this.#legs[channel] ?? 1)))
    }
    return Math.min(left, this.#share[channel] ?? 0)
  }
}
