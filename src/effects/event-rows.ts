/** Rows of channel events: written in batches, read newest first, bounded per channel and in all. */
import type * as Client from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"
import type { NewEvent } from "./channel-event.ts"
import type { ChannelEventView, EventQuery } from "./model.ts"

export interface EventBounds {
  /** Events kept of one channel. */
  readonly perChannel: number
  /** Events kept of all channels together. */
  readonly inAll: number
}

export const EVENT_BOUNDS: EventBounds = { perChannel: 10_000, inAll: 100_000 }

interface EventRow {
  readonly id: number
  readonly at: number
  readonly kind: string
  readonly severity: ChannelEventView["severity"]
  readonly source: ChannelEventView["source"]
  readonly output: string | null
  readonly message: string
}

const eventFromRow = ({ at, ...row }: EventRow): ChannelEventView => {
  const { id, kind, severity, source, output, message } = row
  return { id, at: new Date(at).toISOString(), kind, severity, source, output, message }
}

export const makeEventRows = (sql: Client.SqlClient, { inAll, perChannel }: EventBounds) => {
  /** Events of each channel; null until counted, and after a failure. Counting at each write would cost more than writing. */
  let counts: Map<string, number> | null = null
  /** Raised when rows go by other ways, so that a count made before is not taken for one made after. */
  let version = 0

  const count = Effect.gen(function* () {
    const rows = yield* sql<{ channel_id: string; n: number }>`SELECT channel_id, count(*) AS n FROM channel_events GROUP BY channel_id`
    return new Map(rows.map(({ channel_id, n }) => [channel_id, n]))
  })

  /** One statement for the batch; events of channels that are gone are left out. */
  const insert = (events: ReadonlyArray<NewEvent>) => {
    const batch = JSON.stringify(events.map((e) => [e.channelId, e.at, e.kind, e.severity, e.source ?? null, e.output ?? null, e.message]))
    return sql<{ channel_id: string }>`
      INSERT INTO channel_events (channel_id, at, kind, severity, source, output, message)
      SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4, e.value ->> 5, e.value ->> 6
      FROM json_each(${batch}) AS e
      WHERE EXISTS (SELECT 1 FROM channels WHERE channels.id = e.value ->> 0)
      ORDER BY e.key
      RETURNING channel_id`
  }

  const dropOldest = (n: number, channelId: string | null) => {
    const which = channelId === null ? sql`` : sql`WHERE channel_id = ${channelId}`
    return sql<{ channel_id: string }>`
      DELETE FROM channel_events WHERE id IN (SELECT id FROM channel_events ${which} ORDER BY id LIMIT ${n}) RETURNING channel_id`
  }

  return {
    /** To be run in a transaction. */
    append: (events: ReadonlyArray<NewEvent>) =>
      Effect.gen(function* () {
        const begun = version
        const known = counts ?? (yield* count)
        counts = null
        const add = (rows: ReadonlyArray<{ readonly channel_id: string }>, by: number) => {
          for (const { channel_id } of rows) known.set(channel_id, (known.get(channel_id) ?? 0) + by)
        }
        const written = yield* insert(events)
        add(written, 1)
        for (const channelId of new Set(written.map((row) => row.channel_id))) {
          const tooMany = (known.get(channelId) ?? 0) - perChannel
          if (tooMany > 0) add(yield* dropOldest(tooMany, channelId), -1)
        }
        let total = 0
        for (const n of known.values()) total += n
        if (total > inAll) add(yield* dropOldest(total - inAll, null), -1)
        return { known, begun }
      }),
    /** What `append` returned, once its transaction is committed. */
    commit: ({ begun, known }: { readonly begun: number; readonly known: Map<string, number> }) => {
      if (begun === version) counts = known
    },
    /** To be called when rows have gone by other ways. */
    recount: () => {
      version++
      counts = null
    },
    list: (channelId: string, { before, kinds, limit, sinceMs }: EventQuery) => {
      const conditions: Array<Statement.Fragment> = [sql`channel_id = ${channelId}`]
      if (before !== undefined) conditions.push(sql`id < ${before}`)
      if (sinceMs !== undefined) conditions.push(sql`at >= ${sinceMs}`)
      if (kinds !== undefined) conditions.push(sql.in("kind", kinds))
      return Effect.map(
        sql<EventRow>`
          SELECT id, at, kind, severity, source, output, message FROM channel_events
          WHERE ${sql.and(conditions)} ORDER BY id DESC LIMIT ${limit}`,
        (rows) => rows.map(eventFromRow),
      )
    },
  }
}
