import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, TestClock } from "effect"
import { channelConfig } from "../../testing/configs.ts"
import { settle } from "../../testing/FakeEngine.ts"
import { execute, oldSchema, using } from "../../testing/stores.ts"
import { temporaryDirectory } from "../../testing/temporary-directory.ts"
import { CUE_BOUNDS } from "../cue-rows.ts"
import { EVENT_BOUNDS } from "../event-rows.ts"
import { layerFile, Store, type StoreService } from "../Store.ts"
import { KEPT_COPIES } from "./copies.ts"
import { MIGRATIONS } from "./migrations.ts"

const bench = Effect.map(temporaryDirectory, (directory) => ({
  file: join(directory, "distributor.db"),
  backups: join(directory, "backups"),
}))
const withCopies = <A, E>(
  { backups, file }: { file: string; backups: string },
  use: (store: StoreService) => Effect.Effect<A, E>,
) => Effect.scoped(Effect.provide(Effect.flatMap(Store, use), layerFile(file, EVENT_BOUNDS, CUE_BOUNDS, backups)))
const copiesIn = (directory: string) => Effect.sync(() => (existsSync(directory) ? readdirSync(directory).sort() : []))

describe("copies of a SQLite file", () => {
  it.scoped("are made once a day while there are channels, whole, readable by their owner alone", () =>
    Effect.gen(function* () {
      const place = yield* bench
      yield* TestClock.setTime(Date.UTC(2026, 0, 2, 3, 4, 5))
      yield* withCopies(place, (store) =>
        Effect.gen(function* () {
          yield* settle
          assert.deepStrictEqual(yield* copiesIn(place.backups), [])
          yield* store.insertChannel(channelConfig())
          yield* TestClock.adjust("10 minutes")
          yield* settle
          const [name = "", ...more] = yield* copiesIn(place.backups)
          assert.deepStrictEqual([name, more], ["distributor-20260102T031405Z.db", []])
          const copy = join(place.backups, name)
          assert.strictEqual(statSync(copy).mode & 0o777, 0o600)
          assert.strictEqual(statSync(place.backups).mode & 0o777, 0o700)
          // Its secrets are encrypted with the key of the store, which is not copied.
          const opened = layerFile(copy, EVENT_BOUNDS, CUE_BOUNDS, null, join(dirname(place.file), "secret.key"))
          const copied = Effect.scoped(
            Effect.provide(
              Effect.flatMap(Store, ({ load }) => load),
              opened,
            ),
          )
          assert.deepStrictEqual(yield* copied, [channelConfig()])
          const madeAt = Date.UTC(2026, 0, 2, 3, 14, 5) / 1000
          utimesSync(copy, madeAt, madeAt)
          yield* TestClock.adjust("23 hours")
          yield* settle
          assert.strictEqual((yield* copiesIn(place.backups)).filter((n) => n.endsWith("Z.db")).length, 1)
          yield* TestClock.adjust("1 hours")
          yield* settle
          assert.include(yield* copiesIn(place.backups), "distributor-20260103T031405Z.db")
        }),
      )
    }),
  )

  it.scoped(`are the last ${KEPT_COPIES}; other files of the directory are left alone`, () =>
    Effect.gen(function* () {
      const place = yield* bench
      yield* using(place.file, (store) => store.insertChannel(channelConfig()))
      mkdirSync(place.backups)
      const old = Array.from({ length: 9 }, (_, n) => `distributor-2025010${n + 1}T000000Z.db`)
      for (const name of [...old, "mine.db"]) {
        writeFileSync(join(place.backups, name), "")
        utimesSync(join(place.backups, name), 0, 0)
      }
      yield* TestClock.setTime(Date.UTC(2026, 0, 2))
      yield* withCopies(place, () => settle)
      assert.deepStrictEqual(yield* copiesIn(place.backups), [
        ...old.slice(-6),
        "distributor-20260102T000000Z.db",
        "mine.db",
      ])
    }),
  )

  it.scoped("are made before the schema is changed, of what there was", () =>
    Effect.gen(function* () {
      const place = yield* bench
      yield* oldSchema(place.file, 6)
      const row = "'ch-1', 'news', 'News', '127.0.0.1', 5000, '{}', 0, 0, '2026-01-02T03:04:05.000Z'"
      const columns = "id, slug, name, rtp_ip, rtp_port, input, autostart, should_run, created_at"
      yield* execute(place.file, `INSERT INTO channels (number, ${columns}) VALUES (4, ${row})`)
      yield* withCopies(place, (store) =>
        Effect.gen(function* () {
          const second = yield* store.insertChannel(channelConfig({ id: "b", slug: "b", outputs: [] }))
          assert.strictEqual(second.number, 5)
        }),
      )
      const names = yield* copiesIn(place.backups)
      assert.match(names.join(), /^distributor-\d{8}T\d{6}Z-schema-6\.db$/)
      assert.isBelow(6, MIGRATIONS.length)
      const copied = yield* using(join(place.backups, names[0] ?? ""), (store) => store.load)
      assert.deepStrictEqual(
        copied.map(({ number }) => number),
        [4],
      )
    }),
  )

  it.scoped("that cannot be made are told of in one line, and hold nothing up", () =>
    Effect.gen(function* () {
      const place = yield* bench
      yield* using(place.file, (store) => store.insertChannel(channelConfig()))
      writeFileSync(place.backups, "a file where the directory should be")
      const lines: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void lines.push(String(message))),
      )
      const stored = yield* withCopies(place, (store) => Effect.zipRight(settle, store.load)).pipe(
        Effect.provide(logger),
      )
      assert.strictEqual(stored.length, 1)
      assert.match(lines.join("\n"), /^no copy of the store was made today: .*EEXIST/)
    }),
  )
})
