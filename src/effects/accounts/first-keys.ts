/**
 * Keys that the service makes by itself and leaves in files, for installations that start with one command: an admin's
 * key where it would refuse to be open to other machines (`FIRST_KEY_FILE`), and a viewer's key for Prometheus
 * (`METRICS_KEY_FILE`). Both are ordinary keys in the store: their files may be removed, and `DELETE /api/keys/{id}`
 * revokes them.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { Console, Effect, Option } from "effect"
import type { AppConfigService } from "../config/AppConfig.ts"
import { StartRefused } from "../model/Errors.ts"
import type { AccountsService } from "./Accounts.ts"
import { isKeyText, newKey } from "./api-key.ts"

const FIRST_NAME = "first-start"
const METRICS_NAME = "metrics-key-file"
/** Text for Prometheus to send where nobody is asked for a key, since its file must exist. */
const NO_KEY = "no-key-needed"
/** Mode of the viewer's key file: it is read by a process of another user, which has the directory mounted. */
const READABLE = 0o644
const PRIVATE = 0o600

const causeOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** Text of a key file without the line end; empty when there is no such file. */
const readKeyFile = (file: string): string => {
  try {
    return readFileSync(file, "utf8").trim()
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return ""
    throw cause
  }
}

/** Writes a key file whole or not at all. */
const writeKeyFile = (file: string, text: string, mode: number): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
  const partial = `${file}.${process.pid}.part`
  try {
    rmSync(partial, { force: true })
    writeFileSync(partial, `${text}\n`, { mode, flag: "wx" })
    // The umask has been taken off the mode above.
    chmodSync(partial, mode)
    renameSync(partial, file)
  } catch (cause) {
    rmSync(partial, { force: true })
    throw cause
  }
}

/**
 * Announces a key on standard output alone, in the log's format where that is JSON, so that no log shown on a page has
 * it.
 */
const announce = (text: string, format: AppConfigService["logFormat"]) =>
  Effect.flatMap(
    Effect.sync(() => new Date().toISOString()),
    (time) => Console.log(format === "json" ? JSON.stringify({ level: "warn", time, msg: text }) : `\n  ${text}\n`),
  )

/**
 * Makes an admin's key, leaves it in `FIRST_KEY_FILE` and announces it once; does nothing without that setting. A key
 * that is already in the file is used: a start that was interrupted had written it.
 */
export const makeFirstKey = (
  { firstKeyFile, logFormat }: Pick<AppConfigService, "firstKeyFile" | "logFormat">,
  accounts: AccountsService,
): Effect.Effect<void, StartRefused> =>
  Option.match(firstKeyFile, {
    onNone: () => Effect.void,
    onSome: (file) =>
      Effect.gen(function* () {
        const refuse = (why: string) => new StartRefused({ reason: `FIRST_KEY_FILE: ${file} ${why}` })
        const found = yield* Effect.try({
          try: () => readKeyFile(file),
          catch: (cause) => refuse(`cannot be read: ${causeOf(cause)}`),
        })
        if (found !== "" && !isKeyText(found))
          return yield* refuse("holds no key that this service made; remove it for a new one")
        const key = found === "" ? newKey() : found
        // The file comes before the store: a key that exists only as a hash in the store would lock everybody out.
        if (found === "") {
          const write = () => writeKeyFile(file, key, PRIVATE)
          yield* Effect.try({ try: write, catch: (cause) => refuse(`cannot be written: ${causeOf(cause)}`) })
        }
        yield* Effect.mapError(accounts.createKey({ name: FIRST_NAME, role: "admin" }, key), ({ message }) =>
          refuse(message),
        )
        yield* announce(
          `First start: the key of the admin is ${key} (kept in ${file}, said this once). Log in with it on /login.`,
          logFormat,
        )
      }),
  })

/**
 * Makes sure that `METRICS_KEY_FILE` holds a valid key; does nothing without that setting. A file that cannot be
 * written is only a warning: streams do not wait for their monitoring.
 */
export const keepMetricsKey = (
  { apiKey, auth, metricsKeyFile }: Pick<AppConfigService, "apiKey" | "auth" | "metricsKeyFile">,
  accounts: AccountsService,
): Effect.Effect<void> =>
  Option.match(metricsKeyFile, {
    onNone: () => Effect.void,
    onSome: (file) =>
      Effect.gen(function* () {
        const isOpen = !auth || (Option.isNone(apiKey) && accounts.isEmpty())
        const found = yield* Effect.try(() => readKeyFile(file))
        if (isOpen ? found !== "" : accounts.keyOf(found) !== undefined) return
        const key = isOpen ? NO_KEY : newKey()
        yield* Effect.try(() => writeKeyFile(file, key, READABLE))
        if (isOpen) return
        // The old key, whose file was lost or changed.
        const last = accounts.keys().find(({ name }) => name === METRICS_NAME)
        if (last !== undefined) yield* accounts.removeKey(last.id)
        yield* accounts.createKey({ name: METRICS_NAME, role: "viewer" }, key)
        yield* Effect.log(`made a viewer's key "${METRICS_NAME}" for Prometheus, in ${file}`)
      }).pipe(
        Effect.catchAll((error) =>
          Effect.logWarning(
            `METRICS_KEY_FILE: ${file} holds no key for Prometheus: ${causeOf("cause" in error ? (error.cause ?? error) : error)}`,
          ),
        ),
      ),
  })
