/** Runs the store tests on both databases. */
import { mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, type Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { StartRefused } from "../model/Errors.ts"
import type { CueBounds } from "../store/cue-rows.ts"
import type { EventBounds } from "../store/event-rows.ts"
import { Store, type StoreService } from "../store/Store.ts"
import { type Dialect, migrationStatements } from "../store/sqlite/migrations.ts"
import { executePostgres, type PostgresServer, startPostgres } from "./postgres.ts"
import { storeAt } from "./store-at.ts"

/** Opens the store, uses it and closes it: each call is a restart of the service. */
export const using = <A, E>(
  place: string,
  use: (store: StoreService) => Effect.Effect<A, E>,
  bounds?: EventBounds,
  cueBounds?: CueBounds,
): Effect.Effect<A, E | StartRefused> =>
  Effect.scoped(Effect.provide(Effect.flatMap(Store, use), storeAt(place, bounds, cueBounds)))

/** Runs statements beside the store. */
export const execute = (place: string, statements: string): Effect.Effect<void> =>
  place.startsWith("postgres:")
    ? Effect.promise(() => executePostgres(place, statements))
    : Effect.sync(() => {
        mkdirSync(dirname(place), { recursive: true })
        const db = new DatabaseSync(place)
        db.exec(statements)
        db.close()
      })

const dialectOf = (place: string): Dialect => (place.startsWith("postgres:") ? "pg" : "sqlite")

/** An empty database as version `version` of the schema left it. */
export const oldSchema = (place: string, version: number): Effect.Effect<void> => {
  const versions = Array.from({ length: version }, (_, n) => `(${n + 1})`)
  return execute(
    place,
    `CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
     ${migrationStatements(dialectOf(place), 0, version).join(";")};
     INSERT INTO migrations (version) VALUES ${versions.join(", ")}`,
  )
}

/** Fails inserts into a table as a full disk does. `when` is a condition on the row `NEW`. */
export const failInserts = (place: string, table: string, when: string): Effect.Effect<void> =>
  execute(
    place,
    dialectOf(place) === "sqlite"
      ? // On a full disk SQLite rolls the whole transaction back by itself.
        `CREATE TRIGGER full_disk BEFORE INSERT ON ${table} WHEN ${when} BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`
      : `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'database or disk is full' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION full_disk()`,
  )
export const allowInserts = (place: string, table: string): Effect.Effect<void> =>
  execute(
    place,
    dialectOf(place) === "sqlite"
      ? "DROP TRIGGER full_disk"
      : `DROP TRIGGER full_disk ON ${table}; DROP FUNCTION full_disk`,
  )

export type Database = "SQLite" | "PostgreSQL"
export const DATABASES: ReadonlyArray<Database> = ["SQLite", "PostgreSQL"]

/** To be called in a `describe`: the server runs as long as its tests. Gives the place of a new store. */
export const places = (database: Database, directory: Effect.Effect<string, never, Scope.Scope>) => {
  if (database === "SQLite") return Effect.map(directory, (path) => join(path, "store", "distributor.db"))
  let server: PostgresServer | null = null
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    await server?.end()
  })
  return Effect.promise(async () => {
    if (server === null) throw new Error("the server has not been started")
    return await server.createDatabase()
  })
}
