/** @jsxImportSource hono/jsx */
import type { AuditEntry } from "../../src/effects/accounts/audit-rows.ts"
import { FilterForm } from "../layout/FilterForm.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"
import { stationZone, timesAre } from "../station-time.ts"
import { EventTabs } from "./EventTabs.tsx"

export interface AuditPageProps {
  readonly frame: Frame
  /** Entries, newest first. */
  readonly entries: ReadonlyArray<AuditEntry>
  readonly asked: URLSearchParams
  readonly errors: Readonly<Record<string, string>>
  /** Address of the page with older entries; undefined when there are none. */
  readonly older?: string | undefined
  readonly json: string
  /** Outcomes to choose from. */
  readonly outcomes: ReadonlyArray<string>
}

const CLASSES: Readonly<Record<AuditEntry["outcome"], string>> = { done: "", refused: "warning", failed: "error" }

const AuditRow = ({ entry }: { readonly entry: AuditEntry }) => (
  <tr id={`audit-${entry.id}`}>
    <td class="when">
      <Time at={entry.at} to="ms" />
    </td>
    <td>{entry.actor}</td>
    <td>{entry.address}</td>
    <td>
      {entry.what}
      {entry.detail === "" ? null : <p class="detail">{entry.detail}</p>}
    </td>
    <td class="wide">
      <code>
        {entry.method} {entry.path}
      </code>
    </td>
    <td class={CLASSES[entry.outcome]}>
      {entry.outcome} ({entry.status})
    </td>
  </tr>
)

/** The audit log: who asked for which change, and what came of it. */
export const AuditPage = ({ asked, entries, errors, frame, json, older, outcomes }: AuditPageProps) => (
  <Layout frame={frame} title="Audit log · Stream Distributor">
    <main id="main">
      <div class="head">
        <h1>Audit log</h1>
        <nav aria-label="Export">
          <a href={json}>JSON</a>
        </nav>
      </div>
      <EventTabs frame={frame} here="/audit" />
      <FilterForm
        action="/audit"
        asked={asked}
        errors={errors}
        fields={[
          { name: "actor", label: "Who", kind: "text", placeholder: "part of the name" },
          { name: "text", label: "What", kind: "text", placeholder: "part of it, or of the path" },
          {
            name: "outcome",
            label: "Outcome",
            kind: "choice",
            options: outcomes.map((value) => ({ value, name: value })),
          },
          { name: "since", label: `From (${stationZone()})`, kind: "time" },
          { name: "until", label: `Before (${stationZone()})`, kind: "time" },
        ]}
      />
      <section class="table-scroll" tabindex={0} aria-label="Table of changes">
        <table class="stack">
          <caption>Newest first; {timesAre()}</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Who</th>
              <th scope="col">From</th>
              <th scope="col">What</th>
              <th scope="col">Request</th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <AuditRow entry={entry} />
            ))}
          </tbody>
        </table>
      </section>
      {entries.length > 0 || Object.keys(errors).length > 0 ? null : <p class="empty">No entry is like that.</p>}
      {older === undefined ? null : <a href={older}>Older</a>}
    </main>
  </Layout>
)
