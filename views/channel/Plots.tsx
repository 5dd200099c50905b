/** @jsxImportSource hono/jsx */
import type { HistoryView, HistoryWindow } from "../../src/effects/history/history-model.ts"
import { Time } from "../layout/Time.tsx"
import { timesAre } from "../station-time.ts"
import { figuresOf } from "./history-figures.ts"

export interface PlotsProps {
  /** Path of the channel's page. */
  readonly path: string
  readonly channelId: string
  readonly history: HistoryView
  readonly live: boolean
}

const WINDOWS: ReadonlyArray<readonly [HistoryWindow, string]> = [
  ["5m", "5 minutes"],
  ["1h", "1 hour"],
  ["24h", "24 hours"],
]

const MEASURES = {
  bitrate: "bit rate",
  lost: "lost",
  cc_errors: "continuity errors",
  rtt: "RTT",
  retransmitted: "retransmitted",
  dropped: "dropped",
  queue: "queue",
  down: "not connected",
} as const

const time = (seconds: number) => <Time at={new Date(seconds * 1000).toISOString()} />

/** The plots in figures, for screen readers and where scripts do not run. */
export const PlotFigures = ({ history }: Pick<PlotsProps, "history">) => (
  <>
    <table>
      <caption>Since {history.times[0] === undefined ? "just now" : time(history.times[0])}</caption>
      <thead>
        <tr>
          <th scope="col">Of</th>
          <th scope="col">Figure</th>
          {["Last", "Lowest", "Mean", "Highest"].map((name) => (
            <th scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {history.series.map(figuresOf).map(({ highest, last, lowest, mean, measure, of }) => (
          <tr>
            <th scope="row">{of}</th>
            <td>{MEASURES[measure]}</td>
            {[last, lowest, mean, highest].map((text) => (
              <td class="number">{text}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
    <h3>Switches, cues and other marks</h3>
    {history.marks.length === 0 ? <p class="hint">None in this time.</p> : null}
    <ul class="notes">
      {history.marks.toReversed().map(({ at, label }) => (
        <li>
          {time(at)} {label}
        </li>
      ))}
    </ul>
  </>
)

/** Legend of the lines across the plots. */
const Signs = () => (
  <p class="hint">
    Marks: S switch of sources · ▼ out of the programme · ▲ back in · ◆ other cue · × output lost · R restart;{" "}
    {timesAre()}.
  </p>
)

/** Bit rates and SRT figures over time, drawn by plots.js. */
export const Plots = ({ channelId, history, live, path }: PlotsProps) => (
  <section
    id="plots"
    class="card"
    aria-labelledby="plots-title"
    data-history={`/api/channels/${channelId}/history`}
    data-page={path}
    data-window={history.window}
    data-live={live ? "on" : "off"}
  >
    <h2 id="plots-title">Over time</h2>
    <nav class="windows" aria-label="Time span">
      {WINDOWS.map(([name, words]) => (
        <a
          href={`${path}?window=${name}#history`}
          data-window={name}
          aria-current={name === history.window ? "true" : undefined}
        >
          {words}
        </a>
      ))}
    </nav>
    <div class="plots" data-plots>
      <noscript>
        <p class="hint">The plots need JavaScript; the figures below do not.</p>
      </noscript>
    </div>
    <Signs />
    <details id="plot-figures" data-figures={`/fragments${path}/figures`}>
      <summary>The plots in figures</summary>
      <div>
        <PlotFigures history={history} />
      </div>
    </details>
  </section>
)
