/**
 * Settings of the service, read from the environment. Every key is described in docs/configuration.md; a test compares
 * the two.
 */
import { isIP } from "node:net"
import { join, resolve } from "node:path"
import { Config, ConfigError, Context, Effect, Either, Layer, type LogLevel, Option, Redacted } from "effect"
import { type Network, parseNetwork } from "../../core/net/network.ts"
import type { Zone } from "../../core/schedule/local-time.ts"
import type { RetryPolicy } from "../../core/settings/retry-delay.ts"
import { SRT_STACKS, type SrtStack } from "../../core/srt/stack.ts"
import { StartRefused } from "../model/Errors.ts"
import { type DatabasePlace, databasePlace } from "./database-url.ts"
import { engines } from "./engine-count.ts"
import { oneOf, SETTINGS, setting, wholeNumber, withoutComment } from "./environment-settings.ts"
import { type IngestSettings, srtIngest } from "./ingest-settings.ts"
import { LOG_LEVELS, type LogLevelName, toLogLevel } from "./log-levels.ts"
import { type NodeSettings, nodeSettings } from "./node-settings.ts"
import type { PortRange } from "./port-ranges.ts"
import { AUTO_LIMIT, type ThumbnailLimit } from "./thumbnail-limit.ts"
import { timeZone } from "./time-zone.ts"

export interface AppConfigService extends DatabasePlace {
  /** The address that the HTTP server listens on. */
  readonly host: string
  /** TCP port of the HTTP server; 0 takes a free one. */
  readonly port: number
  /** Absolute path of the directory that holds the store, the engine's socket and its log. */
  readonly dataDir: string
  /** Absolute path of the directory below which HLS outputs go. */
  readonly hlsDir: string
  /** Absolute path of the directory below which recordings go. */
  readonly recordingsDir: string
  /** Absolute path of a document that is applied at the start; see `docs/configuration.md`, "A configuration file". */
  readonly configFile: Option.Option<string>
  readonly apiKey: Option.Option<Redacted.Redacted>
  /**
   * Absolute path of a file for the admin's key, which is made where the service would otherwise refuse to be open; see
   * `accounts/first-keys.ts`.
   */
  readonly firstKeyFile: Option.Option<string>
  /** Absolute path of a file in which Prometheus finds a viewer's key. */
  readonly metricsKeyFile: Option.Option<string>
  /** Absolute path of the file with the key that signs sessions and encrypts secrets. */
  readonly keyFile: string
  /** Absolute paths of the certificate chain and its key, both PEM; with them the server speaks HTTPS only. */
  readonly tls: Option.Option<{ readonly cert: string; readonly key: string }>
  /** False when `AUTH=off`: requests are not asked for a key. */
  readonly auth: boolean
  /** Reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: ReadonlyArray<Network>
  /** False when `ALLOW_PRIVATE_TARGETS=off`: no output goes to this machine or into a private network. */
  readonly allowPrivateTargets: boolean
  readonly logLevel: LogLevel.LogLevel
  readonly logFormat: "json" | "pretty"
  readonly retry: RetryPolicy
  /** Ports that inputs get when a request names none. */
  readonly udpPorts: PortRange
  /** Ports that SRT listener outputs get when a request names none. */
  readonly srtPorts: PortRange
  /**
   * The port at which SRT senders of all channels may call, and the passphrase that all of them encrypt with; none when
   * `SRT_INGEST_PORT` is off.
   */
  readonly srtIngest: Option.Option<IngestSettings>
  /** The stack SRT outputs run on that name none; the engine reads it from the same environment. */
  readonly srtStack: SrtStack
  /** The number of engine processes that channels are placed on, at most. */
  readonly engines: number
  /** The number of running channels up to which all have thumbnails; 0 for no thumbnails. */
  readonly thumbnails: ThumbnailLimit
  /** By whose clock people read times; its days are those of reports. */
  readonly timeZone: Zone
  /** `https://grafana.example.com/path`, without a slash at its end: pages link to its dashboards. */
  readonly grafanaUrl: Option.Option<string>
  /** What this machine is among others on one PostgreSQL database; none on a single machine. */
  readonly nodes: Option.Option<NodeSettings>
  /** False when `MEDIALIVE=off`: nothing of what has to do with AWS Elemental MediaLive is loaded or shown. */
  readonly medialive: boolean
  /** Settings of the environment that are given and have no effect here: those of `IGNORED_SETTINGS`. */
  readonly ignored: ReadonlyArray<string>
}

/**
 * Settings that are taken without effect: sessions are signed with a key of the service's own, and there is no
 * MediaMTX.
 */
const IGNORED_SETTINGS = ["SECRET_KEY", "MEDIAMTX_CONFIG_PATH", "MEDIAMTX_API_URL"] as const

const thumbnails = setting("THUMBNAILS").pipe(
  Config.mapOrFail((text) => {
    const value = withoutComment(Option.getOrElse(text, () => SETTINGS.THUMBNAILS)).toLowerCase()
    if (value === "auto") return Either.right(AUTO_LIMIT)
    if (value === "off") return Either.right(0)
    return /^\d{1,3}$/.test(value)
      ? Either.right(Number(value))
      : Either.left(
          ConfigError.InvalidData(
            ["THUMBNAILS"],
            `must be auto, off or a number of channels up to 999, not "${value}"`,
          ),
        )
  }),
)

const grafanaUrl = setting("GRAFANA_URL").pipe(
  Config.mapOrFail((text) => {
    if (Option.isNone(text)) return Either.right(Option.none<string>())
    const url = URL.canParse(text.value) ? new URL(text.value) : null
    return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === ""
      ? Either.right(Option.some(url.href.replace(/\/+$/, "")))
      : Either.left(
          ConfigError.InvalidData(
            ["GRAFANA_URL"],
            'must be an address as "https://grafana.example.com", without user and query',
          ),
        )
  }),
)

const trustedProxies = setting("TRUSTED_PROXIES").pipe(
  Config.mapOrFail((text) => {
    const networks: Network[] = []
    for (const word of Option.getOrElse(text, () => "").split(/[\s,]+/)) {
      const network = word === "" ? undefined : parseNetwork(word)
      if (network === null)
        return Either.left(
          ConfigError.InvalidData(
            ["TRUSTED_PROXIES"],
            `must be addresses or networks as in "127.0.0.1, 10.0.0.0/8", not "${word}"`,
          ),
        )
      if (network !== undefined) networks.push(network)
    }
    return Either.right<ReadonlyArray<Network>>(networks)
  }),
)

/** `DEFAULT_RECONNECT_DELAY` in ms; null when it is not set. */
const reconnectDelayMs = setting("DEFAULT_RECONNECT_DELAY").pipe(
  Config.mapOrFail((text) => {
    if (Option.isNone(text)) return Either.right(null)
    const value = withoutComment(text.value)
    const seconds = /^\d{1,4}(?:\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN
    return seconds >= 0.1 && seconds <= 3600
      ? Either.right(seconds * 1000)
      : Either.left(
          ConfigError.InvalidData(["DEFAULT_RECONNECT_DELAY"], `must be seconds from 0.1 to 3600, not "${value}"`),
        )
  }),
)

const isGiven = (key: string) =>
  Config.string(key).pipe(
    Config.option,
    Config.map((text) => Option.isSome(text) && text.value.trim() !== ""),
  )
const ignored = Config.all(
  IGNORED_SETTINGS.map((key) => Config.map(isGiven(key), (given) => (given ? [key] : []))),
).pipe(Config.map((keys) => keys.flat()))

/** True when only this machine reaches the address. */
export const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

const config = Config.all({
  host: setting("HOST").pipe(Config.map(Option.getOrElse(() => "127.0.0.1"))),
  port: wholeNumber("PORT", 0, 65535),
  dataDir: setting("DATA_DIR").pipe(Config.map((o) => resolve(Option.getOrElse(o, () => "./config")))),
  databaseUrl: setting("DATABASE_URL"),
  hlsDir: setting("HLS_DIR"),
  recordingsDir: setting("RECORDINGS_DIR"),
  configFile: setting("DISTRIBUTOR_CONFIG").pipe(Config.map(Option.map((path) => resolve(path)))),
  apiKey: setting("API_KEY").pipe(Config.map(Option.map((s) => Redacted.make(s)))),
  firstKeyFile: setting("FIRST_KEY_FILE").pipe(Config.map(Option.map((path) => resolve(path)))),
  metricsKeyFile: setting("METRICS_KEY_FILE").pipe(Config.map(Option.map((path) => resolve(path)))),
  keyFile: setting("KEY_FILE"),
  tlsCert: setting("TLS_CERT"),
  tlsKey: setting("TLS_KEY"),
  auth: oneOf("AUTH", ["on", "off"], () => "on"),
  trustedProxies,
  privateTargets: oneOf("ALLOW_PRIVATE_TARGETS", ["on", "off"], () => "on"),
  logLevel: oneOf<LogLevelName>("LOG_LEVEL", LOG_LEVELS, () => "info"),
  logFormat: oneOf("LOG_FORMAT", ["json", "pretty"], () => (process.stdout.isTTY === true ? "pretty" : "json")),
  delayMs: reconnectDelayMs,
  maxAttempts: wholeNumber("MAX_RECONNECT_ATTEMPTS", 0, 1_000_000),
  udpFirst: wholeNumber("UDP_PORT_RANGE_START", 1, 65535),
  udpLast: wholeNumber("UDP_PORT_RANGE_END", 1, 65535),
  srtFirst: wholeNumber("SRT_PORT_RANGE_START", 1, 65535),
  srtIngest,
  srtStack: oneOf("SRT_STACK", SRT_STACKS, () => SETTINGS.SRT_STACK),
  engines,
  thumbnails,
  timeZone,
  grafanaUrl,
  nodes: nodeSettings,
  medialiveOn: oneOf("MEDIALIVE", ["on", "off"], () => SETTINGS.MEDIALIVE),
  ignored,
}).pipe(
  Config.mapOrFail((read) =>
    Option.isNone(read.nodes) || /^postgres(ql)?:/i.test(Option.getOrElse(read.databaseUrl, () => ""))
      ? Either.right(read)
      : Either.left(
          ConfigError.InvalidData(
            ["DATABASE_URL"],
            "must be that of a PostgreSQL database which all nodes share: SQLite serves a single machine; leave NODES and NODE_NAME out for that",
          ),
        ),
  ),
  Config.mapOrFail((read) =>
    Option.isSome(read.tlsCert) === Option.isSome(read.tlsKey)
      ? Either.right(read)
      : Either.left(
          ConfigError.InvalidData(
            [Option.isSome(read.tlsCert) ? "TLS_KEY" : "TLS_CERT"],
            "is missing: HTTPS needs TLS_CERT and TLS_KEY",
          ),
        ),
  ),
  Config.mapOrFail((read) =>
    read.udpFirst <= read.udpLast
      ? Either.right(read)
      : Either.left(
          ConfigError.InvalidData(
            ["UDP_PORT_RANGE_END"],
            `must not be below UDP_PORT_RANGE_START (${read.udpFirst}), not "${read.udpLast}"`,
          ),
        ),
  ),
  Config.mapOrFail(
    ({
      databaseUrl,
      auth,
      delayMs,
      hlsDir,
      keyFile,
      logLevel,
      maxAttempts,
      medialiveOn,
      privateTargets,
      recordingsDir,
      srtFirst,
      tlsCert,
      tlsKey,
      udpFirst,
      udpLast,
      ...rest
    }) =>
      Either.map(databasePlace(databaseUrl, rest.dataDir), (place): AppConfigService => {
        const below = (asked: Option.Option<string>, name: string) =>
          resolve(Option.getOrElse(asked, () => join(rest.dataDir, name)))
        return {
          ...rest,
          ...place,
          keyFile: below(keyFile, "secret.key"),
          hlsDir: below(hlsDir, "hls"),
          recordingsDir: below(recordingsDir, "recordings"),
          tls: Option.map(Option.all({ cert: tlsCert, key: tlsKey }), ({ cert, key }) => ({
            cert: resolve(cert),
            key: resolve(key),
          })),
          auth: auth === "on",
          allowPrivateTargets: privateTargets === "on",
          medialive: medialiveOn === "on",
          logLevel: toLogLevel(logLevel),
          retry: { delayMs, maxAttempts },
          udpPorts: { first: udpFirst, last: udpLast },
          srtPorts: { first: srtFirst, last: 65535 },
        }
      }),
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

const load = Effect.mapError(config, (e) => new StartRefused({ reason: describe(e) }))

export class AppConfig extends Context.Tag("distributor/AppConfig")<AppConfig, AppConfigService>() {
  static readonly Live = Layer.effect(AppConfig, load)
}
