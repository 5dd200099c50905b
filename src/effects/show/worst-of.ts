/** How a channel is, in one word with its cause: the worst that is the matter, told alike wherever it is shown. Pure. */
import type { ChannelView, ChannelWorst, OutputView, WorstState } from "../model/channel.ts"

export interface WorstOf {
  readonly state: WorstState
  /** A sentence; null where there is nothing to explain. */
  readonly cause: string | null
  /** When it began, ISO 8601, where that is known. */
  readonly since: string | null
  /** Enabled outputs that should send and do not. */
  readonly down: ReadonlyArray<OutputView>
  /** Number of enabled outputs. */
  readonly enabled: number
}

/** True for an enabled output that failed, whether or not it is tried again. */
export const isDown = ({ enabled, status }: Pick<OutputView, "enabled" | "status">): boolean =>
  enabled && (status === "error" || status === "retrying")

const reasonOf = ({ last_error }: OutputView) => last_error ?? "no connection"

/** What the outputs that are down say: how many, and the reason, of one of them where they differ. */
const downCause = (down: ReadonlyArray<OutputView>, enabled: number): string => {
  const [first] = down
  const reasons = new Set(down.map(reasonOf))
  const how = down.length === 1 ? `${first?.name} is down` : `${down.length} of ${enabled} outputs are down`
  if (first === undefined || reasons.size === 0) return how
  return reasons.size === 1 ? `${how}: ${reasonOf(first)}` : `${how}, ${first.name}: ${reasonOf(first)}`
}

/** The worst of a channel. Outputs without input are not down: what they lack is said of the channel. */
export const worstOf = (channel: Omit<ChannelView, "worst">): WorstOf => {
  const { alarms, error, lifecycle, outputs, status } = channel
  const enabled = outputs.filter((output) => output.enabled).length
  const of = (state: WorstState, cause: string | null, since: string | null = null, down: WorstOf["down"] = []) => ({
    state,
    cause,
    since,
    down,
    enabled,
  })
  if (lifecycle === "stopping") return of("stopping", null)
  if (status === "stopped") return of("stopped", null)
  const [gravest] = alarms
  const down = outputs.filter(isDown)
  const silent = alarms.find(({ kind }) => kind === "no_input")
  if (status === "error")
    return silent === undefined
      ? of("error", error, null, down)
      : of("no_input", error ?? silent.message, silent.since, down)
  if (status === "starting") return of("starting", error, null, down)
  if (error !== null) return of("degraded", error, null, down)
  if (gravest?.severity === "critical") return of("degraded", gravest.message, gravest.since, down)
  if (down.length > 0) return of("outputs_down", downCause(down, enabled), null, down)
  return gravest === undefined ? of("ok", null) : of("warning", gravest.message, gravest.since)
}

/** The worst of a channel as the API shows it. */
export const worstView = (channel: Omit<ChannelView, "worst">): ChannelWorst => {
  const { cause, down, since, state } = worstOf(channel)
  return { state, cause, since, outputs_down: down.length }
}
