import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { type CrashReport, makeCrashes } from "./Crashes.ts"

const CHANNEL = "11111111-1111-4111-8111-111111111111"
const report = (over: Partial<CrashReport> = {}): CrashReport => ({
  engine: 1,
  pid: 4242,
  why: "the engine (pid 4242) was ended by SIGSEGV",
  uptime: 12.5,
  channels: [CHANNEL],
  handled: { channel_id: CHANNEL, stage: "sending" },
  log: "last words\n",
  stats: null,
  blames: true,
  ...over,
})
const bench = Effect.map(temporaryDirectory, (directory) => {
  const place = join(directory, "crashes")
  return { place, crashes: makeCrashes(place) }
})

describe("Crashes", () => {
  it.scoped("keeps 20, newest first, and finds them again after a restart", () =>
    Effect.gen(function* () {
      const { crashes, place } = yield* bench
      assert.deepStrictEqual(yield* crashes.list, [])
      for (let n = 1; n <= 23; n++) {
        yield* TestClock.adjust("2 minutes")
        yield* crashes.record(report({ pid: n }))
      }
      const list = yield* makeCrashes(place).list
      assert.deepStrictEqual(
        list.map(({ pid }) => pid),
        Array.from({ length: 20 }, (_, at) => 23 - at),
      )
      assert.strictEqual((yield* crashes.get(list[0]?.id ?? ""))?.log, "last words\n")
      assert.deepStrictEqual(yield* crashes.keptOut, [])
    }),
  )

  it.scoped.each([
    ["deaths with 31 s between them", "31 seconds", {}],
    ["deaths that somebody else caused", "1 second", { blames: false }],
    ["deaths at which no channel was in hand", "1 second", { handled: null }],
  ] as const)("keeps no channel out for %s", ([, apart, over]) =>
    Effect.gen(function* () {
      const { crashes } = yield* bench
      for (let n = 0; n < 5; n++) {
        yield* crashes.record(report(over))
        yield* TestClock.adjust(apart)
      }
      assert.deepStrictEqual(yield* crashes.keptOut, [])
      assert.isNull(crashes.refusal(CHANNEL))
    }),
  )

  it.scoped("keeps a channel out from the third death within a minute on, over restarts, until it is released", () =>
    Effect.gen(function* () {
      const { crashes, place } = yield* bench
      for (let n = 0; n < 3; n++) {
        assert.isNull(crashes.refusal(CHANNEL))
        yield* TestClock.adjust("29 seconds")
        yield* crashes.record(report())
      }
      assert.match(crashes.refusal(CHANNEL) ?? "", /died 3 times within a minute/)
      const later = makeCrashes(place)
      assert.strictEqual((yield* later.keptOut)[0]?.channel_id, CHANNEL)
      assert.isTrue(yield* later.release(CHANNEL))
      assert.isNull(later.refusal(CHANNEL))
      assert.deepStrictEqual(yield* makeCrashes(place).keptOut, [])
    }),
  )

  it.scoped("shows nothing that is no crash of its own", () =>
    Effect.gen(function* () {
      const { crashes, place } = yield* bench
      yield* crashes.record(report())
      writeFileSync(join(place, "9.json"), "{")
      assert.strictEqual((yield* crashes.list).length, 1)
      for (const id of ["9", "../secret", "..", "kept-out", "", "a/b"]) assert.isNull(yield* crashes.get(id))
      assert.strictEqual(readdirSync(place).filter((name) => name.endsWith(".part")).length, 0)
    }),
  )
})
