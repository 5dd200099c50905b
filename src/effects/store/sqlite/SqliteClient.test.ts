import { join } from "node:path"
import * as Client from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { temporaryDirectory } from "../../testing/temporary-directory.ts"
import * as SqliteClient from "./SqliteClient.ts"

const withClient = <A, E>(use: (sql: Client.SqlClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.scoped(
      Effect.provide(Effect.flatMap(Client.SqlClient, use), SqliteClient.layer({ file: join(directory, "x.db") })),
    ),
  )
const count = (sql: Client.SqlClient) =>
  Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM t`, (rows) => rows[0]?.n)

describe("SqliteClient", () => {
  it.scoped("syncs every commit to disk, in WAL mode, with foreign keys", () =>
    withClient((sql) =>
      Effect.gen(function* () {
        assert.deepStrictEqual({ ...(yield* sql`PRAGMA journal_mode`)[0] }, { journal_mode: "wal" })
        assert.deepStrictEqual({ ...(yield* sql`PRAGMA synchronous`)[0] }, { synchronous: 2 })
        assert.deepStrictEqual({ ...(yield* sql`PRAGMA foreign_keys`)[0] }, { foreign_keys: 1 })
      }),
    ),
  )

  it.scoped("rolls a failed transaction back", () =>
    withClient((sql) =>
      Effect.gen(function* () {
        yield* sql`CREATE TABLE t (a INTEGER PRIMARY KEY)`
        const failing = Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.fail("no"))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(sql.withTransaction(failing))))
        assert.strictEqual(yield* count(sql), 0)
      }),
    ),
  )

  it.scoped("leaves no transaction behind when the commit itself fails", () =>
    withClient((sql) =>
      Effect.gen(function* () {
        yield* sql`CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)`
        const exit = yield* Effect.exit(sql.withTransaction(sql`INSERT INTO t VALUES (1, 99)`))
        assert.isTrue(Exit.isFailure(exit))
        yield* sql.withTransaction(sql`INSERT INTO t VALUES (2, NULL)`)
        assert.strictEqual(yield* count(sql), 1)
      }),
    ),
  )

  it.scoped("keeps statements of other fibers out of a transaction", () =>
    withClient((sql) =>
      Effect.gen(function* () {
        yield* sql`CREATE TABLE t (a INTEGER PRIMARY KEY)`
        const first = sql.withTransaction(
          Effect.zipRight(
            Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.repeatN(Effect.yieldNow(), 50)),
            Effect.fail("undo"),
          ),
        )
        yield* Effect.all([Effect.ignore(first), sql`INSERT INTO t VALUES (2)`], { concurrency: "unbounded" })
        assert.strictEqual(yield* count(sql), 1)
      }),
    ),
  )
})
