/**
 * What a channel has sent, for as long as a receiver may ask for it again. It mirrors the slots of the channel's ring
 * in the packet core, which holds less than a second, at the same positions; all SRT connections of the channel share
 * it.
 *
 * It grows while a slot that would be overwritten is younger than somebody needs, or waits for the acknowledgement of a
 * connection that gives nothing up, up to `SLOTS_MAX`; when it has needed less for a while, it becomes smaller again.
 */
import { RING_SLOTS, SLOT_LENGTH, SLOT_PAYLOAD, SLOT_RX_US, SLOT_STRIDE } from "../../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../../core/packet-core/packet-core.ts"
import { libc } from "../../ffi/libc.ts"
import type { Block, SrtArena } from "./arena.ts"

const SLOTS_MIN = 1024
/** 23 MB: eight seconds at 20 Mbit/s. */
export const SLOTS_MAX = 16384
/** What waits to be acknowledged is kept for so long, in µs: a peer that is silent for 5 s is gone. */
const HELD_MAX_US = 7e6
/** How often it is looked at whether a smaller ring would do, in µs, and how often that has to be so in a row. */
const LOOK_US = 10e6
const LOOKS = 3
/** The part of a smaller ring that may be needed: more would make it grow again at the next occasion. */
const FILLED = 0.9

/** A connection whose packets are kept until its peer has them. */
export interface Holder {
  /** Position of the first slot that the peer has not acknowledged; null when it has all that was sent. */
  readonly unacknowledged: number | null
}

export class PayloadRing {
  readonly #arena: SrtArena
  readonly #core: PacketCore
  readonly #coreBase: number
  readonly channel: number
  #block: Block
  #slots = SLOTS_MIN
  #head: number
  /** The first position that was ever mirrored or is not overwritten yet. */
  #tail: number
  #syncedUs = -1
  /** Longest time in µs somebody may ask for a slot. */
  #keepUs = 0
  readonly #holders = new Set<Holder>()
  #nextLookUs = 0
  /** Looks in a row that found the ring larger than it has to be. */
  #spacious = 0

  constructor(arena: SrtArena, core: PacketCore, coreBase: number, channel: number) {
    this.#arena = arena
    this.#core = core
    this.#coreBase = coreBase
    this.channel = channel
    this.#block = arena.take(SLOTS_MIN * SLOT_STRIDE)
    this.#head = core.ringHead(channel)
    this.#tail = this.#head
  }

  /** Position of the next slot, modulo 2^32: that of the core's ring when `sync` was called. */
  get head(): number {
    return this.#head
  }

  /** Position of the oldest slot there is. */
  get tail(): number {
    return this.#tail
  }

  /** Keeps slots for `us` microseconds from now on, if that is longer than before. */
  keepFor(us: number): void {
    this.#keepUs = Math.max(this.#keepUs, us)
  }

  /** Keeps what `holder` waits for, however old, up to `HELD_MAX_US`. */
  hold(holder: Holder): void {
    this.#holders.add(holder)
  }

  letGo(holder: Holder): void {
    this.#holders.delete(holder)
  }

  #slot(position: number): number {
    return this.#block.at + (position & (this.#slots - 1)) * SLOT_STRIDE
  }

  /** Offset in the arena of the payload of a slot. */
  payload(position: number): number {
    return this.#slot(position) + SLOT_PAYLOAD
  }

  /** Payload bytes of a slot. */
  length(position: number): number {
    return this.#arena.u32[(this.#slot(position) + SLOT_LENGTH) >> 2] ?? 0
  }

  /** When the slot's first packet arrived, in µs of the monotonic clock. */
  receivedUs(position: number): number {
    return this.#arena.f64[(this.#slot(position) + SLOT_RX_US) >> 3] ?? 0
  }

  /** Position of the first slot, of those there are, since which all arrived at `us` or later. */
  since(us: number): number {
    let position = this.#head
    while (position !== this.#tail && this.receivedUs((position - 1) >>> 0) >= us) position = (position - 1) >>> 0
    return position
  }

  /** Takes over what has come since; once for each pass of the loop, whoever asks first. */
  sync(nowUs: number): void {
    if (this.#syncedUs === nowUs) return
    this.#syncedUs = nowUs
    if (nowUs >= this.#nextLookUs) this.#look(nowUs)
    const head = this.#core.ringHead(this.channel)
    let waiting = (head - this.#head) >>> 0
    if (waiting > RING_SLOTS) {
      // The loop stood still for longer than the core's ring lasts: what it lost, nobody gets.
      this.#head = (head - RING_SLOTS) >>> 0
      this.#tail = this.#head
      waiting = RING_SLOTS
    }
    while (waiting > 0) {
      const run = Math.min(waiting, this.#run(RING_SLOTS), this.#run(this.#slots))
      this.#makeRoom(run, nowUs)
      const from = this.#coreBase + this.#core.slotAddress(this.channel, this.#head)
      libc.memcpy(this.#arena.base + this.#slot(this.#head), from, run * SLOT_STRIDE)
      this.#head = (this.#head + run) >>> 0
      waiting -= run
    }
  }

  /** Slots from the head to the end of a ring of that size. */
  #run(slots: number): number {
    return slots - (this.#head & (slots - 1))
  }

  #makeRoom(slots: number, nowUs: number): void {
    while (((this.#head - this.#tail) >>> 0) + slots > this.#slots) {
      const ageUs = nowUs - this.receivedUs(this.#tail)
      const isNeeded = ageUs < this.#keepUs || (ageUs < HELD_MAX_US && this.#isHeld(this.#tail))
      if (!isNeeded || this.#slots >= SLOTS_MAX || !this.#grow()) this.#tail = (this.#tail + 1) >>> 0
    }
  }

  #isHeld(position: number): boolean {
    for (const { unacknowledged } of this.#holders)
      if (unacknowledged !== null && ((position - unacknowledged) | 0) >= 0) return true
    return false
  }

  /** Slots that somebody may still ask for. */
  #needed(nowUs: number): number {
    let from = this.since(nowUs - this.#keepUs)
    const oldest = this.since(nowUs - HELD_MAX_US)
    for (const { unacknowledged } of this.#holders)
      if (unacknowledged !== null && ((unacknowledged - from) | 0) < 0)
        from = ((unacknowledged - oldest) | 0) < 0 ? oldest : unacknowledged
    return (this.#head - from) >>> 0
  }

  /** Halves the ring where that has been enough for a while. */
  #look(nowUs: number): void {
    this.#nextLookUs = nowUs + LOOK_US
    const half = this.#slots / 2
    const needed = this.#needed(nowUs)
    this.#spacious = half >= SLOTS_MIN && needed <= half * FILLED ? this.#spacious + 1 : 0
    if (this.#spacious < LOOKS) return
    if ((this.#head - this.#tail) >>> 0 > half) this.#tail = (this.#head - half) >>> 0
    this.#resize(half)
  }

  /** False when there is no memory for more: the oldest gives way then, and cannot be sent again. */
  #grow(): boolean {
    this.#spacious = 0
    return this.#resize(this.#slots * 2)
  }

  /** Moves into a ring of that many slots, which holds what there is. False when there is no memory for it. */
  #resize(slots: number): boolean {
    const older = this.#block
    const mask = this.#slots - 1
    const block = this.#arena.tryTake(slots * SLOT_STRIDE)
    if (block === null) return false
    this.#block = block
    this.#slots = slots
    for (let p = this.#tail; p !== this.#head; p = (p + 1) >>> 0)
      libc.memcpy(this.#arena.base + this.#slot(p), this.#arena.base + older.at + (p & mask) * SLOT_STRIDE, SLOT_STRIDE)
    this.#arena.release(older)
    return true
  }

  /** Gives the memory back. The ring is not to be used again. */
  close(): void {
    this.#arena.release(this.#block)
  }
}
