/** Rows of the channel list as texts only, so that two rows are equal when they read alike. */
import type { RecentView } from "../../src/effects/history/history-model.ts"
import type { ChannelView, LegView, OutputView, WorstState } from "../../src/effects/model/channel.ts"
import type { WorstOf } from "../../src/effects/show/worst-of.ts"
import { formatAddress } from "../format.ts"
import { causeOf, formatAge, formatRate, inShort, sparkline } from "./list-texts.ts"

/** A class `is-*` of the stylesheet and the word beside its mark. */
export interface State {
  readonly is: string
  readonly text: string
}

/** An output as a mark that leads to it. */
export interface OutputMark {
  readonly is: string
  readonly slug: string
  /** Name, state and reason, shown when the pointer rests on it. */
  readonly title: string
}

export interface FailingOutput {
  readonly slug: string
  readonly name: string
  /** The reason, in a few words. */
  readonly error: string
  readonly isTried: boolean
  /** Time of the next attempt, in ms since 1970. */
  readonly retryAt: number | null
}

export interface ListRow {
  readonly id: string
  readonly slug: string
  readonly number: number
  readonly name: string
  readonly tags: ReadonlyArray<string>
  readonly worst: WorstState
  readonly state: State
  /** How long it runs, in words; empty where it does not. */
  readonly uptime: string
  /** True when the channel needs a person. */
  readonly problem: boolean
  /** Text that the filter searches, in lower case. */
  readonly search: string
  /** The cause of its state, unless the failing outputs say it; empty where there is none. */
  readonly cause: string
  /** SVG path of the sparkline; empty without one. */
  readonly spark: string
  readonly bitrate: string
  /** Its legs, the one in use filled; none of a channel that does not run. */
  readonly legs: ReadonlyArray<State & { readonly isUsed: boolean }>
  /** Continuity errors in the last 5 minutes; null where unknown. */
  readonly ccErrors: number | null
  readonly scte35: (State & { /** When the break ends, in ms since 1970. */ readonly until: number | null }) | null
  /** Enabled outputs that carry the stream, of how many; empty where there are none. */
  readonly carrying: string
  /** Outputs as marks, failing ones among them even where there are too many to show. */
  readonly outputs: ReadonlyArray<OutputMark>
  /** Number of outputs beyond those marked. */
  readonly moreOutputs: number
  readonly failing: ReadonlyArray<FailingOutput>
  /** Number of failing outputs beyond those named. */
  readonly moreFailing: number
  /** Number of outputs that would lose the stream; null for a channel that does not run. */
  readonly running: number | null
}

const MAX_FAILING = 2
const MAX_MARKS = 10

/** States that need a person. */
const PROBLEMS: ReadonlySet<WorstState> = new Set(["no_input", "error", "degraded", "outputs_down", "warning"])
export const isProblem = ({ state }: Pick<WorstOf, "state">): boolean => PROBLEMS.has(state)

const IS: Readonly<Record<WorstState, string>> = {
  no_input: "error",
  error: "error",
  degraded: "degraded",
  outputs_down: "retrying",
  warning: "warning",
  starting: "starting",
  ok: "ok",
  stopping: "starting",
  stopped: "stopped",
}
/** Words for a state; of outputs that are down how many is said apart. */
export const STATE_WORDS: Readonly<Record<WorstState, string>> = {
  no_input: "no input",
  error: "error",
  degraded: "degraded",
  outputs_down: "outputs down",
  warning: "warning",
  starting: "starting",
  ok: "OK",
  stopping: "stopping",
  stopped: "stopped",
}

/** The state as a mark and words, as every page shows it. */
export const stateOf = ({ down, enabled, state }: WorstOf): State => ({
  is: IS[state],
  text: state === "outputs_down" ? `${down.length} of ${enabled} down` : STATE_WORDS[state],
})

/** Channels with their worst, the gravest first, by number within each state. */
export const gravestFirst = <A extends { readonly channel: ChannelView; readonly worst: WorstOf }>(
  all: ReadonlyArray<A>,
  states: ReadonlyArray<WorstState>,
): ReadonlyArray<A> =>
  [...all].sort(
    (a, b) => states.indexOf(a.worst.state) - states.indexOf(b.worst.state) || a.channel.number - b.channel.number,
  )

const scte35Of = ({ scte35, status }: ChannelView, now: number): ListRow["scte35"] => {
  if (status === "stopped" || (scte35.pids.length === 0 && scte35.last_cue_at === null)) return null
  const { ends_in_s: left, last_cue_at: last, state } = scte35
  const until = left === null || state === "idle" ? null : Math.round(now / 1000 + left) * 1000
  if (state === "in_break") return { is: "in-break", text: "in break", until }
  if (state === "announced") return { is: "announced", text: "break announced", until: null }
  const age = last === null ? "no cue yet" : `cue ${formatAge((now - Date.parse(last)) / 1000)} ago`
  return { is: "idle", text: age, until: null }
}

/** How an output is: what is connected and has nothing to carry is not well. */
export const outputIs = ({ carrying, enabled, status }: OutputView, isRunning: boolean): State => {
  if (!isRunning) return { is: "stopped", text: "stopped" }
  if (!enabled) return { is: "stopped", text: "switched off" }
  if (status === "connected" && !carrying) return { is: "idle", text: "connected, nothing to carry" }
  return { is: status, text: status }
}

const markOf = (output: OutputView, isRunning: boolean): OutputMark => {
  const { is, text } = outputIs(output, isRunning)
  const why = is === "retrying" || is === "error" ? `: ${causeOf(output.last_error ?? "no connection")}` : ""
  return { is, slug: output.slug, title: `${output.name}, ${output.protocol.toUpperCase()} ${text}${why}` }
}

/** Marks in the order of the outputs; where there are too many, failing ones come before the others. */
const marksOf = ({ outputs, status }: ChannelView, down: WorstOf["down"]): ReadonlyArray<OutputMark> => {
  const shown =
    outputs.length <= MAX_MARKS
      ? outputs
      : [...down, ...outputs.filter((one) => !down.includes(one))].slice(0, MAX_MARKS)
  return shown.map((output) => markOf(output, status !== "stopped"))
}

const failingOf = ({ last_error, name, next_retry_at, slug, status }: OutputView): FailingOutput => ({
  slug,
  name,
  error: causeOf(last_error ?? "no connection"),
  isTried: status === "retrying",
  retryAt: next_retry_at === null ? null : Date.parse(next_retry_at),
})

const LEG_IS: Readonly<Record<LegView["verdict"], string>> = {
  good: "good",
  degraded: "degraded",
  bad: "bad",
  lost: "lost",
}

const legsOf = ({ active_source, input: { legs, merge } }: ChannelView): ListRow["legs"] =>
  legs.map(({ source, verdict }) => {
    const isUsed = source === active_source || merge !== "off"
    return { is: LEG_IS[verdict], isUsed, text: `${source} ${verdict}${isUsed ? ", in use" : ""}` }
  })

const placesOf = (channel: ChannelView): ReadonlyArray<string> => {
  const { backup_rtp_port, rtp_ip, rtp_port } = channel
  return [
    channel.input_url ?? formatAddress(rtp_ip ?? "", rtp_port ?? 0),
    ...(channel.backup_input_url === null ? [] : [channel.backup_input_url]),
    ...(backup_rtp_port === null ? [] : [formatAddress(channel.backup_rtp_ip ?? rtp_ip ?? "", backup_rtp_port)]),
  ]
}

const causeIn = ({ cause, since, state }: WorstOf, now: number): string => {
  // The outputs that are down say it themselves, each with its reason.
  if (cause === null || state === "outputs_down") return ""
  const age = since === null ? "" : ` (for ${formatAge((now - Date.parse(since)) / 1000)})`
  return `${inShort(cause, 200)}${age}`
}

/** The row of a channel; `now` is ms since 1970. */
export const rowOf = (channel: ChannelView, worst: WorstOf, recent: RecentView | undefined, now: number): ListRow => {
  const stopped = channel.status === "stopped"
  const active = channel.input.legs.find((leg) => leg.source === channel.active_source)
  const { name, number, outputs, slug, tags } = channel
  const carrying = outputs.filter((output) => output.enabled && output.carrying).length
  return {
    id: `channel-${slug}`,
    slug,
    number,
    name,
    tags,
    worst: worst.state,
    state: stateOf(worst),
    uptime: stopped ? "" : formatAge(channel.uptime),
    problem: isProblem(worst),
    search: [String(number), name, slug, ...placesOf(channel), ...outputs.map((output) => output.name), ...tags]
      .join(" ")
      .toLowerCase(),
    cause: causeIn(worst, now),
    spark: stopped || recent === undefined ? "" : sparkline(recent.bitrates),
    bitrate: stopped ? "" : formatRate(active?.bitrate ?? 0),
    legs: stopped ? [] : legsOf(channel),
    ccErrors: stopped || recent === undefined ? null : recent.cc_errors,
    scte35: scte35Of(channel, now),
    carrying: worst.enabled === 0 ? "" : `${carrying}/${worst.enabled}`,
    outputs: marksOf(channel, worst.down),
    moreOutputs: Math.max(0, outputs.length - MAX_MARKS),
    failing: worst.down.slice(0, MAX_FAILING).map(failingOf),
    moreFailing: Math.max(0, worst.down.length - MAX_FAILING),
    running: stopped ? null : outputs.filter(({ enabled, status }) => enabled && status === "connected").length,
  }
}

/** Which rows to show; fields left out show everything. */
export interface ListFilter {
  readonly text: string
  readonly problemsOnly: boolean
  readonly state?: WorstState | undefined
}

/** True when a row passes the filter, by the rule of list.js in the browser: each word must occur. */
export const matches = (row: ListRow, { problemsOnly, state, text }: ListFilter): boolean =>
  (!problemsOnly || row.problem) &&
  (state === undefined || row.worst === state) &&
  text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => row.search.includes(word))
