/** @jsxImportSource hono/jsx */
import { type Exactness, type Station, stationClock, stationTime, utcTime } from "../station-time.ts"

export interface TimeProps {
  /** ISO 8601 in UTC. */
  readonly at: string
  /** To the second unless told otherwise. */
  readonly to?: Exactness
  /** True for the time of day without the date. */
  readonly short?: boolean
  /** The clock to go by; the station's when left out. */
  readonly station?: Station
}

/** A time by the station's clock, with its offset; the pointer over it shows UTC. */
export const Time = ({ at, short = false, station, to }: TimeProps) => (
  <time datetime={at} title={utcTime(at)}>
    {(short ? stationClock : stationTime)(at, to, station)}
  </time>
)
