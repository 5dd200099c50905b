import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fresh, news } from "../testing/supervised.ts"

describe("the support bundle", () => {
  it.scoped("has the figures of the channels that there are, not of those that there were at the start", () =>
    Effect.gen(function* () {
      const { plane } = yield* fresh
      const shown = Effect.map(plane.support.files, (files) => {
        const figures = files.find(({ name }) => name.startsWith("figures.json"))
        return JSON.parse(figures?.text ?? "null").map(({ channel }: { readonly channel: string }) => channel)
      })
      assert.deepStrictEqual(yield* shown, [])
      yield* plane.channels.create(news)
      assert.deepStrictEqual(yield* shown, ["news"])
    }),
  )
})
