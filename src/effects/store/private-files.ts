/**
 * What holds secrets is for its owner alone: the data directory, the store with its log, the key file, copies, the
 * engine's log. Looked at on each start, since earlier versions, copies brought back and other tools leave them open.
 */
import { chmodSync, closeSync, openSync, readdirSync, statSync } from "node:fs"
import { join, relative } from "node:path"
import { Effect } from "effect"

export interface PrivatePlaces {
  readonly dataDir: string
  /** Null when the store is not a file. */
  readonly databaseFile: string | null
  readonly keyFile: string
}

const DIRECTORY = 0o700
const FILE = 0o600
const STICKY = 0o1000
/** The permission bits of everybody who is neither the owner nor in the group. */
const OTHERS = 0o007

interface Tightened {
  readonly path: string
  /** Permissions that it had. */
  readonly was: number
  /** Why they are still there; null when they are gone. */
  readonly problem: string | null
}

const octal = (mode: number) => `0${mode.toString(8)}`

/** Takes permissions away that go beyond `allowed`; null when there are none, or there is no such file. */
const tighten = (path: string, allowed: number): Tightened | null => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return null
  const was = found.mode & 0o777
  if ((was & ~allowed) === 0) return null
  try {
    chmodSync(path, was & allowed)
    return { path, was, problem: null }
  } catch (cause) {
    return { path, was, problem: cause instanceof Error ? cause.message : String(cause) }
  }
}

/**
 * A directory that others have their files in, as /tmp or the one that the service was started in, is not made private.
 */
const isShared = (directory: string): boolean => {
  const toHere = relative(directory, process.cwd())
  const holdsUs = toHere !== ".." && !toHere.startsWith("../")
  return holdsUs || ((statSync(directory, { throwIfNoEntry: false })?.mode ?? 0) & STICKY) !== 0
}

/** A SQLite file and what SQLite keeps beside it. */
const databaseFiles = (file: string) => [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]

/**
 * Makes the file, if it is not there yet, and keeps it and those beside it for their owner: SQLite gives its log the
 * mode of the file.
 */
export const preparePrivateDatabase = (file: string): void => {
  try {
    closeSync(openSync(file, "wx", FILE))
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause
  }
  for (const path of databaseFiles(file)) tighten(path, FILE)
}

/** Logs of the engines in the directory. */
const engineLogs = (dataDir: string): ReadonlyArray<string> => {
  try {
    return readdirSync(dataDir).filter((name) => /^engine(?:-\d+)?\.log$/.test(name))
  } catch {
    return []
  }
}

const tightenAll = ({ databaseFile, dataDir, keyFile }: PrivatePlaces): ReadonlyArray<Tightened> =>
  [
    isShared(dataDir) ? null : tighten(dataDir, DIRECTORY),
    tighten(join(dataDir, "backups"), DIRECTORY),
    ...[
      ...(databaseFile === null ? [] : databaseFiles(databaseFile)),
      keyFile,
      ...engineLogs(dataDir).map((name) => join(dataDir, name)),
    ].map((path) => tighten(path, FILE)),
  ].filter((one) => one !== null)

/**
 * Makes them private, and says in the log what was open, and what others can still read. Never fails: a directory that
 * belongs to somebody else (a volume of Kubernetes, a mounted secret) is for whoever made it to close.
 */
export const keepPrivate = (places: PrivatePlaces): Effect.Effect<void> =>
  Effect.suspend(() => {
    const found = tightenAll(places)
    const closed = found.filter(({ problem }) => problem === null).map(({ path, was }) => `${path} (was ${octal(was)})`)
    const open = found.filter(({ problem, was }) => problem !== null && (was & OTHERS) !== 0)
    const hint = closed.some((line) => line.startsWith(`${places.dataDir} `))
      ? "; a web server that reads HLS files below it needs HLS_DIR elsewhere"
      : ""
    return Effect.zipRight(
      closed.length === 0 ? Effect.void : Effect.log(`now for their owner alone: ${closed.join(", ")}${hint}`),
      Effect.forEach(
        open,
        ({ path, problem, was }) =>
          Effect.logWarning(
            `others on this machine may read ${path} (${octal(was)}), which holds secrets: ${problem}; chmod it by hand`,
          ),
        { discard: true },
      ),
    )
  }).pipe(
    Effect.catchAllDefect((cause) => Effect.logWarning(`${places.dataDir} could not be looked at: ${String(cause)}`)),
  )
