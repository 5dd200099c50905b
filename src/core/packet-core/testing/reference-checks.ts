/**
 * The checks of TR 101 290 that need time (1.3.a, 1.5.a, 2.3, 2.5, 2.6) and random access points, for the reference
 * parser.
 *
 * Every timer is advanced with every datagram, so that nothing here depends on when somebody looks. Two things have
 * tests of their own: 1.6, which the core polls, and the deviation of the PCR from its arrival.
 */

import { crc32 } from "../../ts/crc32.ts"
import type { TsPacket } from "../../ts/packet.ts"
import type { Pmt } from "../../ts/psi.ts"
import type { LegCounters } from "../leg-fields.ts"
import { hasPts, showsAccessPoint } from "./reference-access-point.ts"
import { type Interval, PcrTimer } from "./reference-pcr.ts"
import { type Main, ReferenceStreams } from "./reference-streams.ts"
import { CheckClock, MissingTimer } from "./reference-timers.ts"

const TABLE_US = 500_000
const CAT_US = 10_000_000
const PTS_US = 700_000
const SECOND_US = 1_000_000

/** Values that the LEG_* gauges hold. */
export interface CheckGauges {
  pat_us: number
  pmt_us: number
  video_pid: number
  access_point_us: number
  access_point_interval_us: number
  pcr_bitrate: number
  pcr_bitrate_min: number
  pcr_bitrate_max: number
}

/** State of a followed PID. */
interface Followed {
  readonly pcr: PcrTimer
  /** Time since which a PTS is missing, and duration after which it is counted next, in us. */
  pts: { sinceUs: number; limitUs: number } | null
  point: "announced" | "found" | null
}

export type JumpListener = (pid: number, before: number, after: number) => void

export class ReferenceChecks {
  readonly gauges: CheckGauges
  readonly #counters: LegCounters
  readonly #onJump: JumpListener
  readonly #clock = new CheckClock()
  readonly #streams = new ReferenceStreams()
  readonly #followed = new Map<number, Followed>()
  readonly #pmts = new Map<number, { timer: MissingTimer; arrivalUs: number }>()
  #pat = this.#newTimer("pat_errors")
  #cat = { startUs: 0, seenUs: Number.NEGATIVE_INFINITY, faultUs: Number.NEGATIVE_INFINITY }
  #mainPcrPid: number | null = null
  #interval: Interval | null = null
  #toldUs = Number.NEGATIVE_INFINITY
  #points: { lastUs: number; run: number; distances: number[] } | null = null

  constructor(counters: LegCounters, gauges: CheckGauges, onJump: JumpListener) {
    this.#counters = counters
    this.gauges = gauges
    this.#onJump = onJump
  }

  #newTimer(name: "pat_errors" | "pmt_errors"): MissingTimer {
    return new MissingTimer(this.#clock.nowUs, TABLE_US, () => {
      this.#counters[name] += 1
    })
  }

  /** Starts over for another sender. */
  restart(): void {
    this.#clock.restart()
  }

  /** Notes that packets which came at `rxUs` are next. */
  arrive(rxUs: number): void {
    if (this.#clock.arrive(rxUs)) this.#begin()
    const { nowUs } = this.#clock
    this.#pat.advance(nowUs)
    for (const { timer } of this.#pmts.values()) timer.advance(nowUs)
    for (const [, followed] of this.#followed) {
      followed.pcr.advance(nowUs)
      for (let { pts } = followed; pts !== null && nowUs - pts.sinceUs > pts.limitUs; { pts } = followed) {
        followed.pts = { sinceUs: pts.sinceUs + pts.limitUs, limitUs: SECOND_US }
        this.#counters.pts_errors += 1
      }
    }
  }

  #begin(): void {
    this.#pat = this.#newTimer("pat_errors")
    this.#cat = { startUs: this.#clock.nowUs, seenUs: Number.NEGATIVE_INFINITY, faultUs: Number.NEGATIVE_INFINITY }
    for (const pmt of this.#pmts.values()) pmt.timer = this.#newTimer("pmt_errors")
    for (const followed of this.#followed.values()) {
      followed.pcr.forget()
      followed.pts = null
      followed.point = null
    }
  }

  // Tables.

  patArrived(): void {
    this.#pat.seen(this.#clock.nowUs)
    this.gauges.pat_us = this.#clock.arrivalUs
  }

  foreignTableOnPat(): void {
    this.#pat.fault(this.#clock.nowUs)
  }

  pmtNamed(pid: number): void {
    this.#pmts.set(pid, { timer: this.#newTimer("pmt_errors"), arrivalUs: 0 })
  }

  pmtArrived(pid: number): void {
    const pmt = this.#pmts.get(pid)
    if (pmt === undefined) return
    pmt.timer.seen(this.#clock.nowUs)
    pmt.arrivalUs = this.#clock.arrivalUs
    this.#findOldestPmt()
  }

  patApplied(): void {
    this.#findOldestPmt()
  }

  #findOldestPmt(): void {
    const arrivals = [...this.#pmts.values()].map(({ arrivalUs }) => arrivalUs).filter((arrivalUs) => arrivalUs > 0)
    if (arrivals.length > 0) this.gauges.pmt_us = Math.min(...arrivals)
  }

  pmtChanged(pmtPid: number, pmt: Pmt): void {
    const before = this.#streams.main
    this.#streams.set(pmtPid, pmt)
    this.#follow(before, true)
  }

  /** Notes that a programme, or with null the whole PMT PID, is no longer in any PAT. */
  programmeGone(pmtPid: number, programme: number | null): void {
    const before = this.#streams.main
    this.#streams.drop(pmtPid, programme)
    if (programme === null) this.#pmts.delete(pmtPid)
    this.#follow(before, false)
  }

  #follow(before: Main, isPmt: boolean): void {
    const { roles, main } = this.#streams
    for (const pid of [...this.#followed.keys()]) if (!roles.has(pid)) this.#followed.delete(pid)
    for (const [pid, role] of roles) {
      const followed = this.#followed.get(pid) ?? { pcr: new PcrTimer(this.#counters), pts: null, point: null }
      this.#followed.set(pid, followed)
      if (!role.hasUnits) followed.pts = null
      if (!role.isPcrPid && !role.mayHavePcr) followed.pcr.forget()
    }
    const { access } = main
    if (isPmt || this.gauges.video_pid > 0) this.gauges.video_pid = access?.kind.media === "video" ? access.pid : 0x1fff
    const isSame =
      before.access?.pid === access?.pid &&
      before.programme?.number === main.programme?.number &&
      before.programme?.pmtPid === main.programme?.pmtPid
    const found = isSame && roles.get(this.#mainPcrPid ?? 0)?.mayHavePcr === true ? this.#mainPcrPid : null
    const pcrPid = main.programme?.pcrPid ?? found
    if (isSame && pcrPid === this.#mainPcrPid) return
    this.#mainPcrPid = pcrPid
    this.gauges.pcr_bitrate = 0
    this.#interval = null
    this.#points = null
  }

  // Packets.

  /** Takes any packet except null and damaged ones, before its continuity_counter is looked at. */
  packetSeen(packet: TsPacket, packetNumber: number, tablePid: "pat" | "pmt" | null): void {
    const { pid, adaptation, scrambling } = packet
    if (scrambling !== 0) this.#scrambled(pid, tablePid)
    const followed = this.#followed.get(pid)
    if (followed === undefined || adaptation === null) return
    if (adaptation.discontinuity) followed.pcr.excuse()
    if (adaptation.pcr !== null) this.#takePcr(pid, followed.pcr, adaptation.pcr, packetNumber)
  }

  #scrambled(pid: number, tablePid: "pat" | "pmt" | null): void {
    const { nowUs } = this.#clock
    const { startUs, seenUs } = this.#cat
    if (nowUs - seenUs > CAT_US && nowUs - startUs > TABLE_US) this.#catFault()
    if (tablePid === "pat") this.#pat.fault(nowUs)
    if (tablePid === "pmt") this.#pmts.get(pid)?.timer.fault(nowUs)
  }

  #catFault(): void {
    const { nowUs } = this.#clock
    if (nowUs - this.#cat.faultUs < TABLE_US) return
    this.#cat.faultUs = nowUs
    this.#counters.cat_errors += 1
  }

  #takePcr(pid: number, timer: PcrTimer, ticks: number, packet: number): void {
    const role = this.#streams.roles.get(pid)
    if (role?.isPcrPid !== true && role?.mayHavePcr !== true) return
    if (!role.isPcrPid) this.#mainPcrPid ??= pid
    const { cc_errors, tei, rtp_lost, rtp_resets } = this.#counters
    const faults = cc_errors + tei + rtp_lost + rtp_resets
    const { nowUs, arrivalUs, run } = this.#clock
    const { interval, jumpedFrom } = timer.take({ ticks, nowUs, arrivalUs, packet, faults, run })
    if (jumpedFrom !== null && arrivalUs - this.#toldUs >= SECOND_US) {
      this.#toldUs = arrivalUs
      this.#onJump(pid, Math.floor(jumpedFrom / 27_000), Math.floor(ticks / 27_000))
    }
    if (pid !== this.#mainPcrPid) return
    if (this.#interval?.faults === faults) this.#publish(this.#interval)
    this.#interval = interval
  }

  #publish({ bitrate }: Interval): void {
    const { pcr_bitrate_min: least, pcr_bitrate_max: most } = this.gauges
    this.gauges.pcr_bitrate = bitrate
    this.gauges.pcr_bitrate_min = least === 0 ? bitrate : Math.min(least, bitrate)
    this.gauges.pcr_bitrate_max = Math.max(most, bitrate)
  }

  /** Takes a packet without payload. */
  bareSeen({ pid, adaptation }: TsPacket): void {
    const followed = this.#followed.get(pid)
    const { access } = this.#streams.main
    if (
      followed === undefined ||
      access?.pid !== pid ||
      access.kind.media !== "video" ||
      adaptation?.random_access !== true
    )
      return
    if (followed.point === "announced") return
    followed.point = "announced"
    this.#countPoint()
  }

  /** Takes a packet with payload that repeats none. */
  payloadSeen(packet: TsPacket): void {
    const { pid, scrambling, unit_start, payload } = packet
    if (pid === 1 && unit_start && scrambling === 0) this.#readCat(payload)
    const followed = this.#followed.get(pid)
    if (followed === undefined) return
    if (unit_start && this.#streams.roles.get(pid)?.hasUnits === true) {
      const { nowUs } = this.#clock
      if (scrambling !== 0) followed.pts = null
      else if (hasPts(payload)) followed.pts = { sinceUs: nowUs, limitUs: PTS_US }
    }
    this.#findPoint(packet, followed)
  }

  #readCat(payload: Uint8Array): void {
    const section = payload.subarray(1 + (payload[0] ?? 184))
    const [table, high = 0, low = 0] = section
    if (section.length < 3 || table === 0xff) return
    const length = 3 + (((high & 15) << 8) | low)
    if (table !== 1) this.#catFault()
    else if (length >= 12 && (length > section.length || crc32(section.subarray(0, length)) === 0))
      this.#cat.seenUs = this.#clock.nowUs
  }

  #findPoint(packet: TsPacket, followed: Followed): void {
    const { access } = this.#streams.main
    if (access?.pid !== packet.pid) return
    if (packet.unit_start) followed.point = followed.point === "announced" ? "found" : null
    if (followed.point !== null) return
    const isShown = () =>
      access.kind.media === "video" && packet.scrambling === 0 && showsAccessPoint(access.kind.codec, packet.payload)
    const isPoint =
      access.kind.media === "audio"
        ? packet.unit_start
        : packet.adaptation?.random_access === true || (packet.unit_start && isShown())
    if (!isPoint) return
    followed.point = "found"
    this.#countPoint()
  }

  #countPoint(): void {
    const { nowUs, arrivalUs, run } = this.#clock
    const before = this.#points
    const distances = before?.distances ?? []
    if (before?.run === run) distances.push(nowUs - before.lastUs)
    this.#points = { lastUs: nowUs, run, distances: distances.slice(-4) }
    this.#counters.access_points += 1
    this.gauges.access_point_us = arrivalUs
    this.gauges.access_point_interval_us = Math.max(0, ...this.#points.distances)
  }
}
