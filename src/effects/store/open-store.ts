/** Opens the database of the store, looks whether it can be used, and brings its schema to the newest version. */
import { mkdirSync, renameSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import * as Client from "@effect/sql/SqlClient"
import { Effect, Layer, Redacted } from "effect"
import { startOf } from "../../engine/protocol/old-machine.ts"
import type { NodeSettings } from "../config/node-settings.ts"
import { StartRefused } from "../model/Errors.ts"
import { checkOtherNodes } from "./postgres/other-nodes.ts"
import * as PostgresClient from "./postgres/PostgresClient.ts"
import { preparePrivateDatabase } from "./private-files.ts"
import { copiesOf } from "./sqlite/copies.ts"
import { FIGURE_SCHEMA, migrate } from "./sqlite/migrations.ts"
import * as SqliteClient from "./sqlite/SqliteClient.ts"

/** SqlError hides the database's own sentence behind "Failed to ..."; operators need the sentence. */
export const rootOf = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error

export const refuseStore = (name: string) => (error: unknown) => {
  const root = rootOf(error)
  return new StartRefused({
    reason: `the store ${name} cannot be used: ${root instanceof Error ? root.message : String(root)}`,
  })
}

/** A URL of PostgreSQL without its password and options, for people. */
export const nameOf = (url: Redacted.Redacted): string => {
  const { host, pathname, protocol, username } = new URL(Redacted.value(url))
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`
}

/** A damaged file must never look like an empty one: everything is read once, before anything is written. */
const checkIntegrity = Effect.gen(function* () {
  const sql = yield* Client.SqlClient
  const rows = yield* sql<{ integrity_check: string }>`PRAGMA integrity_check(5)`
  const found = rows.map((row) => row.integrity_check).filter((line) => line !== "ok")
  if (found.length > 0) return yield* Effect.fail(new Error(`it is damaged: ${found.join("; ")}`))
})

/** @param backups directory of the copies that are made of it; null for none */
/** Events, cues and the audit log number their rows anew only in a new store, and on an old machine from just before 2^32. */
const startRowsOld = Effect.gen(function* () {
  const first = startOf("numbers", 0)
  if (first === 0) return
  const sql = yield* Client.SqlClient
  for (const table of ["channel_events", "cues", "audit"])
    yield* sql`INSERT INTO sqlite_sequence (name, seq) SELECT ${table}, ${first}
      WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ${table})`
})

export const openSqlite = (file: string, backups: string | null): Layer.Layer<Client.SqlClient, StartRefused> => {
  const refuse = refuseStore(file)
  const place = Effect.try({
    try: () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      preparePrivateDatabase(file)
    },
    catch: refuse,
  })
  const prepared = Layer.scopedDiscard(
    Effect.gen(function* () {
      yield* checkIntegrity
      const copies = backups === null ? null : copiesOf(yield* Client.SqlClient, backups)
      yield* migrate(copies === null ? () => Effect.void : copies.beforeMigration)
      yield* startRowsOld
      if (copies !== null) yield* Effect.forkScoped(copies.daily)
    }).pipe(Effect.mapError(refuse)),
  )
  const client = SqliteClient.layer({ file }).pipe(Layer.mapError(refuse))
  return Layer.unwrapEffect(Effect.as(place, Layer.provideMerge(prepared, client)))
}

/** The file of the figures beside the store's. */
export const figuresFileOf = (file: string): string => `${file.replace(/\.db$/, "")}-figures.db`

/** Puts a file that cannot be used where nobody looks for it, and tells why. */
const setAside = (file: string, why: string) =>
  Effect.zipRight(
    Effect.logWarning(
      `the figures in ${file} cannot be used (${why}): it is kept as ${file}.damaged, and figures begin anew`,
    ),
    Effect.ignore(
      Effect.try(() => {
        renameSync(file, `${file}.damaged`)
        // The log belongs to the file that is gone.
        for (const beside of ["-wal", "-shm"]) rmSync(`${file}${beside}`, { force: true })
      }),
    ),
  )

/**
 * Opens the file of the figures beside a store. It keeps no channel off air: one that cannot be used is put aside, and
 * where none can be made, figures are kept in memory.
 */
export const openFigures = (storeFile: string): Layer.Layer<Client.SqlClient> => {
  const file = figuresFileOf(storeFile)
  const opened = (place: string) => {
    const prepared = Layer.effectDiscard(migrate(() => Effect.void, FIGURE_SCHEMA))
    return Layer.provideMerge(prepared, SqliteClient.layer({ file: place, durable: false }))
  }
  // Made anew for each attempt: a layer that has failed once is not built again.
  const here = () =>
    Layer.unwrapEffect(
      Effect.as(
        Effect.try(() => preparePrivateDatabase(file)),
        opened(file),
      ),
    )
  const reason = (error: unknown) => {
    const root = rootOf(error)
    return root instanceof Error ? root.message : String(root)
  }
  const inMemory = (error: unknown) =>
    Layer.unwrapEffect(
      Effect.as(
        Effect.logWarning(`figures are kept in memory alone, until the next restart: ${file}: ${reason(error)}`),
        Layer.orDie(opened(":memory:")),
      ),
    )
  return here().pipe(
    Layer.catchAll((error) => Layer.unwrapEffect(Effect.as(setAside(file, reason(error)), here()))),
    Layer.catchAll(inMemory),
  )
}

/** The number of the lock under which one node at a time brings the schema up to date. */
const MIGRATION_LOCK = Number("0x64697376")

/** @param node what a node is called and how long it may be silent; null for a service that has the database alone */
export const openPostgres = (
  url: Redacted.Redacted,
  node: Pick<NodeSettings, "name" | "timing"> | null,
): Layer.Layer<Client.SqlClient, StartRefused> => {
  const refuse = refuseStore(nameOf(url))
  const nothing = () => Effect.void
  const upToDate = Effect.zipRight(migrate(nothing), migrate(nothing, FIGURE_SCHEMA))
  // The connection has the lock by then: nobody else migrates at the same time, or one node after the other.
  const inTurn = (self: Pick<NodeSettings, "name" | "timing">) =>
    Effect.flatMap(Client.SqlClient, (sql) =>
      Effect.acquireUseRelease(
        sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`,
        () => Effect.zipRight(checkOtherNodes(sql, self), upToDate),
        () => Effect.ignore(sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`),
      ),
    )
  const prepared = Layer.effectDiscard(
    Effect.mapError(node === null ? upToDate : inTurn(node), (error) =>
      error instanceof StartRefused ? error : refuse(error),
    ),
  )
  const client = PostgresClient.layer({ url, shared: node !== null }).pipe(Layer.mapError(refuse))
  return Layer.provideMerge(prepared, client)
}
