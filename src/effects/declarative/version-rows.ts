/** Rows of the versions of the configuration, and of the files it was read from. */
import type * as Client from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { openDocument, sealDocument } from "../store/sealed-rows.ts"
import type { SecretBox } from "../store/secret-box.ts"

/** Versions kept; the oldest go first. */
export const MAX_VERSIONS = 100

/** What is remembered of a configuration. */
export interface NewVersion {
  /** ISO 8601. */
  readonly at: string
  /** Who, as in `192.0.2.7 (with the API key)`. */
  readonly by: string
  /** What was done, as a sentence. */
  readonly what: string
  /** The whole configuration as JSON, with its secrets. */
  readonly document: string
  /** Slugs of channels that should run, as JSON: what the document does not hold. */
  readonly running: string
}

export interface VersionEntry extends Pick<NewVersion, "at" | "by" | "what"> {
  readonly version: number
}

export interface StoredVersion extends NewVersion {
  readonly version: number
}

/** The file that was applied at a start: not again until it changes. */
export interface AppliedFile {
  readonly path: string
  readonly sha256: string
  readonly at: string
}

interface Row {
  readonly version: number
  readonly at: string
  readonly author: string
  readonly what: string
  readonly document: string
  readonly running: string
}

export const makeVersionRows = (sql: Client.SqlClient, box: SecretBox) => ({
  /** Adds versions in their order and lets go of the oldest; returns the number of the last one. */
  add: (versions: ReadonlyArray<NewVersion>) =>
    Effect.gen(function* () {
      let last = 0
      for (const { by, document, ...rest } of versions) {
        const row = { ...rest, author: by, document: sealDocument(box, document) }
        const rows = yield* sql<{ version: number }>`INSERT INTO config_versions ${sql.insert(row)} RETURNING version`
        last = rows[0]?.version ?? last
      }
      yield* sql`DELETE FROM config_versions WHERE version <= ${last - MAX_VERSIONS}`
      return last
    }),
  /** Newest first. */
  list: Effect.map(
    sql<Omit<Row, "document" | "running">>`SELECT version, at, author, what FROM config_versions ORDER BY version DESC`,
    (rows) => rows.map(({ at, author, version, what }): VersionEntry => ({ version, at, by: author, what })),
  ),
  /** Null when there is none, or no more. Without a number the newest one. */
  find: (version: number | null) =>
    Effect.flatMap(
      version === null
        ? sql<Row>`SELECT * FROM config_versions ORDER BY version DESC LIMIT 1`
        : sql<Row>`SELECT * FROM config_versions WHERE version = ${version}`,
      ([row]) =>
        Effect.try((): StoredVersion | null => {
          if (row === undefined) return null
          const { at, author, document, running, what } = row
          return { version: row.version, at, by: author, what, document: openDocument(box, document), running }
        }),
    ),
  hashOf: (path: string) =>
    Effect.map(sql<{ sha256: string }>`SELECT sha256 FROM config_files WHERE path = ${path}`, ([row]) => row?.sha256 ?? null),
  remember: ({ at, path, sha256 }: AppliedFile) =>
    sql`INSERT INTO config_files ${sql.insert({ path, sha256, applied_at: at })}
        ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, applied_at = excluded.applied_at`,
})
