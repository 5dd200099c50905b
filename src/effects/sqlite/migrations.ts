/**
 * The store's schema as an ordered list of steps. A step is never edited once released: a change is a new step at the end.
 */
import * as Client from "@effect/sql/SqlClient"
import { Effect } from "effect"

/** Each entry is one version; its statements run in one transaction with the record of the version. */
export const MIGRATIONS: ReadonlyArray<ReadonlyArray<string>> = [
  [
    // AUTOINCREMENT: the number of a deleted channel is never given out again.
    `CREATE TABLE channels (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      slug TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      rtp_ip TEXT NOT NULL,
      rtp_port INTEGER NOT NULL,
      backup_rtp_ip TEXT,
      backup_rtp_port INTEGER,
      input TEXT NOT NULL,
      autostart INTEGER NOT NULL,
      should_run INTEGER NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE outputs (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
      slug TEXT NOT NULL,
      name TEXT NOT NULL,
      protocol TEXT NOT NULL,
      url TEXT NOT NULL,
      enabled INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      UNIQUE (channel_id, slug)
    ) STRICT`,
  ],
  [
    // AUTOINCREMENT: clients page by id and remember the last one they saw.
    `CREATE TABLE channel_events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      severity TEXT NOT NULL,
      source TEXT,
      output TEXT,
      message TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX channel_events_of_channel ON channel_events (channel_id, id)",
  ],
  [
    // Lists are JSON: they are read with their cue, and searched within one channel at most.
    `CREATE TABLE cues (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
      at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      pid INTEGER NOT NULL,
      source TEXT NOT NULL,
      cue INTEGER NOT NULL,
      kind TEXT NOT NULL,
      command TEXT NOT NULL,
      event_id INTEGER,
      event_ids TEXT NOT NULL,
      segmentation_type_ids TEXT NOT NULL,
      upids TEXT NOT NULL,
      pts INTEGER,
      preroll_s REAL,
      duration_s REAL,
      description TEXT NOT NULL,
      base64 TEXT NOT NULL,
      crc_ok INTEGER NOT NULL,
      errors TEXT NOT NULL,
      repeats INTEGER NOT NULL,
      manual INTEGER NOT NULL,
      outputs TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX cues_of_channel ON cues (channel_id, id)",
  ],
]

/** A file of a newer version of the product: reading it could lose what this version does not know. */
export class NewerSchema extends Error {
  constructor(found: number) {
    super(`it was written by a newer version of this software (schema ${found}, this one knows ${MIGRATIONS.length})`)
  }
}

/** Brings the schema to the newest version. Fails with `NewerSchema` when the file is ahead of this software. */
export const migrate = Effect.gen(function* () {
  const sql = yield* Client.SqlClient
  yield* sql`CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT`
  const rows = yield* sql<{ version: number | null }>`SELECT max(version) AS version FROM migrations`
  const current = rows[0]?.version ?? 0
  if (current > MIGRATIONS.length) return yield* Effect.fail(new NewerSchema(current))
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < current) continue
    const step = Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
    yield* sql.withTransaction(Effect.zipRight(step, sql`INSERT INTO migrations (version) VALUES (${index + 1})`))
  }
})
