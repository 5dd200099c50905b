/** What a leg tells once a second: counters, rates, its verdict and what would surprise the operator later. */

import * as L from "../../core/assembly/memory/layout.ts"
import { type Finding, findingsOf, type PreflightFacts } from "../../core/input/preflight.ts"
import { type Health, newHealthMemory, observeSecond, UNKNOWN_HEALTH } from "../../core/input/verdict.ts"
import { addressOfWords, formatEndpoint } from "../../core/net/address.ts"
import type { LegCounter, LegCounters } from "../../core/packet-core/leg-fields.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { LegSpec, LegStats, PidStats, ProgrammeInfo, Reason } from "../protocol/messages.ts"
import { DEFAULT_RECEIVE_BUFFER } from "./input-socket.ts"
import type { ReceiverFacts } from "./leg-receiver.ts"
import { legWarnings } from "./leg-warnings.ts"

/** What a leg knows of its channel when its figures are asked for. */
export type LegSurroundings = Pick<
  PreflightFacts,
  "mode" | "alignment" | "mergeWindowMs" | "mergeReachMs" | "pathsApartMs"
>

export interface LegFacts {
  readonly nowUs: number
  /** Turns monotonic milliseconds into Unix ones. */
  readonly epochOffsetMs: number
  readonly receiving: boolean
  readonly problem: Reason | null
  readonly receiver: ReceiverFacts
  readonly programmes: ReadonlyArray<ProgrammeInfo>
  readonly fecEnabled: boolean
  readonly surroundings: LegSurroundings
}

interface PidCount {
  /** As the core counts, modulo 2^32: 3.7 days at 20 Mbit/s. */
  readonly low: number
  readonly packets: number
}

/** Figures closer together than this, in seconds, are those of the message before. */
const TOO_SOON_S = 0.5
/** Seconds a finding about the packets looks back. */
const FINDING_SECONDS = 10
const TS_PACKET_BITS = 188 * 8

export class LegFigures {
  readonly #spec: LegSpec
  readonly #index: number
  readonly #core: PacketCore
  #before: Readonly<Record<string, number>> = {}
  #pidsBefore = new Map<number, PidCount>()
  #beforeUs = 0
  #dropsBefore = 0
  #warnings: string[] = []
  readonly #health = newHealthMemory()
  #verdict: Health = UNKNOWN_HEALTH
  #findings: Finding[] = []
  /** Counters of the last seconds, oldest first: findings are about now, not about what was once. */
  readonly #recent: LegCounters[] = []
  #liveSinceUs: number | null = null
  #pids: PidStats[] = []
  #maxGapMs = 0
  #pcrJitterMaxMs = 0

  constructor(spec: LegSpec, index: number, core: PacketCore) {
    this.#spec = spec
    this.#index = index
    this.#core = core
  }

  #gauge(field: number): number {
    return this.#core.legField(this.#index, field)
  }

  get #isSrt(): boolean {
    return this.#spec.url !== undefined
  }

  #framing(): LegStats["framing"] {
    const framing = this.#gauge(L.LEG_FRAMING)
    return framing === 0 ? "none" : this.#isSrt ? "srt" : framing === 1 ? "rtp" : "udp"
  }

  /** `10.0.0.1:5000` or `[fd00::1]:5000`, from the first of the four fields of an address and that of its port. */
  #endpoint(address: number, port: number): string {
    const word = (n: number) => this.#gauge(address + n)
    return formatEndpoint(addressOfWords([word(0), word(1), word(2), word(3)]), this.#gauge(port))
  }

  /** Takes a gauge that keeps its highest value until it is read. */
  #takeHighest(field: number): number {
    const value = this.#gauge(field)
    this.#core.setLegField(this.#index, field, 0)
    return value
  }

  take(facts: LegFacts): Omit<LegStats, "problem"> {
    const counters = this.#core.legSnapshot(this.#index)
    const seconds = (facts.nowUs - this.#beforeUs) / 1e6
    if (seconds > TOO_SOON_S) this.#second(facts, counters, seconds)
    const last = this.#gauge(L.LEG_LAST_RX_US)
    const framing = this.#gauge(L.LEG_FRAMING)
    const interval = this.#gauge(L.LEG_ACCESS_POINT_INTERVAL_US)
    const columns = this.#gauge(L.LEG_FEC_COLUMNS)
    const rows = this.#gauge(L.LEG_FEC_ROWS)
    return {
      name: this.#spec.name,
      ip: this.#spec.ip,
      port: this.#spec.port,
      receiving: facts.receiving,
      warnings: [...facts.receiver.warnings, ...this.#warnings],
      framing: this.#framing(),
      srt: facts.receiver.srt,
      source: this.#isSrt
        ? (facts.receiver.srt?.peer ?? null)
        : framing === 0
          ? null
          : this.#endpoint(L.LEG_SOURCE_ADDRESS, L.LEG_SOURCE_PORT),
      ssrc: framing === 1 ? this.#gauge(L.LEG_IDENTITY) : null,
      last_packet_at: last === 0 ? null : last / 1000 + facts.epochOffsetMs,
      jitter_ms: this.#gauge(L.LEG_JITTER_90K) / 90,
      rcvbuf_bytes: facts.receiver.rcvbufGranted,
      kernel_drops: facts.receiver.kernelDrops,
      verdict: this.#verdict.verdict,
      reasons: [...this.#verdict.reasons],
      dropping: this.#verdict.dropping,
      findings: this.#findings,
      fec: columns + rows === 0 ? null : { columns, rows, latency_ms: this.#gauge(L.LEG_FEC_LATENCY_US) / 1000 },
      pcr_jitter_ms: this.#gauge(L.LEG_PCR_JITTER_US) / 1000,
      pcr_jitter_max_ms: this.#pcrJitterMaxMs,
      max_gap_ms: this.#maxGapMs,
      pcr_bitrate: this.#gauge(L.LEG_PCR_BITRATE),
      access_point_interval_ms: interval === 0 ? null : interval / 1000,
      pids: this.#pids,
      programmes: [...facts.programmes],
      counters,
    }
  }

  #second(facts: LegFacts, counters: LegCounters, seconds: number): void {
    this.#warnings = legWarnings(
      this.#before,
      counters,
      facts.receiver.kernelDrops - this.#dropsBefore,
      seconds,
      this.#rival(),
      this.#stranger(),
    )
    this.#verdict = observeSecond(this.#health, counters, facts.receiver.kernelDrops, {
      receiving: facts.receiving,
      problem: facts.problem?.message ?? null,
      inSync: this.#gauge(L.LEG_IN_SYNC) === 1,
      framing: this.#framing(),
      srt: facts.receiver.srt == null ? null : { connected: facts.receiver.srt.state === "connected" },
    })
    this.#maxGapMs = this.#takeHighest(L.LEG_MAX_GAP_US) / 1000
    this.#pcrJitterMaxMs = this.#takeHighest(L.LEG_PCR_JITTER_MAX_US) / 1000
    this.#findings = this.#preflight(facts, counters)
    this.#pids = this.#pidRates(facts.programmes, seconds)
    this.#before = counters
    this.#beforeUs = facts.nowUs
    this.#dropsBefore = facts.receiver.kernelDrops
  }

  #preflight(facts: LegFacts, counters: LegCounters): Finding[] {
    if (!facts.receiving) {
      this.#liveSinceUs = null
      this.#recent.length = 0
      this.#core.setLegField(this.#index, L.LEG_PCR_BITRATE_MIN, 0)
      this.#core.setLegField(this.#index, L.LEG_PCR_BITRATE_MAX, 0)
      return []
    }
    this.#liveSinceUs ??= facts.nowUs
    this.#recent.push(counters)
    if (this.#recent.length > FINDING_SECONDS + 1) this.#recent.shift()
    const [oldest] = this.#recent
    const lately = (name: LegCounter) => counters[name] - (oldest?.[name] ?? 0)
    const point = this.#gauge(L.LEG_ACCESS_POINT_US)
    const interval = this.#gauge(L.LEG_ACCESS_POINT_INTERVAL_US)
    return findingsOf({
      liveS: (facts.nowUs - this.#liveSinceUs) / 1e6,
      framing: this.#framing(),
      programmes: facts.programmes,
      accessPointAgeS: point === 0 ? null : (facts.nowUs - point) / 1e6,
      accessPointIntervalMs: interval === 0 ? null : interval / 1000,
      pcrs: lately("pcrs"),
      pcrBitrateMin: this.#gauge(L.LEG_PCR_BITRATE_MIN),
      pcrBitrateMax: this.#gauge(L.LEG_PCR_BITRATE_MAX),
      datagrams: lately("rtp_datagrams") + lately("udp_datagrams") - lately("rtp_duplicates") - lately("rtp_late"),
      tsPackets: lately("ts_packets"),
      nullPackets: lately("null_packets"),
      scrambledPackets: lately("scrambled"),
      unalignedDatagrams: lately("unaligned"),
      packets204: lately("ts_204"),
      jitterMs: this.#gauge(L.LEG_JITTER_90K) / 90,
      maxGapMs: this.#maxGapMs,
      rcvbufAskedBytes: this.#spec.rcvbuf ?? DEFAULT_RECEIVE_BUFFER,
      rcvbufGrantedBytes: facts.receiver.rcvbufGranted,
      fecSeen: facts.receiver.fecOffered || this.#gauge(L.LEG_FEC_COLUMNS) + this.#gauge(L.LEG_FEC_ROWS) > 0,
      fecEnabled: facts.fecEnabled,
      ...facts.surroundings,
    })
  }

  /**
   * Rates of the PIDs that tables name, the tables' own, and null packets: a look at all 8192 a second would cost more
   * than the packets.
   */
  #pidRates(programmes: ReadonlyArray<ProgrammeInfo>, seconds: number): PidStats[] {
    const pids = new Set([0, NULL_PID])
    for (const programme of programmes) {
      pids.add(programme.pmt_pid)
      for (const { pid } of programme.streams) pids.add(pid)
    }
    const found: PidStats[] = []
    const counts = new Map<number, PidCount>()
    for (const pid of [...pids].sort((a, b) => a - b)) {
      const low = this.#core.pidCount(this.#index, pid)
      const before = this.#pidsBefore.get(pid) ?? { low, packets: low }
      const fresh = (low - before.low) >>> 0
      const packets = before.packets + fresh
      counts.set(pid, { low, packets })
      if (fresh > 0) found.push({ pid, packets, bitrate: Math.round((fresh * TS_PACKET_BITS) / seconds) })
    }
    this.#pidsBefore = counts
    return found
  }

  /** Address of the last sender that was turned away. */
  #stranger(): string {
    return this.#endpoint(L.LEG_FOREIGN_ADDRESS, L.LEG_FOREIGN_PORT)
  }

  /** Address and SSRC of the last second sender. */
  #rival(): string {
    const ssrc = this.#gauge(L.LEG_FOREIGN_SSRC)
    const from = this.#stranger()
    return ssrc < 0 ? from : `${from}, SSRC ${hexIdentity(ssrc)}`
  }
}

const NULL_PID = 0x1fff
/** RTP SSRC, or the hash that stands for a raw UDP sender. */
export const hexIdentity = (identity: number) => `0x${(identity >>> 0).toString(16).padStart(8, "0")}`
