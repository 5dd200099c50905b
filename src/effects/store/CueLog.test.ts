import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Scope, TestClock } from "effect"
import { StoreError } from "../model/Errors.ts"
import { newCue } from "../testing/cues.ts"
import { settle } from "../testing/FakeEngine.ts"
import { type CueLogService, MAX_CUES_WAITING, makeCueLog } from "./CueLog.ts"
import type { CueWrite } from "./cue-rows.ts"

const full = new StoreError({ operation: "store the cues", cause: new Error("database or disk is full") })

interface Bench {
  readonly log: CueLogService
  /** What the store was given, batch by batch, as `id description repeats`. */
  readonly batches: ReadonlyArray<ReadonlyArray<string>>
  readonly lines: ReadonlyArray<string>
  readonly close: Effect.Effect<void>
  readonly breakStore: (how: "refuse" | "hang" | null) => void
  /** Channels that are gone. */
  readonly gone: Set<string>
}

const bench = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const batches: Array<ReadonlyArray<string>> = []
  const lines: Array<string> = []
  const gone = new Set<string>()
  let broken: "refuse" | "hang" | null = null
  let ids = 0
  const writeCues = (writes: ReadonlyArray<CueWrite>): Effect.Effect<ReadonlyArray<number | null>, StoreError> =>
    Effect.suspend(() => {
      if (broken !== null) return broken === "hang" ? Effect.never : full
      batches.push(writes.map(({ cue, id }) => `${id ?? "new"} ${cue.description} ${cue.repeats}`))
      return Effect.succeed(writes.map(({ cue, id }) => id ?? (gone.has(cue.channelId) ? null : ++ids)))
    })
  const logger = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => void lines.push(String(message))),
  )
  const log = yield* makeCueLog({ writeCues, cues: () => Effect.succeed([]), allCues: () => Effect.succeed([]) }).pipe(
    Scope.extend(scope),
    Effect.provide(logger),
  )
  yield* settle
  const breakStore: Bench["breakStore"] = (how) => {
    broken = how
  }
  return { log, batches, lines, gone, close: Scope.close(scope, Exit.void), breakStore } satisfies Bench
})

const add = ({ log }: Bench, ...names: ReadonlyArray<string>) =>
  Effect.sync(() => names.map((description) => log.add(newCue({ description }))))
const adjust = (time: Parameters<typeof TestClock.adjust>[0]) => Effect.zipRight(TestClock.adjust(time), settle)
const repeat = (entry: ReturnType<CueLogService["add"]> | undefined) =>
  Effect.sync(() => entry?.update((cue) => ({ ...cue, repeats: cue.repeats + 1 })))

describe("CueLog", () => {
  it.effect("writes a cue within 250 ms, once, and again when it changes", () =>
    Effect.gen(function* () {
      const run = yield* bench
      const [first] = yield* add(run, "a", "b")
      yield* repeat(first)
      yield* adjust("249 millis")
      assert.deepStrictEqual(run.batches, [])
      yield* adjust("1 millis")
      assert.deepStrictEqual(run.batches, [["new a 1", "new b 0"]])
      yield* adjust("1 hour")
      assert.strictEqual(run.batches.length, 1)
      yield* repeat(first)
      yield* repeat(first)
      yield* adjust("250 millis")
      assert.deepStrictEqual(run.batches[1], ["1 a 3"])
    }),
  )

  it.effect("keeps trying when the store refuses, says so once, and keeps the order", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.breakStore("refuse")
      const [first] = yield* add(run, "a")
      yield* adjust("10 seconds")
      yield* add(run, "b")
      yield* repeat(first)
      yield* adjust("10 seconds")
      assert.include(run.log.problem(), "disk is full")
      assert.strictEqual(run.lines.filter((line) => line.includes("are not being stored")).length, 1)
      run.breakStore(null)
      yield* adjust("3 seconds")
      assert.deepStrictEqual(run.batches, [["new a 1", "new b 0"]])
      assert.isNull(run.log.problem())
    }),
  )

  it.effect("holds a bounded number while the store is away, tells how many it lost, and nothing comes of those", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.breakStore("refuse")
      const names = Array.from({ length: MAX_CUES_WAITING + 5 }, (_, n) => `${n}`)
      const entries = yield* add(run, ...names)
      yield* adjust("3 seconds")
      yield* repeat(entries.at(-1))
      assert.deepStrictEqual(run.log.counts(), { waiting: MAX_CUES_WAITING, dropped: 5, failures: 2 })
      run.breakStore(null)
      yield* adjust("5 seconds")
      assert.strictEqual(run.batches.flat().length, MAX_CUES_WAITING)
      assert.strictEqual(run.lines.filter((line) => line.includes("5 cues were lost")).length, 1)
    }),
  )

  it.effect("forgets cues of a channel that is gone", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.gone.add("a")
      const [first] = yield* add(run, "x")
      yield* adjust("1 second")
      yield* repeat(first)
      yield* adjust("1 second")
      assert.deepStrictEqual(run.batches, [["new x 0"]])
    }),
  )

  it.effect("writes what waits when it is closed and before it reads, and closes although a write hangs", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* add(run, "a")
      yield* run.log.list("a", { limit: 1 })
      assert.deepStrictEqual(run.batches, [["new a 0"]])
      yield* add(run, "b")
      yield* run.close
      assert.deepStrictEqual(run.batches[1], ["new b 0"])
      const other = yield* bench
      other.breakStore("hang")
      yield* add(other, "a")
      yield* adjust("1 second")
      const closing = yield* Effect.fork(other.close)
      yield* adjust("600 millis")
      assert.isTrue(Exit.isExit(closing.unsafePoll()), "closed within 0.6 s")
    }),
  )
})
