/** Rows of the versions of the configuration, and of the files it was read from. */
import { Effect } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { StoreService } from "../store/Store.ts"
import { openDocument, sealDocument } from "../store/sealed-rows.ts"
import type { StoreChange } from "../store/store-change.ts"

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

export interface VersionRows {
  /**
   * Carries out all changes or none, with the versions that describe them and the file they come from. Returns the
   * numbers that new channels were given, by their ids, and the number of the last version (0 without one).
   */
  readonly apply: (
    changes: ReadonlyArray<StoreChange>,
    versions: ReadonlyArray<NewVersion>,
    file: AppliedFile | null,
  ) => Effect.Effect<{ readonly numbers: ReadonlyMap<string, number>; readonly version: number }, StoreError>
  /** Newest first. */
  readonly list: Effect.Effect<ReadonlyArray<VersionEntry>, StoreError>
  /** A version by its number, or the newest one for null; null when there is none, or no more. */
  readonly find: (version: number | null) => Effect.Effect<StoredVersion | null, StoreError>
  /** SHA-256 of a file's content when it was last applied; null when it never was. */
  readonly fileHash: (path: string) => Effect.Effect<string | null, StoreError>
}

const READ = "read the versions of the configuration"

export const makeVersionRows = (store: Pick<StoreService, "access" | "applyChanges">): VersionRows => {
  const { box, read, sql } = store.access
  /** Adds versions in their order and lets go of the oldest; returns the number of the last one. */
  const add = (versions: ReadonlyArray<NewVersion>) =>
    Effect.gen(function* () {
      let last = 0
      for (const { by, document, ...rest } of versions) {
        const row = { ...rest, author: by, document: sealDocument(box, document) }
        const rows = yield* sql<{ version: number }>`INSERT INTO config_versions ${sql.insert(row)} RETURNING version`
        last = rows[0]?.version ?? last
      }
      yield* sql`DELETE FROM config_versions WHERE version <= ${last - MAX_VERSIONS}`
      return last
    })
  const remember = ({ at, path, sha256 }: AppliedFile) =>
    sql`INSERT INTO config_files ${sql.insert({ path, sha256, applied_at: at })}
        ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, applied_at = excluded.applied_at`
  const record = (versions: ReadonlyArray<NewVersion>, file: AppliedFile | null) =>
    Effect.gen(function* () {
      if (file !== null) yield* remember(file)
      return versions.length === 0 ? 0 : yield* add(versions)
    })
  const storedVersion = (row: Row): StoredVersion => {
    const { at, author, document, running, version, what } = row
    return { version, at, by: author, what, document: openDocument(box, document), running }
  }
  return {
    apply: (changes, versions, file) =>
      Effect.map(
        store.applyChanges("store the configuration", changes, record(versions, file)),
        ({ beside, numbers }) => ({
          numbers,
          version: beside,
        }),
      ),
    list: read(
      READ,
      Effect.map(
        sql<
          Omit<Row, "document" | "running">
        >`SELECT version, at, author, what FROM config_versions ORDER BY version DESC`,
        (rows) => rows.map(({ at, author, version, what }): VersionEntry => ({ version, at, by: author, what })),
      ),
    ),
    find: (version) =>
      read(
        READ,
        Effect.flatMap(
          version === null
            ? sql<Row>`SELECT * FROM config_versions ORDER BY version DESC LIMIT 1`
            : sql<Row>`SELECT * FROM config_versions WHERE version = ${version}`,
          ([row]) => Effect.try(() => (row === undefined ? null : storedVersion(row))),
        ),
      ),
    fileHash: (path) =>
      read(
        READ,
        Effect.map(
          sql<{ sha256: string }>`SELECT sha256 FROM config_files WHERE path = ${path}`,
          ([row]) => row?.sha256 ?? null,
        ),
      ),
  }
}
