/**
 * The store's schema as an ordered list of steps. A step is never edited once released: a change is a new step at
 * the end.
 */
import * as Client from "@effect/sql/SqlClient"
import { Effect } from "effect"

export type Dialect = "sqlite" | "pg"
/** One that both understand, but for its types; or one for each. */
export type MigrationStatement = string | { readonly sqlite: string; readonly pg: string }

/**
 * Each entry is one version; its statements run in one transaction with the record of the version. Written for SQLite.
 */
export const MIGRATIONS: ReadonlyArray<ReadonlyArray<MigrationStatement>> = [
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
  [
    // JSON, as `input` of channels: settings can be added.
    "ALTER TABLE outputs ADD COLUMN stream_key TEXT",
    "ALTER TABLE outputs ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE outputs ADD COLUMN preset TEXT",
  ],
  [
    "ALTER TABLE channels ADD COLUMN auto_run TEXT NOT NULL DEFAULT 'off'",
    // The number of a removed output is never given out again: systems that count outputs would take the new one for
    // the old.
    "ALTER TABLE outputs ADD COLUMN number INTEGER NOT NULL DEFAULT 0",
    `UPDATE outputs SET number =
      (SELECT count(*) FROM outputs AS o WHERE o.channel_id = outputs.channel_id AND o.position <= outputs.position)`,
    "ALTER TABLE channels ADD COLUMN last_output_number INTEGER NOT NULL DEFAULT 0",
    `UPDATE channels SET last_output_number =
      (SELECT coalesce(max(number), 0) FROM outputs WHERE outputs.channel_id = channels.id)`,
  ],
  [
    // AUTOINCREMENT: the number of a version that is gone is never given out again.
    `CREATE TABLE config_versions (
      version INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      author TEXT NOT NULL,
      what TEXT NOT NULL,
      document TEXT NOT NULL,
      running TEXT NOT NULL
    ) STRICT`,
    "CREATE TABLE config_files (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT",
  ],
  [
    // The last number given to a channel: a sequence of PostgreSQL would count what was rolled back.
    "CREATE TABLE last_numbers (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT",
    {
      sqlite:
        "INSERT INTO last_numbers VALUES ('channels', coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'channels'), 0))",
      pg: "INSERT INTO last_numbers VALUES ('channels', coalesce((SELECT max(number) FROM channels), 0))",
    },
  ],
  [
    `CREATE TABLE users (
      name TEXT PRIMARY KEY,
      role TEXT NOT NULL,
      password TEXT NOT NULL,
      created_at TEXT NOT NULL,
      changed_at TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      role TEXT NOT NULL,
      prefix TEXT NOT NULL,
      sha256 TEXT NOT NULL UNIQUE,
      created_at TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      actor TEXT NOT NULL,
      address TEXT NOT NULL,
      method TEXT NOT NULL,
      path TEXT NOT NULL,
      what TEXT NOT NULL,
      status INTEGER NOT NULL,
      outcome TEXT NOT NULL
    ) STRICT`,
  ],
  // Its one row says that secrets are encrypted, and with which key.
  ["CREATE TABLE secret_check (id INTEGER PRIMARY KEY, sealed TEXT NOT NULL) STRICT"],
  ["CREATE TABLE output_templates (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT"],
  [
    // Settings are JSON, encrypted as a whole. Rules are one document.
    `CREATE TABLE notification_destinations (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      settings TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT`,
    "CREATE TABLE notification_rules (id INTEGER PRIMARY KEY, rules TEXT NOT NULL) STRICT",
    `CREATE TABLE notification_mutes (
      id TEXT PRIMARY KEY,
      channel TEXT,
      output TEXT,
      ends TEXT NOT NULL,
      author TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT`,
    "CREATE TABLE notices (id TEXT PRIMARY KEY, opened_at INTEGER NOT NULL, resolved_at INTEGER, notice TEXT NOT NULL) STRICT",
    // Messages that are not delivered yet, in their order.
    `CREATE TABLE notification_outbox (
      place INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      destination_id TEXT NOT NULL REFERENCES notification_destinations (id) ON DELETE CASCADE,
      queued_at INTEGER NOT NULL,
      message TEXT NOT NULL
    ) STRICT`,
  ],
  [
    // URLs of legs that are received by SRT, encrypted.
    "ALTER TABLE channels ADD COLUMN input_url TEXT",
    "ALTER TABLE channels ADD COLUMN backup_input_url TEXT",
  ],
  [
    // Several machines: see `nodes/node-statements.ts`. Times are Unix time in ms by PostgreSQL's clock.
    `CREATE TABLE nodes (
      name TEXT PRIMARY KEY,
      address TEXT NOT NULL,
      labels TEXT NOT NULL,
      capacity INTEGER NOT NULL,
      standing TEXT NOT NULL,
      instance TEXT NOT NULL,
      boot TEXT NOT NULL,
      version TEXT NOT NULL,
      protocol INTEGER NOT NULL,
      beat_ms REAL NOT NULL
    ) STRICT`,
    `CREATE TABLE placements (
      channel TEXT PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
      epoch INTEGER NOT NULL,
      open_epoch INTEGER NOT NULL,
      owner TEXT NOT NULL,
      partner TEXT,
      home TEXT NOT NULL,
      standby TEXT,
      isolated TEXT NOT NULL,
      target TEXT,
      target_ready INTEGER NOT NULL,
      moved_from TEXT,
      moved_why TEXT NOT NULL,
      moved_ms REAL NOT NULL,
      silent_ms REAL,
      gap_ms REAL
    ) STRICT`,
    // How often what all nodes keep in memory was changed, by which each notices what the others have changed.
    "CREATE TABLE change_counters (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT",
    "INSERT INTO change_counters VALUES ('channels', 0), ('accounts', 0)",
    {
      sqlite: "SELECT 1",
      pg: `CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE change_counters SET number = number + 1 WHERE name = TG_ARGV[0];
          PERFORM pg_notify('distributor_nodes', '');
          RETURN NULL;
        END $$`,
    },
    ...(["channels", "outputs"] as const).map((table) => ({
      sqlite: "SELECT 1",
      pg: `CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION count_change('channels')`,
    })),
    ...(["users", "api_keys"] as const).map((table) => ({
      sqlite: "SELECT 1",
      pg: `CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION count_change('accounts')`,
    })),
  ],
  [
    `CREATE TABLE channel_schedules (
      channel_id TEXT PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
      schedule TEXT NOT NULL
    ) STRICT`,
    // Its one row says up to when schedules were carried out, Unix ms.
    "CREATE TABLE schedule_clock (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT",
    // Region, role and keys, encrypted as a whole.
    "CREATE TABLE medialive_connection (id INTEGER PRIMARY KEY, settings TEXT NOT NULL) STRICT",
    "CREATE TABLE medialive_auto (medialive_id TEXT PRIMARY KEY, settings TEXT NOT NULL) STRICT",
    // What AWS said last, for as long as it says nothing.
    "CREATE TABLE medialive_seen (medialive_id TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL) STRICT",
    `CREATE TABLE medialive_runs (
      id TEXT PRIMARY KEY,
      medialive_id TEXT NOT NULL,
      name TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      seen_at INTEGER NOT NULL,
      ended_at INTEGER,
      usd_per_hour REAL
    ) STRICT`,
    "CREATE INDEX medialive_runs_by_start ON medialive_runs (started_at)",
    `CREATE TABLE egress (
      month TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      name TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (month, channel_id)
    ) STRICT`,
  ],
  [
    // Each node tells what happens to its own channels; empty on a single machine.
    "ALTER TABLE notices ADD COLUMN node TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE notification_outbox ADD COLUMN node TEXT NOT NULL DEFAULT ''",
  ],
  [
    // When a mute begins, the windows of one that comes again (JSON), and why there is one.
    "ALTER TABLE notification_mutes ADD COLUMN starts TEXT",
    "ALTER TABLE notification_mutes ADD COLUMN repeats TEXT",
    "ALTER TABLE notification_mutes ADD COLUMN reason TEXT",
  ],
  [
    // Changes of channels and their outputs: what differs, masked, as JSON, and both sides, encrypted.
    `CREATE TABLE config_changes (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      author TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      change TEXT NOT NULL,
      documents TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX config_changes_channel ON config_changes (channel_id, id)",
    // What was changed, in a sentence.
    "ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT ''",
  ],
  [
    "CREATE TABLE report_settings (id INTEGER PRIMARY KEY, egress_usd_per_gb REAL) STRICT",
    // Names are kept, and rows outlive their outputs: a link then says that its output is gone. Times are Unix ms.
    `CREATE TABLE partner_links (
      id TEXT PRIMARY KEY,
      token_sha256 TEXT NOT NULL UNIQUE,
      channel_id TEXT NOT NULL,
      output_id TEXT NOT NULL,
      channel_name TEXT NOT NULL,
      output_name TEXT NOT NULL,
      label TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      created_by TEXT NOT NULL,
      expires_at INTEGER NOT NULL,
      revoked_at INTEGER,
      seen_at INTEGER
    ) STRICT`,
    "CREATE INDEX partner_links_of_output ON partner_links (output_id)",
  ],
  [
    // Inputs and outputs that the price of a run leaves out.
    "ALTER TABLE medialive_runs ADD COLUMN unknown_lines INTEGER NOT NULL DEFAULT 0",
  ],
  // JSON. An account with tags holds for the channels that have one of them; one without holds for all.
  [
    "ALTER TABLE channels ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE users ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE api_keys ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
  ],
  [
    // Mutes go by UUIDs: by names, those of what was removed muted what came after it.
    "ALTER TABLE notification_mutes ADD COLUMN channel_id TEXT",
    "ALTER TABLE notification_mutes ADD COLUMN output_id TEXT",
    `UPDATE notification_mutes SET channel_id = (SELECT id FROM channels WHERE slug = notification_mutes.channel)`,
    `UPDATE notification_mutes SET output_id =
      (SELECT id FROM outputs WHERE channel_id = notification_mutes.channel_id AND slug = notification_mutes.output)`,
    `DELETE FROM notification_mutes
      WHERE (channel IS NOT NULL AND channel_id IS NULL) OR (output IS NOT NULL AND output_id IS NULL)`,
  ],
]

/**
 * The schema of the figures that are kept. With SQLite it is that of their own file: they are many and are not copied
 * with the store. Spans have the numbers of channels, so that rows stay small.
 */
export const FIGURE_MIGRATIONS: ReadonlyArray<ReadonlyArray<MigrationStatement>> = [
  [
    {
      sqlite: `CREATE TABLE figures (
        step INTEGER NOT NULL,
        channel INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (step, channel, at)
      ) STRICT, WITHOUT ROWID`,
      pg: `CREATE TABLE figures (
        step BIGINT NOT NULL,
        channel BIGINT NOT NULL,
        at BIGINT NOT NULL,
        body BYTEA NOT NULL,
        PRIMARY KEY (step, channel, at)
      )`,
    },
    // For what is due to be summed up, and what is old.
    "CREATE INDEX figures_by_time ON figures (step, at)",
    // Names are those of the last time: what was sent stays known when channels and outputs are gone.
    `CREATE TABLE output_egress (
      month TEXT NOT NULL,
      channel INTEGER NOT NULL,
      output INTEGER NOT NULL,
      channel_name TEXT NOT NULL,
      output_name TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (month, channel, output)
    ) STRICT`,
  ],
]

/** The types of PostgreSQL, of which none is narrower than SQLite's. */
const toPostgres = (statement: string) =>
  statement
    .replace(/\bINTEGER PRIMARY KEY AUTOINCREMENT\b/g, "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
    .replace(/\bINTEGER\b/g, "BIGINT")
    .replace(/\bREAL\b/g, "DOUBLE PRECISION")
    .replace(/\) STRICT$/, ")")

/** A schema with the table that records its version. */
export interface Schema {
  readonly record: "migrations" | "figure_migrations"
  readonly steps: ReadonlyArray<ReadonlyArray<MigrationStatement>>
}
export const STORE_SCHEMA: Schema = { record: "migrations", steps: MIGRATIONS }
export const FIGURE_SCHEMA: Schema = { record: "figure_migrations", steps: FIGURE_MIGRATIONS }

/** The statements of versions `from` + 1 to `to`. */
export const migrationStatements = (
  dialect: Dialect,
  from: number,
  to: number,
  steps = MIGRATIONS,
): ReadonlyArray<string> =>
  steps
    .slice(from, to)
    .flat()
    .map((statement) =>
      typeof statement !== "string" ? statement[dialect] : dialect === "pg" ? toPostgres(statement) : statement,
    )

/** A file of a newer version of the product: reading it could lose what this version does not know. */
export class NewerSchema extends Error {
  constructor(found: number, newest: number) {
    super(
      `it was written by a newer version of this software (schema ${found}, this one knows ${newest}); install that version here as well, or bring back a copy from before its first start`,
    )
  }
}

/** What `migrate` tells before it changes an existing store: the version that it has and the one it will have. */
export type BeforeMigration = (from: number, to: number) => Effect.Effect<void>

/** Brings a schema to its newest version. Fails with `NewerSchema` when the store is ahead of this software. */
export const migrate = (before: BeforeMigration, { record, steps }: Schema = STORE_SCHEMA) =>
  Effect.gen(function* () {
    const sql = yield* Client.SqlClient
    const dialect = sql.onDialectOrElse({ pg: (): Dialect => "pg", orElse: (): Dialect => "sqlite" })
    const own = `CREATE TABLE IF NOT EXISTS ${record} (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT`
    yield* sql.unsafe(dialect === "pg" ? toPostgres(own) : own)
    const rows = yield* sql<{ version: number | null }>`SELECT max(version) AS version FROM ${sql(record)}`
    const current = rows[0]?.version ?? 0
    const newest = steps.length
    if (current > newest) return yield* Effect.fail(new NewerSchema(current, newest))
    if (current > 0 && current < newest) yield* before(current, newest)
    for (let version = current; version < newest; version++) {
      const statements = migrationStatements(dialect, version, version + 1, steps)
      const step = Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
      yield* sql.withTransaction(
        Effect.zipRight(step, sql`INSERT INTO ${sql(record)} (version) VALUES (${version + 1})`),
      )
    }
  })
