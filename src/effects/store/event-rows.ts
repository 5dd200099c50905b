/** Rows of the table of channel events: written in batches, read newest first, bounded per channel and in all. */
import type * as Client from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"
import type { ChannelEventView, EventQuery, NewEvent } from "../model/event.ts"
import { asJson } from "./as-json.ts"

export interface EventBounds {
  /** The number of events kept of one channel. */
  readonly perChannel: number
  /** The number of events kept of all channels together. */
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

/**
 * Inserts the batch in one statement, without the events of channels that are gone. Returns the channel of each row
 * written.
 */
const insertEvents = (sql: Client.SqlClient, events: ReadonlyArray<NewEvent>) => {
  const batch = asJson(
    events.map((e) => [e.channelId, e.at, e.kind, e.severity, e.source ?? null, e.output ?? null, e.message]),
  )
  const columns = sql`channel_events (channel_id, at, kind, severity, source, output, message)`
  return sql.onDialectOrElse({
    pg: () => sql<{ channel_id: string }>`
      INSERT INTO ${columns}
      SELECT value ->> 0, (value ->> 1)::bigint, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
      FROM json_array_elements(${batch}::json) WITH ORDINALITY AS e (value, place)
      WHERE EXISTS (SELECT 1 FROM channels WHERE channels.id = value ->> 0)
      ORDER BY place
      RETURNING channel_id`,
    orElse: () => sql<{ channel_id: string }>`
      INSERT INTO ${columns}
      SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4, e.value ->> 5, e.value ->> 6
      FROM json_each(${batch}) AS e
      WHERE EXISTS (SELECT 1 FROM channels WHERE channels.id = e.value ->> 0)
      ORDER BY e.key
      RETURNING channel_id`,
  })
}

/** Deletes the `n` oldest events of a channel, or of all channels when that is null. Returns the channel of each. */
const dropOldest = (sql: Client.SqlClient, n: number, channelId: string | null) => {
  const which = channelId === null ? sql`` : sql`WHERE channel_id = ${channelId}`
  return sql<{ channel_id: string }>`
    DELETE FROM channel_events WHERE id IN (SELECT id FROM channel_events ${which} ORDER BY id LIMIT ${n}) RETURNING channel_id`
}

/** Events that meet the query and the conditions of `first`, newest first. */
const selectEvents = (sql: Client.SqlClient, first: ReadonlyArray<Statement.Fragment>, query: EventQuery) => {
  const { among, before, kinds, limit, severities, sinceMs, untilMs } = query
  const conditions: Array<Statement.Fragment> = [...first]
  if (among !== undefined) conditions.push(among.length === 0 ? sql`1 = 0` : sql.in("channel_id", among))
  if (before !== undefined) conditions.push(sql`id < ${before}`)
  if (sinceMs !== undefined) conditions.push(sql`at >= ${sinceMs}`)
  if (untilMs !== undefined) conditions.push(sql`at < ${untilMs}`)
  if (kinds !== undefined) conditions.push(sql.in("kind", kinds))
  if (severities !== undefined) conditions.push(sql.in("severity", severities))
  const which = conditions.length === 0 ? sql`` : sql`WHERE ${sql.and(conditions)}`
  return Effect.map(
    sql<EventRow & { readonly channel_id: string }>`
      SELECT channel_id, id, at, kind, severity, source, output, message FROM channel_events ${which} ORDER BY id DESC LIMIT ${limit}`,
    (rows) => rows.map((row) => ({ channelId: row.channel_id, event: eventFromRow(row) })),
  )
}

/**
 * Statements on the table of events, each for one transaction or read of the store, and the count of rows that bounds
 * it.
 */
export const makeEventRows = (sql: Client.SqlClient, { inAll, perChannel }: EventBounds) => {
  /**
   * The number of events by channel; null until they are counted, and after a failure. Counting at each write would
   * cost more than writing.
   */
  let counts: Map<string, number> | null = null
  /** Raised when rows are deleted elsewhere, so that a count made before is not taken for one made after. */
  let version = 0

  const count = Effect.gen(function* () {
    const rows = yield* sql<{
      channel_id: string
      n: number
    }>`SELECT channel_id, count(*) AS n FROM channel_events GROUP BY channel_id`
    return new Map(rows.map(({ channel_id, n }) => [channel_id, n]))
  })

  return {
    /**
     * Writes events in their order and deletes the oldest above the bounds. To be run in a transaction; once that is
     * committed, `commit` takes what this returned.
     */
    append: (events: ReadonlyArray<NewEvent>) =>
      Effect.gen(function* () {
        const begun = version
        const known = counts ?? (yield* count)
        counts = null
        const add = (rows: ReadonlyArray<{ readonly channel_id: string }>, by: number) => {
          for (const { channel_id } of rows) known.set(channel_id, (known.get(channel_id) ?? 0) + by)
        }
        const written = yield* insertEvents(sql, events)
        add(written, 1)
        for (const channelId of new Set(written.map((row) => row.channel_id))) {
          const tooMany = (known.get(channelId) ?? 0) - perChannel
          if (tooMany > 0) add(yield* dropOldest(sql, tooMany, channelId), -1)
        }
        let total = 0
        for (const n of known.values()) total += n
        if (total > inAll) add(yield* dropOldest(sql, total - inAll, null), -1)
        return { known, begun }
      }),
    /** Takes over the counts that `append` came to, unless rows were deleted elsewhere meanwhile. */
    commit: ({ begun, known }: { readonly begun: number; readonly known: Map<string, number> }) => {
      if (begun === version) counts = known
    },
    /** To be called when rows were deleted elsewhere. */
    recount: () => {
      version++
      counts = null
    },
    /** Events of one channel, newest first. */
    list: (channelId: string, query: EventQuery) =>
      Effect.map(selectEvents(sql, [sql`channel_id = ${channelId}`], query), (found) =>
        found.map(({ event }) => event),
      ),
    /** Events of all channels, newest first. */
    listAll: (query: EventQuery) => selectEvents(sql, [], query),
  }
}
