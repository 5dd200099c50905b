import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Scope, TestClock } from "effect"
import { StoreError } from "../model/Errors.ts"
import type { NewEvent } from "../model/event.ts"
import { settle } from "../testing/FakeEngine.ts"
import { BATCH, type EventLogService, MAX_WAITING, makeEventLog } from "./EventLog.ts"

interface Bench {
  readonly log: EventLogService
  /** What the store was given, batch by batch. */
  readonly batches: ReadonlyArray<ReadonlyArray<string>>
  readonly lines: ReadonlyArray<string>
  readonly close: Effect.Effect<void>
  /** Makes the store refuse, or hang; null repairs it. */
  readonly breakStore: (how: "refuse" | "hang" | null) => void
}

const full = new StoreError({ operation: "store what happened", cause: new Error("database or disk is full") })

const bench = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const batches: Array<ReadonlyArray<string>> = []
  const lines: Array<string> = []
  let broken: "refuse" | "hang" | null = null
  const appendEvents = (events: ReadonlyArray<NewEvent>): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      if (broken !== null) return broken === "hang" ? Effect.never : full
      batches.push(events.map((event) => event.message))
      return Effect.void
    })
  const logger = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => void lines.push(String(message))),
  )
  const log = yield* makeEventLog({
    appendEvents,
    events: () => Effect.succeed([]),
    allEvents: () => Effect.succeed([]),
  }).pipe(Scope.extend(scope), Effect.provide(logger))
  yield* settle
  const breakStore: Bench["breakStore"] = (how) => {
    broken = how
  }
  return { log, batches, lines, close: Scope.close(scope, Exit.void), breakStore } satisfies Bench
})

/** Events of as many subjects, so that no limit holds them. */
const add = ({ log }: Bench, from: number, to: number) =>
  Effect.sync(() => {
    for (let n = from; n < to; n++) {
      log.add(
        { channelId: "c", at: n, kind: "output_failed", severity: "warning", output: `o${n}`, message: `${n}` },
        0,
      )
    }
  })
const flap = ({ log }: Bench, message: string, nowMs: number) =>
  Effect.sync(() =>
    log.add({ channelId: "c", at: 0, kind: "output_failed", severity: "warning", output: "o", message }, nowMs),
  )
const adjust = (time: Parameters<typeof TestClock.adjust>[0]) => Effect.zipRight(TestClock.adjust(time), settle)
const sizes = ({ batches }: Bench) => batches.map((batch) => batch.length)

describe("EventLog", () => {
  it.effect("writes what happened within 250 ms in one batch, and nothing while nothing happens", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* add(run, 0, 3)
      yield* adjust("249 millis")
      assert.deepStrictEqual(run.batches, [])
      yield* add(run, 3, 4)
      yield* adjust("1 millis")
      assert.deepStrictEqual(run.batches, [["0", "1", "2", "3"]])
      yield* adjust("1 hour")
      assert.strictEqual(run.batches.length, 1)
      yield* add(run, 4, 5)
      yield* adjust("250 millis")
      assert.deepStrictEqual(run.batches[1], ["4"])
    }),
  )

  it.effect("does not wait once there is a full batch", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* add(run, 0, 2 * BATCH + 1)
      yield* settle
      assert.deepStrictEqual(sizes(run), [BATCH, BATCH, 1])
      yield* run.close
      assert.deepStrictEqual(
        run.batches.flat(),
        Array.from({ length: 2 * BATCH + 1 }, (_, n) => `${n}`),
      )
    }),
  )

  it.effect("keeps trying when the store refuses, says so once, and loses and doubles nothing", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.breakStore("refuse")
      yield* add(run, 0, 5)
      yield* adjust("1 minute")
      const { failures, waiting } = run.log.counts()
      assert.isAbove(failures, 10)
      assert.isBelow(failures, 40)
      assert.strictEqual(waiting, 5)
      assert.include(run.log.problem(), "disk is full")
      assert.strictEqual(run.lines.filter((line) => line.includes("are not being stored")).length, 1)
      run.breakStore(null)
      yield* add(run, 5, 6)
      yield* adjust("3 seconds")
      assert.deepStrictEqual(run.batches, [["0", "1", "2", "3", "4", "5"]])
      assert.isNull(run.log.problem())
      assert.deepInclude(run.log.counts(), { waiting: 0, dropped: 0 })
    }),
  )

  it.effect("holds a bounded number while the store is away, and tells how many it lost", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.breakStore("refuse")
      yield* add(run, 0, MAX_WAITING + 500)
      yield* adjust("3 seconds")
      assert.deepInclude(run.log.counts(), { waiting: MAX_WAITING, dropped: 500 })
      run.breakStore(null)
      yield* adjust("3 seconds")
      assert.strictEqual(run.batches.flat().length, MAX_WAITING)
      assert.strictEqual(run.batches.flat().at(-1), `${MAX_WAITING - 1}`)
      assert.strictEqual(run.lines.filter((line) => line.includes("500 channel events were lost")).length, 1)
    }),
  )

  it.effect("takes events at once while a write hangs, and closes all the same", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.breakStore("hang")
      yield* add(run, 0, 1)
      yield* adjust("1 second")
      yield* add(run, 1, 3)
      assert.strictEqual(run.log.counts().waiting, 3)
      const closing = yield* Effect.fork(run.close)
      yield* adjust("600 millis")
      assert.isTrue(Exit.isExit(closing.unsafePoll()), "closed within 0.6 s")
    }),
  )

  it.effect("writes what waits when it is closed, the last state of what flaps included", () =>
    Effect.gen(function* () {
      const run = yield* bench
      for (let n = 0; n < 20; n++) yield* flap(run, `${n}`, 0)
      yield* run.close
      assert.deepStrictEqual(run.batches, [
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "19 (and 9 more like it before)"],
      ])
    }),
  )

  it.effect("tells the last state of what flapped by itself, when its turn comes", () =>
    Effect.gen(function* () {
      const run = yield* bench
      for (let n = 0; n < 12; n++) yield* flap(run, `${n}`, 0)
      yield* adjust("9 seconds")
      assert.strictEqual(run.batches.flat().length, 10)
      yield* adjust("2 seconds")
      assert.strictEqual(run.batches.flat().at(-1), "11 (and 1 more like it before)")
      yield* adjust("1 hour")
      assert.strictEqual(run.batches.flat().length, 11)
    }),
  )

  it.effect("writes before it reads", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* add(run, 0, 1)
      yield* run.log.list("c", { limit: 1 })
      assert.deepStrictEqual(run.batches, [["0"]])
    }),
  )
})
