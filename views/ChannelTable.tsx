/** @jsxImportSource hono/jsx */
import type { ChannelView, OutputView } from "../src/effects/model.ts"
import { formatBitrate, formatRetry, formatUptime } from "./format.ts"
import { InputNotes } from "./InputNotes.tsx"

export interface ChannelTableProps {
  readonly channels: ReadonlyArray<ChannelView>
  /** Milliseconds since 1970, for retry countdowns. */
  readonly now: number
}

const isFailing = (output: OutputView) => output.status === "error" || output.status === "retrying"

/** What needs a person first: channels in error, then those with alarms or failing outputs, then the rest by number. */
const urgency = (channel: ChannelView): number => {
  if (channel.status === "error") return 0
  if (channel.alarms.length > 0 || (channel.status !== "stopped" && channel.outputs.some(isFailing))) return 1
  return channel.status === "starting" ? 2 : channel.status === "running" ? 3 : 4
}
export const failingFirst = (channels: ReadonlyArray<ChannelView>): ReadonlyArray<ChannelView> =>
  [...channels].sort((a, b) => urgency(a) - urgency(b) || a.number - b.number)

const Status = ({ status }: { readonly status: string }) => (
  <span class={`status is-${status}`}>
    <span class="mark" aria-hidden="true"></span>
    {status}
  </span>
)

/** A button that works as a form and, with htmx, swaps the table in place. */
const Action = ({ to, verb, of }: { readonly to: string; readonly verb: string; readonly of: string }) => (
  <form method="post" action={to} hx-post={to} hx-target="#channels" hx-swap="innerMorph">
    <button type="submit" aria-label={`${verb} ${of}`}>
      {verb}
    </button>
  </form>
)

const OutputRow = ({ channel, output, now }: { readonly channel: ChannelView; readonly output: OutputView; readonly now: number }) => {
  const path = `/channels/${channel.id}/outputs/${output.id}`
  const name = `output ${output.name} of ${channel.name}`
  return (
    <tr class={isFailing(output) ? "output failing" : "output"} id={`output-${output.id}`}>
      <th scope="row">
        {output.name} <span class="protocol">{output.protocol}</span>
      </th>
      <td>
        <Status status={output.status} />
        {output.receivers.length === 0 ? null : <span class="hint"> × {output.receivers.length}</span>}
      </td>
      <td class="wide">
        <code class="url" title="Click selects all of it">
          {output.url}
        </code>
        {output.last_error !== null && output.status !== "connected" ? <p class="error">{output.last_error}</p> : null}
        {output.next_retry_at === null ? null : <p class="hint">next attempt {formatRetry(output.next_retry_at, now)}</p>}
        {output.warnings.map((warning) => (
          <p class="warning">{warning}</p>
        ))}
      </td>
      <td class="number">{output.status === "connected" ? formatBitrate(output.bitrate) : "–"}</td>
      <td class="number">{output.status === "connected" ? formatUptime(output.uptime) : "–"}</td>
      <td class="number">{output.packets_dropped > 0 ? `${output.packets_dropped} dropped` : ""}</td>
      <td class="actions">
        {output.enabled ? <Action to={`${path}/stop`} verb="Stop" of={name} /> : <Action to={`${path}/start`} verb="Start" of={name} />}
      </td>
    </tr>
  )
}

const ChannelRows = ({ channel, now }: { readonly channel: ChannelView; readonly now: number }) => {
  const path = `/channels/${channel.id}`
  const active = channel.input.legs.find((leg) => leg.source === channel.active_source)
  const isStopped = channel.status === "stopped"
  const other = channel.active_source === "primary" ? "backup" : "primary"
  return (
    <tbody id={`channel-${channel.slug}`}>
      <tr class="channel">
        <th scope="rowgroup">
          <span class="number">{channel.number}</span> {channel.name}
        </th>
        <td>
          <Status status={channel.status} />
        </td>
        <td class="wide">
          <InputNotes channel={channel} now={now} />
        </td>
        <td class="number">{isStopped ? "–" : formatBitrate(active?.bitrate ?? 0)}</td>
        <td class="number">{isStopped ? "–" : formatUptime(channel.uptime)}</td>
        <td></td>
        <td class="actions">
          {isStopped ? (
            <Action to={`${path}/start`} verb="Start" of={channel.name} />
          ) : (
            <Action to={`${path}/stop`} verb="Stop" of={channel.name} />
          )}
          {isStopped || channel.backup_rtp_port === null ? null : (
            <Action to={`${path}/switch/${other}`} verb={`To ${other}`} of={channel.name} />
          )}
          <a href={`${path}/events`} aria-label={`Events of ${channel.name}`}>
            Events
          </a>{" "}
          <a href={`${path}/cues`} aria-label={`Cues of ${channel.name}`}>
            Cues
          </a>{" "}
          <a href={`/?channel=${encodeURIComponent(channel.slug)}#add-output`} aria-label={`Add an output to ${channel.name}`}>
            Add output
          </a>
        </td>
      </tr>
      {channel.outputs.length === 0 ? (
        <tr class="output">
          <td colspan={7} class="hint">
            No outputs yet.
          </td>
        </tr>
      ) : null}
      {[...channel.outputs]
        .sort((a, b) => Number(isFailing(b)) - Number(isFailing(a)))
        .map((output) => (
          <OutputRow channel={channel} output={output} now={now} />
        ))}
    </tbody>
  )
}

/** All channels with their outputs, what fails first. This is also the fragment htmx fetches. */
export const ChannelTable = ({ channels, now }: ChannelTableProps) =>
  channels.length === 0 ? (
    <p class="empty">
      There is no channel yet. <a href="#add-channel">Add one below.</a>
    </p>
  ) : (
    <table>
      <caption>Channels and their outputs, failing ones first</caption>
      <thead>
        <tr>
          <th scope="col">Channel / output</th>
          <th scope="col">Status</th>
          <th scope="col">Input / destination</th>
          <th scope="col" class="number">
            Bitrate
          </th>
          <th scope="col" class="number">
            Uptime
          </th>
          <th scope="col" class="number">
            Loss
          </th>
          <th scope="col">Actions</th>
        </tr>
      </thead>
      {failingFirst(channels).map((channel) => (
        <ChannelRows channel={channel} now={now} />
      ))}
    </table>
  )
