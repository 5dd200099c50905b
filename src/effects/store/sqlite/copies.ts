/** Copies of the SQLite file: one a day and one before each change of the schema, of which the last ones are kept. */
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import type * as Client from "@effect/sql/SqlClient"
import { Clock, Effect } from "effect"
import type { BeforeMigration } from "./migrations.ts"

export const KEPT_COPIES = 7
const DAY_MS = 24 * 3600 * 1000
const LOOK_EVERY = "10 minutes"
const NAME = /^distributor-\d{8}T\d{6}Z(?:-schema-\d+)?\.db$/

/** `20260102T030405Z`: names sort by time. */
const stamp = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "")

/** Names of the copies in a directory, oldest first. */
const listCopies = (directory: string) =>
  readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()

export const copiesOf = (sql: Client.SqlClient, directory: string) => {
  const prepare = Effect.try(() => mkdirSync(directory, { recursive: true, mode: 0o700 }))

  /** Whole or not there: it gets its name when it is complete. The store waits meanwhile. */
  const copy = (suffix: string) =>
    Effect.gen(function* () {
      yield* prepare
      const name = `distributor-${stamp(yield* Clock.currentTimeMillis)}${suffix}.db`
      const partial = join(directory, "partial")
      yield* Effect.try(() => rmSync(partial, { force: true }))
      yield* sql`VACUUM INTO ${partial}`
      yield* Effect.try(() => {
        // It holds stream keys, as the store does.
        chmodSync(partial, 0o600)
        renameSync(partial, join(directory, name))
        for (const old of listCopies(directory).slice(0, -KEPT_COPIES)) rmSync(join(directory, old), { force: true })
      })
      return name
    })

  const due = Effect.gen(function* () {
    yield* prepare
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.try(() => {
      const newest = listCopies(directory).at(-1)
      return newest === undefined || now - statSync(join(directory, newest)).mtimeMs >= DAY_MS
    })
  })
  const isEmpty = Effect.map(sql`SELECT 1 FROM last_numbers WHERE number > 0`, (rows) => rows.length === 0)
  const warn = (what: string) => (error: unknown) =>
    Effect.logWarning(
      `no copy of the store was made ${what}: ${error instanceof Error ? causeOf(error) : String(error)}`,
    )

  const beforeMigration: BeforeMigration = (from) =>
    copy(`-schema-${from}`).pipe(
      Effect.flatMap((name) => Effect.log(`copied the store to ${join(directory, name)} before its schema is changed`)),
      Effect.catchAll(warn("before its schema is changed")),
    )
  const onceADay = Effect.gen(function* () {
    if ((yield* due) && !(yield* isEmpty)) yield* copy("")
  }).pipe(Effect.catchAll(warn("today")))
  return {
    /** Says so, and goes on, when there can be no copy: a full disk must not keep channels off air. */
    beforeMigration,
    /** Copies at once when the newest copy is a day old, unless there never was a channel. Never ends. */
    daily: Effect.forever(Effect.zipRight(onceADay, Effect.sleep(LOOK_EVERY))),
  }
}

const causeOf = (error: Error): string => (error.cause instanceof Error ? causeOf(error.cause) : error.message)
