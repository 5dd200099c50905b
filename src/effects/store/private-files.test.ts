import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { layerFrom } from "../config/Logging.ts"
import { toLogLevel } from "../config/log-levels.ts"
import { appConfig } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { keepPrivate } from "./private-files.ts"
import { Store } from "./Store.ts"

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
const logged = () => {
  const lines: string[] = []
  return {
    lines,
    layer: layerFrom({ logFormat: "json", logLevel: toLogLevel("info") }, { write: (line) => lines.push(line) }),
  }
}
/** Starts a store with these settings, and looks at it while it is open. */
const whileOpen = <A>(dataDir: string, look: () => A) => {
  const { layer, lines } = logged()
  const config = Layer.succeed(AppConfig, { ...appConfig(dataDir), dataDir })
  return Effect.map(
    Effect.provide(
      Effect.flatMap(Store, () => Effect.sync(look)),
      Store.Live.pipe(Layer.provide(config), Layer.provideMerge(layer)),
    ),
    (seen) => ({ lines, seen }),
  )
}

describe("private files", () => {
  it.scoped("a new store is for its owner alone, whatever the umask", () =>
    Effect.gen(function* () {
      const dataDir = join(yield* temporaryDirectory, "config")
      const file = join(dataDir, "distributor.db")
      const umask = process.umask(0)
      const { lines, seen } = yield* whileOpen(dataDir, () =>
        [dataDir, file, `${file}-wal`, `${file}-shm`, join(dataDir, "secret.key")].map(modeOf),
      ).pipe(Effect.ensuring(Effect.sync(() => process.umask(umask))))
      assert.deepStrictEqual(seen, ["700", "600", "600", "600", "600"])
      assert.deepStrictEqual(lines, [])
    }),
  )

  it.scoped("one that is open to others is closed at the start, and the log says so once", () =>
    Effect.gen(function* () {
      const dataDir = join(yield* temporaryDirectory, "config")
      const file = join(dataDir, "distributor.db")
      const key = join(dataDir, "secret.key")
      yield* whileOpen(dataDir, () => null)
      mkdirSync(join(dataDir, "backups"))
      for (const name of ["engine.log", "engine-2.log"]) writeFileSync(join(dataDir, name), "")
      for (const path of [dataDir, join(dataDir, "backups")]) chmodSync(path, 0o755)
      for (const path of [file, key, join(dataDir, "engine.log"), join(dataDir, "engine-2.log")]) chmodSync(path, 0o644)
      const { lines, seen } = yield* whileOpen(dataDir, () =>
        [
          dataDir,
          join(dataDir, "backups"),
          file,
          `${file}-wal`,
          `${file}-shm`,
          key,
          join(dataDir, "engine.log"),
          join(dataDir, "engine-2.log"),
        ].map(modeOf),
      )
      assert.deepStrictEqual(seen, ["700", "700", "600", "600", "600", "600", "600", "600"])
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], `now for their owner alone: ${dataDir} (was 0755)`)
      assert.include(lines[0], "a web server that reads HLS files below it needs HLS_DIR elsewhere")
      assert.deepStrictEqual((yield* whileOpen(dataDir, () => null)).lines, [])
    }),
  )

  it.scoped("what a killed service left of its log is closed too", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryDirectory
      const databaseFile = join(dataDir, "distributor.db")
      const files = [databaseFile, `${databaseFile}-wal`, `${databaseFile}-shm`]
      for (const path of files) {
        writeFileSync(path, "")
        chmodSync(path, 0o644)
      }
      yield* keepPrivate({ dataDir, databaseFile, keyFile: join(dataDir, "secret.key") })
      assert.deepStrictEqual(files.map(modeOf), ["600", "600", "600"])
    }),
  )

  it.scoped("permissions are only taken away, never given", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryDirectory
      const keyFile = join(dataDir, "secret.key")
      writeFileSync(keyFile, "")
      chmodSync(keyFile, 0o444)
      yield* keepPrivate({ dataDir, databaseFile: null, keyFile })
      assert.strictEqual(modeOf(keyFile), "400")
    }),
  )

  it.scoped("a directory that others have files in stays as it is, the files in it do not", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryDirectory
      const databaseFile = join(dataDir, "distributor.db")
      writeFileSync(databaseFile, "")
      const keyFile = join(dataDir, "secret.key")
      // As /tmp is, and as the checkout that the service was started in.
      for (const [directory, mode] of [
        [dataDir, 0o1777],
        [process.cwd(), statSync(process.cwd()).mode & 0o7777],
      ] as const) {
        chmodSync(directory, mode)
        chmodSync(databaseFile, 0o644)
        yield* keepPrivate({ dataDir: directory, databaseFile, keyFile })
        assert.strictEqual(statSync(directory).mode & 0o7777, mode)
        assert.strictEqual(modeOf(databaseFile), "600")
      }
    }),
  )
})
