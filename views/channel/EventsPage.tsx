/** @jsxImportSource hono/jsx */

import type { ChannelView } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { timesAre } from "../station-time.ts"
import { EventColumns, EventRow } from "./EventRow.tsx"

export interface EventsPageProps {
  readonly frame: Frame
  readonly channel: ChannelView
  /** Events, newest first. */
  readonly events: ReadonlyArray<ChannelEventView>
  /** True when there may be older ones. */
  readonly more: boolean
}

/** The events of a channel, newest first. */
export const EventsPage = ({ channel, events, frame, more }: EventsPageProps) => {
  const oldest = events.at(-1)?.id
  return (
    <Layout frame={frame} title={`Events of ${channel.name} · Stream Distributor`}>
      <main id="main">
        <div class="head">
          <h1>Events of {channel.name}</h1>
          <nav>
            <a href={`/api/channels/${channel.id}/events`}>JSON</a>
          </nav>
        </div>
        {events.length === 0 ? (
          <p class="empty">Nothing has happened{more ? "" : " yet"}.</p>
        ) : (
          <table>
            <caption>Newest first; {timesAre()}</caption>
            <thead>
              <EventColumns />
            </thead>
            <tbody>
              {events.map((event) => (
                <EventRow event={event} />
              ))}
            </tbody>
          </table>
        )}
        {more && oldest !== undefined ? <a href={`/channels/${channel.id}/events?before=${oldest}`}>Older</a> : null}
      </main>
    </Layout>
  )
}
