/**
 * Our own SRT stack: the sockets, the payloads kept for repair and the batch that all its connections share. It is
 * driven by the packet loop: `receive` before the outputs have their turn, `submit` after.
 */
import { randomInt } from "node:crypto"
import type { PacketCore } from "../../../core/packet-core/packet-core.ts"
import { MALFORMED } from "../../../core/srt/protocol/packet.ts"
import type { FenceView } from "../../system/fences.ts"
import { SrtArena } from "./arena.ts"
import type { Shared } from "./connection.ts"
import { nodeCrypto } from "./crypto.ts"
import {
  Endpoint,
  type EndpointOptions,
  type HandshakeTaker,
  type MalformedCounts,
  ReceiveBuffers,
} from "./endpoint.ts"
import { PayloadRing } from "./payload-ring.ts"
import { SendBatch } from "./send-batch.ts"

/** Something shared, with the way to give it back. Giving it back twice does no harm. */
export interface Lease<A> {
  readonly value: A
  readonly release: () => void
}

interface Shelf<A> {
  readonly value: A
  users: number
}

/** Things that exist as long as somebody uses them. */
class Leases<K, A> {
  readonly #shelves = new Map<K, Shelf<A>>()
  readonly #dispose: (value: A) => void

  constructor(dispose: (value: A) => void) {
    this.#dispose = dispose
  }

  take(key: K, make: () => A): Lease<A> {
    let shelf = this.#shelves.get(key)
    if (shelf === undefined) {
      shelf = { value: make(), users: 0 }
      this.#shelves.set(key, shelf)
    }
    const taken = shelf
    taken.users += 1
    let held = true
    const release = () => {
      if (!held) return
      held = false
      taken.users -= 1
      if (taken.users > 0) return
      this.#shelves.delete(key)
      this.#dispose(taken.value)
    }
    return { value: taken.value, release }
  }

  *values(): Iterable<A> {
    for (const { value } of this.#shelves.values()) yield value
  }
}

export class OwnSrt {
  readonly crypto = nodeCrypto
  /** Packets that were refused since the engine's start, by kind. */
  readonly malformed = Object.fromEntries(MALFORMED.map((kind) => [kind, 0])) as MalformedCounts
  /** What the kernel reads and writes: made when the first output needs it, so that others reserve nothing. */
  #memory: { readonly shared: Shared; readonly buffers: ReceiveBuffers } | null = null
  readonly #core: PacketCore
  readonly #coreBase: number
  readonly #fences: FenceView
  readonly #rings = new Leases<number, PayloadRing>((ring) => ring.close())
  readonly #callers = new Leases<string, Endpoint>((endpoint) => this.#closeEndpoint(endpoint))
  readonly #listeners = new Set<Endpoint>()

  constructor(core: PacketCore, coreBase: number, fences: FenceView) {
    this.#core = core
    this.#fences = fences
    this.#coreBase = coreBase
  }

  get #made(): { readonly shared: Shared; readonly buffers: ReceiveBuffers } {
    if (this.#memory !== null) return this.#memory
    const arena = new SrtArena()
    const buffers = new ReceiveBuffers(arena, this.malformed)
    const fences = this.#fences
    this.#memory = { shared: { arena, batch: new SendBatch(arena, fences), fences }, buffers }
    return this.#memory
  }

  get shared(): Shared {
    return this.#made.shared
  }

  /** What the channel has sent, kept as long as somebody holds it. */
  ring(channel: number): Lease<PayloadRing> {
    const { arena } = this.shared
    return this.#rings.take(channel, () => new PayloadRing(arena, this.#core, this.#coreBase, channel))
  }

  /** The UDP socket of callers with these options, shared by them all. Throws SetupFailure. */
  callerEndpoint(options: EndpointOptions): Lease<Endpoint> {
    const { local, ...rest } = options
    const key = `${local.join(".")} ${JSON.stringify(rest)}`
    return this.#callers.take(key, () => new Endpoint(this.#made.buffers, options))
  }

  /** A listener's UDP socket. Throws SetupFailure when the port is taken. */
  listenerEndpoint(options: EndpointOptions, handshakes: HandshakeTaker): Lease<Endpoint> {
    const endpoint = new Endpoint(this.#made.buffers, options, handshakes)
    this.#listeners.add(endpoint)
    const release = () => {
      if (this.#listeners.delete(endpoint)) this.#closeEndpoint(endpoint)
    }
    return { value: endpoint, release }
  }

  #closeEndpoint(endpoint: Endpoint): void {
    this.shared.batch.submit()
    endpoint.close()
  }

  /** A socket id that nobody at this endpoint has: 30 bits, never 0. */
  socketId(endpoint: Endpoint): number {
    for (;;) {
      const id = randomInt(1, 0x3fffffff)
      if (!endpoint.has(id)) return id
    }
  }

  /** Takes what the peers have sent. */
  receive(nowUs: number): void {
    for (const endpoint of this.#callers.values()) endpoint.receive(nowUs)
    for (const endpoint of this.#listeners) endpoint.receive(nowUs)
    // Packets that are sent again point into rings and histories, which move on when the outputs have their turn.
    this.submit()
  }

  /** Sends what the outputs have put together. */
  submit(): void {
    this.#memory?.shared.batch.submit()
  }
}
