/** @jsxImportSource hono/jsx */
/** Times that ticking.js turns into clocks that run; without it they are the times themselves, which stay true. */

export interface TickingProps {
  /** ISO 8601. */
  readonly at: string
}

const clock = (at: string) => `${at.slice(11, 19)} UTC`

/** Minutes and seconds until then. */
export const Countdown = ({ at }: TickingProps) => (
  <time class="number" datetime={at} data-countdown-to={at} hx-morph-skip-children="">
    {clock(at)}
  </time>
)

/** How long ago that was. */
export const Elapsed = ({ at }: TickingProps) => (
  <time class="number" datetime={at} data-count-from={at} hx-morph-skip-children="">
    {at.slice(0, 10)} {clock(at)}
  </time>
)
