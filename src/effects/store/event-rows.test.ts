import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { NewEvent } from "../model/event.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { allowInserts, DATABASES, execute, failInserts, oldSchema, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { EVENT_BOUNDS } from "./event-rows.ts"
import type { StoreService } from "./Store.ts"

const addChannel = (store: StoreService, id: string) =>
  store.insertChannel(channelConfig({ id, slug: id, outputs: [outputConfig({ id: `out-${id}` })] }))
const events = (channelId: string, from: number, to: number): ReadonlyArray<NewEvent> =>
  Array.from({ length: to - from }, (_, n) => ({
    channelId,
    at: 1000 * (from + n),
    kind: n % 2 === 0 ? "switched" : "leg_lost",
    severity: "warning",
    source: "backup",
    message: `${from + n}`,
  }))
const list = (store: StoreService, id: string, limit = 1000) => store.events(id, { limit })
const messages = (found: ReadonlyArray<{ readonly message: string }>) => found.map(({ message }) => message)

describe.each(DATABASES)("channel events in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("come back after a restart, newest first, as they were", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* store.appendEvents([
            {
              channelId: "a",
              at: 1_767_323_045_678,
              kind: "started",
              severity: "info",
              message: "started by the operator",
            },
            {
              channelId: "a",
              at: 1_767_323_046_000,
              kind: "output_failed",
              severity: "critical",
              output: "cdn",
              message: 'Ü "quoted"\n\ud800',
            },
            {
              channelId: "a",
              at: 1_767_323_047_000,
              kind: "switched",
              severity: "warning",
              source: "backup",
              message: "switched",
            },
          ])
        }),
      )
      const found = yield* using(path, (store) => list(store, "a"))
      assert.deepStrictEqual(
        found.map(({ at, id, kind, output, severity, source }) => [id, at, kind, severity, source, output]),
        [
          [3, "2026-01-02T03:04:07.000Z", "switched", "warning", "backup", null],
          [2, "2026-01-02T03:04:06.000Z", "output_failed", "critical", null, "cdn"],
          [1, "2026-01-02T03:04:05.678Z", "started", "info", null, null],
        ],
      )
      assert.include(found[1]?.message, 'Ü "quoted"\n')
    }),
  )

  it.scoped("are found by page, time and kind, of one channel only", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* addChannel(store, "b")
          yield* store.appendEvents([...events("a", 0, 6), ...events("b", 0, 3)])
          const find = (query: Parameters<StoreService["events"]>[1]) => Effect.map(store.events("a", query), messages)
          assert.deepStrictEqual(yield* find({ limit: 2 }), ["5", "4"])
          assert.deepStrictEqual(yield* find({ limit: 2, before: 5 }), ["3", "2"])
          assert.deepStrictEqual(yield* find({ limit: 9, sinceMs: 4000 }), ["5", "4"])
          assert.deepStrictEqual(yield* find({ limit: 9, sinceMs: 4001 }), ["5"])
          assert.deepStrictEqual(yield* find({ limit: 9, kinds: ["leg_lost"] }), ["5", "3", "1"])
          assert.deepStrictEqual(yield* find({ limit: 9, kinds: ["leg_lost", "switched"], before: 3 }), ["1", "0"])
        }),
      )
    }),
  )

  it.scoped("go with their channel; those that come late are left out, the others of their batch are not", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* addChannel(store, "b")
          yield* store.appendEvents([...events("a", 0, 3), ...events("b", 0, 2)])
          yield* store.deleteChannel("a")
          assert.deepStrictEqual(yield* list(store, "a"), [])
          yield* store.appendEvents([...events("a", 3, 5), ...events("b", 2, 4)])
          yield* addChannel(store, "a")
          assert.deepStrictEqual(yield* list(store, "a"), [])
          assert.deepStrictEqual(messages(yield* list(store, "b")), ["3", "2", "1", "0"])
        }),
      )
    }),
  )

  it.scoped("never give an id out twice, also when the newest are gone", () =>
    Effect.gen(function* () {
      const path = yield* file
      const last = yield* using(path, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* store.appendEvents(events("a", 0, 3))
          const [newest] = yield* list(store, "a")
          yield* store.deleteChannel("a")
          return newest?.id ?? 0
        }),
      )
      yield* using(path, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "b")
          yield* store.appendEvents(events("b", 0, 1))
          assert.strictEqual((yield* list(store, "b"))[0]?.id, last + 1)
        }),
      )
    }),
  )

  it.scoped("are bounded per channel and in all: the oldest go, exactly", () =>
    Effect.gen(function* () {
      const path = yield* file
      const bounds = { perChannel: 5, inAll: 8 }
      const counts = (store: StoreService) => Effect.forEach(["a", "b"], (id) => Effect.map(list(store, id), messages))
      yield* using(
        path,
        (store) =>
          Effect.gen(function* () {
            yield* addChannel(store, "a")
            yield* addChannel(store, "b")
            for (let n = 0; n < 12; n += 4) yield* store.appendEvents(events("a", n, n + 4))
            assert.deepStrictEqual(yield* counts(store), [["11", "10", "9", "8", "7"], []])
            yield* store.appendEvents(events("b", 0, 4))
            assert.deepStrictEqual(yield* counts(store), [
              ["11", "10", "9", "8"],
              ["3", "2", "1", "0"],
            ])
          }),
        bounds,
      )
      // Counted anew after a restart, and after a channel has gone.
      yield* using(
        path,
        (store) =>
          Effect.gen(function* () {
            yield* store.appendEvents(events("b", 4, 6))
            assert.deepStrictEqual(yield* counts(store), [
              ["11", "10", "9"],
              ["5", "4", "3", "2", "1"],
            ])
            yield* store.deleteChannel("b")
            yield* store.appendEvents(events("a", 12, 14))
            assert.deepStrictEqual((yield* counts(store))[0], ["13", "12", "11", "10", "9"])
          }),
        bounds,
      )
    }),
  )

  it.scoped("of a batch that fails are not there, nor counted, and the next one is written", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(
        path,
        (store) =>
          Effect.gen(function* () {
            yield* addChannel(store, "a")
            yield* store.appendEvents(events("a", 0, 2))
            yield* failInserts(path, "channel_events", "NEW.message = '3'")
            const error = yield* Effect.flip(store.appendEvents(events("a", 2, 4)))
            assert.strictEqual(
              error.message,
              "the configuration store failed to store what happened: database or disk is full",
            )
            yield* allowInserts(path, "channel_events")
            assert.deepStrictEqual(messages(yield* list(store, "a")), ["1", "0"])
            yield* store.appendEvents(events("a", 4, 6))
            assert.deepStrictEqual(messages(yield* list(store, "a")), ["5", "4", "1"])
          }),
        { perChannel: 3, inAll: 100 },
      )
    }),
  )

  it.scoped("have a table in a store that an older version wrote", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* oldSchema(path, 1)
      yield* execute(
        path,
        `INSERT INTO channels VALUES (7, 'a', 'a', 'A', '0.0.0.0', 5000, NULL, NULL, '{"rcvbuf":100000}', 1, 1, '2026-01-02T03:04:05.000Z')`,
      )
      yield* using(path, (store) =>
        Effect.gen(function* () {
          const [channel] = yield* store.load
          assert.deepInclude(channel, { number: 7, input: { rcvbuf: 100_000 } })
          yield* store.appendEvents(events("a", 0, 1))
          assert.strictEqual((yield* list(store, "a")).length, 1)
        }),
      )
    }),
  )

  it.scoped("stay within the real bounds at a few milliseconds a batch", () =>
    Effect.gen(function* () {
      const { perChannel } = EVENT_BOUNDS
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* store.appendEvents(events("a", 0, perChannel))
          const before = performance.now()
          for (let n = 0; n < 20; n++)
            yield* store.appendEvents(events("a", perChannel + 100 * n, perChannel + 100 * (n + 1)))
          const each = (performance.now() - before) / 20
          assert.isBelow(each, 100, "ms for a batch of 100 with as many pruned")
          const oldest = yield* store.events("a", { limit: 1, sinceMs: 0, before: 2002 })
          assert.deepStrictEqual(messages(oldest), ["2000"])
          assert.deepStrictEqual(yield* store.events("a", { limit: 1, before: 2001 }), [])
        }),
      )
    }),
  )

  it.live("survive kill -9 but for the last fraction of a second", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        yield* using(path, (store) => addChannel(store, "ch-1"))
        const script = fileURLToPath(new URL("../testing/event-writer.ts", import.meta.url))
        const told = yield* Effect.async<ReadonlyArray<readonly [number, number]>>((resume) => {
          const args = ["Deno" in globalThis ? ["run", "-A"] : [], script, path].flat()
          const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
          let text = ""
          child.stdout.on("data", (chunk: Buffer) => {
            text += chunk.toString()
            if (text.split("\n").length > 100) child.kill("SIGKILL")
          })
          child.once("close", () => {
            const lines = text.trimEnd().split("\n")
            resume(
              Effect.succeed(lines.map((line) => [Number(line.split(" ")[0]), Number(line.split(" ")[1])] as const)),
            )
          })
        })
        const found = new Set(messages(yield* using(path, (store) => list(store, "ch-1"))))
        const end = told.at(-1)?.[1] ?? 0
        const missing = told.filter(([n, at]) => at < end - 500 && !found.has(`${n}`))
        assert.isAtLeast(told.length, 100)
        assert.deepStrictEqual(missing, [])
      }),
    ),
  )
})
