/**
 * An @effect/sql client over `node:sqlite`, which is part of Bun, Deno and Node.
 *
 * One connection; statements run synchronously (they take well under a millisecond, but for the fsync of a commit). A
 * semaphore keeps a transaction's connection to itself.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as Client from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { Effect, Layer, Scope, Stream } from "effect"

export interface SqliteOptions {
  readonly file: string
  /** How long a statement waits for another process that holds the file, in ms. */
  readonly busyTimeoutMs?: number
  /**
   * False for a file whose last commits may be lost by a power cut, though never by a killed process: commits do not
   * wait for the disk.
   */
  readonly durable?: boolean
}

const failure = (cause: unknown) =>
  new SqlError({ cause, message: cause instanceof Error ? cause.message : String(cause) })

/** A commit that fails (disk full, I/O error) may leave the transaction open; the next one must find none. */
const rollbackLeftover = (db: DatabaseSync, sql: string) => {
  if (sql !== "COMMIT" || !db.isTransaction) return
  try {
    db.exec("ROLLBACK")
  } catch {
    // SQLite has rolled back by itself.
  }
}

const makeConnection = (db: DatabaseSync): Connection => {
  const attempt = <A>(sql: string, run: () => A) =>
    Effect.try({
      try: run,
      catch: (cause) => {
        rollbackLeftover(db, sql)
        return failure(cause)
      },
    })
  const all = (sql: string, params: ReadonlyArray<unknown>) =>
    attempt(
      sql,
      () => db.prepare(sql).all(...(params as Array<SQLInputValue>)) as ReadonlyArray<Record<string, unknown>>,
    )
  /** SQLite rolls back by itself on a full disk; the ROLLBACK that follows must not hide why. */
  const isDone = (sql: string) => sql === "ROLLBACK" && !db.isTransaction
  const execute: Connection["execute"] = (sql, params, transformRows) =>
    isDone(sql)
      ? Effect.succeed([])
      : transformRows === undefined
        ? all(sql, params)
        : Effect.map(all(sql, params), (rows) => transformRows(rows))
  return {
    execute,
    executeRaw: all,
    executeValues: (sql, params) => Effect.map(all(sql, params), (rows) => rows.map((row) => Object.values(row))),
    executeUnprepared: execute,
    executeStream: () => Stream.dieMessage("streams of rows are not supported"),
  }
}

const make = (options: SqliteOptions) =>
  Effect.gen(function* () {
    const db = yield* Effect.acquireRelease(
      Effect.try({ try: () => new DatabaseSync(options.file), catch: failure }),
      (handle) => Effect.sync(() => handle.close()),
    )
    yield* Effect.try({
      try: () => {
        db.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? 3000}`)
        db.exec("PRAGMA journal_mode = WAL")
        // FULL syncs the log at each commit: an acknowledged change survives a power cut, not only a killed process.
        db.exec(`PRAGMA synchronous = ${options.durable === false ? "NORMAL" : "FULL"}`)
        db.exec("PRAGMA foreign_keys = ON")
      },
      catch: failure,
    })
    const connection = makeConnection(db)
    const semaphore = yield* Effect.makeSemaphore(1)
    const acquirer = semaphore.withPermits(1)(Effect.succeed(connection))
    const transactionAcquirer = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(semaphore.take(1))
        yield* Scope.addFinalizer(yield* Effect.scope, semaphore.release(1))
        return connection
      }),
    )
    return yield* Client.make({
      acquirer,
      transactionAcquirer,
      compiler: Statement.makeCompilerSqlite(),
      spanAttributes: [["db.system.name", "sqlite"]],
      // Takes the write lock at once: a reader that upgrades later could fail with SQLITE_BUSY in the middle.
      beginTransaction: "BEGIN IMMEDIATE",
    })
  })

/** A SQL client for one SQLite file, closed with the layer. */
export const layer = (options: SqliteOptions): Layer.Layer<Client.SqlClient, SqlError> =>
  Layer.scoped(Client.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))
