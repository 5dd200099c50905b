import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelConfig } from "../testing/configs.ts"
import { execute, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { MINUTE_S, makeFigureRows } from "./figure-rows.ts"
import { figuresFileOf } from "./open-store.ts"
import type { StoreService } from "./Store.ts"

const minute = { at: 1_795_521_600, channels: new Map([[1, new Map([[0, new Float64Array(13).fill(1)]])]]) }
const write = (store: StoreService) => makeFigureRows(store.figures).write([minute], minute.at + 61, () => undefined)
const count = (store: StoreService) =>
  Effect.map(makeFigureRows(store.figures).read(1, MINUTE_S, 0, 2 ** 40), (rows) => rows.length)

describe("the file of the figures", () => {
  it.scoped("is beside the store's, for its owner alone, and survives a restart", () =>
    Effect.gen(function* () {
      const place = join(yield* temporaryDirectory, "distributor.db")
      yield* using(place, write)
      const file = figuresFileOf(place)
      assert.strictEqual(file, join(dirname(place), "distributor-figures.db"))
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      assert.strictEqual(yield* using(place, count), 1)
    }),
  )

  const SPOILT: ReadonlyArray<readonly [string, (file: string) => void]> = [
    ["that is damaged", (file) => writeFileSync(file, "this is no database, and never was one".repeat(200))],
    ["that is a directory", (file) => mkdirSync(file)],
  ]
  it.scoped.each(SPOILT)("%s is put aside, and the channels are there", ([, spoil]) =>
    Effect.gen(function* () {
      const place = join(yield* temporaryDirectory, "distributor.db")
      const file = figuresFileOf(place)
      yield* using(place, (store) => store.insertChannel(channelConfig()))
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true })
      spoil(file)
      const seen = yield* using(place, (store) => Effect.zip(store.load, Effect.zipRight(write(store), count(store))))
      assert.deepStrictEqual([seen[0].length, seen[1]], [1, 1])
      assert.isTrue(existsSync(`${file}.damaged`))
      assert.strictEqual(yield* using(place, count), 1)
    }),
  )

  it.scoped("of a newer version is kept as it was, beside a new one", () =>
    Effect.gen(function* () {
      const place = join(yield* temporaryDirectory, "distributor.db")
      yield* using(place, write)
      yield* execute(figuresFileOf(place), "INSERT INTO figure_migrations (version) VALUES (99)")
      assert.strictEqual(yield* using(place, count), 0)
      assert.isAbove(readFileSync(`${figuresFileOf(place)}.damaged`).length, 0)
    }),
  )
})
