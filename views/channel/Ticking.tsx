/** @jsxImportSource hono/jsx */
/** Times that ticking.js turns into running clocks; without it they are plain times, which stay correct. */

export interface TickingProps {
  /** The time, ISO 8601. */
  readonly at: string
}

const clock = (at: string) => `${at.slice(11, 19)} UTC`

/** Minutes and seconds until a time. */
export const Countdown = ({ at }: TickingProps) => (
  <time class="number" datetime={at} data-countdown-to={at} hx-morph-skip-children="">
    {clock(at)}
  </time>
)

/** Time elapsed since a time. */
export const Elapsed = ({ at }: TickingProps) => (
  <time class="number" datetime={at} data-count-from={at} hx-morph-skip-children="">
    {at.slice(0, 10)} {clock(at)}
  </time>
)
