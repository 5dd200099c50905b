/** An SRT sender alone, for tests that say what it hears and look at each packet it sends. */
import { lossListWords } from "../protocol/loss-list.ts"
import { CONTROL, controlPacket, HEADER_BYTES } from "../protocol/packet.ts"
import { SrtSender } from "../protocol/sender.ts"
import { SENDER_DEFAULTS, type SenderOptions } from "../protocol/sender-options.ts"
import type { Session } from "../protocol/session.ts"
import { testSession } from "./sender-run.ts"

/** A data packet as it left. */
export interface Out {
  readonly sequence: number
  readonly word: number
  readonly stamp: number
  readonly position: number
  readonly length: number
}

/** A sender whose packets are kept, and a peer of which each word is put into its mouth. */
export class SenderBench {
  readonly data: Out[] = []
  readonly controls: Uint8Array[] = []
  readonly sender: SrtSender
  view: DataView

  constructor(session: Partial<Session> = {}, options: Partial<SenderOptions> = {}, capacity = 1024) {
    this.view = new DataView(new ArrayBuffer(capacity * HEADER_BYTES + 64))
    this.sender = new SrtSender(
      testSession({ sequence: 100, ...session }),
      { view: this.view, at: 64, capacity },
      {
        data: (header, sequence, position, offset, length) => {
          const isSound = this.view.getUint32(header) === sequence && this.view.getUint32(header + 12) === 22
          if (!isSound || offset !== position % 7) throw new Error(`the header of packet ${sequence} is another one's`)
          const [word, stamp] = [this.view.getUint32(header + 4), this.view.getUint32(header + 8)]
          this.data.push({ sequence, word, stamp, position, length })
        },
        control: (packet) => this.controls.push(packet.slice()),
      },
      { ...SENDER_DEFAULTS, ...options },
      0,
    )
  }

  /** Sends `count` packets at `nowUs`, 1 ms apart in their stamps; returns how many the window let through. */
  send(count: number, nowUs: number): number {
    let sent = 0
    for (let i = 0; i < count; i++) {
      const position = this.data.length
      if (this.sender.send(position, position % 7, 1000 + (position % 300), nowUs + i * 1000, nowUs)) sent += 1
    }
    return sent
  }

  hear(packet: Uint8Array, nowUs: number): string | null {
    return this.sender.receive(packet, new DataView(packet.buffer), 0, packet.length, nowUs)
  }

  ack(acked: number, nowUs: number, { number = 1, rttUs = 20_000, rttVarUs = 5000, room = 8192 } = {}): string | null {
    const words = [acked, rttUs, rttVarUs, room, 1000, 5000, 1e6]
    return this.hear(controlPacket({ type: CONTROL.ACK, about: number, timestamp: 0, to: 11 }, words), nowUs)
  }

  lightAck(acked: number, nowUs: number): string | null {
    return this.hear(controlPacket({ type: CONTROL.ACK, timestamp: 0, to: 11 }, [acked]), nowUs)
  }

  nak(ranges: ReadonlyArray<readonly [number, number]>, nowUs: number): string | null {
    return this.hear(controlPacket({ type: CONTROL.NAK, timestamp: 0, to: 11 }, lossListWords(ranges)), nowUs)
  }

  /** Types of the control packets sent since the last call. */
  said(): number[] {
    return this.controls.splice(0).map((packet) => ((packet[0] ?? 0) & 0x7f) * 256 + (packet[1] ?? 0))
  }

  get resent(): number[] {
    return this.data.filter(({ word }) => (word & 0x04000000) !== 0).map(({ sequence }) => sequence)
  }
}
