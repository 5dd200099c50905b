/**
 * What lies on the disk: no secret, in no file of the store, also after it was written in plain by an earlier version.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { makeVersionRows } from "../declarative/version-rows.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { layerFile, Store, type StoreService } from "./Store.ts"

const SECRET = "planted-secret-4711"
const outputs = [
  outputConfig({
    id: "o1",
    url: `srt://192.0.2.1:9000?passphrase=${SECRET}`,
    stream_key: `key-${SECRET}`,
    settings: {
      s3_secret_access_key: `s3-${SECRET}`,
      backup_url: `srt://192.0.2.2:9000?passphrase=${SECRET}`,
    },
  }),
]
const channel = { ...channelConfig({ id: "c1", slug: "c1" }), outputs }
const version = {
  at: "2026-01-02T03:04:05.678Z",
  by: "192.0.2.7",
  what: "a test",
  document: `{"url":"${SECRET}"}`,
  running: "[]",
}

const use = <A, E>(directory: string, act: (store: StoreService) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.provide(Effect.flatMap(Store, act), layerFile(join(directory, "distributor.db"))))
const fill = (store: StoreService) =>
  Effect.zipRight(store.insertChannel(channel), makeVersionRows(store).apply([], [version], null))
const check = (store: StoreService) =>
  Effect.gen(function* () {
    assert.deepStrictEqual((yield* store.load)[0]?.outputs, outputs)
    assert.strictEqual((yield* makeVersionRows(store).find(null))?.document, version.document)
  })
const onDisk = (directory: string) =>
  readdirSync(directory).filter((name) => readFileSync(join(directory, name)).includes(SECRET))
const refusal = (directory: string) => Effect.map(Effect.flip(use(directory, (store) => store.load)), String)

describe("secrets in the store", () => {
  it.scoped("are read as they were written, and are in no file", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* use(directory, (store) =>
        Effect.gen(function* () {
          yield* fill(store)
          yield* check(store)
          // With the log of writes that are not in the file yet.
          assert.deepStrictEqual(onDisk(directory), [])
        }),
      )
      yield* use(directory, check)
      assert.deepStrictEqual(onDisk(directory), [])
    }),
  )

  it.scoped("of a store in plain are encrypted at the start, with nothing left of them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* use(directory, fill)
      const db = new DatabaseSync(join(directory, "distributor.db"))
      db.prepare("UPDATE outputs SET url = ?, stream_key = ?, settings = ?").run(
        outputs[0]?.url ?? "",
        outputs[0]?.stream_key ?? "",
        JSON.stringify(outputs[0]?.settings),
      )
      db.prepare("UPDATE config_versions SET document = ?").run(version.document)
      db.exec("DELETE FROM secret_check")
      db.close()
      assert.deepStrictEqual(onDisk(directory), ["distributor.db"])
      yield* use(directory, check)
      assert.deepStrictEqual(onDisk(directory), [])
      yield* use(directory, check)
    }),
  )

  it.scoped("are not opened with another key, nor without one, and no key is made for them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "secret.key")
      yield* use(directory, fill)
      const key = readFileSync(file)
      writeFileSync(file, `${"ab".repeat(32)}\n`)
      assert.include(yield* refusal(directory), `encrypted with another key than that of ${file}`)
      rmSync(file)
      assert.include(yield* refusal(directory), `the key file ${file} is missing`)
      assert.isFalse(readdirSync(directory).includes("secret.key"))
      writeFileSync(file, key)
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(use(directory, check))))
    }),
  )
})
