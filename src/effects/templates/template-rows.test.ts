import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelConfig } from "../testing/configs.ts"
import { DATABASES, oldSchema, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import type { Template } from "./template-model.ts"
import { makeTemplateRows, type TemplateRows } from "./template-rows.ts"

const template = (over: Partial<Template> = {}): Template => ({
  name: "cdn",
  output_name: null,
  url: "srt://{channel}.example.com:9000?passphrase=0123456789",
  stream_key: null,
  settings: {},
  preset: null,
  enabled: true,
  created_at: "2026-01-02T03:04:05.000Z",
  ...over,
})

const usingTemplates = <A, E>(path: string, use: (rows: TemplateRows) => Effect.Effect<A, E>) =>
  using(path, ({ access }) => use(makeTemplateRows(access)))

describe.each(DATABASES)("templates in %s", (database) => {
  const place = places(database, temporaryDirectory)

  it.scoped("are there again, changed and deleted, in a store of an earlier version too", () =>
    Effect.gen(function* () {
      const path = yield* place
      yield* oldSchema(path, 9)
      const full = template({
        name: "a",
        stream_key: "KEY",
        settings: { codecs: ["hevc"] },
        preset: "youtube",
        output_name: "A {name}",
      })
      yield* usingTemplates(path, (templates) => Effect.zipRight(templates.put(template()), templates.put(full)))
      assert.deepStrictEqual(yield* usingTemplates(path, (templates) => templates.list), [full, template()])
      yield* usingTemplates(path, (templates) => templates.put(template({ enabled: false })))
      yield* usingTemplates(path, (templates) => templates.delete("a"))
      assert.deepStrictEqual(yield* usingTemplates(path, (templates) => templates.list), [template({ enabled: false })])
    }),
  )

  it.scoped("know the number of the next channel", () =>
    Effect.gen(function* () {
      const path = yield* place
      assert.strictEqual(yield* using(path, (store) => store.nextChannelNumber), 1)
      const { number } = yield* using(path, (store) => store.insertChannel(channelConfig()))
      yield* using(path, (store) => store.deleteChannel("ch-1"))
      assert.strictEqual(yield* using(path, (store) => store.nextChannelNumber), number + 1)
    }),
  )
})
