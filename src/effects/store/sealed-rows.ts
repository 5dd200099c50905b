/** Which columns of the store are encrypted, and how a store that was written in plain becomes encrypted. */
import { existsSync } from "node:fs"
import type * as Client from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { makeSecretBox, type SecretBox } from "./secret-box.ts"
import { loadSecretKey } from "./secret-key.ts"

type OutputSecrets = {
  readonly id: string
  readonly url: string
  readonly stream_key: string | null
  readonly settings: string
}

/** The row with its secrets encrypted; URLs hold passphrases and tokens, settings hold keys of object stores. */
export const sealOutput = <Row extends OutputSecrets>(box: SecretBox, row: Row): Row => ({
  ...row,
  url: box.seal(row.url, `outputs.url:${row.id}`),
  stream_key: row.stream_key === null ? null : box.seal(row.stream_key, `outputs.stream_key:${row.id}`),
  settings: box.seal(row.settings, `outputs.settings:${row.id}`),
})

/** Throws `CannotOpen`. */
export const openOutput = <Row extends OutputSecrets>(box: SecretBox, row: Row): Row => ({
  ...row,
  url: box.open(row.url, `outputs.url:${row.id}`),
  stream_key: row.stream_key === null ? null : box.open(row.stream_key, `outputs.stream_key:${row.id}`),
  settings: box.open(row.settings, `outputs.settings:${row.id}`),
})

type ChannelSecrets = {
  readonly id: string
  readonly input_url: string | null
  readonly backup_input_url: string | null
}

const overUrls = <Row extends ChannelSecrets>(row: Row, step: (text: string, place: string) => string): Row => {
  const over = (name: "input_url" | "backup_input_url") =>
    row[name] === null ? null : step(row[name], `channels.${name}:${row.id}`)
  return { ...row, input_url: over("input_url"), backup_input_url: over("backup_input_url") }
}

/** The row of a channel with the URLs of its legs encrypted: they hold passphrases. */
export const sealChannel = <Row extends ChannelSecrets>(box: SecretBox, row: Row): Row => overUrls(row, box.seal)

/** Throws `CannotOpen`. */
export const openChannel = <Row extends ChannelSecrets>(box: SecretBox, row: Row): Row => overUrls(row, box.open)

const DOCUMENT = "config_versions.document"
export const sealDocument = (box: SecretBox, document: string): string => box.seal(document, DOCUMENT)
/** Throws `CannotOpen`. */
export const openDocument = (box: SecretBox, document: string): string => box.open(document, DOCUMENT)

const ADVICE = "bring the file back from a backup, copy it from another node, or set KEY_FILE to where it is"
const CHECK = { text: "stream-distributor", place: "secret_check" } as const

const openCheck = (box: SecretBox, sealed: string, keyFile = "KEY_FILE") =>
  Effect.try({
    try: () => box.open(sealed, CHECK.place),
    catch: () => new Error(`its secrets are encrypted with another key than that of ${keyFile}; ${ADVICE}`),
  })

const sealEverything = (sql: Client.SqlClient, box: SecretBox) =>
  Effect.gen(function* () {
    // Another node, whose turn came first, has done it.
    const [check] = yield* sql<{ sealed: string }>`SELECT sealed FROM secret_check WHERE id = 1`
    if (check !== undefined) {
      yield* openCheck(box, check.sealed)
      return 0
    }
    const outputs = yield* sql<OutputSecrets>`SELECT id, url, stream_key, settings FROM outputs`
    for (const row of outputs) {
      const { id, ...sealed } = sealOutput(box, row)
      yield* sql`UPDATE outputs SET ${sql.update(sealed)} WHERE id = ${id}`
    }
    const versions = yield* sql<{ version: number; document: string }>`SELECT version, document FROM config_versions`
    for (const { document, version } of versions) {
      yield* sql`UPDATE config_versions SET document = ${sealDocument(box, document)} WHERE version = ${version}`
    }
    yield* sql`INSERT INTO secret_check (id, sealed) VALUES (1, ${box.seal(CHECK.text, CHECK.place)})`
    return outputs.length + versions.length
  })

/**
 * The box for a store. A store without one, as earlier versions wrote it, is encrypted as a whole in one transaction.
 * Fails, and changes nothing, when the store is encrypted and the key file is missing or another one.
 */
export const openStore = (sql: Client.SqlClient, keyFile: string) =>
  Effect.gen(function* () {
    const [check] = yield* sql<{ sealed: string }>`SELECT sealed FROM secret_check WHERE id = 1`
    if (check !== undefined && !existsSync(keyFile)) {
      return yield* Effect.fail(
        new Error(`its secrets are encrypted and the key file ${keyFile} is missing; ${ADVICE}`),
      )
    }
    const box = makeSecretBox(yield* loadSecretKey(keyFile))
    if (check !== undefined) {
      yield* openCheck(box, check.sealed, keyFile)
      return box
    }
    const sealed = yield* sql.withTransaction(sealEverything(sql, box))
    // What was overwritten must not stay in free pages.
    if (sealed > 0) yield* sql.onDialectOrElse({ sqlite: () => sql.unsafe("VACUUM"), orElse: () => Effect.succeed([]) })
    if (sealed > 0)
      yield* sql.onDialectOrElse({
        sqlite: () => sql.unsafe("PRAGMA wal_checkpoint(TRUNCATE)"),
        orElse: () => Effect.succeed([]),
      })
    return box
  })
