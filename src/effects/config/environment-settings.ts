/**
 * Variables of the environment that the service reads: their names, their defaults, and readers for the common shapes
 * of a value. `AppConfig.ts` puts them together.
 */
import { Config, ConfigError, Either, Option } from "effect"
import { DEFAULT_SRT_STACK } from "../../core/srt/stack.ts"

/** Every key with its default as the documentation writes it. */
export const SETTINGS = {
  HOST: "127.0.0.1",
  PORT: "8000",
  DATA_DIR: "./config",
  DATABASE_URL: "sqlite in DATA_DIR",
  HLS_DIR: "hls in DATA_DIR",
  RECORDINGS_DIR: "recordings in DATA_DIR",
  DISTRIBUTOR_CONFIG: "none",
  API_KEY: "none",
  FIRST_KEY_FILE: "none",
  METRICS_KEY_FILE: "none",
  AUTH: "on",
  TRUSTED_PROXIES: "none",
  KEY_FILE: "secret.key in DATA_DIR",
  TLS_CERT: "none",
  TLS_KEY: "none",
  ALLOW_PRIVATE_TARGETS: "on",
  LOG_LEVEL: "info",
  LOG_FORMAT: "pretty on a terminal, else json",
  DEFAULT_RECONNECT_DELAY: "0.5",
  MAX_RECONNECT_ATTEMPTS: "0",
  UDP_PORT_RANGE_START: "5000",
  UDP_PORT_RANGE_END: "5100",
  SRT_PORT_RANGE_START: "8890",
  SRT_INGEST_PORT: "off",
  SRT_INGEST_PASSPHRASE: "none",
  SRT_STACK: DEFAULT_SRT_STACK,
  ENGINES: "auto",
  THUMBNAILS: "auto",
  TIME_ZONE: "the zone of the machine",
  GRAFANA_URL: "none",
  NODES: "off",
  NODE_NAME: "the name of the machine",
  NODE_ADDRESS: "http://<name of the machine>:<PORT>",
  NODE_LABELS: "none",
  NODE_CAPACITY: "64",
  LEASE_S: "6",
  DEAD_S: "8",
  NODE_ON_TAKEOVER: "none",
  MEDIALIVE: "off",
} as const
type Key = keyof typeof SETTINGS

/**
 * Returns a value without its comment: `docker run --env-file` passes on what stands behind a value, as in
 * `0  # 0 = infinite`.
 */
export const withoutComment = (text: string) => text.replace(/\s+#.*$/, "")

/** Reads a text setting. Empty counts as unset, since compose files often pass empty values. */
export const setting = (key: Key) =>
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

/** Reads a setting that is one of `values`, in whatever case it is written. */
export const oneOf = <const A extends string>(key: Key, values: ReadonlyArray<A>, fallback: () => A) => {
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

/** Reads a whole number of at most nine digits from `lowest` to `highest`, both included. */
export const wholeNumber = (key: Key, lowest: number, highest: number) =>
  setting(key).pipe(
    Config.mapOrFail((text) => {
      const value = withoutComment(Option.getOrElse(text, () => SETTINGS[key]))
      return /^\d{1,9}$/.test(value) && Number(value) >= lowest && Number(value) <= highest
        ? Either.right(Number(value))
        : Either.left(
            ConfigError.InvalidData([key], `must be a whole number from ${lowest} to ${highest}, not "${value}"`),
          )
    }),
  )
