import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, LogLevel, Option, Redacted } from "effect"
import { AppConfig, SETTINGS } from "./AppConfig.ts"

const load = (env: Record<string, string>) =>
  AppConfig.pipe(Effect.provide(AppConfig.Live), Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))))
const refusal = (env: Record<string, string>) => Effect.map(Effect.flip(load(env)), (e) => e.message)

describe("AppConfig", () => {
  it.effect("has a default for everything", () =>
    Effect.gen(function* () {
      const config = yield* load({})
      assert.deepInclude(config, { host: "127.0.0.1", port: 8000, dataDir: resolve("config"), auth: true, logLevel: LogLevel.Info })
      assert.strictEqual(config.databaseFile, resolve("config/distributor.db"))
      assert.isTrue(Option.isNone(config.apiKey))
    }),
  )

  it.effect("takes empty values, which compose files pass, as unset", () =>
    Effect.gen(function* () {
      const config = yield* load({ PORT: "", API_KEY: " ", HOST: "", LOG_LEVEL: "", AUTH: "", DATABASE_URL: "" })
      assert.deepInclude(config, { host: "127.0.0.1", port: 8000, auth: true })
      assert.isTrue(Option.isNone(config.apiKey))
    }),
  )

  it.effect("reads every key, and hides the API key", () =>
    Effect.gen(function* () {
      const config = yield* load({
        HOST: "0.0.0.0",
        PORT: "0",
        DATA_DIR: "/srv/data",
        API_KEY: "s3cret",
        AUTH: "on",
        LOG_LEVEL: "DEBUG",
        LOG_FORMAT: "json",
      })
      assert.deepInclude(config, { host: "0.0.0.0", port: 0, databaseFile: "/srv/data/distributor.db", logFormat: "json" })
      assert.strictEqual(config.logLevel, LogLevel.Debug)
      assert.strictEqual(Option.getOrThrow(config.apiKey).pipe(Redacted.value), "s3cret")
      assert.notInclude(JSON.stringify(config), "s3cret")
    }),
  )

  it.effect.each([
    ["sqlite:data/x.db", resolve("data/x.db")],
    ["sqlite://data/x.db", resolve("data/x.db")],
    ["sqlite:///var/lib/x.db", "/var/lib/x.db"],
  ] as const)("finds the file of %s", ([url, path]) =>
    Effect.map(load({ DATABASE_URL: url }), (c) => assert.strictEqual(c.databaseFile, path)),
  )

  it.effect.each([
    [{ PORT: "http" }, 'PORT: must be a whole number from 0 to 65535, not "http"'],
    [{ PORT: "65536" }, 'PORT: must be a whole number from 0 to 65535, not "65536"'],
    [{ PORT: "-1" }, 'PORT: must be a whole number from 0 to 65535, not "-1"'],
    [{ AUTH: "maybe" }, 'AUTH: must be on or off, not "maybe"'],
    [{ LOG_FORMAT: "xml" }, 'LOG_FORMAT: must be json or pretty, not "xml"'],
    [{ LOG_LEVEL: "loud" }, "LOG_LEVEL: must be trace or"],
    [{ DATABASE_URL: "postgres://db/x" }, "DATABASE_URL: PostgreSQL is not supported yet"],
    [{ DATABASE_URL: "mysql://db/x" }, "DATABASE_URL: must be sqlite:"],
    [{ HOST: "0.0.0.0" }, "HOST: 0.0.0.0 is reachable from other machines"],
    [{ HOST: "example.org" }, "HOST: example.org is reachable"],
  ] as ReadonlyArray<readonly [Record<string, string>, string]>)("refuses %o in one line", ([env, message]) =>
    Effect.map(refusal(env), (found) => {
      assert.include(found, message)
      assert.notInclude(found, "\n")
    }),
  )

  it.effect("names every bad value", () =>
    Effect.map(refusal({ PORT: "x", AUTH: "y" }), (message) => {
      assert.include(message, "PORT")
    }),
  )

  it.effect("serves other machines with AUTH=off, and loopback without a key", () =>
    Effect.gen(function* () {
      assert.isFalse((yield* load({ HOST: "0.0.0.0", AUTH: "off" })).auth)
      for (const host of ["127.0.0.5", "::1", "localhost"]) assert.strictEqual((yield* load({ HOST: host })).host, host)
    }),
  )
})

it("docs/configuration.md has exactly these keys with these defaults", () => {
  const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8")
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` *\| `([^`]+)` *\|/gm)].map(([, key, value]) => [key, value])
  assert.deepStrictEqual(Object.fromEntries(rows), { ...SETTINGS })
})
