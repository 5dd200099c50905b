/** The packets of a stream one by one: sync, PIDs, adaptation fields and continuity. */
import { NULL_PID, parsePacket, TS_PACKET_SIZE, type TsPacket } from "../../ts/packet.ts"
import type { LegCounters } from "../leg-fields.ts"
import type { ReferenceChecks } from "./reference-checks.ts"
import type { ReferenceGauges, ReferenceSlot } from "./reference-results.ts"
import type { ReferenceSections } from "./reference-sections.ts"

/** Highest PID that is reserved for tables. */
const LAST_TABLE_PID = 0x1f

export class ReferencePackets {
  /** Packets of each PID. */
  readonly pids = new Map<number, number>()
  readonly #counters: LegCounters
  readonly #gauges: ReferenceGauges
  readonly #checks: ReferenceChecks
  readonly #sections: ReferenceSections
  /** Last counter of each PID, and whether its one legal duplicate has come. */
  readonly #continuity = new Map<number, { counter: number; duplicated: boolean }>()
  #goodRun = 0
  #badRun = 0

  constructor(counters: LegCounters, gauges: ReferenceGauges, checks: ReferenceChecks, sections: ReferenceSections) {
    this.#counters = counters
    this.#gauges = gauges
    this.#checks = checks
    this.#sections = sections
  }

  /** Another sender: its counters have nothing to do with those before. */
  restart(): void {
    this.#continuity.clear()
  }

  /** Takes the packet at `at` of a slot's payload, which arrived at `arrivedUs`. */
  analyse(part: Uint8Array, at: number, slot: ReferenceSlot, arrivedUs: number): void {
    this.#counters.ts_packets += 1
    const packet = parsePacket(part, at)
    this.#trackSync(packet !== null)
    if (packet === null) return
    this.pids.set(packet.pid, (this.pids.get(packet.pid) ?? 0) + 1)
    if (packet.pid === NULL_PID) {
      this.#counters.null_packets += 1
      return
    }
    if (packet.transport_error) {
      this.#gauges.last_programme_us = Math.max(this.#gauges.last_programme_us, arrivedUs)
      this.#counters.tei += 1
      return
    }
    if (packet.scrambling !== 0) this.#counters.scrambled += 1
    const table = this.#sections.kindOf(packet.pid)
    // An encoder without input may go on with its tables, which are no programme.
    if (table === null && packet.pid > LAST_TABLE_PID)
      this.#gauges.last_programme_us = Math.max(this.#gauges.last_programme_us, arrivedUs)
    this.#checks.packetSeen(packet, this.#counters.ts_packets, table === "scte35" ? null : table)
    this.#readAdaptation(packet, at / TS_PACKET_SIZE, slot)
    this.#readPayload(packet)
  }

  /** TR 101 290 1.1: two bad sync bytes in a row lose sync, five good ones regain it. */
  #trackSync(isGood: boolean): void {
    this.#goodRun = isGood ? this.#goodRun + 1 : 0
    this.#badRun = isGood ? 0 : this.#badRun + 1
    if (!isGood) this.#counters.sync_byte_errors += 1
    if (this.#goodRun >= 5) this.#gauges.in_sync = 1
    if (this.#badRun >= 2 && this.#gauges.in_sync === 1) {
      this.#counters.sync_losses += 1
      this.#gauges.in_sync = 0
    }
  }

  #readAdaptation({ adaptation, pid }: TsPacket, index: number, slot: ReferenceSlot): void {
    if (adaptation === null) return
    if (adaptation.random_access) {
      this.#counters.rai += 1
      slot.random_access = true
    }
    if (adaptation.discontinuity) {
      this.#counters.discontinuities += 1
      slot.discontinuity = true
    }
    if (adaptation.pcr === null) return
    this.#counters.pcrs += 1
    this.#gauges.pcr_27m = adaptation.pcr
    this.#gauges.pcr_pid = pid
    slot.pcr ??= { ticks: adaptation.pcr, index, pid }
  }

  #readPayload(packet: TsPacket): void {
    const { pid, adaptation, scrambling, payload, unit_start } = packet
    if ((packet.adaptation_field_control & 1) === 0) {
      this.#checks.bareSeen(packet)
      if (adaptation?.discontinuity !== true) return
      this.#continuity.delete(pid)
      this.#sections.abandon(pid)
      return
    }
    const order = this.#checkContinuity(packet)
    if (order === "repeated") return
    this.#checks.payloadSeen(packet)
    if (order === "after gap" || scrambling !== 0) this.#sections.abandon(pid)
    if (scrambling === 0) this.#sections.feed(pid, payload, unit_start)
  }

  /** ISO/IEC 13818-1 2.4.3.3. */
  #checkContinuity({ pid, continuity_counter: counter, adaptation }: TsPacket): "in order" | "repeated" | "after gap" {
    const last = this.#continuity.get(pid)
    const isNext = last === undefined || counter === (last.counter + 1) % 16
    if (!isNext && counter === last.counter && adaptation?.discontinuity !== true) {
      this.#counters[last.duplicated ? "cc_errors" : "cc_duplicates"] += 1
      last.duplicated = true
      return "repeated"
    }
    this.#continuity.set(pid, { counter, duplicated: false })
    if (isNext) return "in order"
    if (adaptation?.discontinuity !== true) this.#counters.cc_errors += 1
    return "after gap"
  }
}
