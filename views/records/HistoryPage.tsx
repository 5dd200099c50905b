/** @jsxImportSource hono/jsx */
import type { FiguresView } from "../../src/effects/history/history-model.ts"
import { formatBitrate, formatBytes, formatUptime } from "../format.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"
import { fieldTime, type Station, timesAre } from "../station-time.ts"
import { RecordsNav } from "./RecordsNav.tsx"

/** An item of the timeline. */
export interface TimelineRow {
  readonly at: string
  readonly severity: "info" | "warning" | "critical"
  readonly what: string
  readonly where: string
  readonly text: string
  readonly by: string
}

/** A link that narrows the page down, or shows another time. */
export interface Choice {
  readonly href: string
  readonly text: string
  readonly isHere: boolean
  /** True for one that tells of something missed. */
  readonly isBad?: boolean
}

export interface HistoryPageProps {
  readonly frame: Frame
  readonly channel: { readonly id: string; readonly slug: string; readonly name: string }
  readonly path: string
  /** The clock that the times of the page go by. */
  readonly station: Station
  /** ISO 8601 in UTC. */
  readonly since: string
  readonly until: string
  readonly spans: ReadonlyArray<Choice>
  readonly outputs: ReadonlyArray<Choice>
  readonly figures: FiguresView
  /** Query of the plots' data. */
  readonly query: string
  readonly rows: ReadonlyArray<TimelineRow>
  /** Address of the earlier part of a time that has more than is shown. */
  readonly earlier: string | undefined
  /** False for readers who may not see who changed what. */
  readonly showsChanges: boolean
  /** Fields that the form keeps. */
  readonly kept: ReadonlyArray<readonly [name: string, value: string]>
}

const Choices = ({ all, label }: { readonly all: ReadonlyArray<Choice>; readonly label: string }) => (
  <nav class="windows" aria-label={label}>
    {all.map(({ href, isBad, isHere, text }) => (
      <a href={href} class={isBad === true ? "is-bad" : undefined} aria-current={isHere ? "true" : undefined}>
        {text}
      </a>
    ))}
  </nav>
)

const SEVERITIES = { info: "", warning: "warning", critical: "error" } as const

const Timeline = ({ rows, station }: Pick<HistoryPageProps, "rows" | "station">) => (
  <section class="table-scroll" tabindex={0} aria-label="Timeline">
    <table class="stack timeline">
      <caption>Newest first; {timesAre(station.zone)}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">What</th>
          <th scope="col">Where</th>
          <th scope="col">How it was</th>
          <th scope="col">Who</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ at, by, severity, text, what, where }) => (
          <tr class={SEVERITIES[severity]}>
            <td class="when">
              <Time at={at} to="ms" station={station} />
            </td>
            <td>
              {what}
              {severity === "info" ? "" : ` (${severity})`}
            </td>
            <td>{where}</td>
            <td class="wide">{text}</td>
            <td>{by}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

/** Part of the time that it was connected, with as many decimals as a proof needs. */
const share = (upS: number, downS: number): string => {
  const all = upS + downS
  if (all === 0) return "–"
  // Rounded down: 100 % means that not a second is missing.
  return `${(Math.floor((upS / all) * 100_000) / 1000).toFixed(3)} %`
}
const whole = (n: number) => n.toLocaleString("en-GB")
const ms = (value: number | null) => (value === null ? "–" : `${value.toFixed(1)} ms`)
const rate = (value: number | null) => (value === null ? "–" : formatBitrate(value))

const TOTALS = [
  "Connected",
  "Not connected",
  "Amount",
  "Packets",
  "Lost",
  "CC errors",
  "Dropped",
  "Resent",
  "RTT mean",
  "RTT highest",
  "Lowest rate",
  "Highest rate",
]

const Totals = ({ figures }: Pick<HistoryPageProps, "figures">) => (
  <section class="table-scroll" tabindex={0} aria-label="Figures in sum">
    <table class="stack">
      <caption>In sum, while the channel ran</caption>
      <thead>
        <tr>
          <th scope="col">Of</th>
          {TOTALS.map((name) => (
            <th scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {figures.totals.map((one) => (
          <tr>
            <th scope="row">{one.of}</th>
            {[
              share(one.up_s, one.down_s),
              formatUptime(one.down_s),
              formatBytes(one.bytes),
              whole(one.packets),
              whole(one.lost),
              one.is === "leg" ? whole(one.cc_errors) : "",
              whole(one.dropped),
              whole(one.resent),
              ms(one.rtt_ms),
              ms(one.rtt_high_ms),
              rate(one.bitrate_low),
              rate(one.bitrate_high),
            ].map((text, i) => (
              <td class="number" data-label={TOTALS[i]}>
                {text}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const TimeForm = ({ kept, path, since, station, until }: HistoryPageProps) => (
  <form method="get" action={`${path}/history`} class="filters">
    {kept.map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    <div>
      <label for="history-since">From</label>
      <input
        id="history-since"
        name="since"
        type="datetime-local"
        step="1"
        value={fieldTime(since, station)}
        required
      />
    </div>
    <div>
      <label for="history-until">To</label>
      <input
        id="history-until"
        name="until"
        type="datetime-local"
        step="1"
        value={fieldTime(until, station)}
        required
      />
    </div>
    <div>
      <label for="history-zone">Zone of the times</label>
      <input id="history-zone" name="zone" type="text" value={station.zone} maxlength={64} spellcheck={false} />
    </div>
    <div class="filter-buttons">
      <button type="submit">Show</button>
    </div>
  </form>
)

/** What a channel did and what happened to it, over any time up to 400 days. */
export const HistoryPage = (props: HistoryPageProps) => {
  const { channel, earlier, figures, frame, outputs, path, query, rows, showsChanges, since, spans, station, until } =
    props
  return (
    <Layout frame={frame} title={`History of ${channel.name} · Stream Distributor`} scripts={["plots.js"]}>
      <main id="main" class="channel-page">
        <div class="head">
          <h1>History of {channel.name}</h1>
          <RecordsNav path={path} here="history" />
        </div>
        <p>
          <Time at={since} to="minute" station={station} /> to <Time at={until} to="minute" station={station} />,{" "}
          {station.zone}
        </p>
        <Choices all={spans} label="Time" />
        <Choices all={outputs} label="Output" />
        <section class="card" aria-labelledby="timeline-title">
          <h2 id="timeline-title">What happened</h2>
          {rows.length === 0 ? (
            <p class="empty">Nothing is on record of this time.</p>
          ) : (
            <Timeline rows={rows} station={station} />
          )}
          {earlier === undefined ? null : (
            <p>
              There is more than is shown. <a href={earlier}>Earlier</a>
            </p>
          )}
          {showsChanges ? null : <p class="hint">Changes and who made them are shown to operators.</p>}
        </section>
        <section
          id="plots"
          class="card"
          aria-labelledby="plots-title"
          data-history={`/api/channels/${channel.id}/figures`}
          data-query={query}
          data-live="off"
        >
          <h2 id="plots-title">Over time</h2>
          <div class="plots" data-plots>
            <noscript>
              <p class="hint">The plots need JavaScript; the figures below do not.</p>
            </noscript>
          </div>
          <p class="hint">
            A point is {formatUptime(figures.step_s)}. Marks: S switch of sources · ▼ out of the programme · ▲ back in ·
            ◆ other cue · × output lost · R restart. In the plots {timesAre()}.
            {figures.marks_left_out ? " There are more marks than can be drawn: these are the last ones." : ""}
          </p>
          <Totals figures={figures} />
        </section>
        <section class="card" aria-labelledby="other-title">
          <h2 id="other-title">Another time</h2>
          <TimeForm {...props} />
          <p class="hint">
            Figures are kept by the minute for 48 hours, by the quarter hour for 30 days, by the hour for 400 days.
          </p>
        </section>
      </main>
      <link rel="stylesheet" href="/static/uplot.css" />
      {/* Not a module: it only has to be loaded before plots.js, which runs after the whole page. */}
      <script src="/static/uplot.js"></script>
    </Layout>
  )
}
