import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Client from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Redacted, Schedule } from "effect"
import { afterAll, beforeAll } from "vitest"
import { timingOf } from "../../../core/placement/timing.ts"
import { channelConfig, outputConfig } from "../../testing/configs.ts"
import { executePostgres, type PostgresServer, startPostgres } from "../../testing/postgres.ts"
import { startPostgresLink } from "../../testing/postgres-link.ts"
import { keyFileOf } from "../../testing/store-at.ts"
import { using } from "../../testing/stores.ts"
import { layerPostgres } from "../Store.ts"
import { MIGRATIONS } from "../sqlite/migrations.ts"
import { layer } from "./PostgresClient.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.end()
})
const database = Effect.promise(() => server.createDatabase())
const KEY_FILE = join(tmpdir(), "distributor-unused.key")
const open = (url: string, node?: string) =>
  Effect.scoped(
    Layer.build(
      layerPostgres(
        Redacted.make(url),
        node === undefined ? KEY_FILE : keyFileOf(url),
        undefined,
        undefined,
        node === undefined ? null : { name: node, timing: timingOf(6, 8) },
      ),
    ),
  )
const refusal = (url: string, node?: string) => Effect.map(Effect.flip(open(url, node)), (e) => e.message)
const withClient = <A, E>(url: string, use: (sql: Client.SqlClient) => Effect.Effect<A, E>) =>
  Effect.scoped(
    Effect.provide(Effect.flatMap(Client.SqlClient, use), layer({ url: Redacted.make(url), lockWaitMs: 100 })),
  )

describe("a store in PostgreSQL", () => {
  it.live("says why when the server is gone, and works on when it is back, with all that was stored", () =>
    Effect.flatMap(database, (url) =>
      using(url, (store) =>
        Effect.gen(function* () {
          yield* store.insertChannel(channelConfig())
          yield* Effect.promise(server.kill)
          const error = yield* Effect.flip(store.setShouldRun("ch-1", true))
          assert.strictEqual(error._tag, "StoreError")
          assert.match(error.message, /failed to store the channel's state: .*(refused|terminat)/i)
          assert.notInclude(error.message, "pa55")
          assert.isFalse(yield* store.ok)
          const problem = (yield* store.problem) ?? ""
          assert.match(
            problem,
            /^the configuration store postgres:\/\/tester@127.*does not answer \(.*refused.*\): streams go on as they are/i,
          )
          assert.notInclude(problem, "pa55")
          yield* Effect.promise(server.start)
          yield* Effect.retry(
            store.setShouldRun("ch-1", true),
            Schedule.addDelay(Schedule.recurs(20), () => "100 millis"),
          )
          assert.deepInclude((yield* store.load)[0], { id: "ch-1", should_run: true })
          assert.isTrue(yield* store.ok)
        }),
      ),
    ),
  )

  it.live.each([
    ["answer", true],
    ["commit", false],
  ] as const)(
    "says that a change may have been stored when the connection is lost at its COMMIT (lost: %s)",
    ([lost, isStored]) =>
      Effect.gen(function* () {
        const link = yield* Effect.acquireRelease(
          Effect.flatMap(database, (url) => Effect.promise(() => startPostgresLink(url))),
          ({ close }) => Effect.sync(close),
        )
        yield* using(link.url, (store) =>
          Effect.gen(function* () {
            yield* store.insertChannel(channelConfig({ outputs: [] }))
            link.lose("Trapped", lost)
            const error = yield* Effect.flip(store.insertOutput("ch-1", outputConfig({ name: "Trapped" })))
            assert.strictEqual(link.sprung(), 1)
            assert.strictEqual(error.outcome, "unknown")
            assert.match(
              error.message,
              /^the configuration store was to store the output and did not say .*It may have been stored: read it/,
            )
            assert.notInclude(error.message, "pa55")
            const loaded = yield* Effect.retry(
              store.load,
              Schedule.addDelay(Schedule.recurs(20), () => "100 millis"),
            )
            assert.strictEqual(loaded[0]?.outputs.length, isStored ? 1 : 0)
            // What fails before its COMMIT is known to have failed.
            const known = yield* Effect.flip(store.insertChannel(channelConfig()))
            assert.isUndefined(known.outcome)
          }),
        )
      }).pipe(Effect.scoped),
  )

  it.live("is refused to a second service, in the first one's time only", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* using(url, () =>
        Effect.map(refusal(url), (message) => {
          assert.match(
            message,
            /^the store postgres:\/\/tester@127\.0\.0\.1:\d+\/store_\d+ cannot be used: another distributor uses this database/,
          )
        }),
      )
      assert.deepStrictEqual(yield* using(url, (store) => store.load), [])
    }),
  )

  it.live("is there for another node while a service without NODES waits for it in vain", () =>
    Effect.flatMap(database, (url) => {
      const connected = (options: { readonly lockWaitMs: number; readonly shared: boolean }) =>
        Layer.build(layer({ url: Redacted.make(url), ...options }))
      const asking = Effect.map(
        Effect.promise(() => executePostgres(url, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%advisory%'")),
        (rows) => rows.length,
      )
      return Effect.scoped(
        Effect.gen(function* () {
          yield* connected({ shared: true, lockWaitMs: 500 })
          const before = yield* asking
          const alone = yield* Effect.fork(Effect.flip(Effect.scoped(connected({ shared: false, lockWaitMs: 3000 }))))
          yield* Effect.repeat(asking, { until: (now) => now > before })
          yield* connected({ shared: true, lockWaitMs: 1000 })
          assert.match(String((yield* Fiber.join(alone)).message), /another distributor uses this database/)
        }),
      )
    }),
  )

  it.live("keeps its schema while a node runs whose version does not work together with this one", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* using(url, () => Effect.void)
      const run = (statement: string) => Effect.promise(() => executePostgres(url, statement))
      // A step of the schema is due, which would fail on what is there: whoever tries it is told so.
      const newest = MIGRATIONS.length
      yield* run(`DELETE FROM migrations WHERE version = ${newest}`)
      yield* run(`INSERT INTO nodes (name, address, labels, capacity, standing, instance, boot, version, protocol, beat_ms)
        VALUES ('a', 'http://127.0.0.1:1', '{}', 64, 'up', 'i', 'b', '9.9.9', 99,
          extract(epoch FROM clock_timestamp()) * 1000)`)
      assert.match(
        yield* refusal(url, "b"),
        /^NODES: node "a" \(version 9\.9\.9\) does not work together with this version \(.*\); end all nodes, install one version on all/,
      )
      yield* run(`INSERT INTO migrations (version) VALUES (${newest})`)
      // The node itself, upgraded; and anybody once it has ended.
      yield* open(url, "a")
      yield* run("UPDATE nodes SET standing = 'left'")
      yield* open(url, "b")
    }),
  )

  it.live(
    "cannot be opened with a wrong password, or when there is no database or server, and no message has the password",
    () =>
      Effect.gen(function* () {
        const url = yield* database
        const messages = [
          [url.replace("pa55", "wr0ng"), "password authentication failed"],
          [url.replace(/[^/]+$/, "missing"), 'database "missing" does not exist'],
          [url.replace(/:\d+\//, ":1/"), "ECONNREFUSED"],
        ] as const
        for (const [wrong, expected] of messages) {
          const message = yield* refusal(wrong)
          assert.include(message, expected)
          assert.notMatch(message, /pa55|wr0ng/)
        }
      }),
  )

  it.live("takes every text", () =>
    Effect.flatMap(database, (url) =>
      using(url, (store) =>
        Effect.gen(function* () {
          yield* store.insertChannel(
            channelConfig({ name: "a\0b 'é' \\ 🎬", outputs: [outputConfig({ name: "\ud800" })] }),
          )
          const [channel] = yield* store.load
          assert.deepStrictEqual([channel?.name, channel?.outputs[0]?.name], ["a\ufffdb 'é' \\ 🎬", "\ufffd"])
          const event = {
            channelId: "ch-1",
            at: 1,
            kind: "started",
            severity: "info",
            message: "\0\ud800 \\u0000 ok",
          } as const
          yield* store.appendEvents([event])
          assert.strictEqual((yield* store.events("ch-1", { limit: 1 }))[0]?.message, "\ufffd\ufffd \\u0000 ok")
        }),
      ),
    ),
  )
})

describe("PostgresClient", () => {
  it.live("rolls a failed transaction back, and one whose connection is lost in the middle, and goes on", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* withClient(url, (sql) =>
        Effect.gen(function* () {
          yield* sql`CREATE TABLE t (a BIGINT)`
          const count = Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM t`, (rows) => rows[0]?.n)
          yield* Effect.flip(sql.withTransaction(Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.fail("no"))))
          assert.strictEqual(yield* count, 0)
          const others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'distributor'"
          const lost = Effect.zipRight(
            sql`INSERT INTO t VALUES (1)`,
            Effect.promise(() => executePostgres(url, others)),
          )
          assert.isTrue(Exit.isFailure(yield* Effect.exit(sql.withTransaction(lost))))
          yield* sql.withTransaction(sql`INSERT INTO t VALUES (2)`)
          assert.strictEqual(yield* count, 1)
        }),
      )
    }),
  )

  it.live("does not take a COMMIT for done that PostgreSQL answers with a ROLLBACK", () =>
    Effect.flatMap(database, (url) =>
      withClient(url, (sql) =>
        Effect.gen(function* () {
          yield* sql`CREATE TABLE t (a BIGINT PRIMARY KEY)`
          const swallowed = Effect.ignore(Effect.zipRight(sql`INSERT INTO t VALUES (1)`, sql`INSERT INTO t VALUES (1)`))
          assert.isTrue(Exit.isFailure(yield* Effect.exit(sql.withTransaction(swallowed))))
          assert.deepStrictEqual(yield* sql`SELECT * FROM t`, [])
        }),
      ),
    ),
  )

  it.live("keeps statements of other fibers out of a transaction", () =>
    Effect.flatMap(database, (url) =>
      withClient(url, (sql) =>
        Effect.gen(function* () {
          yield* sql`CREATE TABLE t (a BIGINT)`
          const first = sql.withTransaction(
            Effect.zipRight(
              Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.repeatN(Effect.yieldNow(), 50)),
              Effect.fail("undo"),
            ),
          )
          yield* Effect.all([Effect.ignore(first), sql`INSERT INTO t VALUES (2)`], { concurrency: "unbounded" })
          assert.deepStrictEqual(yield* sql<{ a: number }>`SELECT a FROM t`, [{ a: 2 }])
        }),
      ),
    ),
  )

  it.live("lets go of a transaction that is interrupted", () =>
    Effect.flatMap(database, (url) =>
      withClient(url, (sql) =>
        Effect.gen(function* () {
          yield* sql`CREATE TABLE t (a BIGINT)`
          const hanging = sql.withTransaction(Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.never))
          assert.strictEqual((yield* Effect.timeoutOption(hanging, "50 millis"))._tag, "None")
          assert.deepStrictEqual(yield* sql`SELECT * FROM t`, [])
        }),
      ),
    ),
  )
})
