/** @jsxImportSource hono/jsx */
import { formatCountdown } from "../format.ts"
import { Time } from "../layout/Time.tsx"
import { stationClock } from "../station-time.ts"
import { axisOf, type BreakBar, breakBars, type TimeAxis } from "./break-bars.ts"
import type { ChannelShown } from "./channel-shown.ts"

const WIDTH = 1000
const HEIGHT = 46
/** Most breaks drawn: as many as the list below can name. */
const MAX_BARS = 12
/** Least width of a bar, so that a break of seconds can still be seen on an axis of hours. */
const MIN_WIDTH = 4
const TICKS = 5

const clock = (ms: number) => stationClock(ms).slice(0, 8)
const seconds = (bar: BreakBar) => (bar.to === null ? null : (bar.to - bar.from) / 1000)

const lengthOf = (bar: BreakBar): string => {
  const length = seconds(bar)
  const announced = bar.announcedS === null ? "no length announced" : `${bar.announcedS.toFixed(1)} s announced`
  if (bar.ends === "in" && length !== null) return `${length.toFixed(1)} s, ${announced}`
  return bar.ends === "duration" ? announced : "still open, no length announced"
}

const Bar = ({ axis, bar, now }: { readonly axis: TimeAxis; readonly bar: BreakBar; readonly now: number }) => {
  const x = (ms: number) => ((ms - axis.from) / (axis.to - axis.from)) * WIDTH
  const from = x(bar.from)
  // An open break is drawn to the end of this minute, so that it is not redrawn every second.
  const to = x(bar.to ?? Math.max(bar.from, Math.ceil(now / 60_000) * 60_000))
  return (
    <g class={`ends-${bar.ends}`}>
      <rect x={from.toFixed(1)} y="6" width={Math.max(MIN_WIDTH, to - from).toFixed(1)} height="18" rx="2" />
      <title>{`${clock(bar.from)} ${bar.label}, ${lengthOf(bar)}`}</title>
    </g>
  )
}

/** Breaks as bars on a time axis, and as a list for those who do not see the bars. */
export const CueTimeline = ({ shown: { cues, now } }: { readonly shown: ChannelShown }) => {
  const bars = breakBars(cues).slice(-MAX_BARS)
  const axis = axisOf(bars, now)
  const step = (axis.to - axis.from) / TICKS
  return (
    <div id="cue-timeline">
      {bars.length === 0 ? (
        <p class="empty">No ad break in the last cues.</p>
      ) : (
        <>
          <svg
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            class="timeline"
            role="img"
            aria-label="Ad breaks on a time axis; listed below"
          >
            {bars.map((bar) => (
              <Bar axis={axis} bar={bar} now={now} />
            ))}
            <line x1="0" y1="28" x2={WIDTH} y2="28" />
            {Array.from({ length: TICKS + 1 }, (_, i) => (
              <text x={(WIDTH / TICKS) * i} y="42" text-anchor={i === 0 ? "start" : i === TICKS ? "end" : "middle"}>
                {clock(axis.from + step * i).slice(0, axis.to - axis.from > 900_000 ? 5 : 8)}
              </text>
            ))}
          </svg>
          <ol class="breaks" reversed>
            {bars.toReversed().map((bar) => (
              <li class={`ends-${bar.ends}`}>
                <span class="number">
                  {clock(bar.from)}–{bar.to === null ? "?" : <Time at={new Date(bar.to).toISOString()} short />}
                </span>{" "}
                {seconds(bar) === null ? "" : `(${formatCountdown(Math.floor(seconds(bar) ?? 0))}) `}
                {lengthOf(bar)} · {bar.label}
                {bar.eventId === null ? "" : ` · event ${bar.eventId}`}
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  )
}
