/** The settings of the port at which SRT senders of all channels may call. */
import { Config, ConfigError, Either, Option, Redacted } from "effect"
import { SETTINGS, setting, withoutComment } from "./environment-settings.ts"

export interface IngestSettings {
  readonly port: number
  readonly passphrase: Option.Option<Redacted.Redacted>
}

const ingestPort = setting("SRT_INGEST_PORT").pipe(
  Config.mapOrFail((text) => {
    const value = withoutComment(Option.getOrElse(text, () => SETTINGS.SRT_INGEST_PORT)).toLowerCase()
    if (value === "off") return Either.right(Option.none<number>())
    return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535
      ? Either.right(Option.some(Number(value)))
      : Either.left(
          ConfigError.InvalidData(["SRT_INGEST_PORT"], `must be off or a port from 1 to 65535, not "${value}"`),
        )
  }),
)

/** Lengths of a passphrase in bytes that libsrt takes. */
const [SHORTEST, LONGEST] = [10, 79]
const ingestPassphrase = setting("SRT_INGEST_PASSPHRASE").pipe(
  Config.mapOrFail((text) => {
    const bytes = Buffer.byteLength(Option.getOrElse(text, () => ""))
    return Option.isNone(text) || (bytes >= SHORTEST && bytes <= LONGEST)
      ? Either.right(Option.map(text, (secret) => Redacted.make(secret)))
      : Either.left(
          ConfigError.InvalidData(
            ["SRT_INGEST_PASSPHRASE"],
            `must be ${SHORTEST} to ${LONGEST} characters long, not ${bytes}`,
          ),
        )
  }),
)

/** `SRT_INGEST_PORT` and `SRT_INGEST_PASSPHRASE`; none when the port is off. */
export const srtIngest: Config.Config<Option.Option<IngestSettings>> = Config.all({
  port: ingestPort,
  passphrase: ingestPassphrase,
}).pipe(
  Config.mapOrFail(({ passphrase, port }) =>
    Option.isSome(passphrase) && Option.isNone(port)
      ? Either.left(
          ConfigError.InvalidData(["SRT_INGEST_PORT"], "is off: SRT_INGEST_PASSPHRASE needs it, or leave that out too"),
        )
      : Either.right(Option.map(port, (number) => ({ port: number, passphrase }))),
  ),
)
