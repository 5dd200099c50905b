/** @jsxImportSource hono/jsx */

import type { ChannelView } from "../../src/effects/model/channel.ts"
import type { Alarm } from "../../src/effects/model/event.ts"
import { ActionButton } from "./ActionButton.tsx"
import { type ChannelShown, pathOf, since } from "./channel-shown.ts"
import { MuteButton, Muted } from "./MuteParts.tsx"
import { StatusMark } from "./StatusMark.tsx"
import { Countdown, Elapsed } from "./Ticking.tsx"

const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

const MERGE = { off: "not merged", rtp: "merged by RTP", content: "merged by content" } as const
const REDUNDANCY = { none: "no redundancy", ok: "redundant", lost: "redundancy lost" } as const

/** How the two legs are joined into one stream, in a few sentences. */
const joined = ({ input }: ChannelView): string => {
  const {
    merge,
    merge_lost,
    merge_mismatches,
    path_difference_ms: difference,
    pending_source: pending,
    switches,
  } = input
  const later =
    difference === null || difference === 0
      ? ""
      : `, ${difference > 0 ? "backup" : "primary"} ${Math.abs(difference).toFixed(1)} ms later`
  return [
    `${MERGE[merge]}${merge === "off" ? "" : later}`,
    ...(merge_lost === 0 ? [] : [`${merge_lost} TS packets lost on both`]),
    ...(merge_mismatches === 0 ? [] : [`${merge_mismatches} TS packets differed`]),
    ...(pending === null ? [] : [`${pending} takes over at its next random access point`]),
    plural(switches, "switch", "switches"),
  ].join(" · ")
}

const AlarmLine = ({ alarm }: { readonly alarm: Alarm }) => (
  <li class={alarm.severity === "critical" ? "error" : "warning"}>
    <strong>
      {alarm.kind.replaceAll("_", " ")} ({alarm.severity})
    </strong>{" "}
    for <Elapsed at={alarm.since} />: {alarm.message}
  </li>
)

/** State, uptime, leg in use, redundancy and ad break as one line of facts. */
export const ChannelState = ({ shown }: { readonly shown: ChannelShown }) => {
  const { channel, now, steady } = shown
  const { active_source, input, scte35, status } = channel
  const isStopped = status === "stopped"
  const { ends_in_s: left, event_id: event, state } = scte35
  return (
    <div id="channel-state" class="state-line">
      <StatusMark status={shown.worstState.is} words={shown.worstState.text} />
      {isStopped ? null : (
        <span>
          running for <Elapsed at={since(shown, "channel", channel.uptime)} />
        </span>
      )}
      <span>
        on <strong>{active_source}</strong>
      </span>
      {isStopped || input.legs.length < 2 ? null : (
        <>
          <StatusMark status={`redundancy-${input.redundancy}`} words={REDUNDANCY[input.redundancy]} />
          <span>{joined(channel)}</span>
        </>
      )}
      {isStopped || state === "idle" ? null : (
        <span class="break">
          <StatusMark
            status={state.replace("_", "-")}
            words={state === "in_break" ? "in an ad break" : "ad break announced"}
          />
          {event === null ? "" : ` event ${event}`}
          {left === null ? null : (
            <>
              {state === "in_break" ? ", ends in " : ", over in "}
              <Countdown at={new Date(steady(`break ${event ?? ""}`, now + left * 1000)).toISOString()} />
            </>
          )}
        </span>
      )}
      <Muted shown={shown} />
      {shown.worst.cause === null ? null : <p class="error cause">{shown.worst.cause}</p>}
    </div>
  )
}

/** Alarms, except those that the state already tells. */
export const ChannelAlarms = ({ shown: { channel, worst } }: { readonly shown: ChannelShown }) => {
  const alarms = channel.alarms.filter(({ message }) => message !== channel.error && message !== worst.cause)
  return (
    <ul id="channel-alarms" class="alarms" aria-label="Alarms">
      {alarms.map((alarm) => (
        <AlarmLine alarm={alarm} />
      ))}
    </ul>
  )
}

/** Buttons of a channel: it starts at once, but stops only after a second click, since every output ends with it. */
export const ChannelActions = ({ shown }: { readonly shown: ChannelShown }) => {
  const { channel } = shown
  const path = pathOf(channel)
  const streaming = channel.outputs.filter(({ carrying }) => carrying).length
  return (
    <div id="channel-actions" class="actions">
      <MuteButton path={path} shown={shown} />
      {channel.status === "stopped" ? (
        <ActionButton to={`${path}/start`} label="Start" of={`channel ${channel.name}`} />
      ) : (
        <details class="confirm" name="confirm">
          <summary>Stop …</summary>
          <p>
            {streaming === 0 ? "No output is streaming now." : `${plural(streaming, "output")} streaming now will end.`}{" "}
            Stop {channel.name}?
          </p>
          <ActionButton to={`${path}/stop`} label="Stop now" of={`channel ${channel.name}`} kind="danger" />
        </details>
      )}
    </div>
  )
}
