/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { ChannelName } from "../../src/effects/model/channel.ts"
import { EventColumns } from "../channel/EventRow.tsx"
import { FilterForm } from "../layout/FilterForm.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { stationZone, timesAre } from "../station-time.ts"
import { EventTabs } from "./EventTabs.tsx"

export interface AllEventsPageProps {
  readonly frame: Frame
  /** Channels to choose from in the filter. */
  readonly channels: ReadonlyArray<ChannelName>
  readonly kinds: ReadonlyArray<string>
  /** Events, newest first, a table row each. */
  readonly rows: ReadonlyArray<{ readonly id: string; readonly html: string }>
  readonly asked: URLSearchParams
  readonly errors: Readonly<Record<string, string>>
  /** Address of the page with older events; undefined when there are none. */
  readonly older?: string | undefined
  readonly json: string
  readonly csv: string
}

const SEVERITIES = [
  { value: "warning,critical", name: "warning or critical" },
  { value: "critical", name: "critical" },
  { value: "warning", name: "warning" },
  { value: "info", name: "info" },
]

/** Events of all channels, newest first; new ones appear by themselves while nothing is filtered. */
export const AllEventsPage = ({
  asked,
  channels,
  csv,
  errors,
  frame,
  json,
  kinds,
  older,
  rows,
}: AllEventsPageProps) => {
  const isLive = asked.size === 0
  return (
    <Layout frame={frame} title="Events · Stream Distributor" stream={isLive ? "/live/events" : undefined}>
      <main id="main">
        <div class="head">
          <h1>Events</h1>
          <nav aria-label="Export">
            <a href={json}>JSON</a>
            <a href={csv}>CSV</a>
          </nav>
        </div>
        <EventTabs frame={frame} here="/events" />
        <FilterForm
          action="/events"
          asked={asked}
          errors={errors}
          fields={[
            {
              name: "channel",
              label: "Channel",
              kind: "choice",
              options: channels.map(({ name, slug }) => ({ value: slug, name })),
            },
            {
              name: "kind",
              label: "What",
              kind: "choice",
              options: kinds.map((value) => ({ value, name: value.replaceAll("_", " ") })),
            },
            { name: "severity", label: "Severity", kind: "choice", options: SEVERITIES },
            { name: "since", label: `From (${stationZone()})`, kind: "time" },
            { name: "until", label: `Before (${stationZone()})`, kind: "time" },
          ]}
        />
        <section class="table-scroll" tabindex={0} aria-label="Table of events">
          <table class="stack">
            <caption>Newest first; {timesAre()}</caption>
            <thead>
              <EventColumns many />
            </thead>
            <tbody id="event-rows">{raw(rows.map(({ html }) => html).join(""))}</tbody>
          </table>
        </section>
        {rows.length > 0 || Object.keys(errors).length > 0 ? null : (
          <p class="empty">{isLive ? "Nothing has happened yet." : "No event is like that."}</p>
        )}
        {older === undefined ? null : <a href={older}>Older</a>}
      </main>
    </Layout>
  )
}
