/** A configuration in a file of this machine: `DISTRIBUTOR_CONFIG`. */
import { createHash } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { Effect } from "effect"
import { type InvalidInput, StartRefused } from "../model/Errors.ts"
import { type ConfigDocument, decodeDocument } from "./document.ts"
import { maskedDocument } from "./export.ts"
import { parseYaml, YamlError } from "./yaml.ts"

/** A configuration of a thousand channels is smaller. */
const MAX_BYTES = 16 * 1024 * 1024

export interface ConfigFile {
  readonly path: string
  readonly sha256: string
  readonly text: string
}

const refuse = (path: string, why: string) => new StartRefused({ reason: `DISTRIBUTOR_CONFIG: ${path}: ${why}` })

const causeOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  if (code === "ENOENT") return "there is no such file"
  if (code === "EACCES") return "it may not be read by this user"
  return code === "EISDIR" ? "it is a directory" : `it cannot be read (${code})`
}

export const readConfigFile = (path: string): Effect.Effect<ConfigFile, StartRefused> =>
  Effect.gen(function* () {
    const bytes = yield* Effect.tryPromise({
      try: () => readFile(path),
      catch: (error) => refuse(path, causeOf(error)),
    })
    if (bytes.byteLength > MAX_BYTES) return yield* refuse(path, `it is larger than ${MAX_BYTES} bytes`)
    const text = yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      catch: () => refuse(path, "it is not valid UTF-8"),
    })
    return { path, sha256: createHash("sha256").update(bytes).digest("hex"), text }
  })

/** What to do about a file with secrets that everyone on this machine may read; null when there is nothing to do. */
export const exposureOf = (path: string, document: ConfigDocument): Effect.Effect<string | null> =>
  Effect.map(
    Effect.promise(() => stat(path).catch(() => null)),
    (found) =>
      found === null ||
      (found.mode & 0o004) === 0 ||
      JSON.stringify(maskedDocument(document)) === JSON.stringify(document)
        ? null
        : `DISTRIBUTOR_CONFIG: ${path} holds secrets, and everyone on this machine may read it: chmod 640 ${path}`,
  )

/** More than this nobody reads in one line. */
const SHOWN = 5
const sentenceOf = ({ errors }: Pick<InvalidInput, "errors">): string => {
  const shown = errors.slice(0, SHOWN).map(({ message, path }) => `${path}: ${message}`)
  return `${shown.join("; ")}${errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : ""}`
}

/** What cannot be applied of a file ends the start, with the place in the file. */
export const refuseFile = (file: string, { errors }: Pick<InvalidInput, "errors">): StartRefused =>
  refuse(
    file,
    sentenceOf({ errors: errors.map(({ message, path }) => ({ path: path === "body" ? "document" : path, message })) }),
  )

export const parseConfigFile = ({ path, text }: ConfigFile): Effect.Effect<ConfigDocument, StartRefused> =>
  Effect.try({
    try: () => parseYaml(text),
    catch: (error) =>
      refuse(path, error instanceof YamlError ? `${error.path}: ${error.message}` : "it is not valid YAML"),
  }).pipe(Effect.flatMap((value) => Effect.mapError(decodeDocument(value), (error) => refuseFile(path, error))))
