/** @jsxImportSource hono/jsx */
import type { ChannelEventView, ChannelView } from "../src/effects/model.ts"
import { formatTime } from "./format.ts"
import { Layout } from "./Layout.tsx"

export interface EventsPageProps {
  readonly channel: ChannelView
  /** Newest first. */
  readonly events: ReadonlyArray<ChannelEventView>
  /** True when there may be older ones. */
  readonly more: boolean
}

const CLASSES: Readonly<Record<ChannelEventView["severity"], string>> = { info: "", warning: "warning", critical: "error" }

/** What happened to a channel, newest first. */
export const EventsPage = ({ channel, events, more }: EventsPageProps) => {
  const oldest = events.at(-1)?.id
  return (
    <Layout title={`Events of ${channel.name} · Stream Distributor`}>
      <header>
        <h1>Events of {channel.name}</h1>
        <nav>
          <a href="/">Channels</a>
          <a href={`/api/channels/${channel.id}/events`}>JSON</a>
        </nav>
      </header>
      <main id="main">
        {events.length === 0 ? (
          <p class="empty">Nothing has happened{more ? "" : " yet"}.</p>
        ) : (
          <table>
            <caption>Times are UTC</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">What</th>
                <th scope="col">Where</th>
                <th scope="col">Message</th>
              </tr>
            </thead>
            <tbody>
              {events.map(({ at, kind, message, output, severity, source }) => (
                <tr class={CLASSES[severity]}>
                  <td class="number">{formatTime(at)}</td>
                  <td>
                    {kind.replaceAll("_", " ")}
                    {severity === "info" ? "" : ` (${severity})`}
                  </td>
                  <td>{output ?? source ?? ""}</td>
                  <td class="wide">{message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {more && oldest !== undefined ? <a href={`/channels/${channel.id}/events?before=${oldest}`}>Older</a> : null}
      </main>
    </Layout>
  )
}
