/**
 * Encrypted packets on their way to the kernel: each has a place in which its header and its payload stand together.
 * Packets of one cipher that follow each other are encrypted in one go.
 */
import type { SrtArena } from "./arena.ts"
import { JOB_BYTES, JOB_LENGTH, JOB_PAYLOAD, JOB_PLACE, type StreamCipher } from "./stream-cipher.ts"

const HEADER = 16
const BLOCK = 16
/** Room for 512 packets of the largest size. */
const ROOM = 512 * 1472
/** Packets that are encrypted in one go: 94 kB, which a processor's cache holds. */
const BURST_MAX = 64

/** Bytes of the place of a packet with a payload of `length` bytes. */
const placeBytes = (length: number): number => HEADER + Math.ceil(length / BLOCK) * BLOCK

export class SealedPackets {
  readonly #arena: SrtArena
  readonly #places: number
  readonly #jobs: number
  /** Bytes of places taken, and how many of those are done. */
  #taken = 0
  #done = 0
  #waiting = 0
  #cipher: StreamCipher | null = null

  constructor(arena: SrtArena) {
    this.#arena = arena
    this.#places = arena.take(ROOM).at
    this.#jobs = arena.take(BURST_MAX * JOB_BYTES).at
  }

  /** Whether there is room for a packet with a payload of `length` bytes. */
  fits(length: number): boolean {
    return this.#taken + placeBytes(length) <= ROOM
  }

  /**
   * Takes a packet; returns the offset of its place, where it stands once `run` was called. The header is read now, the
   * payload then.
   */
  add(cipher: StreamCipher, header: number, payload: number, length: number): number {
    if (cipher !== this.#cipher || this.#waiting === BURST_MAX) {
      this.run()
      this.#cipher = cipher
    }
    const { u32 } = this.#arena
    const place = this.#places + this.#taken
    const job = (this.#jobs + this.#waiting * JOB_BYTES) >> 2
    for (let word = 0; word < HEADER >> 2; word++) u32[job + word] = u32[(header >> 2) + word] ?? 0
    u32[job + (JOB_PAYLOAD >> 2)] = payload
    u32[job + (JOB_PLACE >> 2)] = place
    u32[job + (JOB_LENGTH >> 2)] = length
    this.#taken += placeBytes(length)
    this.#waiting += 1
    return place
  }

  /** Encrypts what waits. */
  run(): void {
    if (this.#waiting > 0)
      this.#cipher?.seal(this.#jobs, this.#waiting, this.#places + this.#done, this.#taken - this.#done)
    this.#waiting = 0
    this.#done = this.#taken
    this.#cipher = null
  }

  /** All packets have left: their places are free. */
  clear(): void {
    this.run()
    this.#taken = 0
    this.#done = 0
  }
}
