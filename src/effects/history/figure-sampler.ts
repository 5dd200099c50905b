/** Turns the engine's counters into the sums that are kept, second by second. Pure. */
import {
  type ChannelSums,
  noSums,
  SUM,
  type Sums,
  subjectOfLeg,
  subjectOfOutput,
} from "../../core/figures/figure-sums.ts"
import type { ChannelStats, LegStats, OutputStats } from "../../engine/protocol/messages.ts"
import type { ChannelConfig } from "../model/channel.ts"

/** Time covered by a message of figures, in whole seconds, and how long it was by the engine's clock. */
export interface Covered {
  readonly whole: number
  readonly seconds: number
}

/** Counters of one leg or output, in the order of `SUM` from `bytes` to `resent`. */
const COUNTED = ["bytes", "packets", "lost", "errors", "dropped", "resent"] as const
type Counted = Readonly<Record<(typeof COUNTED)[number], number>>

interface Reading extends Counted {
  /** Names the run of the counters: another one begins at 0. */
  readonly life: string
  readonly isUp: boolean
  /** ms; null where there is none. */
  readonly rttMs: number | null
}

/** What a subject's counters were. A counter that falls, as when a late packet makes up for a loss, counts above its highest only. */
interface Before {
  life: string
  readonly highest: Float64Array
}

const readLeg = (leg: LegStats, run: number): Reading => {
  const { counters } = leg
  const figures = leg.srt?.figures ?? null
  return {
    life: String(run),
    isUp: leg.receiving,
    rttMs: leg.srt?.state === "connected" ? (figures?.rtt_ms ?? null) : null,
    bytes: counters["bytes"] ?? 0,
    packets: counters["ts_packets"] ?? 0,
    lost: figures?.packets_lost ?? counters["rtp_lost"] ?? 0,
    errors: counters["cc_errors"] ?? 0,
    dropped: figures?.packets_dropped ?? counters["rtp_unrecovered"] ?? 0,
    resent: figures?.packets_retransmitted ?? 0,
  }
}

const readOutput = (output: OutputStats): Reading => {
  const connections = output.receivers.length > 0 ? output.receivers.map(({ srt }) => srt) : [output.srt]
  const live = connections.filter((one) => one !== null)
  const sum = (name: "packets_lost" | "packets_retransmitted") =>
    output.srt_sums?.[name] ?? live.reduce((total, figures) => total + figures[name], 0)
  const isUp = output.state === "connected"
  return {
    life: output.session,
    isUp,
    rttMs: isUp && live.length > 0 ? Math.max(...live.map(({ rtt_ms }) => rtt_ms)) : null,
    bytes: output.bytes_sent,
    packets: output.packets_sent,
    lost: sum("packets_lost"),
    errors: 0,
    dropped: output.packets_dropped,
    resent: sum("packets_retransmitted"),
  }
}

const place = (name: (typeof COUNTED)[number]): number => SUM[name]
/** The rate of less than so many seconds, as when figures are asked for between two messages, says nothing. */
const SHORTEST_RATE_S = 0.5
const MAX_SUM = Number.MAX_SAFE_INTEGER

/** Follows the counters of all channels. */
export class FigureSampler {
  /** By channel id, then by subject. */
  readonly #before = new Map<string, Map<number, Before>>()
  /** Channels of which figures came before. What an engine had counted before anybody looked is not counted. */
  readonly #seen = new Set<string>()

  /** Forgets channels that are not in `known`. */
  keep(known: ReadonlySet<string>): void {
    for (const id of this.#before.keys()) if (!known.has(id)) this.#before.delete(id)
    for (const id of this.#seen) if (!known.has(id)) this.#seen.delete(id)
  }

  /** Adds what a running channel did in the covered time to `sums`; `stats` is undefined while nothing is known of it. */
  take(config: ChannelConfig, stats: ChannelStats | undefined, covered: Covered, sums: ChannelSums): void {
    const before = this.#before.get(config.id) ?? new Map<number, Before>()
    this.#before.set(config.id, before)
    const legs = config.backup_rtp_port === null ? (["primary"] as const) : (["primary", "backup"] as const)
    for (const name of legs) {
      const leg = stats?.legs.find((one) => one.name === name)
      this.#add(config.id, before, subjectOfLeg(name), leg && readLeg(leg, stats?.started_at ?? 0), covered, sums)
    }
    for (const { enabled, id, number } of config.outputs) {
      if (!enabled) continue
      const output = stats?.outputs.find((one) => one.id === id)
      this.#add(config.id, before, subjectOfOutput(number), output && readOutput(output), covered, sums)
    }
    if (stats !== undefined) this.#seen.add(config.id)
  }

  #add(
    channel: string,
    all: Map<number, Before>,
    subject: number,
    reading: Reading | undefined,
    covered: Covered,
    sums: ChannelSums,
  ): void {
    const to = sums.get(subject) ?? noSums()
    sums.set(subject, to)
    const state = reading?.isUp === true ? SUM.up_s : SUM.down_s
    to[state] = (to[state] ?? 0) + covered.whole
    if (reading === undefined) return
    const before = all.get(subject) ?? { life: "", highest: new Float64Array(SUM.rtt_sum) }
    const isFirst = !all.has(subject) && !this.#seen.has(channel)
    all.set(subject, before)
    if (before.life !== reading.life) {
      before.life = reading.life
      before.highest.fill(0)
    }
    const sent = count(before, reading, isFirst ? null : to)
    if (!isFirst && reading.isUp && covered.seconds >= SHORTEST_RATE_S) addRate(to, Math.round(sent / covered.seconds))
    if (reading.rttMs !== null) addRtt(to, reading.rttMs, covered.whole)
  }
}

/** Adds what was counted since `before` to `to`, unless that is null, and returns the bytes of it. */
const count = ({ highest }: Before, reading: Reading, to: Sums | null): number => {
  let bytes = 0
  for (const name of COUNTED) {
    const at = place(name)
    const now = Math.min(MAX_SUM, Math.max(0, Math.round(reading[name])))
    const last = highest[at] ?? 0
    if (!(now > last)) continue
    highest[at] = now
    if (to !== null) to[at] = (to[at] ?? 0) + now - last
    if (name === "bytes") bytes = now - last
  }
  return bytes
}

const addRate = (to: Sums, bytesPerSecond: number): void => {
  to[SUM.rate_high] = Math.max(to[SUM.rate_high] ?? 0, bytesPerSecond)
  const low = to[SUM.rate_low] ?? 0
  if (low === 0 || bytesPerSecond + 1 < low) to[SUM.rate_low] = bytesPerSecond + 1
}

const addRtt = (to: Sums, rttMs: number, whole: number): void => {
  const tenths = Math.round(rttMs * 10)
  if (!(tenths >= 0)) return
  to[SUM.rtt_sum] = (to[SUM.rtt_sum] ?? 0) + tenths * whole
  to[SUM.rtt_s] = (to[SUM.rtt_s] ?? 0) + whole
  to[SUM.rtt_high] = Math.max(to[SUM.rtt_high] ?? 0, tenths)
}
