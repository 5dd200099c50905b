/**
 * What is kept of a channel over any time up to 400 days: figures for plots, and in sum. The shortest step is taken that
 * is kept for all of the time and gives no more points than a plot can show.
 */
import { Clock, Effect } from "effect"
import { addEncoded } from "../../core/figures/figure-codec.ts"
import {
  addChannelSums,
  type ChannelSums,
  noSums,
  SUM,
  type Sums,
  subjectOfLeg,
  subjectOfOutput,
} from "../../core/figures/figure-sums.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { StoreError } from "../model/Errors.ts"
import type { CueLogService } from "../store/CueLog.ts"
import type { EventLogService } from "../store/EventLog.ts"
import { DAY_S, type FigureStep, HOUR_S, KEPT_S, MINUTE_S, QUARTER_S } from "../store/figure-rows.ts"
import type { FiguresView, FigureTotals, HistoryMeasure, HistorySeries } from "./history-model.ts"
import { readMarks } from "./marks.ts"
import type { FiguresService } from "./stored-figures.ts"

/** Most points of a series. */
export const MAX_POINTS = 750
const MAX_LENGTH_S = KEPT_S[HOUR_S]
/** Times between two points, in s. */
const POINT_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]

export interface FigureSpan {
  readonly fromS: number
  readonly toS: number
}

/** The stored step and the time between two points for a span, in s. */
export const stepsFor = (
  { fromS, toS }: FigureSpan,
  nowS: number,
): { readonly stored: FigureStep; readonly point: number } => {
  const age = nowS - fromS
  const stored = age <= KEPT_S[MINUTE_S] ? MINUTE_S : age <= KEPT_S[QUARTER_S] ? QUARTER_S : HOUR_S
  const length = Math.min(toS - fromS, MAX_LENGTH_S)
  const point = POINT_STEPS.find((step) => step >= stored && length / step <= MAX_POINTS) ?? 86_400
  // Longer steps cost less to read, where they are as good.
  const coarse = [DAY_S, HOUR_S, QUARTER_S].find((step): step is FigureStep => point % step === 0) ?? MINUTE_S
  return { stored: Math.max(coarse, stored) as FigureStep, point }
}

type Of = Pick<HistorySeries, "of" | "is"> & { readonly subject: number }
const LEG: ReadonlyArray<HistoryMeasure> = ["bitrate", "lost", "cc_errors", "down"]
const PLAIN: ReadonlyArray<HistoryMeasure> = ["bitrate", "dropped", "down"]
const SRT: ReadonlyArray<HistoryMeasure> = [...PLAIN, "rtt", "lost", "retransmitted"]

const at = (sums: Sums, name: keyof typeof SUM): number => sums[SUM[name]] ?? 0
const rounded = (value: number): number => Math.round(value * 100) / 100

/** The figure of a measure; null where there is none. */
const figureOf = (measure: HistoryMeasure, sums: Sums | undefined): number | null => {
  if (sums === undefined) return null
  const seconds = at(sums, "up_s") + at(sums, "down_s")
  if (seconds === 0) return null
  const perSecond = (name: keyof typeof SUM) => rounded(at(sums, name) / seconds)
  switch (measure) {
    case "bitrate":
      return Math.round((at(sums, "bytes") * 8) / seconds)
    case "lost":
      return perSecond("lost")
    case "cc_errors":
      return perSecond("errors")
    case "dropped":
      return perSecond("dropped")
    case "retransmitted":
      return perSecond("resent")
    case "down":
      return rounded((at(sums, "down_s") / seconds) * 100)
    case "rtt":
      return at(sums, "rtt_s") === 0 ? null : at(sums, "rtt_high") / 10
    default:
      return null
  }
}

const totalsOf = ({ is, of }: Of, sums: Sums): FigureTotals => {
  const low = at(sums, "rate_low")
  const rttSeconds = at(sums, "rtt_s")
  return {
    of,
    is,
    up_s: at(sums, "up_s"),
    down_s: at(sums, "down_s"),
    bytes: at(sums, "bytes"),
    packets: at(sums, "packets"),
    lost: at(sums, "lost"),
    cc_errors: at(sums, "errors"),
    dropped: at(sums, "dropped"),
    resent: at(sums, "resent"),
    rtt_ms: rttSeconds === 0 ? null : rounded(at(sums, "rtt_sum") / rttSeconds / 10),
    rtt_high_ms: rttSeconds === 0 ? null : at(sums, "rtt_high") / 10,
    bitrate_low: low === 0 ? null : (low - 1) * 8,
    bitrate_high: low === 0 ? null : at(sums, "rate_high") * 8,
  }
}

const measuresOf = (one: Of, outputs: ReadonlyArray<OutputConfig>) =>
  one.is === "leg" ? LEG : outputs.some(({ protocol, slug }) => slug === one.of && protocol === "srt") ? SRT : PLAIN

/** Legs and outputs of a channel; those of one output alone where `output` is its slug. */
const subjectsOf = (config: ChannelConfig, output: string | undefined): ReadonlyArray<Of> => {
  const legs = config.backup_rtp_port === null ? (["primary"] as const) : (["primary", "backup"] as const)
  return [
    ...legs.map((name): Of => ({ of: name, is: "leg", subject: subjectOfLeg(name) })),
    ...config.outputs
      .filter(({ slug }) => output === undefined || slug === output)
      .map(({ number, slug }): Of => ({ of: slug, is: "output", subject: subjectOfOutput(number) })),
  ]
}

export interface FigureViewDeps {
  readonly figures: Pick<FiguresService, "current" | "flush" | "read">
  readonly events: Pick<EventLogService, "list">
  readonly cues: Pick<CueLogService, "list">
}

/** Figures of a channel over a span, with all of its outputs or one of them. */
export const figureView = (
  { cues, events, figures }: FigureViewDeps,
  config: ChannelConfig,
  span: FigureSpan,
  output?: string,
): Effect.Effect<FiguresView, StoreError> =>
  Effect.gen(function* () {
    const nowS = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const { point, stored } = stepsFor(span, nowS)
    const toS = Math.min(span.toS, nowS + point)
    const first = Math.floor(Math.max(span.fromS, toS - MAX_LENGTH_S) / point)
    const count = Math.max(0, Math.ceil(toS / point) - first)
    const subjects = subjectsOf(config, output)
    const wanted = new Set(subjects.map(({ subject }) => subject))
    const points = Array.from({ length: count }, (): ChannelSums => new Map())
    const isWanted = (subject: number) => wanted.has(subject)
    const into = (beginS: number, bytes: Uint8Array) => {
      const place = points[Math.floor(beginS / point) - first]
      if (place !== undefined) addEncoded(place, bytes, isWanted)
    }

    yield* figures.flush
    const fromS = first * point
    const endS = (first + count) * point
    const rows = yield* figures.read(config.number, stored, fromS, endS, point)
    for (const { at: beginS, body } of rows) into(Number(beginS), body)
    // What no longer step has summed up yet is in shorter ones.
    const lastS = rows.length === 0 ? fromS : Number(rows.at(-1)?.last) + stored
    let nextS = Math.max(lastS, fromS)
    for (const step of [HOUR_S, QUARTER_S, MINUTE_S] as const) {
      if (step >= stored) continue
      const since = yield* figures.read(config.number, step, Math.max(nextS, nowS - KEPT_S[MINUTE_S]), endS, point)
      for (const { at: beginS, body } of since) into(Number(beginS), body)
      if (since.length > 0) nextS = Number(since.at(-1)?.last) + step
    }
    const current = figures.current()
    const own = current?.channels.get(config.number)
    const place = current === null ? undefined : points[Math.floor(current.at / point) - first]
    if (own !== undefined && place !== undefined) {
      const mine = new Map([...own].filter(([subject]) => wanted.has(subject)))
      addChannelSums(place, mine)
    }

    const inSum: ChannelSums = new Map()
    for (const one of points) addChannelSums(inSum, one)
    const marks = yield* readMarks(events, cues, config.id, fromS * 1000, endS * 1000, output)
    return {
      since: new Date(fromS * 1000).toISOString(),
      until: new Date(endS * 1000).toISOString(),
      step_s: point,
      times: points.map((_, i) => (first + i) * point),
      series: subjects.flatMap((one) =>
        measuresOf(one, config.outputs).map(
          (measure): HistorySeries => ({
            of: one.of,
            is: one.is,
            measure,
            values: points.map((sums) => figureOf(measure, sums.get(one.subject))),
          }),
        ),
      ),
      totals: subjects.map((one) => totalsOf(one, inSum.get(one.subject) ?? noSums())),
      marks: marks.marks,
      marks_left_out: marks.more,
    }
  })
