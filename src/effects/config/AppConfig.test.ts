import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, LogLevel, Option, Redacted } from "effect"
import { AppConfig } from "./AppConfig.ts"
import { SETTINGS } from "./environment-settings.ts"
import { outputHostOf } from "./output-host.ts"

const load = (env: Record<string, string>) =>
  AppConfig.pipe(
    Effect.provide(AppConfig.Live),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))),
  )
const refusal = (env: Record<string, string>) => Effect.map(Effect.flip(load(env)), (e) => e.message)

describe("AppConfig", () => {
  it.effect("has a default for everything", () =>
    Effect.gen(function* () {
      const config = yield* load({})
      assert.deepInclude(config, {
        host: "127.0.0.1",
        port: 8000,
        dataDir: resolve("config"),
        auth: true,
        logLevel: LogLevel.Info,
      })
      assert.strictEqual(config.databaseFile, resolve("config/distributor.db"))
      assert.isTrue(Option.isNone(config.apiKey))
      assert.deepInclude(config, { retry: { delayMs: null, maxAttempts: 0 }, ignored: [] })
    }),
  )

  it.effect("is no node unless NODES or NODE_NAME says so, and then needs a PostgreSQL database", () =>
    Effect.gen(function* () {
      const DATABASE_URL = "postgresql://me@db/distributor"
      assert.isTrue(Option.isNone((yield* load({ DATABASE_URL, NODE_CAPACITY: "3" })).nodes))
      const node = Option.getOrThrow((yield* load({ DATABASE_URL, NODE_NAME: "East-1" })).nodes)
      assert.deepInclude(node, { name: "east-1", address: null, labels: {}, capacity: 64 })
      assert.deepStrictEqual(node.timing, { leaseMs: 6000, deadMs: 8000, beatMs: 1500 })
      const other = {
        DATABASE_URL,
        NODES: "on",
        NODE_ADDRESS: "http://10.0.0.1:8000/",
        NODE_LABELS: "zone=east, rack=4",
      }
      assert.deepInclude(Option.getOrThrow((yield* load({ ...other, LEASE_S: "4", DEAD_S: "5" })).nodes), {
        address: "http://10.0.0.1:8000",
        labels: { zone: "east", rack: "4" },
        timing: { leaseMs: 4000, deadMs: 5000, beatMs: 1000 },
      })
      assert.match(
        yield* refusal({ NODES: "on" }),
        /^DATABASE_URL: must be that of a PostgreSQL database which all nodes share/,
      )
      for (const [key, value] of [
        ["NODE_NAME", "a b"],
        ["NODE_ADDRESS", "10.0.0.1:8000"],
        ["NODE_ADDRESS", "http://me@10.0.0.1"],
        ["NODE_LABELS", "zone"],
        ["NODE_CAPACITY", "0"],
        ["LEASE_S", "3.9"],
        ["DEAD_S", "6.5"],
      ] as const)
        assert.match(yield* refusal({ DATABASE_URL, NODES: "on", [key]: value }), new RegExp(`^${key}: must be`))
    }),
  )

  it.effect("takes THUMBNAILS as auto, off or a number", () =>
    Effect.gen(function* () {
      const limits = yield* Effect.forEach(["", "AUTO", "off", "0", "40"], (THUMBNAILS) => load({ THUMBNAILS }))
      assert.deepStrictEqual(
        limits.map(({ thumbnails }) => thumbnails),
        [16, 16, 0, 0, 40],
      )
      assert.strictEqual(
        yield* refusal({ THUMBNAILS: "some" }),
        'THUMBNAILS: must be auto, off or a number of channels up to 999, not "some"',
      )
    }),
  )

  it.effect("takes TIME_ZONE by its name, and the machine's zone without it", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* load({ TIME_ZONE: " Europe/Berlin " })).timeZone, "Europe/Berlin")
      assert.strictEqual(
        (yield* load({ TIME_ZONE: "" })).timeZone,
        Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
      )
      for (const wrong of ["Berlin", "CET+1", "+01:00", "Mars/Olympus"]) {
        const message = yield* refusal({ TIME_ZONE: wrong })
        assert.match(message, /^TIME_ZONE: must be the name of a zone in the IANA database, such as Europe\/Berlin/)
        assert.include(message, `not "${wrong}"; leave it out for the zone of the machine`)
      }
    }),
  )

  it.effect("takes GRAFANA_URL as an address of pages", () =>
    Effect.gen(function* () {
      const urls = yield* Effect.forEach(
        ["", "http://127.0.0.1:3000/", "https://example.com/grafana//"],
        (GRAFANA_URL) => load({ GRAFANA_URL }),
      )
      assert.deepStrictEqual(
        urls.map((config) => Option.getOrNull(config.grafanaUrl)),
        [null, "http://127.0.0.1:3000", "https://example.com/grafana"],
      )
      for (const GRAFANA_URL of [
        "grafana.example.com",
        "javascript:alert(1)",
        "https://ada:pw@example.com/",
        "https://example.com/?orgId=1",
      ]) {
        const message = yield* refusal({ GRAFANA_URL })
        assert.match(message, /^GRAFANA_URL: must be an address/)
        // It may hold a password.
        assert.notInclude(message, "pw")
      }
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
      assert.deepInclude(config, {
        host: "0.0.0.0",
        port: 0,
        databaseFile: "/srv/data/distributor.db",
        logFormat: "json",
      })
      assert.strictEqual(config.logLevel, LogLevel.Debug)
      assert.strictEqual(Option.getOrThrow(config.apiKey).pipe(Redacted.value), "s3cret")
      assert.notInclude(JSON.stringify(config), "s3cret")
    }),
  )

  it.effect("takes DATABASE_URL and the reconnect settings as other stream managers write them", () =>
    Effect.gen(function* () {
      const config = yield* load({
        DATABASE_URL: "sqlite:///./stream_manager.db",
        SECRET_KEY: "your-secret-key-change-this",
        API_KEY: "your-secret-api-key-change-in-production",
        MEDIAMTX_CONFIG_PATH: "/config/mediamtx.yml",
        MEDIAMTX_API_URL: "http://mediamtx:9997",
        LOG_LEVEL: "INFO",
        PORT: "8080",
        DEFAULT_RECONNECT_DELAY: "5",
        MAX_RECONNECT_ATTEMPTS: "0  # 0 = infinite",
        UDP_PORT_RANGE_START: "5000",
        UDP_PORT_RANGE_END: "5100",
        SRT_PORT_RANGE_START: "8890",
      })
      assert.deepInclude(config, {
        databaseFile: resolve("stream_manager.db"),
        logLevel: LogLevel.Info,
        port: 8080,
        retry: { delayMs: 5000, maxAttempts: 0 },
        udpPorts: { first: 5000, last: 5100 },
        srtPorts: { first: 8890, last: 65535 },
        ignored: ["SECRET_KEY", "MEDIAMTX_CONFIG_PATH", "MEDIAMTX_API_URL"],
      })
    }),
  )

  it.effect.each([
    ["sqlite:data/x.db", resolve("data/x.db")],
    ["sqlite://data/x.db", resolve("data/x.db")],
    ["sqlite:///var/lib/x.db", "/var/lib/x.db"],
    ["sqlite:////var/lib/x.db", "/var/lib/x.db"],
    ["sqlite:///./stream_manager.db", resolve("stream_manager.db")],
    ["sqlite:///../x.db", resolve("../x.db")],
    ["sqlite:///.hidden/x.db", "/.hidden/x.db"],
  ] as const)("finds the file of %s", ([url, path]) =>
    Effect.map(load({ DATABASE_URL: url }), (c) => assert.strictEqual(c.databaseFile, path)),
  )

  it.effect.each(["postgres://u:s3cret@db:5433/x", "postgresql://u:s3cret@db/x?sslmode=require", "POSTGRES://db/x"])(
    "takes %s for PostgreSQL",
    (url) =>
      Effect.map(load({ DATABASE_URL: url }), (config) => {
        assert.strictEqual(Option.getOrThrow(config.postgresUrl).pipe(Redacted.value), url)
        assert.notInclude(JSON.stringify(config), "s3cret")
      }),
  )

  it.effect("does not repeat the password of a URL that it refuses", () =>
    Effect.map(refusal({ DATABASE_URL: "postgres://u:s3cret@db:x/y" }), (message) =>
      assert.notInclude(message, "s3cret"),
    ),
  )

  it.effect.each([
    [{ PORT: "http" }, 'PORT: must be a whole number from 0 to 65535, not "http"'],
    [{ PORT: "65536" }, 'PORT: must be a whole number from 0 to 65535, not "65536"'],
    [{ PORT: "-1" }, 'PORT: must be a whole number from 0 to 65535, not "-1"'],
    [{ ALLOW_PRIVATE_TARGETS: "no" }, 'ALLOW_PRIVATE_TARGETS: must be on or off, not "no"'],
    [{ AUTH: "maybe" }, 'AUTH: must be on or off, not "maybe"'],
    [{ LOG_FORMAT: "xml" }, 'LOG_FORMAT: must be json or pretty, not "xml"'],
    [{ LOG_LEVEL: "loud" }, "LOG_LEVEL: must be trace or"],
    [{ DATABASE_URL: "postgres://db" }, "DATABASE_URL: must be postgresql://user:password@host:port/database"],
    [{ DATABASE_URL: "postgres:///x" }, "DATABASE_URL: must be postgresql://"],
    [{ DATABASE_URL: "postgres://u:a/b@db/x" }, "DATABASE_URL: must be postgresql://"],
    [{ DATABASE_URL: "mysql://db/x" }, "DATABASE_URL: must be sqlite:"],
    [{ DEFAULT_RECONNECT_DELAY: "0" }, 'DEFAULT_RECONNECT_DELAY: must be seconds from 0.1 to 3600, not "0"'],
    [{ DEFAULT_RECONNECT_DELAY: "5s" }, "DEFAULT_RECONNECT_DELAY: must be seconds"],
    [{ MAX_RECONNECT_ATTEMPTS: "-1" }, "MAX_RECONNECT_ATTEMPTS: must be a whole number from 0"],
    [{ UDP_PORT_RANGE_START: "0" }, "UDP_PORT_RANGE_START: must be a whole number from 1 to 65535"],
    [{ UDP_PORT_RANGE_START: "6000" }, "UDP_PORT_RANGE_END: must not be below UDP_PORT_RANGE_START (6000)"],
    [{ TLS_CERT: "a.pem" }, "TLS_KEY: is missing"],
    [{ TLS_KEY: "a.pem" }, "TLS_CERT: is missing"],
    [{ SRT_PORT_RANGE_START: "x" }, "SRT_PORT_RANGE_START: must be"],
    [{ SRT_INGEST_PORT: "on" }, 'SRT_INGEST_PORT: must be off or a port from 1 to 65535, not "on"'],
    [{ SRT_INGEST_PORT: "0" }, "SRT_INGEST_PORT: must be off or a port"],
    [{ SRT_INGEST_PORT: "65536" }, "SRT_INGEST_PORT: must be off or a port"],
    [{ SRT_INGEST_PASSPHRASE: "0123456789" }, "SRT_INGEST_PORT: is off: SRT_INGEST_PASSPHRASE needs it"],
    [
      { SRT_INGEST_PORT: "9000", SRT_INGEST_PASSPHRASE: "123456789" },
      "SRT_INGEST_PASSPHRASE: must be 10 to 79 characters long, not 9",
    ],
    [{ SRT_INGEST_PORT: "9000", SRT_INGEST_PASSPHRASE: "x".repeat(80) }, "10 to 79 characters long, not 80"],
  ] as ReadonlyArray<readonly [Record<string, string>, string]>)("refuses %o in one line", ([env, message]) =>
    Effect.map(refusal(env), (found) => {
      assert.include(found, message)
      assert.notInclude(found, "\n")
    }),
  )

  it.effect("takes a port for SRT senders of all channels, and its passphrase without showing it", () =>
    Effect.gen(function* () {
      for (const env of [{}, { SRT_INGEST_PORT: "off" }, { SRT_INGEST_PORT: "" }])
        assert.isTrue(Option.isNone((yield* load(env)).srtIngest))
      const { srtIngest: open } = yield* load({ SRT_INGEST_PORT: "9000" })
      assert.deepStrictEqual(open, Option.some({ port: 9000, passphrase: Option.none() }))
      const config = yield* load({ SRT_INGEST_PORT: "9000", SRT_INGEST_PASSPHRASE: "s3cret-s3cret" })
      assert.deepStrictEqual(outputHostOf(config).ingest, { port: 9000, passphrase: "s3cret-s3cret" })
      assert.notInclude(JSON.stringify(config), "s3cret")
    }),
  )

  it.effect("names every bad value", () =>
    Effect.map(refusal({ PORT: "x", AUTH: "y" }), (message) => {
      assert.include(message, "PORT")
    }),
  )

  it.effect("allows private targets unless told otherwise", () =>
    Effect.gen(function* () {
      assert.isTrue((yield* load({})).allowPrivateTargets)
      assert.isFalse((yield* load({ ALLOW_PRIVATE_TARGETS: "off" })).allowPrivateTargets)
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
  const text = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8")
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` *\| `([^`]+)` *\|/gm)].map(([, key, value]) => [key, value])
  assert.deepStrictEqual(Object.fromEntries(rows), { ...SETTINGS })
})
