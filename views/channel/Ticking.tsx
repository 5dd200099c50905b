/** @jsxImportSource hono/jsx */
/** Times that ticking.js turns into running clocks; without it they are plain times, which stay correct. */
import { stationClock, stationTime, utcTime } from "../station-time.ts"

export interface TickingProps {
  /** The time, ISO 8601. */
  readonly at: string
}

/** Minutes and seconds until a time. */
export const Countdown = ({ at }: TickingProps) => (
  <time class="number" datetime={at} title={utcTime(at)} data-countdown-to={at} hx-morph-skip-children="">
    {stationClock(at)}
  </time>
)

/** Time elapsed since a time. */
export const Elapsed = ({ at }: TickingProps) => (
  <time class="number" datetime={at} title={utcTime(at)} data-count-from={at} hx-morph-skip-children="">
    {stationTime(at)}
  </time>
)
