/** What the API takes and shows of schedules. */
import { Schema } from "effect"
import { WEEKDAYS } from "../../core/schedule/schedule.ts"
import { text } from "../config/texts.ts"

const MAX_WINDOWS = 50

export const ScheduleWindowInput = Schema.Struct({
  days: Schema.optional(Schema.NullOr(Schema.Array(Schema.Literal(...WEEKDAYS)).pipe(Schema.maxItems(7)))),
  date: Schema.optional(Schema.NullOr(text(10))),
  start: text(5),
  stop: text(5),
})

/** Body of `PUT /api/channels/{id}/schedule`. */
export const ScheduleInput = Schema.Struct({
  zone: text(64),
  enabled: Schema.optional(Schema.Boolean),
  windows: Schema.Array(ScheduleWindowInput).pipe(Schema.maxItems(MAX_WINDOWS)),
})
export type ScheduleInput = typeof ScheduleInput.Type

/** A schedule as the API shows it. */
export interface ScheduleView {
  /** Slug of the channel. */
  readonly channel: string
  readonly zone: string
  readonly enabled: boolean
  readonly windows: ReadonlyArray<{
    readonly days: ReadonlyArray<string> | null
    readonly date: string | null
    readonly start: string
    readonly stop: string
  }>
  /** True while a window is open. */
  readonly on: boolean
  /** What comes next; null when nothing does within 400 days. */
  readonly next: {
    readonly do: "start" | "stop"
    /** ISO 8601. */
    readonly at: string
    /** On the zone's clock. */
    readonly local: string
  } | null
}
