/** Raw UDP as a stream of bytes, in the way in which the reference parser takes it apart. */
import { SYNC_BYTE, TS_PACKET_SIZE } from "../../ts/packet.ts"

const SIZES = [TS_PACKET_SIZE, 204] as const
/** Number of sync bytes, beside the first, that show where packets are. */
const FURTHER = 4
const TAIL = FURTHER * 204

/** Whether bytes at `at` and every `size` from there on are sync bytes: `most` of them, as far as there are bytes. */
const haveSync = (bytes: Uint8Array, at: number, size: number, most: number): boolean => {
  for (let i = 0; i < most && at + i * size < bytes.length; i++) if (bytes[at + i * size] !== SYNC_BYTE) return false
  return true
}

export const isEven = (bytes: Uint8Array, size: number = TS_PACKET_SIZE): boolean =>
  bytes.length > 0 && bytes.length % size === 0 && haveSync(bytes, 0, size, bytes.length / size)

/** Finds where the first five sync bytes at the same distance begin, from `from` on; null when there are none. */
export const findRun = (bytes: Uint8Array, from = 0): { readonly at: number; readonly size: number } | null => {
  for (let at = bytes.indexOf(SYNC_BYTE, from); at >= 0; at = bytes.indexOf(SYNC_BYTE, at + 1))
    for (const size of SIZES)
      if (at + FURTHER * size < bytes.length && haveSync(bytes, at, size, 1 + FURTHER)) return { at, size }
  return null
}

/** Whether packets are found elsewhere than at `offset` and every 188 bytes from there on. */
export const hasRunBeside = (bytes: Uint8Array, offset: number): boolean => {
  const run = findRun(bytes)
  return run !== null && (run.size !== TS_PACKET_SIZE || run.at % TS_PACKET_SIZE !== offset % TS_PACKET_SIZE)
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** What a datagram yields: whole packets, losses of the place where packets are, and bytes passed over on the way. */
export type Step =
  | { readonly kind: "packet"; readonly bytes: Uint8Array; readonly is204: boolean }
  | { readonly kind: "loss" }
  | { readonly kind: "skip"; readonly bytes: number }

export class ReferenceBytes {
  /** Length of the packets in bytes; null while their place is unknown. */
  size: number | null = null
  rest: Uint8Array = new Uint8Array()
  wasFound = false
  /** Offset at which the datagram begins among the bytes that are being taken. */
  #begin = 0

  /** Whether its sender has sent whole packets alone: no bytes were ever left over, and no place looked for. */
  get isUntouched(): boolean {
    return !this.wasFound && this.rest.length === 0
  }

  /** Whether packets are in these bytes, behind those left over, elsewhere than at the datagram's begin. */
  hasRunBeside(datagram: Uint8Array): boolean {
    return hasRunBeside(joined(this.rest, datagram), this.rest.length)
  }

  goesOn(datagram: Uint8Array): boolean {
    if (this.size === null) return false
    return this.#agrees(
      datagram,
      this.rest.length === 0 ? 0 : this.size - this.rest.length,
      this.rest.length === 0 ? 1 : FURTHER,
    )
  }

  /**
   * Whether up to `most` sync bytes are at `offset` and one packet after another from there, as far as there are bytes.
   */
  #agrees(bytes: Uint8Array, offset: number, most: number): boolean {
    return haveSync(bytes, offset, this.size ?? 0, most)
  }

  /** Takes a packet that is whole, although what follows it is not there yet. */
  takeHeld(): Step | null {
    if (this.size === null || this.rest.length !== this.size) return null
    const step: Step = { kind: "packet", bytes: this.rest.subarray(0, TS_PACKET_SIZE), is204: this.size === 204 }
    this.rest = new Uint8Array()
    return step
  }

  /**
   * Takes a datagram. `isTaken` is true when the datagram begins where packets are, or when that place is found in it
   * by the steps of `entry`.
   */
  take(datagram: Uint8Array): { readonly isTaken: boolean; readonly entry: Step[]; readonly steps: Step[] } {
    const entry: Step[] = []
    const steps: Step[] = []
    const bytes = joined(this.rest, datagram)
    const begin = this.rest.length
    this.#begin = begin
    let at: number | null = 0
    if (!this.goesOn(datagram)) {
      const wasInPlace = this.size !== null
      if (wasInPlace) entry.push({ kind: "loss" })
      if (this.wasFound && isEven(datagram)) at = this.#settle(begin, TS_PACKET_SIZE, 0, entry)
      else at = this.#search(bytes, wasInPlace ? begin : 0, 0, entry)
      if (at === null) return { isTaken: false, entry, steps }
    }
    while (at !== null) {
      const size: number = this.size ?? 0
      const isLost: boolean = at < bytes.length && bytes[at] !== SYNC_BYTE
      if (!isLost && at + size > bytes.length) break
      const isGlued = at < begin
      if (!isLost && isGlued && at + size === bytes.length) break
      if (isLost || (isGlued && !this.#agrees(bytes, at + size, FURTHER))) {
        steps.push({ kind: "loss" })
        const isBegun: boolean = isGlued && begin - at <= size
        at = this.#search(bytes, isLost ? at : isBegun ? begin : at + 1, at, steps)
        continue
      }
      steps.push({ kind: "packet", bytes: bytes.subarray(at, at + TS_PACKET_SIZE), is204: size === 204 })
      at += size
    }
    if (at !== null) this.rest = bytes.slice(at)
    return { isTaken: true, entry, steps }
  }

  #settle(at: number, size: number, before: number, steps: Step[]): number {
    this.size = size
    this.wasFound = true
    steps.push({ kind: "skip", bytes: at - before })
    return at
  }

  #search(bytes: Uint8Array, from: number, before: number, steps: Step[]): number | null {
    const run = findRun(bytes, from)
    // A header before whole packets is that of another protocol.
    const isHeaded = run !== null && run.at > this.#begin && (bytes.length - run.at) % run.size === 0
    if (run !== null && !isHeaded) return this.#settle(run.at, run.size, before, steps)
    const kept = Math.max(from, bytes.length - TAIL)
    this.size = null
    this.rest = bytes.slice(kept)
    steps.push({ kind: "skip", bytes: kept - before })
    return null
  }
}
