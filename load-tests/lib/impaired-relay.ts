/**
 * A UDP relay between one caller and one server on 127.0.0.1 that treats datagrams as a bad network does: it loses,
 * doubles, delays and overtakes them, both ways, by numbers that are the same in every run with the same seed.
 */
import { createSocket, type Socket } from "node:dgram"
import { seededRandom } from "../../src/core/scte35/testing/fuzz-decoder.ts"

export interface Impairment {
  /** Share of datagrams that are lost, 0 to 1. */
  readonly loss?: number
  /** Number of datagrams that are lost together. Default 1. */
  readonly burst?: number
  /** Share of datagrams that arrive twice. */
  readonly duplicates?: number
  /** Share of datagrams that are overtaken: they take `overtakenMs` longer. */
  readonly overtaken?: number
  readonly overtakenMs?: number
  /** Time in ms that a datagram takes one way. */
  readonly delayMs?: number
  readonly seed?: number
  /** Is told of each datagram that reaches the relay. */
  readonly witness?: (bytes: Uint8Array, from: "caller" | "server") => void
}

interface Flight {
  readonly at: number
  readonly bytes: Buffer
}

/** Datagrams of one direction on their way, in the order in which they arrive. */
class Direction {
  readonly #flights: Flight[] = []
  readonly #random: () => number
  readonly #impairment: Impairment
  readonly #deliver: (bytes: Buffer) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #burstLeft = 0
  forwarded = 0
  lost = 0

  constructor(impairment: Impairment, seed: number, deliver: (bytes: Buffer) => void) {
    this.#impairment = impairment
    const numbers = seededRandom(seed)
    this.#random = () => numbers() / 2 ** 32
    this.#deliver = deliver
  }

  #isLost(): boolean {
    const { loss = 0, burst = 1 } = this.#impairment
    if (this.#burstLeft > 0) {
      this.#burstLeft -= 1
      return true
    }
    if (this.#random() >= loss / burst) return false
    this.#burstLeft = burst - 1
    return true
  }

  take(bytes: Buffer): void {
    const { duplicates = 0, overtaken = 0, overtakenMs = 5, delayMs = 0 } = this.#impairment
    if (this.#isLost()) {
      this.lost += 1
      return
    }
    this.forwarded += 1
    const late = overtaken > 0 && this.#random() < overtaken ? overtakenMs : 0
    const copies = duplicates > 0 && this.#random() < duplicates ? 2 : 1
    for (let copy = 0; copy < copies; copy++)
      if (delayMs + late > 0) this.#queue({ at: performance.now() + delayMs + late, bytes })
      else this.#deliver(bytes)
  }

  #queue(flight: Flight): void {
    let place = this.#flights.length
    while (place > 0 && (this.#flights[place - 1]?.at ?? 0) > flight.at) place -= 1
    this.#flights.splice(place, 0, flight)
    this.#timer ??= setTimeout(this.#land, delayUntil(flight.at))
  }

  readonly #land = (): void => {
    const now = performance.now()
    let due = 0
    for (const flight of this.#flights) {
      if (flight.at > now) break
      this.#deliver(flight.bytes)
      due += 1
    }
    this.#flights.splice(0, due)
    const next = this.#flights[0]
    this.#timer = next === undefined ? undefined : setTimeout(this.#land, delayUntil(next.at))
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#flights.length = 0
  }
}

const delayUntil = (at: number): number => Math.max(1, at - performance.now())

const bound = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 })
    socket.once("error", reject)
    socket.bind(0, "127.0.0.1", () => resolve(socket))
  })

export class ImpairedRelay {
  /** Port on 127.0.0.1 that the caller calls. */
  readonly port: number
  /** Port that the server sees as the caller's. */
  readonly outerPort: number
  readonly #sockets: readonly [Socket, Socket]
  readonly #out: Direction
  readonly #back: Direction

  private constructor(inner: Socket, outer: Socket, target: number, impairment: Impairment) {
    this.#sockets = [inner, outer]
    this.port = inner.address().port
    this.outerPort = outer.address().port
    let caller = 0
    let open = true
    const seed = impairment.seed ?? 1
    this.#out = new Direction(impairment, seed, (bytes) => open && outer.send(bytes, target, "127.0.0.1"))
    this.#back = new Direction(impairment, seed + 1, (bytes) => open && inner.send(bytes, caller, "127.0.0.1"))
    inner.on("message", (bytes, peer) => {
      caller = peer.port
      impairment.witness?.(bytes, "caller")
      this.#out.take(bytes)
    })
    outer.on("message", (bytes) => {
      if (caller === 0) return
      impairment.witness?.(bytes, "server")
      this.#back.take(bytes)
    })
    inner.once("close", () => {
      open = false
    })
  }

  /** Opens a relay to `target`, a port of 127.0.0.1. */
  static async open(target: number, impairment: Impairment): Promise<ImpairedRelay> {
    return new ImpairedRelay(await bound(), await bound(), target, impairment)
  }

  /** Datagrams that were lost, caller to server and back. */
  get lost(): readonly [number, number] {
    return [this.#out.lost, this.#back.lost]
  }

  /** Datagrams that were passed on, caller to server and back; doubled ones count once. */
  get forwarded(): readonly [number, number] {
    return [this.#out.forwarded, this.#back.forwarded]
  }

  close(): void {
    this.#out.close()
    this.#back.close()
    for (const socket of this.#sockets) socket.close()
  }
}
