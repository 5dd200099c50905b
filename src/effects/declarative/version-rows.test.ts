import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { DATABASES, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { MAX_VERSIONS, makeVersionRows, type NewVersion } from "./version-rows.ts"

const version = (n: number): NewVersion => ({
  at: "2026-01-02T03:04:05.000Z",
  by: "192.0.2.7 (with the API key)",
  what: `change ${n}`,
  document: JSON.stringify({ n, name: "Ü 'x' \\ \n" }),
  running: '["news"]',
})

describe.each(DATABASES)("versions of the configuration in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("are stored with the changes that they describe, and come back as they were", () =>
    Effect.gen(function* () {
      const place = yield* file
      const applied = { path: "/srv/channels.yaml", sha256: "0f", at: "2026-01-02T03:04:05.000Z" }
      const channel = channelConfig({ id: "a", slug: "a" })
      const done = yield* using(place, (store) =>
        Effect.gen(function* () {
          yield* store.insertChannel(channelConfig({ outputs: [outputConfig({ id: "out-0" })] }))
          return yield* makeVersionRows(store).apply(
            [
              { op: "delete_channel", id: "ch-1" },
              { op: "insert_channel", channel },
              { op: "insert_output", channelId: "a", output: outputConfig({ id: "out-2", slug: "b", number: 2 }) },
              { op: "update_output", output: outputConfig({ name: "Renamed" }) },
              { op: "delete_output", id: "out-2" },
            ],
            [version(1), version(2)],
            applied,
          )
        }),
      )
      assert.deepStrictEqual([[...done.numbers], done.version], [[["a", 2]], 2])
      yield* using(place, (store) =>
        Effect.gen(function* () {
          const outputs = [outputConfig({ name: "Renamed" })]
          assert.deepStrictEqual(yield* store.load, [{ ...channel, number: 2, last_output_number: 2, outputs }])
          assert.deepStrictEqual(
            (yield* makeVersionRows(store).list).map(({ version, what }) => [version, what]),
            [
              [2, "change 2"],
              [1, "change 1"],
            ],
          )
          assert.deepStrictEqual(yield* makeVersionRows(store).find(1), { version: 1, ...version(1) })
          assert.strictEqual((yield* makeVersionRows(store).find(null))?.version, 2)
          assert.isNull(yield* makeVersionRows(store).find(3))
          assert.strictEqual(yield* makeVersionRows(store).fileHash(applied.path), "0f")
          assert.isNull(yield* makeVersionRows(store).fileHash("/other"))
          yield* makeVersionRows(store).apply([], [], { ...applied, sha256: "1f" })
          assert.strictEqual(yield* makeVersionRows(store).fileHash(applied.path), "1f")
        }),
      )
    }),
  )

  it.scoped("are not stored when one change of theirs fails", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          const twice = [
            channelConfig({ id: "a", slug: "a", outputs: [] }),
            channelConfig({ id: "b", slug: "a", outputs: [] }),
          ]
          const changes = twice.map((channel) => ({ op: "insert_channel", channel }) as const)
          const error = yield* Effect.flip(makeVersionRows(store).apply(changes, [version(1)], null))
          assert.match(error.message, /failed to store the configuration: .*unique/i)
          assert.deepStrictEqual([yield* store.load, yield* makeVersionRows(store).list], [[], []])
        }),
      )
    }),
  )

  it.scoped(`are the last ${MAX_VERSIONS}, and no number is given twice`, () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* makeVersionRows(store).apply(
            [],
            Array.from({ length: MAX_VERSIONS + 3 }, (_, n) => version(n + 1)),
            null,
          )
          const kept = yield* makeVersionRows(store).list
          assert.deepStrictEqual(
            [kept.length, kept[0]?.version, kept.at(-1)?.version],
            [MAX_VERSIONS, MAX_VERSIONS + 3, 4],
          )
        }),
      )
    }),
  )
})
