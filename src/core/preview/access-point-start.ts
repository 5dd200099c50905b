/**
 * Lets a transport stream begin where a decoder can: PAT and PMT, then the PES packet of a random access point. Pure.
 */

import { joinBytes } from "../bytes/join-bytes.ts"
import { PAT_PID } from "../es/program-follower.ts"
import { type AccessPoint, accessPointOf, HEAD_MAX, readPesTimes } from "../hls/access-point.ts"
import { ProgramTables } from "../hls/program-tables.ts"
import { SYNC_BYTE, TS_PACKET_SIZE } from "../ts/packet.ts"
import { type PmtStream, packetizeSection, parsePmt } from "../ts/psi.ts"

/**
 * What is kept of a PES packet that may be an access point, all PIDs together; a longer wait is given up. In packets.
 */
const HELD_MAX = 20_000

interface Candidate {
  readonly marked: boolean
  readonly held: Uint8Array[]
  head: Uint8Array
}

export class AccessPointStart {
  readonly #tables = new ProgramTables()
  #candidate: Candidate | null = null
  #begun = false
  #units = 0
  #rest: Uint8Array = new Uint8Array(0)

  /** True once what `push` returns is to be passed on. */
  get begun(): boolean {
    return this.#begun
  }

  /** PES packets of the reference stream that began since, that of the access point included. */
  get units(): number {
    return this.#units
  }

  /** The programme's elementary streams; empty before it begins. */
  get streams(): ReadonlyArray<PmtStream> {
    const [section] = this.#tables.pmtSections
    return section === undefined ? [] : (parsePmt(section)?.streams ?? [])
  }

  /**
   * Takes bytes of any length; returns what goes on. The first piece begins with PAT and PMT. Nothing is kept of
   * `bytes` by reference.
   */
  push(bytes: Uint8Array): ReadonlyArray<Uint8Array> {
    const all = this.#rest.length === 0 ? bytes : joinBytes([this.#rest, bytes])
    const whole = all.length - (all.length % TS_PACKET_SIZE)
    this.#rest = all.slice(whole)
    const out: Uint8Array[] = []
    let passFrom = this.#begun ? 0 : -1
    for (let at = 0; at < whole; at += TS_PACKET_SIZE) {
      const began = this.#packet(all.subarray(at, at + TS_PACKET_SIZE))
      if (began === null) continue
      out.push(...began)
      passFrom = at + TS_PACKET_SIZE
    }
    if (passFrom >= 0 && passFrom < whole) out.push(all.slice(passFrom, whole))
    return out
  }

  /** What the stream begins with, when it does with this packet; null otherwise. */
  #packet(packet: Uint8Array): ReadonlyArray<Uint8Array> | null {
    const [sync = 0, b1 = 0, b2 = 0, b3 = 0, adaptation = 0, flagged = 0] = packet
    if (sync !== SYNC_BYTE || (b1 & 0x80) !== 0) return null
    const pid = ((b1 & 0x1f) << 8) | b2
    const hasAdaptation = (b3 & 0x20) !== 0
    const flags = hasAdaptation && adaptation > 0 ? flagged : 0
    const payloadAt = (b3 & 0x10) === 0 ? TS_PACKET_SIZE : Math.min(TS_PACKET_SIZE, hasAdaptation ? 5 + adaptation : 4)
    const unitStart = (b1 & 0x40) !== 0
    const isReference = pid === this.#tables.reference?.pid
    if (this.#begun) {
      if (isReference && unitStart) this.#units += 1
      return null
    }
    if (!isReference && this.#tables.carriesTables(pid)) {
      this.#tables.packet(packet, payloadAt, TS_PACKET_SIZE, pid, unitStart, b3 & 15, (flags & 0x80) !== 0)
    }
    if (isReference && unitStart && payloadAt < TS_PACKET_SIZE) {
      this.#candidate = { marked: (flags & 0x40) !== 0, held: [], head: new Uint8Array(0) }
    }
    const candidate = this.#candidate
    if (candidate === null) return null
    candidate.held.push(packet.slice())
    if (candidate.held.length > HELD_MAX) this.#candidate = null
    if (!isReference) return null
    candidate.head = joinBytes([candidate.head, packet.subarray(payloadAt)])
    const point = this.#judge(candidate)
    if (point === "more") return null
    this.#candidate = null
    return point === "none" ? null : this.#begin(candidate)
  }

  #judge({ head, marked }: Candidate): AccessPoint {
    const times = readPesTimes(head)
    const kind = this.#tables.reference?.kind
    if (times === null || kind === undefined) return "none"
    const point = times === "more" ? "more" : accessPointOf(kind, head.subarray(times.dataAt), marked)
    return point === "more" && head.length >= HEAD_MAX ? (marked ? "point" : "none") : point
  }

  #begin({ held }: Candidate): ReadonlyArray<Uint8Array> {
    this.#begun = true
    this.#units = 1
    const tables = [
      ...this.#tables.patSections.map((section) => packetizeSection(section, PAT_PID, 0)),
      ...this.#tables.pmtSections.map((section) => packetizeSection(section, this.#tables.pmtPid, 0)),
    ]
    return [joinBytes([...tables, ...held])]
  }
}
