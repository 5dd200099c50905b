/**
 * The network before the product: what one sender sends for each channel goes to both legs, each with losses, delays,
 * repeats and overtakings of its own by a seed. No datagram is lost on both legs, so that nothing may be missing behind
 * a merge.
 */
import { createSocket, type Socket } from "node:dgram"
import { type Random, seededRandom } from "../../src/core/scte35/testing/fuzz-decoder.ts"

export interface LegImpairment {
  /** Shares of the datagrams, 0 to 1: lost on one of the legs, sent twice on one, overtaken on one. */
  readonly loss: number
  readonly duplicates: number
  readonly overtaken: number
  /** Delay of the backup in ms, and time by which an overtaken datagram is later. */
  readonly backupDelayMs: number
  readonly overtakenMs: number
  readonly seed: number
}

interface Flight {
  readonly at: number
  readonly bytes: Uint8Array
  readonly port: number
}

const RECEIVE_BUFFER = 16 << 20
const TICK_MS = 2
/** A merge waits 200 ms for the other leg; delays take 40 ms of them. */
const LATE_MS = 100

export class LegFork {
  readonly #how: LegImpairment
  readonly #random: Random
  readonly #inputs: Socket[] = []
  readonly #out: Socket
  readonly #flights: Flight[] = []
  readonly #last: number[] = []
  readonly #timer: ReturnType<typeof setInterval>
  /** Datagrams that did not reach this process: its own fault, or its sender's. */
  missed = 0
  forwarded = 0
  lost = 0
  /** Datagrams that went out so late that a merge need not wait for them: this process stood still. */
  late = 0

  private constructor(out: Socket, how: LegImpairment) {
    this.#out = out
    this.#how = how
    this.#random = seededRandom(how.seed)
    this.#timer = setInterval(() => this.#land(), TICK_MS)
  }

  /** Channel i comes in on `port + 2 i`, and goes out to `primary + 2 i` and `backup + 2 i` of 127.0.0.1. */
  static async open(port: number, channels: number, primary: number, backup: number, how: LegImpairment) {
    const bound = (at: number) =>
      new Promise<Socket>((resolve, reject) => {
        const socket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_BUFFER, sendBufferSize: RECEIVE_BUFFER })
        socket.once("error", reject)
        socket.bind(at, "127.0.0.1", () => resolve(socket))
      })
    const fork = new LegFork(await bound(0), how)
    for (let channel = 0; channel < channels; channel++) {
      const socket = await bound(port + 2 * channel)
      fork.#inputs.push(socket)
      socket.on("message", (bytes) => fork.#take(channel, bytes, primary + 2 * channel, backup + 2 * channel))
    }
    return fork
  }

  #share(share: number): boolean {
    return this.#random() / 2 ** 32 < share
  }

  #take(channel: number, bytes: Buffer, primary: number, backup: number): void {
    const { backupDelayMs, duplicates, loss, overtaken, overtakenMs } = this.#how
    const sequence = bytes.readUInt16BE(2)
    const before = this.#last[channel]
    if (before !== undefined) this.missed += (sequence - before - 1) & 0xffff
    this.#last[channel] = sequence
    // Behind a standstill of this process messages come in one go, without a timer between them.
    this.#land()
    const now = performance.now()
    // A loss takes one leg or the other.
    const victim = this.#share(loss) ? this.#random() % 2 : -1
    for (const [leg, port] of [primary, backup].entries()) {
      if (leg === victim) {
        this.lost += 1
        continue
      }
      const late = this.#share(overtaken) ? overtakenMs : 0
      const delay = (leg === 0 ? 0 : backupDelayMs) + late
      this.forwarded += 1
      for (let copies = this.#share(duplicates) ? 2 : 1; copies > 0; copies--)
        if (delay === 0) this.#out.send(bytes, port, "127.0.0.1")
        else this.#queue({ at: now + delay, bytes, port })
    }
  }

  #queue(flight: Flight): void {
    let place = this.#flights.length
    while (place > 0 && (this.#flights[place - 1]?.at ?? 0) > flight.at) place -= 1
    this.#flights.splice(place, 0, flight)
  }

  #land(): void {
    const now = performance.now()
    let due = 0
    for (const { at, bytes, port } of this.#flights) {
      if (at > now) break
      if (now - at > LATE_MS) this.late += 1
      this.#out.send(bytes, port, "127.0.0.1")
      due += 1
    }
    this.#flights.splice(0, due)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const socket of [...this.#inputs, this.#out]) socket.close()
  }
}
