/** A caller and a listener on made-up time, with what each of them is told unless a test says otherwise. */
import { seededRandom } from "../../scte35/testing/fuzz-decoder.ts"
import { CallerHandshake, type CallerOptions } from "../protocol/caller.ts"
import { buildHandshake, type Handshake, type HandshakeFields, readHandshake } from "../protocol/handshake.ts"
import type { SrtCrypto } from "../protocol/key-material.ts"
import { ListenerHandshakes, type ListenerOptions, type ListenerStep } from "../protocol/listener.ts"
import { testCrypto } from "./test-crypto.ts"

export const PASSPHRASE = "correct horse battery"
export const PEER = { peer: "192.0.2.1:5000", address: Uint8Array.of(192, 0, 2, 1, 0x13, 0x88) }

export const callerOptions = (options: Partial<CallerOptions> = {}): CallerOptions => ({
  socketId: 77,
  sequence: 0x7ffffff0,
  streamId: "",
  latencyMs: 120,
  tsbpd: true,
  passphrase: null,
  keyBytes: null,
  mtu: 1500,
  minVersion: 0x10300,
  timeoutUs: 3e6,
  peerAddress: new Uint8Array(16),
  ...options,
})

export const listenerOptions = (options: Partial<ListenerOptions> = {}): ListenerOptions => ({
  passphrase: null,
  keyBytes: 16,
  latencyMs: 120,
  tsbpd: true,
  mtu: 1500,
  minVersion: 0x10300,
  admit: () => null,
  mayDerive: () => true,
  ...options,
})

export const said = (packet: Uint8Array): Handshake => {
  const h = readHandshake(packet, 0, packet.length)
  if (h === null) throw new Error("no handshake")
  return h
}

/** A handshake packet with other fields than it has. */
export const altered = (
  packet: Uint8Array,
  fields: Partial<HandshakeFields>,
  response = false,
): Uint8Array<ArrayBuffer> => {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const to = view.getUint32(12)
  return buildHandshake({ ...said(packet), timestamp: view.getUint32(8), to, response, ...fields })
}

export const stampOf = (packet: Uint8Array): number =>
  new DataView(packet.buffer, packet.byteOffset, packet.byteLength).getUint32(8)

/** What goes wrong on the way: each is asked about every packet, and may alter or lose it (null). */
export interface Way {
  readonly there?: (packet: Uint8Array, index: number) => Uint8Array | null
  readonly back?: (packet: Uint8Array, index: number) => Uint8Array | null
}

export class HandshakeRun {
  readonly caller: CallerHandshake
  readonly listener: ListenerHandshakes
  readonly crypto: SrtCrypto
  readonly toListener: Uint8Array[] = []
  readonly toCaller: Uint8Array[] = []
  readonly steps: ListenerStep[] = []
  readonly problems: string[] = []
  nowUs: number

  constructor(caller: Partial<CallerOptions> = {}, listener: Partial<ListenerOptions> = {}, beginUs = 1000) {
    this.crypto = testCrypto(seededRandom(3))
    this.nowUs = beginUs
    this.caller = new CallerHandshake(this.crypto, callerOptions(caller), beginUs)
    this.listener = new ListenerHandshakes(this.crypto, listenerOptions(listener))
  }

  hear(packet: Uint8Array, from = PEER, nowUs = this.nowUs): ListenerStep {
    const step = this.listener.receive(from, packet, 0, packet.length, nowUs, () => 4242)
    this.steps.push(step)
    return step
  }

  /** Lets them speak for `us`, each packet 10 ms on the way. */
  run(us = 3e6, way: Way = {}): this {
    for (const endUs = this.nowUs + us; this.nowUs < endUs; this.nowUs += 10_000) {
      const packet = this.caller.poll(this.nowUs)
      if (packet === null) continue
      this.toListener.push(packet)
      const heard = way.there === undefined ? packet : way.there(packet, this.toListener.length - 1)
      if (heard === null) continue
      this.nowUs += 10_000
      const step = this.hear(heard)
      if (!("packet" in step)) continue
      const reply = step.packet.slice()
      this.toCaller.push(reply)
      const answer = way.back === undefined ? reply : way.back(reply, this.toCaller.length - 1)
      if (answer === null) continue
      this.nowUs += 10_000
      const problem = this.caller.receive(answer, 0, answer.length)
      if (problem !== null) this.problems.push(problem)
    }
    return this
  }

  /** The session the listener came to; an Error without one. */
  get accepted(): Extract<ListenerStep, { kind: "accepted" }> {
    const step = this.steps.find(({ kind }) => kind === "accepted")
    if (step?.kind !== "accepted") throw new Error(`nobody was let in: ${JSON.stringify(this.steps)}`)
    return step
  }
}
