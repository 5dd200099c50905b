/**
 * The history of one channel: turns the engine's counters into figures a second and keeps them, for each leg and
 * output. Pure.
 */
import type { ChannelStats, LegStats, OutputStats } from "../../engine/protocol/messages.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { type Digest, FigureRings, type RingWindow } from "./figure-rings.ts"
import {
  type HistoryMeasure,
  type HistorySeries,
  type HistoryWindow,
  type RecentView,
  WINDOWS,
} from "./history-model.ts"

/**
 * Time covered by a message of figures: `buckets` whole seconds up to `second`, which lasted `seconds` by the engine's
 * clock.
 */
export interface Span {
  readonly second: number
  readonly buckets: number
  readonly seconds: number
}

/** How a counter becomes a figure: bytes as bit/s, events per second, or a level that is kept as it is. */
type Form = "bits" | "events" | "level"
interface Measure {
  readonly measure: HistoryMeasure
  readonly form: Form
}

const LEG: ReadonlyArray<Measure> = [
  { measure: "bitrate", form: "bits" },
  { measure: "lost", form: "events" },
  { measure: "cc_errors", form: "events" },
]
const OUTPUT: ReadonlyArray<Measure> = [
  { measure: "bitrate", form: "bits" },
  { measure: "dropped", form: "events" },
]
const SRT: ReadonlyArray<Measure> = [
  ...OUTPUT,
  { measure: "retransmitted", form: "events" },
  { measure: "rtt", form: "level" },
  { measure: "queue", form: "level" },
]
const NAMES: ReadonlyArray<HistoryWindow> = ["5m", "1h", "24h"]
const ALL_WINDOWS = NAMES.map((name) => WINDOWS[name])
/** Windows for the list of channels: five minutes in steps of 1 s, one minute in steps of 2 s. */
const RECENT_WINDOWS = [
  { length_s: 300, step_s: 1 },
  { length_s: 60, step_s: 2 },
]

const digestOf = ({ form }: Measure): Digest => (form === "level" ? "peak" : "mean")

/** Counters of one leg or output and the figures made from them. */
class Track {
  readonly measures: ReadonlyArray<Measure>
  readonly rings: FigureRings
  /** The previous counters; null when counting has started afresh or had stopped. */
  #before: { readonly of: string; readonly counters: ReadonlyArray<number> } | null = null

  constructor(measures: ReadonlyArray<Measure>, windows: ReadonlyArray<RingWindow> = ALL_WINDOWS) {
    this.measures = measures
    this.rings = new FigureRings(measures.map(digestOf), windows)
  }

  /**
   * Takes a second's counters. `of` names their run: figures are made only between two counts of one run. Null: nothing
   * counts.
   */
  take(span: Span | null, of: string, counters: ReadonlyArray<number> | null): void {
    const before = this.#before
    this.#before = counters === null ? null : { of, counters }
    if (span === null || counters === null || before?.of !== of) return
    const figures = this.measures.map(({ form }, m) => figureOf(form, counters[m] ?? 0, before.counters[m] ?? 0, span))
    for (let second = span.second - span.buckets + 1; second <= span.second; second++) this.rings.put(second, figures)
  }
}

/**
 * The figure between two counts. A counter that fell has been restarted and gives no figure, so none is ever negative.
 */
const figureOf = (form: Form, now: number, before: number, { buckets, seconds }: Span): number => {
  if (form === "level") return now
  if (now < before) return Number.NaN
  // Events are spread over the seconds they are stored under, so that sums over time equal the counter.
  return form === "bits" ? ((now - before) * 8) / seconds : (now - before) / buckets
}

const legCounters = ({ counters }: LegStats): ReadonlyArray<number> => [
  counters["bytes"] ?? 0,
  counters["rtp_lost"] ?? 0,
  counters["cc_errors"] ?? 0,
]

const outputCounters = (output: OutputStats, isSrt: boolean): ReadonlyArray<number> => {
  const plain = [output.bytes_sent, output.packets_dropped]
  if (!isSrt) return plain
  // Each receiver of a listener counts by itself.
  const connections = output.receivers.length > 0 ? output.receivers.map(({ srt }) => srt) : [output.srt]
  const live = connections.flatMap((one) => (one === null ? [] : [one]))
  if (live.length === 0) return [...plain, 0, Number.NaN, Number.NaN]
  return [
    ...plain,
    live.reduce((sum, one) => sum + one.packets_retransmitted, 0),
    Math.max(...live.map((one) => one.rtt_ms)),
    Math.max(...live.map((one) => one.send_buffer_ms)),
  ]
}

const legsOf = ({ backup_rtp_port }: ChannelConfig): ReadonlyArray<LegStats["name"]> =>
  backup_rtp_port === null ? ["primary"] : ["primary", "backup"]
const isSrt = ({ protocol }: OutputConfig) => protocol === "srt"

export class ChannelHistory {
  readonly #legs = new Map<string, Track>()
  /** Tracks of the outputs, by output id. */
  readonly #outputs = new Map<string, Track>()
  readonly #active = new Track(LEG, RECENT_WINDOWS)

  /** Memory of the figures, in bytes. */
  get bytes(): number {
    return [this.#active, ...this.#legs.values(), ...this.#outputs.values()].reduce(
      (sum, { rings }) => sum + rings.bytes,
      0,
    )
  }

  /**
   * Takes the figures of a channel, undefined while there are none; `span` is null when it is not known what time they
   * cover. Legs and outputs that the configuration no longer has are dropped.
   */
  note(config: ChannelConfig, stats: ChannelStats | undefined, span: Span | null): void {
    const run = String(stats?.started_at)
    const legs = legsOf(config)
    for (const name of this.#legs.keys()) if (!legs.some((leg) => leg === name)) this.#legs.delete(name)
    for (const name of legs) {
      const leg = stats?.legs.find((one) => one.name === name)
      track(this.#legs, name, LEG).take(span, run, leg === undefined ? null : legCounters(leg))
    }
    const active = stats?.legs.find(({ name }) => name === stats.active_source)
    this.#active.take(span, `${run} ${active?.name}`, active === undefined ? null : legCounters(active))

    for (const id of this.#outputs.keys()) if (!config.outputs.some((one) => one.id === id)) this.#outputs.delete(id)
    for (const output of config.outputs) {
      const live = stats?.outputs.find(({ id }) => id === output.id)
      const counters = live === undefined || !output.enabled ? null : outputCounters(live, isSrt(output))
      track(this.#outputs, output.id, isSrt(output) ? SRT : OUTPUT).take(span, live?.session ?? "", counters)
    }
  }

  recent(second: number): RecentView {
    const errors = this.#active.rings.read(
      LEG.findIndex(({ measure }) => measure === "cc_errors"),
      0,
      second,
    )
    return {
      bitrates: this.#active.rings.read(0, 1, second).map(rounded),
      cc_errors: Math.round(errors.reduce<number>((sum, one) => sum + (one ?? 0), 0)),
    }
  }

  series(config: ChannelConfig, window: HistoryWindow, second: number): ReadonlyArray<HistorySeries> {
    return seriesOf(config, window, second, this.#legs, this.#outputs)
  }
}

/** Series of a channel without figures: all values are null. */
export const emptySeries = (config: ChannelConfig, window: HistoryWindow): ReadonlyArray<HistorySeries> =>
  seriesOf(config, window, 0, new Map(), new Map())

const seriesOf = (
  config: ChannelConfig,
  window: HistoryWindow,
  second: number,
  legs: ReadonlyMap<string, Track>,
  outputs: ReadonlyMap<string, Track>,
): ReadonlyArray<HistorySeries> => {
  const w = NAMES.indexOf(window)
  const points = WINDOWS[window].length_s / WINDOWS[window].step_s
  const read = (of: string, is: HistorySeries["is"], measures: ReadonlyArray<Measure>, found: Track | undefined) =>
    measures.map(({ measure }, m): HistorySeries => {
      const values =
        found?.measures === measures ? found.rings.read(m, w, second).map(rounded) : Array<null>(points).fill(null)
      return { of, is, measure, values }
    })
  return [
    ...legsOf(config).flatMap((name) => read(name, "leg", LEG, legs.get(name))),
    ...config.outputs.flatMap((output) =>
      read(output.slug, "output", isSrt(output) ? SRT : OUTPUT, outputs.get(output.id)),
    ),
  ]
}

/** Rounds to two decimals, more than any plot shows. */
const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100)

/** The track of a name; a new one when there is none yet, or only one with other measures. */
const track = (tracks: Map<string, Track>, name: string, measures: ReadonlyArray<Measure>): Track => {
  const found = tracks.get(name)
  if (found?.measures === measures) return found
  const made = new Track(measures)
  tracks.set(name, made)
  return made
}
