/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import { FilterForm } from "../layout/FilterForm.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { timesAre } from "../station-time.ts"
import { LOG_CHOICES, LogColumns } from "./LogRow.tsx"

export interface LogPageProps {
  readonly frame: Frame
  /** Channels to choose from in the filter. */
  readonly channels: ReadonlyArray<{ readonly slug: string; readonly name: string }>
  /** Lines, newest first, a table row each. */
  readonly rows: ReadonlyArray<{ readonly id: string; readonly html: string }>
  readonly asked: URLSearchParams
  readonly errors: Readonly<Record<string, string>>
  /** Most lines that are kept. */
  readonly kept: number
}

/** The page of the service's log: its last lines, live. */
export const LogPage = ({ asked, channels, errors, frame, kept, rows }: LogPageProps) => (
  <Layout
    frame={frame}
    title="Log · Stream Distributor"
    stream={Object.keys(errors).length > 0 ? undefined : asked.size === 0 ? "/live/log" : `/live/log?${asked}`}
  >
    <main id="main">
      <div class="head">
        <h1>Log</h1>
        <nav aria-label="System">
          <a href="/system">System</a>
        </nav>
      </div>
      <p class="hint">The last {kept} lines since the service was started. All of them are on its standard output.</p>
      <FilterForm
        action="/system/log"
        asked={asked}
        errors={errors}
        fields={[
          { name: "level", label: "Level", kind: "choice", options: LOG_CHOICES },
          {
            name: "channel",
            label: "Channel",
            kind: "choice",
            options: channels.map(({ name, slug }) => ({ value: slug, name })),
          },
          { name: "text", label: "Text", kind: "text", placeholder: "part of the message" },
        ]}
      />
      <section class="table-scroll" tabindex={0} aria-label="Table of log lines">
        <table class="stack log">
          <caption>Newest first; {timesAre()}</caption>
          <thead>
            <LogColumns many />
          </thead>
          <tbody id="log-rows">{raw(rows.map(({ html }) => html).join(""))}</tbody>
        </table>
      </section>
    </main>
  </Layout>
)
