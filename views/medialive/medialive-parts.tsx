/** @jsxImportSource hono/jsx */
/** Parts that the pages of MediaLive share. */
import type {
  AlertView,
  FigureView,
  MediaLiveChannelView,
  MediaLiveListView,
  PriceView,
} from "../../src/effects/medialive/medialive-bodies.ts"
import { StatusMark } from "../channel/StatusMark.tsx"
import { Time } from "../layout/Time.tsx"

/** The marks of states that outputs have. */
const MARKS: Readonly<Record<MediaLiveChannelView["lifecycle"], string>> = {
  ready: "stopped",
  starting: "starting",
  streaming: "running",
  stopping: "starting",
  error: "error",
}

export const LifecycleMark = ({ lifecycle, state }: Pick<MediaLiveChannelView, "lifecycle" | "state">) => (
  <StatusMark status={MARKS[lifecycle]} words={`${lifecycle} (${state})`} />
)

/** What an hour costs, in words that do not sound like a bill. */
export const priceWords = (price: PriceView | null): string => {
  if (price === null) return "not known yet"
  if (price.usd_per_hour === null) return "no list price known"
  const unknown = price.unknown_lines === 0 ? "" : `, without ${price.unknown_lines} of unknown price`
  const atMost = price.lines.some((line) => line.atMost) ? "at most " : ""
  return `${atMost}$${price.usd_per_hour.toFixed(2)} an hour${unknown}`
}

export const priceSource = ({ as_of, from, region }: PriceView): string =>
  from === "aws" ? `by AWS's price list for ${region} of ${as_of}` : `by a table for ${region} of ${as_of}`

const minutes = (seconds: number): string =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} minutes`
      : `${Math.round(seconds / 3600)} hours`

/** How old what is shown is, and what AWS refuses; nothing while all is well. */
export const Staleness = ({
  list,
}: {
  readonly list: Pick<MediaLiveListView, "problem" | "stale_s" | "at"> &
    Partial<Pick<MediaLiveListView, "missing_permissions">>
}) => (
  <div id="medialive-staleness">
    {list.stale_s === null ? null : (
      <p class="banner warning" role="status">
        AWS has not answered for {minutes(list.stale_s)}: this is how things were at{" "}
        {list.at === null ? "a time not known" : <Time at={list.at} />}.
      </p>
    )}
    {list.problem === null ? null : <p class="error">{list.problem}</p>}
    {(list.missing_permissions ?? []).map(({ action, without }) => (
      <p class="warning">
        The permission <code>{action}</code> is missing: {without}.
      </p>
    ))}
  </div>
)

export const Alerts = ({ alerts }: { readonly alerts: ReadonlyArray<AlertView> }) =>
  alerts.length === 0 ? null : (
    <ul class="alarms" aria-label="Alerts of MediaLive">
      {alerts.map(({ message, pipeline, type }) => (
        <li class="warning">
          {pipeline === null ? "" : `Pipeline ${pipeline}: `}
          {type}
          {message === "" ? "" : `: ${message}`}
        </li>
      ))}
    </ul>
  )

const WIDTH = 120
const HEIGHT = 24

/** A line over the points, the highest at the top. */
const lineOf = (points: FigureView["points"]): string => {
  const [from = 0] = points[0] ?? []
  const [to = 1] = points.at(-1) ?? []
  const top = Math.max(1e-9, ...points.map(([, value]) => value))
  return points
    .map(([at, value], n) => {
      const x = to === from ? WIDTH : ((at - from) / (to - from)) * WIDTH
      return `${n === 0 ? "M" : "L"}${x.toFixed(1)} ${(HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1)}`
    })
    .join("")
}

/** Figures of CloudWatch: a line for each with its last value. */
export const Figures = ({ figures, of }: { readonly figures: ReadonlyArray<FigureView>; readonly of: string }) =>
  figures.length === 0 ? (
    <p class="hint">CloudWatch has told no figures yet.</p>
  ) : (
    <table class="stack">
      <caption>Figures of CloudWatch, a minute each: {of}</caption>
      <thead>
        <tr>
          <th scope="col">Figure</th>
          <th scope="col">Pipeline</th>
          <th scope="col">Over time</th>
          <th scope="col" class="number">
            Last
          </th>
          <th scope="col" class="number">
            Highest
          </th>
        </tr>
      </thead>
      <tbody>
        {figures.map(({ pipeline, points, unit, words }) => (
          <tr>
            <th scope="row">{words}</th>
            <td data-label="Pipeline">{pipeline}</td>
            <td data-label="Over time">
              <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
                <path d={lineOf(points)} />
              </svg>
            </td>
            <td data-label="Last" class="number">
              {points.at(-1)?.[1] ?? "–"} {unit}
            </td>
            <td data-label="Highest" class="number">
              {Math.max(...points.map(([, value]) => value))} {unit}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
