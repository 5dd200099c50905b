/**
 * Continuity counters of the PAT and PMT PIDs across segments. Each segment begins with tables of its own, so what
 * follows on their PIDs is numbered on by as many packets; what was odd about the source's counters (a loss, a repeated
 * packet) stays so.
 */
import { joinBytes } from "../bytes/join-bytes.ts"
import { NULL_PID, SYNC_BYTE, TS_PACKET_SIZE } from "../ts/packet.ts"
import { packetizeSection } from "../ts/psi.ts"
import type { ChunkList } from "./chunk-list.ts"

interface Place {
  readonly pid: number
  readonly offset: number
  /** A section runs on behind this packet. */
  readonly isOpen: boolean
}

interface Table {
  readonly pid: number
  readonly sections: ReadonlyArray<Uint8Array>
}

export class TablePackets {
  readonly #chunks: ChunkList
  /** Added to the counters of each PID. */
  readonly #added = new Map<number, number>()
  /** Counter, as numbered here, of each PID's last packet before those in `#places`. */
  readonly #before = new Map<number, number>()
  #places: Place[] = []
  /** Bytes of the section at hand that are still to come. */
  readonly #missing = new Map<number, number>()

  constructor(chunks: ChunkList) {
    this.#chunks = chunks
  }

  /** Takes note of a packet with tables, which lies at `offset` of the chunks, or nowhere (null). */
  take(pid: number, packet: Uint8Array, payloadAt: number, unitStart: boolean, offset: number | null): void {
    const counter = ((packet[3] ?? 0) + (this.#added.get(pid) ?? 0)) & 15
    this.#follow(pid, packet, payloadAt, unitStart)
    if (offset === null) {
      this.#before.set(pid, counter)
      return
    }
    number(this.#chunks.packetAt(offset), counter)
    this.#places.push({ pid, offset, isOpen: (this.#missing.get(pid) ?? 0) > 0 })
  }

  #follow(pid: number, packet: Uint8Array, payloadAt: number, unitStart: boolean): void {
    const pointer = unitStart ? 1 + (packet[payloadAt] ?? 0) : 0
    const at = payloadAt + pointer
    const size = TS_PACKET_SIZE - at
    if (!unitStart) this.#missing.set(pid, Math.max(0, (this.#missing.get(pid) ?? 0) - Math.max(0, size)))
    else
      this.#missing.set(
        pid,
        size < 3 ? 1 : Math.max(0, 3 + ((((packet[at + 1] ?? 0) & 15) << 8) | (packet[at + 2] ?? 0)) - size),
      )
  }

  /** The chunks are about to be emptied up to `end`. */
  forget(end: number): void {
    for (const { pid, offset } of this.#places)
      if (offset < end) this.#before.set(pid, (this.#chunks.packetAt(offset)[3] ?? 0) & 15)
    this.#places = this.#places.filter((place) => place.offset >= end)
  }

  /**
   * Packets of `tables` for a segment that begins at `offset`, and those which the segment before still needs to end a
   * section in. To be called before the chunks are divided there.
   */
  divide(offset: number, tables: ReadonlyArray<Table>): { readonly head: Uint8Array; readonly rest: Uint8Array } {
    const rest = this.#moveRest(offset)
    const head: Uint8Array[] = []
    for (const { pid, sections } of tables) {
      for (const section of sections) {
        const counter = this.#lastBefore(pid, offset)
        const packets = packetizeSection(section, pid, counter + 1)
        const count = packets.length / TS_PACKET_SIZE
        this.#before.set(pid, (counter + count) & 15)
        this.#places = this.#places.filter((place) => place.pid !== pid || place.offset >= offset)
        for (const place of this.#places) {
          if (place.pid !== pid) continue
          const packet = this.#chunks.packetAt(place.offset)
          number(packet, (packet[3] ?? 0) + count)
        }
        this.#added.set(pid, ((this.#added.get(pid) ?? 0) + count) & 15)
        head.push(packets)
      }
    }
    this.#places = this.#places.filter((place) => place.offset >= offset)
    return { head: joinBytes(head), rest }
  }

  /** A section runs over `offset`, and its end is not there yet: better to wait for it. */
  waitsAt(offset: number): boolean {
    for (const pid of new Set(this.#places.map((place) => place.pid))) {
      const own = this.#places.filter((place) => place.pid === pid)
      const isOver = own.some((place) => place.offset >= offset && !place.isOpen)
      if (!isOver && own.findLast((place) => place.offset < offset)?.isOpen === true) return true
    }
    return false
  }

  #lastBefore(pid: number, offset: number): number {
    let last: number | null = null
    for (const place of this.#places)
      if (place.pid === pid && place.offset < offset) last = (this.#chunks.packetAt(place.offset)[3] ?? 0) & 15
    return last ?? this.#before.get(pid) ?? 15
  }

  /** A section that runs over the border ends on the near side of it; null packets stand where its packets were. */
  #moveRest(offset: number): Uint8Array {
    const moved: Uint8Array[] = []
    for (const pid of new Set(this.#places.map((place) => place.pid))) {
      const own = this.#places.filter((place) => place.pid === pid)
      if (own.findLast((place) => place.offset < offset)?.isOpen !== true) continue
      for (const place of own) {
        if (place.offset < offset) continue
        const packet = this.#chunks.packetAt(place.offset)
        if (((packet[1] ?? 0) & 0x40) !== 0) break
        moved.push(packet.slice())
        this.#before.set(pid, (packet[3] ?? 0) & 15)
        packet.fill(0xff)
        packet.set([SYNC_BYTE, NULL_PID >> 8, NULL_PID & 255, 0x10])
        this.#places = this.#places.filter((one) => one !== place && (one.pid !== pid || one.offset >= offset))
        if (!place.isOpen) break
      }
    }
    return joinBytes(moved)
  }
}

const number = (packet: Uint8Array, counter: number): void => {
  packet[3] = ((packet[3] ?? 0) & 0xf0) | (counter & 15)
}
