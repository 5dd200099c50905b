/** `DATABASE_URL`: in which SQLite file or PostgreSQL database the store is. */
import { join, resolve } from "node:path"
import { ConfigError, Either, Option, Redacted } from "effect"

export interface DatabasePlace {
  /** Absolute path of the SQLite file; not used when there is a `postgresUrl`. */
  readonly databaseFile: string
  /** `postgres://user:password@host:port/database`, when the store is there. */
  readonly postgresUrl: Option.Option<Redacted.Redacted>
}

/**
 * Reads `sqlite:path`, `sqlite://path` and `postgresql://user:password@host:port/database`; without a URL the store is
 * the file `distributor.db` in the data directory. A path is relative to the working directory unless it starts with a
 * slash. SQLAlchemy writes three slashes in front of a relative path, and `sqlite:///./file` and `sqlite:///../file`
 * can mean nothing else. Left is a `ConfigError` that does not repeat what was given: it may hold a password.
 */
export const databasePlace = (
  url: Option.Option<string>,
  dataDir: string,
): Either.Either<DatabasePlace, ConfigError.ConfigError> => {
  const inFile = (databaseFile: string) => Either.right({ databaseFile, postgresUrl: Option.none() })
  const file = join(dataDir, "distributor.db")
  if (Option.isNone(url)) return inFile(file)
  const refuse = (message: string) => Either.left(ConfigError.InvalidData(["DATABASE_URL"], message))
  if (/^postgres(ql)?:/i.test(url.value)) {
    const { host = "", pathname = "" } = URL.canParse(url.value) ? new URL(url.value) : {}
    return host !== "" && /^\/[^/]+$/.test(pathname)
      ? Either.right({ databaseFile: file, postgresUrl: Option.some(Redacted.make(url.value)) })
      : refuse(
          "must be postgresql://user:password@host:port/database; write @ : / ? # % in a password as %40 %3A %2F %3F %23 %25",
        )
  }
  const path = /^sqlite:(?:\/\/(?:\/(?=\.\.?\/))?)?(.+)$/i.exec(url.value)?.[1]
  if (path === undefined || path === ":memory:") {
    return refuse("must be sqlite:<path of a file> or postgresql://user:password@host:port/database")
  }
  return inFile(resolve(path))
}
