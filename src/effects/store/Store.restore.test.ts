import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { DATABASES, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

const wanted = channelConfig({
  id: "a",
  slug: "a",
  outputs: [outputConfig({ id: "a-1" }), outputConfig({ id: "a-2", slug: "b", number: 2 })],
})

describe.each(DATABASES)("a channel that comes back in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("has its number, its outputs and the highest number that one of them had", () =>
    Effect.gen(function* () {
      const path = yield* file
      const numbers = yield* using(path, (store) =>
        Effect.gen(function* () {
          yield* store.insertChannel(wanted)
          yield* store.insertOutputs("a", [
            outputConfig({ id: "x", slug: "x", number: 3 }),
            outputConfig({ id: "y", slug: "y", number: 7 }),
          ])
          yield* store.deleteOutput("y")
          const [before] = yield* store.load
          assert(before !== undefined)
          yield* store.deleteChannel("a")
          const other = yield* store.insertChannel(channelConfig({ id: "b", slug: "b2", rtp_port: 6000 }))
          yield* store.restoreChannel(before)
          assert.deepStrictEqual(
            (yield* store.load).find(({ id }) => id === "a"),
            before,
          )
          assert.strictEqual(before.last_output_number, 7)
          return [before.number, other.number]
        }),
      )
      const loaded = yield* using(path, (store) => store.load)
      assert.deepStrictEqual(
        loaded.map(({ id, number }) => [id, number]),
        [
          ["a", numbers[0]],
          ["b", numbers[1]],
        ],
      )
    }),
  )

  it.scoped("comes whole or not at all, as many outputs do", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) =>
        Effect.gen(function* () {
          const config = yield* store.insertChannel(wanted)
          const twice = [
            outputConfig({ id: "x", slug: "x", number: 3 }),
            outputConfig({ id: "z", slug: "x", number: 4 }),
          ]
          assert.strictEqual((yield* Effect.flip(store.insertOutputs("a", twice)))._tag, "StoreError")
          yield* store.deleteChannel("a")
          assert.strictEqual(
            (yield* Effect.flip(store.restoreChannel({ ...config, outputs: twice })))._tag,
            "StoreError",
          )
          assert.deepStrictEqual(yield* store.load, [])
        }),
      )
    }),
  )
})
