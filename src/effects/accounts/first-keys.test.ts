import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Layer, Option, Redacted } from "effect"
import { AppConfig, type AppConfigService } from "../config/AppConfig.ts"
import { layerFile } from "../store/Store.ts"
import { appConfig } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { Accounts, type AccountsService } from "./Accounts.ts"

/**
 * A start of the service with these settings: returns what it prints on standard output, and what `look` sees of its
 * accounts.
 */
const start = <A>(directory: string, over: Partial<AppConfigService>, look: (accounts: AccountsService) => A) =>
  Effect.gen(function* () {
    const said: string[] = []
    const console = yield* Console.consoleWith(Effect.succeed)
    const config = { ...appConfig(directory), ...over }
    const seen = yield* Effect.map(Accounts, look).pipe(
      Effect.provide(
        Accounts.Live.pipe(
          Layer.provide(layerFile(join(directory, "distributor.db"))),
          Layer.provide(Layer.succeed(AppConfig, config)),
        ),
      ),
      Effect.withConsole({
        ...console,
        log: (...words: ReadonlyArray<unknown>) => Effect.sync(() => said.push(words.join(" "))),
      }),
    )
    return { said, seen }
  })
const listing = (accounts: AccountsService) => accounts.keys().map(({ name, role }) => `${name} ${role}`)
const read = (file: string) => readFileSync(file, "utf8").trim()
const AWAY = { host: "0.0.0.0" }

describe("the key of the first start", () => {
  it.scoped("is made where the service would refuse to be open, for its owner alone, and said once", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "first.key")
      const settings = { ...AWAY, firstKeyFile: Option.some(file) }
      const first = yield* start(directory, settings, (accounts) => [
        listing(accounts),
        accounts.keyOf(read(file))?.role,
      ])
      assert.deepStrictEqual(first.seen, [["first-start admin"], "admin"])
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      assert.strictEqual(first.said.length, 1)
      const line = JSON.parse(first.said[0] ?? "") as { level: string; msg: string }
      assert.include(line.msg, read(file))
      const second = yield* start(directory, settings, (accounts) => [
        listing(accounts),
        accounts.keyOf(read(file))?.role,
      ])
      assert.deepStrictEqual(second, { said: [], seen: first.seen })
      // The key is in the store, so the file may be removed.
      rmSync(file)
      assert.deepStrictEqual((yield* start(directory, settings, listing)).seen, ["first-start admin"])
      assert.isFalse(existsSync(file))
    }),
  )

  it.scoped("is not made where there is no need for it", () =>
    Effect.gen(function* () {
      for (const over of [{}, { ...AWAY, auth: false }, { ...AWAY, apiKey: Option.some(Redacted.make("k")) }]) {
        const directory = yield* temporaryDirectory
        const file = join(directory, "first.key")
        const { said, seen } = yield* start(directory, { ...over, firstKeyFile: Option.some(file) }, listing)
        assert.deepStrictEqual([said, seen, existsSync(file)], [[], [], false])
      }
    }),
  )

  it.scoped("is the one that a start left that was broken off before it stored it", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "first.key")
      const settings = { ...AWAY, firstKeyFile: Option.some(file) }
      const key = `sd_${"k".repeat(43)}`
      writeFileSync(file, `${key}\n`)
      const { said, seen } = yield* start(directory, settings, (accounts) => accounts.keyOf(key)?.role)
      assert.deepStrictEqual([seen, said.length], ["admin", 1])
    }),
  )

  it.scoped("is not taken from a file that somebody else has written, and the start says which", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "first.key")
      writeFileSync(file, "secret\n")
      const { message } = yield* Effect.flip(start(directory, { ...AWAY, firstKeyFile: Option.some(file) }, listing))
      assert.include(message, `FIRST_KEY_FILE: ${file} holds no key that this service made`)
      const nowhere = yield* Effect.flip(
        start(directory, { ...AWAY, firstKeyFile: Option.some("/proc/none/first.key") }, listing),
      )
      assert.include(nowhere.message, "FIRST_KEY_FILE: /proc/none/first.key cannot be written: ENOENT")
    }),
  )
})

describe("the key for Prometheus", () => {
  it.scoped("is a viewer's, kept over restarts, and made anew when its file is lost or the key is gone", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "keys", "prometheus.key")
      const settings = { apiKey: Option.some(Redacted.make("k")), metricsKeyFile: Option.some(file) }
      const role = (accounts: AccountsService): ReadonlyArray<unknown> => [
        listing(accounts),
        accounts.keyOf(read(file))?.role,
      ]
      const good = [["metrics-key-file viewer"], "viewer"]
      assert.deepStrictEqual(yield* start(directory, settings, role), { said: [], seen: good })
      assert.strictEqual(statSync(file).mode & 0o777, 0o644)
      const key = read(file)
      yield* start(directory, settings, role)
      assert.strictEqual(read(file), key)
      rmSync(file)
      assert.deepStrictEqual((yield* start(directory, settings, role)).seen, good)
      assert.notStrictEqual(read(file), key)
      writeFileSync(file, "another")
      assert.deepStrictEqual((yield* start(directory, settings, role)).seen, good)
    }),
  )

  it.scoped("comes with the one of the first start", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const settings = {
        ...AWAY,
        firstKeyFile: Option.some(join(directory, "first.key")),
        metricsKeyFile: Option.some(join(directory, "prometheus.key")),
      }
      const { said, seen } = yield* start(directory, settings, listing)
      assert.deepStrictEqual(seen, ["first-start admin", "metrics-key-file viewer"])
      assert.notInclude(said.join(), read(join(directory, "prometheus.key")))
    }),
  )

  it.scoped("closes no service that is open, and gives Prometheus a file all the same", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "prometheus.key")
      const settings = { metricsKeyFile: Option.some(file) }
      const { seen } = yield* start(directory, settings, (accounts) => accounts.isEmpty())
      assert.deepStrictEqual([seen, read(file)], [true, "no-key-needed"])
      // When the service is closed later, it makes a valid key.
      yield* start(
        directory,
        { ...settings, apiKey: Option.some(Redacted.make("k")) },
        (accounts) => accounts.keyOf(read(file))?.role,
      )
      assert.match(read(file), /^sd_/)
    }),
  )

  it.scoped("does not stop a start when its file cannot be written", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const settings = {
        apiKey: Option.some(Redacted.make("k")),
        metricsKeyFile: Option.some("/proc/none/prometheus.key"),
      }
      assert.deepStrictEqual((yield* start(directory, settings, listing)).seen, [])
    }),
  )
})
