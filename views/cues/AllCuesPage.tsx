/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { ChannelName } from "../../src/effects/model/channel.ts"
import { FilterForm } from "../layout/FilterForm.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { stationZone, timesAre } from "../station-time.ts"

export interface AllCuesPageProps {
  readonly frame: Frame
  /** Channels to choose from in the filter. */
  readonly channels: ReadonlyArray<ChannelName>
  /** Kinds and commands to choose from. */
  readonly types: ReadonlyArray<string>
  /** Cues, newest first, a table row each. */
  readonly rows: ReadonlyArray<{ readonly id: string; readonly html: string }>
  readonly asked: URLSearchParams
  readonly errors: Readonly<Record<string, string>>
  /** Address of the page with older cues; undefined when there are none. */
  readonly older?: string | undefined
  readonly json: string
  readonly csv: string
}

/** SCTE-35 cues of all channels, newest first; new ones appear by themselves while nothing is filtered. */
export const AllCuesPage = ({ asked, channels, csv, errors, frame, json, older, rows, types }: AllCuesPageProps) => {
  const isLive = asked.size === 0
  return (
    <Layout frame={frame} title="Cues · Stream Distributor" stream={isLive ? "/live/cues" : undefined}>
      <main id="main">
        <div class="head">
          <h1>Cues</h1>
          <nav aria-label="Cues">
            <a href="/scte35">Decode a cue</a>
            <a href={json}>JSON</a>
            <a href={csv}>CSV</a>
          </nav>
        </div>
        <FilterForm
          action="/cues"
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
              name: "type",
              label: "Type",
              kind: "text",
              placeholder: "splice_insert, 0x34",
              options: types.map((value) => ({ value, name: value })),
            },
            { name: "event_id", label: "Event id", kind: "text", placeholder: "4711 or 0x1267" },
            { name: "upid", label: "UPID", kind: "text", placeholder: "part of it" },
            {
              name: "outcome",
              label: "Outcome",
              kind: "choice",
              options: [{ value: "missed", name: "missed somewhere" }],
            },
            { name: "since", label: `From (${stationZone()})`, kind: "time" },
            { name: "until", label: `Before (${stationZone()})`, kind: "time" },
          ]}
        />
        <section class="table-scroll" tabindex={0} aria-label="Table of cues">
          <table class="stack">
            <caption>Newest first; {timesAre()}</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Channel</th>
                <th scope="col">What</th>
                <th scope="col">Cue</th>
                <th scope="col">Outputs</th>
              </tr>
            </thead>
            <tbody id="cue-rows">{raw(rows.map(({ html }) => html).join(""))}</tbody>
          </table>
        </section>
        {rows.length > 0 || Object.keys(errors).length > 0 ? null : (
          <p class="empty">
            {isLive ? "No cue has come yet. They are shown here as they come." : "No cue is like that."}
          </p>
        )}
        {older === undefined ? null : <a href={older}>Older</a>}
      </main>
    </Layout>
  )
}
