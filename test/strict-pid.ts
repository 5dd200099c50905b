/**
 * Checks continuity_counter, discontinuity_indicator and PCR of one PID by the letter of ISO/IEC 13818-1 2.4.3.3 and
 * 2.4.3.5.
 */
import { isDuplicate, type Packet, PCR_WRAP, TICKS_PER_MS } from "./strict-packet.ts"
import type { Complain } from "./strict-report.ts"

const PCR_STEP_MAX = 100 * TICKS_PER_MS
/** Longest step between two PCRs in ticks; a longer one is a jump, whatever else fits. */
const PCR_ABSENCE_MAX = 10_000 * TICKS_PER_MS

/** `new` is a packet to be read, `broken` one behind missing packets, and `duplicate` one that was seen already. */
export type Order = "new" | "broken" | "duplicate"

export class PidWatch {
  readonly pid: number
  #before: Packet | null = null
  #copies = 0
  #flagRun = 0
  /** True from a flag until the first PCR of the new time base. */
  #waitsForBase = false
  #hasComplained = false
  #pcr: { ticks: number; packet: number } | null = null
  #pcrsOfBase = 0
  /** Ticks per packet between each pair of PCRs that are in order; sorted when asked for. */
  #pace: number[] = []

  constructor(pid: number) {
    this.pid = pid
  }

  /** The last PCR in 27 MHz ticks. */
  get pcr(): number | null {
    return this.#pcr?.ticks ?? null
  }

  /** Checks a packet; `carriesClock` is true when the PMT names this PID as PCR PID. */
  check(packet: Packet, carriesClock: boolean, complain: Complain): Order {
    const before = this.#before
    const hasPayload = (packet.control & 1) !== 0
    this.#before = packet
    if (before === null) return "new"
    const steps = (packet.counter - before.counter) & 15
    const repeats = hasPayload && steps === 0 && (before.control & 1) !== 0
    if (repeats && !packet.discontinuity && isDuplicate(before.bytes, packet.bytes, packet.pcr !== null)) {
      this.#copies++
      if (this.#copies > 1) complain("repetition", this.pid, "a packet comes a third time")
      return "duplicate"
    }
    this.#copies = 0
    const isContinuous = steps === (hasPayload ? 1 : 0)
    this.#checkFlags(packet, isContinuous, carriesClock, complain)
    if (isContinuous) return "new"
    if (!packet.discontinuity) {
      const wanted = (before.counter + (hasPayload ? 1 : 0)) & 15
      const what = hasPayload ? "" : " of a packet without payload"
      complain("continuity", this.pid, `continuity_counter ${packet.counter}${what}, not ${wanted}`)
    }
    return "broken"
  }

  #checkFlags(packet: Packet, isContinuous: boolean, carriesClock: boolean, complain: Complain): void {
    this.#flagRun = packet.discontinuity ? this.#flagRun + 1 : 0
    if (!carriesClock) {
      if (this.#flagRun === 3) complain("repetition", this.pid, "discontinuity_indicator in three packets in a row")
      return
    }
    // The counter of the PCR PID may break only where the new time base begins, and the flag stays until then.
    if (packet.discontinuity && !isContinuous && packet.pcr === null) {
      this.#complainOnce(
        complain,
        "the counter breaks in a flagged packet without PCR, before the new time base begins",
      )
    }
    if (packet.discontinuity && packet.pcr === null) this.#waitsForBase = true
    if (!packet.discontinuity && this.#waitsForBase) {
      this.#complainOnce(complain, "discontinuity_indicator ends before the first PCR of the new time base")
    }
  }

  #complainOnce(complain: Complain, message: string): void {
    if (!this.#hasComplained) complain("time_base", this.pid, message)
    this.#hasComplained = true
  }

  /**
   * Checks the PCR of a packet that was not a duplicate. Returns how far the clock went on, in ticks; null at a new
   * time base or a jump.
   */
  takePcr(packet: Packet, number: number, carriesClock: boolean, complain: Complain): number | null {
    const { pcr } = packet
    if (pcr === null) return null
    const before = this.#pcr
    const isNewBase = packet.discontinuity || this.#waitsForBase
    this.#pcr = { ticks: pcr, packet: number }
    if (before === null || isNewBase) {
      if (isNewBase && before !== null && carriesClock && this.#pcrsOfBase < 2) {
        complain(
          "time_base",
          this.pid,
          `a new time base after ${this.#pcrsOfBase} PCRs of the last one, which needs two`,
        )
      }
      this.#waitsForBase = false
      this.#hasComplained = false
      this.#pcrsOfBase = 1
      this.#pace = []
      return null
    }
    this.#pcrsOfBase++
    const step = (pcr - before.ticks + PCR_WRAP) % PCR_WRAP
    if (step <= PCR_STEP_MAX) {
      this.#pace.push(step / (number - before.packet))
      return step
    }
    if (carriesClock) this.#complainStep(step, number - before.packet, complain)
    return null
  }

  /**
   * Complains of a long step. PCRs are missing if the packets in between fit it at the usual pace; otherwise it is a
   * jump.
   */
  #complainStep(step: number, packets: number, complain: Complain): void {
    const sorted = this.#pace.sort((a, b) => a - b)
    const expected = packets * (sorted[sorted.length >> 1] ?? 0)
    const ms = (ticks: number) => Math.round(ticks / TICKS_PER_MS)
    if (step < PCR_ABSENCE_MAX && expected > step / 2 && expected < step * 2) {
      complain("pcr_repetition", this.pid, `${ms(step)} ms without a PCR`)
      return
    }
    const signed = step > PCR_WRAP / 2 ? step - PCR_WRAP : step
    complain(
      "pcr_jump",
      this.pid,
      `the PCR steps by ${ms(signed)} ms where ${ms(expected)} ms have passed, without discontinuity_indicator`,
    )
  }
}
