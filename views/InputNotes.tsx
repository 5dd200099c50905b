/** @jsxImportSource hono/jsx */
import type { Alarm, ChannelView, LegView } from "../src/effects/model.ts"
import { formatAddress, formatCountdown, formatUptime } from "./format.ts"

export interface InputNotesProps {
  readonly channel: ChannelView
  /** Milliseconds since 1970. */
  readonly now: number
}

const MERGE = { off: "not merged", rtp: "merged by RTP", content: "merged by content" } as const

/** How two sources make one stream, as one line. */
const joined = ({ input }: ChannelView): string => {
  const { merge, path_difference_ms: difference, pending_source: pending, switches } = input
  const later =
    difference === null || difference === 0 ? "" : `, ${difference > 0 ? "backup" : "primary"} ${Math.abs(difference).toFixed(1)} ms later`
  return [
    `${MERGE[merge]}${merge === "off" ? "" : later}`,
    input.redundancy === "ok" ? "redundant" : "not redundant",
    ...(pending === null ? [] : [`${pending} takes over at its next random access point`]),
    ...(switches === 0 ? [] : [`${switches} ${switches === 1 ? "switch" : "switches"}`]),
  ].join(" · ")
}

const AlarmNote = ({ alarm, now }: { readonly alarm: Alarm; readonly now: number }) => (
  <p class={alarm.severity === "critical" ? "error" : "warning"}>
    <strong>{alarm.kind.replaceAll("_", " ")}</strong> for {formatUptime((now - Date.parse(alarm.since)) / 1000)}: {alarm.message}
  </p>
)

const figuresOf = ({ fec, pcr_jitter_ms: jitter, receiving, verdict }: LegView) =>
  [
    ...(fec === null ? [] : [`FEC ${fec.columns}×${fec.rows}, ${Math.round(fec.latency_ms)} ms`]),
    ...(verdict === "good" || !receiving ? [] : [`PCR jitter ${jitter.toFixed(1)} ms`]),
  ].join(" · ")

const Verdict = ({ leg }: { readonly leg: LegView }) => {
  const figures = figuresOf(leg)
  return (
    <p class="hint">
      {leg.source} <span class={`is-${leg.verdict}`}>{leg.verdict}</span>
      {leg.reasons.length === 0 ? "" : `: ${leg.reasons.join("; ")}`}
      {figures === "" ? "" : ` · ${figures}`}
    </p>
  )
}

/** `error` is what the channel shows already. */
const LegNotes = ({ error, leg, single }: { readonly error: string | null; readonly leg: LegView; readonly single: boolean }) => (
  <>
    {single && leg.verdict === "good" && leg.fec === null ? null : <Verdict leg={leg} />}
    {[...(leg.last_error === null ? [] : [leg.last_error]), ...leg.warnings]
      .filter((note) => note !== error)
      .map((note) => (
        <p class="warning">{note}</p>
      ))}
    {leg.findings.map(({ message }) => (
      <p class="hint">
        {single ? "" : `${leg.source}: `}
        {message}
      </p>
    ))}
  </>
)

const BREAKS = { announced: "ad break announced", in_break: "in an ad break" } as const

/** Nothing while the programme is on. */
const BreakNote = ({ scte35 }: { readonly scte35: ChannelView["scte35"] }) => {
  const { ends_in_s: left, event_id: event, state } = scte35
  if (state === "idle") return null
  return (
    <p class={`is-${state.replace("_", "-")}`}>
      {BREAKS[state]}
      {event === null ? "" : `, event ${event}`}
      {left === null ? "" : state === "in_break" ? `, ${formatCountdown(left)} left` : `, over in ${formatCountdown(left)}`}
    </p>
  )
}

/** What a channel receives and on which of its inputs, what is wrong with that, and what would surprise later. */
export const InputNotes = ({ channel, now }: InputNotesProps) => {
  const { active_source, alarms, backup_rtp_ip, backup_rtp_port, error, input, rtp_ip, rtp_port, status } = channel
  const isStopped = status === "stopped"
  return (
    <>
      <code>{formatAddress(rtp_ip, rtp_port)}</code>
      {backup_rtp_port === null ? null : (
        <>
          {" backup "}
          <code>{formatAddress(backup_rtp_ip ?? rtp_ip, backup_rtp_port)}</code>
          {" · on "}
          <strong>{active_source}</strong>
          {isStopped ? "" : ` · ${joined(channel)}`}
        </>
      )}
      {isStopped ? null : <BreakNote scte35={channel.scte35} />}
      {error === null ? null : <p class="error">{error}</p>}
      {alarms
        .filter(({ message }) => message !== error)
        .map((alarm) => (
          <AlarmNote alarm={alarm} now={now} />
        ))}
      {isStopped ? null : input.legs.map((leg) => <LegNotes leg={leg} error={error} single={input.legs.length === 1} />)}
    </>
  )
}
