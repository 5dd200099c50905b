/** Rows of the channel list as texts only, so that two rows are equal when they read alike. */
import type { RecentView } from "../../src/effects/history/history-model.ts"
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { formatAddress } from "../format.ts"
import { causeOf, formatAge, formatRate, inShort, sparkline } from "./list-texts.ts"

/** A class `is-*` of the stylesheet and the word beside its mark. */
export interface State {
  readonly is: string
  readonly text: string
}

export interface FailingOutput extends State {
  readonly id: string
  readonly name: string
  /** The reason, in a few words. */
  readonly error: string
  /** Time of the next attempt, in ms since 1970. */
  readonly retryAt: number | null
}

export interface ListRow {
  readonly id: string
  readonly slug: string
  readonly number: number
  readonly name: string
  readonly state: State
  /** True when the channel needs a person. */
  readonly problem: boolean
  /** Text that the filter searches, in lower case. */
  readonly search: string
  readonly notes: ReadonlyArray<{ readonly is: "error" | "warning"; readonly text: string }>
  /** SVG path of the sparkline; empty without one. */
  readonly spark: string
  readonly bitrate: string
  /** Name of the leg in use; empty for a channel with one leg. */
  readonly source: string
  /** Continuity errors in the last 5 minutes; null where unknown. */
  readonly ccErrors: number | null
  readonly scte35: (State & { /** When the break ends, in ms since 1970. */ readonly until: number | null }) | null
  /**
   * Outputs by protocol: `SRT 2/3` for two of three enabled ones carrying the stream, `UDP 0/1, idle` where there is
   * nothing to carry.
   */
  readonly outputs: ReadonlyArray<State>
  readonly failing: ReadonlyArray<FailingOutput>
  /** Number of failing outputs beyond those named. */
  readonly moreFailing: number
  readonly uptime: string
  /** Number of outputs that would lose the stream; null for a channel that does not run. */
  readonly running: number | null
}

const MAX_FAILING = 3
const MAX_NOTES = 2

export const isFailing = ({ enabled, status }: OutputView): boolean =>
  enabled && (status === "error" || status === "retrying")

const isStopped = ({ status }: ChannelView) => status === "stopped"

/** True when a channel runs but drops much of what arrives. */
export const isDropping = ({ error, status }: ChannelView): boolean => status === "running" && error !== null

/** True when a channel needs a person: the list shows these first. */
export const hasProblem = (channel: ChannelView): boolean =>
  !isStopped(channel) &&
  (channel.status === "error" || isDropping(channel) || channel.alarms.length > 0 || channel.outputs.some(isFailing))

const urgency = (channel: ChannelView): number => {
  if (channel.status === "error") return 0
  if (channel.alarms.some(({ severity }) => severity === "critical")) return 1
  if (hasProblem(channel)) return 2
  return isStopped(channel) ? 4 : 3
}

/**
 * Channels in error, then those with alarms or failing outputs, then running ones, then the rest; by number within each
 * group.
 */
export const failingFirst = (channels: ReadonlyArray<ChannelView>): ReadonlyArray<ChannelView> =>
  channels
    .map((channel) => ({ channel, rank: urgency(channel) }))
    .sort((a, b) => a.rank - b.rank || a.channel.number - b.channel.number)
    .map(({ channel }) => channel)

const stateOf = (channel: ChannelView): State => {
  if (channel.lifecycle === "stopping") return { is: "starting", text: "stopping" }
  if (channel.status === "running" && hasProblem(channel)) return { is: "degraded", text: "degraded" }
  return { is: channel.status, text: channel.status }
}

const notesOf = (channel: ChannelView, now: number): ListRow["notes"] => {
  if (isStopped(channel)) return []
  const { alarms, error } = channel
  const others = alarms
    .filter(({ message }) => message !== error)
    .map(({ kind, message, severity, since }) => ({
      is: severity === "critical" ? ("error" as const) : ("warning" as const),
      text: `${kind.replaceAll("_", " ")} for ${formatAge((now - Date.parse(since)) / 1000)}: ${inShort(message)}`,
    }))
  return [...(error === null ? [] : [{ is: "error" as const, text: inShort(error, 160) }]), ...others].slice(
    0,
    MAX_NOTES,
  )
}

const scte35Of = ({ scte35, status }: ChannelView, now: number): ListRow["scte35"] => {
  if (status === "stopped" || (scte35.pids.length === 0 && scte35.last_cue_at === null)) return null
  const { ends_in_s: left, last_cue_at: last, state } = scte35
  const until = left === null || state === "idle" ? null : Math.round(now / 1000 + left) * 1000
  if (state === "in_break") return { is: "in-break", text: "in break", until }
  if (state === "announced") return { is: "announced", text: "break announced", until: null }
  const age = last === null ? "no cue yet" : `last cue ${formatAge((now - Date.parse(last)) / 1000)} ago`
  return { is: "idle", text: age, until: null }
}

const worst = (outputs: ReadonlyArray<OutputView>): string => {
  if (outputs.some(isFailing)) return "retrying"
  if (outputs.some(({ status }) => status !== "connected")) return "connecting"
  return outputs.every(({ carrying }) => carrying) ? "connected" : "idle"
}

const chipsOf = (channel: ChannelView): ReadonlyArray<State> => {
  const enabled = channel.outputs.filter((output) => output.enabled)
  const off = channel.outputs.length - enabled.length
  const groups = new Map<string, OutputView[]>()
  for (const output of enabled) groups.set(output.protocol, [...(groups.get(output.protocol) ?? []), output])
  const chips = [...groups].map(([protocol, outputs]) => {
    const carrying = outputs.filter((output) => output.carrying).length
    const is = isStopped(channel) ? "stopped" : worst(outputs)
    return { is, text: `${protocol.toUpperCase()} ${carrying}/${outputs.length}${is === "idle" ? ", idle" : ""}` }
  })
  return off === 0 ? chips : [...chips, { is: "stopped", text: `${off} off` }]
}

const failingOf = ({ id, last_error, name, next_retry_at, status }: OutputView): FailingOutput => ({
  id,
  name,
  is: status,
  text: status,
  error: causeOf(last_error ?? "no connection"),
  retryAt: next_retry_at === null ? null : Date.parse(next_retry_at),
})

/** The row of a channel; `now` is ms since 1970. */
export const rowOf = (channel: ChannelView, recent: RecentView | undefined, now: number): ListRow => {
  const stopped = isStopped(channel)
  const active = channel.input.legs.find((leg) => leg.source === channel.active_source)
  const failing = stopped ? [] : channel.outputs.filter(isFailing)
  const { backup_rtp_port, name, number, outputs, rtp_ip, rtp_port, slug } = channel
  const hasBackup = backup_rtp_port !== null || channel.backup_input_url !== null
  const places = [
    channel.input_url ?? formatAddress(rtp_ip ?? "", rtp_port ?? 0),
    ...(channel.backup_input_url === null ? [] : [channel.backup_input_url]),
    ...(backup_rtp_port === null ? [] : [formatAddress(channel.backup_rtp_ip ?? rtp_ip ?? "", backup_rtp_port)]),
  ]
  const redundancy =
    channel.input.redundancy === "lost" ? ", no other" : channel.input.merge === "off" ? "" : ", merged"
  return {
    id: `channel-${slug}`,
    slug,
    number,
    name,
    state: stateOf(channel),
    problem: hasProblem(channel),
    search: [String(number), name, slug, ...places, ...outputs.map((output) => output.name)].join(" ").toLowerCase(),
    notes: notesOf(channel, now),
    spark: stopped || recent === undefined ? "" : sparkline(recent.bitrates),
    bitrate: stopped ? "" : formatRate(active?.bitrate ?? 0),
    source: !hasBackup || stopped ? "" : `${channel.active_source}${redundancy}`,
    ccErrors: stopped || recent === undefined ? null : recent.cc_errors,
    scte35: scte35Of(channel, now),
    outputs: chipsOf(channel),
    failing: failing.slice(0, MAX_FAILING).map(failingOf),
    moreFailing: Math.max(0, failing.length - MAX_FAILING),
    uptime: stopped ? "" : formatAge(channel.uptime),
    running: stopped ? null : outputs.filter(({ enabled, status }) => enabled && status === "connected").length,
  }
}

/** Which rows to show; fields left out show everything. */
export interface ListFilter {
  readonly text: string
  readonly problemsOnly: boolean
}

/** True when a row passes the filter, by the rule of list.js in the browser: each word must occur. */
export const matches = (row: ListRow, { problemsOnly, text }: ListFilter): boolean =>
  (!problemsOnly || row.problem) &&
  text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => row.search.includes(word))
