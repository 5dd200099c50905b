/** The control packets of a connection that carry nothing but their header: answers, keepalives, goodbyes. */
import { CONTROL, CONTROL_BIT, controlPacket } from "./packet.ts"
import type { Session } from "./session.ts"

export class PlainControl {
  readonly #startUs: number
  readonly #packet: Uint8Array<ArrayBuffer>
  readonly #view: DataView

  constructor({ peerSocketId, startUs }: Pick<Session, "peerSocketId" | "startUs">) {
    this.#startUs = startUs
    this.#packet = controlPacket({ type: CONTROL.KEEPALIVE, timestamp: 0, to: peerSocketId })
    this.#view = new DataView(this.#packet.buffer)
  }

  /**
   * The packet of that type, with its type-specific word. It stands in the bytes of the one before: one acknowledgement
   * in ten milliseconds is answered, without a new packet for each.
   */
  packet(type: number, about: number, nowUs: number): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, (CONTROL_BIT | (type << 16)) >>> 0)
    this.#view.setUint32(4, about)
    this.#view.setUint32(8, (nowUs - this.#startUs) % 4294967296)
    return this.#packet
  }
}
