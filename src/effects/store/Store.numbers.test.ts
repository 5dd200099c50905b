import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { DATABASES, execute, oldSchema, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

const channel = (id: string, port: number) =>
  channelConfig({
    id,
    slug: id,
    rtp_port: port,
    outputs: [outputConfig({ id: `${id}-1` }), outputConfig({ id: `${id}-2`, slug: "b", number: 2 })],
  })

describe.each(DATABASES)("a store in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("is new until there was a channel, and never again", () =>
    Effect.gen(function* () {
      const path = yield* file
      const isNew = () => using(path, (store) => store.isNew)
      assert.isTrue(yield* isNew())
      yield* using(path, (store) => store.insertChannels([channel("a", 5000), channel("b", 5001)]))
      assert.isFalse(yield* isNew())
      yield* using(path, (store) => Effect.zipRight(store.deleteChannel("a"), store.deleteChannel("b")))
      assert.deepStrictEqual(yield* using(path, (store) => store.load), [])
      assert.isFalse(yield* isNew())
    }),
  )

  it.scoped("takes many channels whole or not at all", () =>
    Effect.gen(function* () {
      const path = yield* file
      const twice = [channel("a", 5000), { ...channel("b", 5001), slug: "a" }]
      const failed = yield* Effect.flip(using(path, (store) => store.insertChannels(twice)))
      assert.strictEqual(failed._tag, "StoreError")
      assert.deepStrictEqual(yield* using(path, (store) => store.load), [])
      assert.isTrue(yield* using(path, (store) => store.isNew))
    }),
  )

  it.scoped("remembers the highest number of an output, also when that output is gone", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) =>
        store
          .insertChannel(channel("a", 5000))
          .pipe(
            Effect.zipRight(store.insertOutput("a", outputConfig({ id: "x", slug: "x", number: 7 }))),
            Effect.zipRight(store.deleteOutput("x")),
          ),
      )
      const [found] = yield* using(path, (store) => store.load)
      assert.deepStrictEqual([found?.last_output_number, found?.outputs.map(({ number }) => number)], [7, [1, 2]])
    }),
  )

  it.scoped("numbers the outputs that an older version stored, channel by channel in their order", () =>
    Effect.gen(function* () {
      const path = yield* file
      const row = (id: string) =>
        `('${id}', '${id}', '${id}', '127.0.0.1', 5000, '{}', 0, 0, '2026-01-02T03:04:05.000Z')`
      const output = (id: string, of: string) =>
        `('${id}', '${of}', '${id}', '${id}', 'udp', 'udp://192.0.2.1:1', 1, '2026-01-02T03:04:05.000Z')`
      yield* oldSchema(path, 4)
      yield* execute(
        path,
        `
        INSERT INTO channels (id, slug, name, rtp_ip, rtp_port, input, autostart, should_run, created_at) VALUES ${row("a")}, ${row("b")}, ${row("c")};
        INSERT INTO outputs (id, channel_id, slug, name, protocol, url, enabled, created_at)
          VALUES ${[output("a1", "a"), output("b1", "b"), output("gone", "a"), output("a2", "a"), output("b2", "b")].join(", ")};
        DELETE FROM outputs WHERE id = 'gone';`,
      )
      const found = yield* using(path, (store) => store.load)
      assert.deepStrictEqual(
        found.map(({ auto_run, last_output_number, outputs }) => [
          auto_run,
          last_output_number,
          outputs.map((o) => [o.id, o.number]),
        ]),
        [
          [
            "off",
            2,
            [
              ["a1", 1],
              ["a2", 2],
            ],
          ],
          [
            "off",
            2,
            [
              ["b1", 1],
              ["b2", 2],
            ],
          ],
          ["off", 0, []],
        ],
      )
    }),
  )
})
