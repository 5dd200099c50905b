/** Rows of schedules, and up to when they were carried out. */
import { Effect } from "effect"
import type { Schedule } from "../../core/schedule/schedule.ts"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"

export interface ScheduleRows {
  /** By the channel's id. */
  readonly load: Effect.Effect<ReadonlyMap<string, Schedule>, StoreError>
  readonly put: (channelId: string, schedule: Schedule) => Effect.Effect<void, StoreError>
  readonly delete: (channelId: string) => Effect.Effect<void, StoreError>
  /** Unix ms up to which turns were carried out; null when none ever were. */
  readonly carriedOutUntil: Effect.Effect<number | null, StoreError>
  readonly setCarriedOut: (untilMs: number) => Effect.Effect<void, StoreError>
}

export const makeScheduleRows = ({ change, read, sql }: StoreAccess): ScheduleRows => ({
  load: read(
    "read the schedules",
    Effect.map(
      sql<{ channel_id: string; schedule: string }>`SELECT channel_id, schedule FROM channel_schedules`,
      (rows) => new Map(rows.map(({ channel_id, schedule }) => [channel_id, JSON.parse(schedule) as Schedule])),
    ),
  ),
  put: (channelId, schedule) =>
    change(
      "store the schedule",
      sql`INSERT INTO channel_schedules ${sql.insert({ channel_id: channelId, schedule: JSON.stringify(schedule) })}
          ON CONFLICT (channel_id) DO UPDATE SET schedule = excluded.schedule`,
    ),
  delete: (channelId) =>
    change("delete the schedule", sql`DELETE FROM channel_schedules WHERE channel_id = ${channelId}`),
  carriedOutUntil: read(
    "read the schedules",
    Effect.map(sql<{ at: number }>`SELECT at FROM schedule_clock WHERE id = 1`, ([row]) =>
      row === undefined ? null : Number(row.at),
    ),
  ),
  setCarriedOut: (untilMs) =>
    change(
      "store up to when schedules were carried out",
      sql`INSERT INTO schedule_clock ${sql.insert({ id: 1, at: untilMs })}
          ON CONFLICT (id) DO UPDATE SET at = excluded.at`,
    ),
})
