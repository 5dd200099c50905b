/** What is kept of MediaLive: the connection (sealed), what runs by itself, what AWS said last, runs, and egress. */
import { Effect } from "effect"
import type { Run } from "../../core/medialive/cost.ts"
import type { MediaLiveAlert, MediaLiveChannel, MediaLiveSummary } from "../../core/medialive/model.ts"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"

export interface StoredConnection {
  readonly region: string | null
  readonly roleArn: string | null
  readonly accessKeyId: string | null
  readonly secretAccessKey: string | null
  readonly addresses: ReadonlyArray<string>
  readonly egressUsdPerGb: number | null
}

export interface StoredAuto {
  readonly enabled: boolean
  readonly idleMinutes: number
  readonly leadMinutes: number
  /** See `AutoFacts`. */
  readonly held: boolean
  readonly lastWantedAt: number | null
}

/** What AWS said of a channel last. */
export interface StoredSeen {
  readonly summary: MediaLiveSummary
  readonly described: MediaLiveChannel | null
  readonly alerts: ReadonlyArray<MediaLiveAlert>
}

export interface StoredRun extends Run {
  readonly id: string
  readonly name: string
  /** When it was last seen to run, Unix ms. */
  readonly seenAt: number
}

export interface EgressRow {
  readonly channelId: string
  readonly name: string
  readonly bytes: number
}

export interface MediaLiveRows {
  readonly loadConnection: Effect.Effect<StoredConnection | null, StoreError>
  readonly putConnection: (connection: StoredConnection) => Effect.Effect<void, StoreError>
  readonly deleteConnection: Effect.Effect<void, StoreError>
  readonly loadAuto: Effect.Effect<ReadonlyMap<string, StoredAuto>, StoreError>
  readonly putAuto: (id: string, auto: StoredAuto) => Effect.Effect<void, StoreError>
  readonly loadSeen: Effect.Effect<ReadonlyMap<string, { readonly at: number; readonly seen: StoredSeen }>, StoreError>
  /** Stores what was said of these channels, and forgets those of `gone`. */
  readonly putSeen: (
    at: number,
    seen: ReadonlyMap<string, StoredSeen>,
    gone: ReadonlyArray<string>,
  ) => Effect.Effect<void, StoreError>
  readonly openRuns: Effect.Effect<ReadonlyArray<StoredRun>, StoreError>
  /** Runs that reach into a time, Unix ms. */
  readonly runsWithin: (fromMs: number, toMs: number) => Effect.Effect<ReadonlyArray<StoredRun>, StoreError>
  readonly putRuns: (runs: ReadonlyArray<StoredRun>) => Effect.Effect<void, StoreError>
  /** ms that each channel ran in runs that are over, by its id. */
  readonly endedMs: Effect.Effect<ReadonlyMap<string, number>, StoreError>
  readonly addEgress: (month: string, rows: ReadonlyArray<EgressRow>) => Effect.Effect<void, StoreError>
  readonly egress: (month: string) => Effect.Effect<ReadonlyArray<EgressRow>, StoreError>
}

const PLACE = "medialive_connection.settings"

interface RunRow {
  readonly id: string
  readonly medialive_id: string
  readonly name: string
  readonly started_at: number
  readonly seen_at: number
  readonly ended_at: number | null
  readonly usd_per_hour: number | null
  readonly unknown_lines: number
}

/** PostgreSQL gives whole numbers of 64 bits as texts. */
const runOf = (row: RunRow): StoredRun => ({
  id: row.id,
  channel: row.medialive_id,
  name: row.name,
  startedAt: Number(row.started_at),
  seenAt: Number(row.seen_at),
  endedAt: row.ended_at === null ? null : Number(row.ended_at),
  usdPerHour: row.usd_per_hour === null ? null : Number(row.usd_per_hour),
  unknownLines: Number(row.unknown_lines),
})

const connectionRows = ({ box, change, read, sql }: StoreAccess) => ({
  loadConnection: read(
    "read the connection to AWS",
    Effect.flatMap(sql<{ settings: string }>`SELECT settings FROM medialive_connection WHERE id = 1`, ([row]) =>
      Effect.try(() => (row === undefined ? null : (JSON.parse(box.open(row.settings, PLACE)) as StoredConnection))),
    ),
  ),
  putConnection: (connection: StoredConnection) =>
    change(
      "store the connection to AWS",
      sql`INSERT INTO medialive_connection ${sql.insert({ id: 1, settings: box.seal(JSON.stringify(connection), PLACE) })}
          ON CONFLICT (id) DO UPDATE SET settings = excluded.settings`,
    ),
  deleteConnection: change("delete the connection to AWS", sql`DELETE FROM medialive_connection WHERE id = 1`),
})

const channelRows = ({ change, read, sql }: StoreAccess) => ({
  loadAuto: read(
    "read what MediaLive does by itself",
    Effect.map(
      sql<{ medialive_id: string; settings: string }>`SELECT medialive_id, settings FROM medialive_auto`,
      (rows) => new Map(rows.map((row) => [row.medialive_id, JSON.parse(row.settings) as StoredAuto])),
    ),
  ),
  putAuto: (id: string, auto: StoredAuto) =>
    change(
      "store what MediaLive does by itself",
      sql`INSERT INTO medialive_auto ${sql.insert({ medialive_id: id, settings: JSON.stringify(auto) })}
          ON CONFLICT (medialive_id) DO UPDATE SET settings = excluded.settings`,
    ),
  loadSeen: read(
    "read what AWS said of MediaLive",
    Effect.map(
      sql<{ medialive_id: string; at: number; answer: string }>`SELECT medialive_id, at, answer FROM medialive_seen`,
      (rows) =>
        new Map(
          rows.map((row) => [row.medialive_id, { at: Number(row.at), seen: JSON.parse(row.answer) as StoredSeen }]),
        ),
    ),
  ),
  putSeen: (at: number, seen: ReadonlyMap<string, StoredSeen>, gone: ReadonlyArray<string>) =>
    change(
      "store what AWS said of MediaLive",
      Effect.gen(function* () {
        for (const [id, one] of seen) {
          yield* sql`INSERT INTO medialive_seen ${sql.insert({ medialive_id: id, at, answer: JSON.stringify(one) })}
              ON CONFLICT (medialive_id) DO UPDATE SET at = excluded.at, answer = excluded.answer`
        }
        if (gone.length > 0) yield* sql`DELETE FROM medialive_seen WHERE ${sql.in("medialive_id", gone)}`
      }),
    ),
})

const costRows = ({ change, read, sql }: StoreAccess) => ({
  openRuns: read(
    "read the runs of MediaLive",
    Effect.map(sql<RunRow>`SELECT * FROM medialive_runs WHERE ended_at IS NULL`, (rows) => rows.map(runOf)),
  ),
  runsWithin: (fromMs: number, toMs: number) =>
    read(
      "read the runs of MediaLive",
      Effect.map(
        sql<RunRow>`SELECT * FROM medialive_runs
            WHERE started_at < ${toMs} AND (ended_at IS NULL OR ended_at >= ${fromMs}) ORDER BY started_at, id`,
        (rows) => rows.map(runOf),
      ),
    ),
  putRuns: (runs: ReadonlyArray<StoredRun>) =>
    change(
      "store the runs of MediaLive",
      Effect.forEach(
        runs,
        ({ channel, endedAt, id, name, seenAt, startedAt, unknownLines, usdPerHour }) =>
          sql`INSERT INTO medialive_runs ${sql.insert({
            id,
            medialive_id: channel,
            name,
            started_at: startedAt,
            seen_at: seenAt,
            ended_at: endedAt,
            usd_per_hour: usdPerHour,
            unknown_lines: unknownLines,
          })} ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, ended_at = excluded.ended_at,
              usd_per_hour = excluded.usd_per_hour, unknown_lines = excluded.unknown_lines`,
        { discard: true },
      ),
    ),
  endedMs: read(
    "read the runs of MediaLive",
    Effect.map(
      sql<{ medialive_id: string; ms: number }>`SELECT medialive_id, sum(ended_at - started_at) AS ms
          FROM medialive_runs WHERE ended_at IS NOT NULL GROUP BY medialive_id`,
      (rows) => new Map(rows.map(({ medialive_id, ms }) => [medialive_id, Number(ms)])),
    ),
  ),
  addEgress: (month: string, rows: ReadonlyArray<EgressRow>) =>
    change(
      "store what was sent",
      Effect.forEach(
        rows,
        ({ bytes, channelId, name }) =>
          sql`INSERT INTO egress ${sql.insert({ month, channel_id: channelId, name, bytes })}
              ON CONFLICT (month, channel_id) DO UPDATE SET name = excluded.name, bytes = egress.bytes + excluded.bytes`,
        { discard: true },
      ),
    ),
  egress: (month: string) =>
    read(
      "read what was sent",
      Effect.map(
        sql<{ channel_id: string; name: string; bytes: number }>`SELECT channel_id, name, bytes FROM egress
            WHERE month = ${month} ORDER BY bytes DESC, channel_id`,
        (rows) => rows.map(({ bytes, channel_id, name }) => ({ channelId: channel_id, name, bytes: Number(bytes) })),
      ),
    ),
})

export const makeMediaLiveRows = (access: StoreAccess): MediaLiveRows => ({
  ...connectionRows(access),
  ...channelRows(access),
  ...costRows(access),
})
