/**
 * Settings of the service, read from the environment. Every key is described in docs/configuration.md; a test compares the two.
 */
import { isIP } from "node:net"
import { join, resolve } from "node:path"
import { Config, ConfigError, Context, Effect, Either, Layer, type LogLevel, Option, Redacted } from "effect"
import { StartRefused } from "./Errors.ts"
import { LOG_LEVELS, type LogLevelName, toLogLevel } from "./log-levels.ts"

export interface AppConfigService {
  /** Address the HTTP server listens on. */
  readonly host: string
  /** TCP port of the HTTP server; 0 takes a free one. */
  readonly port: number
  /** Absolute path of the directory that holds the store, the engine's socket and its log. */
  readonly dataDir: string
  /** Absolute path of the SQLite file. */
  readonly databaseFile: string
  readonly apiKey: Option.Option<Redacted.Redacted>
  /** False when `AUTH=off`: requests are not asked for a key. */
  readonly auth: boolean
  readonly logLevel: LogLevel.LogLevel
  readonly logFormat: "json" | "pretty"
}

/** Every key with its default as documentation writes it. */
export const SETTINGS = {
  HOST: "127.0.0.1",
  PORT: "8000",
  DATA_DIR: "./config",
  DATABASE_URL: "sqlite in DATA_DIR",
  API_KEY: "none",
  AUTH: "on",
  LOG_LEVEL: "info",
  LOG_FORMAT: "pretty on a terminal, else json",
} as const
type Key = keyof typeof SETTINGS

/** A text setting; unset and empty are the same, since compose files often pass empty values. */
const setting = (key: Key) =>
  Config.string(key).pipe(
    Config.option,
    Config.map((o) =>
      Option.filter(
        Option.map(o, (s) => s.trim()),
        (s) => s !== "",
      ),
    ),
    Config.withDescription(`default: ${SETTINGS[key]}`),
  )

const oneOf = <const A extends string>(key: Key, values: ReadonlyArray<A>, fallback: () => A) => {
  const isOne = (s: unknown): s is A => values.some((v) => v === s)
  return setting(key).pipe(
    Config.mapOrFail((text) => {
      const value = Option.getOrElse(text, fallback).toLowerCase()
      return isOne(value)
        ? Either.right(value)
        : Either.left(ConfigError.InvalidData([key], `must be ${values.join(" or ")}, not "${value}"`))
    }),
  )
}

const port = setting("PORT").pipe(
  Config.mapOrFail((text) => {
    const value = Option.getOrElse(text, () => "8000")
    return /^\d{1,5}$/.test(value) && Number(value) <= 65535
      ? Either.right(Number(value))
      : Either.left(ConfigError.InvalidData(["PORT"], `must be a whole number from 0 to 65535, not "${value}"`))
  }),
)

/** `sqlite:path` and `sqlite://path`; what follows is a path, relative to the working directory unless it starts with a slash. */
const databaseFile = (url: Option.Option<string>, dataDir: string): Either.Either<string, ConfigError.ConfigError> => {
  if (Option.isNone(url)) return Either.right(join(dataDir, "distributor.db"))
  const refuse = (message: string) => Either.left(ConfigError.InvalidData(["DATABASE_URL"], message))
  if (/^postgres(ql)?:/i.test(url.value)) {
    return refuse("PostgreSQL is not supported yet, it arrives with the store issue; use sqlite:<path> or leave it out")
  }
  const path = /^sqlite:(?:\/\/)?(.+)$/i.exec(url.value)?.[1]
  if (path === undefined || path === ":memory:") return refuse("must be sqlite:<path of a file>")
  return Either.right(resolve(path))
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

const config = Config.all({
  host: setting("HOST").pipe(Config.map(Option.getOrElse(() => "127.0.0.1"))),
  port,
  dataDir: setting("DATA_DIR").pipe(Config.map((o) => resolve(Option.getOrElse(o, () => "./config")))),
  databaseUrl: setting("DATABASE_URL"),
  apiKey: setting("API_KEY").pipe(Config.map(Option.map((s) => Redacted.make(s)))),
  auth: oneOf("AUTH", ["on", "off"], () => "on"),
  logLevel: oneOf<LogLevelName>("LOG_LEVEL", LOG_LEVELS, () => "info"),
  logFormat: oneOf("LOG_FORMAT", ["json", "pretty"], () => (process.stdout.isTTY === true ? "pretty" : "json")),
}).pipe(
  Config.mapOrFail(({ databaseUrl, auth, logLevel, ...rest }) =>
    Either.map(
      databaseFile(databaseUrl, rest.dataDir),
      (file): AppConfigService => ({ ...rest, databaseFile: file, auth: auth === "on", logLevel: toLogLevel(logLevel) }),
    ),
  ),
)

/** One line for a person: which variable, and what is wrong with it. */
const describe = (error: ConfigError.ConfigError): string => {
  switch (error._op) {
    case "And":
    case "Or":
      return `${describe(error.left)}; ${describe(error.right)}`
    default:
      return `${error.path.join("_")}: ${error.message}`
  }
}

const load = Effect.gen(function* () {
  const loaded = yield* Effect.mapError(config, (e) => new StartRefused({ reason: describe(e) }))
  if (!isLoopback(loaded.host) && loaded.auth && Option.isNone(loaded.apiKey)) {
    return yield* new StartRefused({
      reason: `HOST: ${loaded.host} is reachable from other machines; set API_KEY, or AUTH=off to allow everybody`,
    })
  }
  return loaded
})

export class AppConfig extends Context.Tag("distributor/AppConfig")<AppConfig, AppConfigService>() {
  static readonly Live = Layer.effect(AppConfig, load)
}
