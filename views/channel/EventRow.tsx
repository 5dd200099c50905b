/** @jsxImportSource hono/jsx */

import type { ChannelName } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import { Time } from "../layout/Time.tsx"

const CLASSES: Readonly<Record<ChannelEventView["severity"], string>> = {
  info: "",
  warning: "warning",
  critical: "error",
}

/** A cell with a link to the channel, for tables about many channels. */
export const ChannelCell = ({ channel: { name, slug } }: { readonly channel: ChannelName }) => (
  <td>
    <a href={`/channels/${encodeURIComponent(slug)}`}>{name}</a>
  </td>
)

export interface EventRowProps {
  readonly event: ChannelEventView
  /** The event's channel, in tables about many channels. */
  readonly of?: ChannelName
}

/** An event: what happened, when and where. */
export const EventRow = ({ event: { at, id, kind, message, output, severity, source }, of }: EventRowProps) => (
  <tr id={`event-${id}`} class={CLASSES[severity]}>
    <td class="when">
      <Time at={at} to="ms" />
    </td>
    {of === undefined ? null : <ChannelCell channel={of} />}
    <td>
      {kind.replaceAll("_", " ")}
      {severity === "info" ? "" : ` (${severity})`}
    </td>
    <td>{output ?? source ?? ""}</td>
    <td class="wide">{message}</td>
  </tr>
)

/** Head of a table of events. */
export const EventColumns = ({ many = false }: { readonly many?: boolean }) => (
  <tr>
    <th scope="col">Time</th>
    {many ? <th scope="col">Channel</th> : null}
    <th scope="col">What</th>
    <th scope="col">Where</th>
    <th scope="col">Message</th>
  </tr>
)
