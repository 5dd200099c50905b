import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mediaChannel } from "../../core/medialive/testing/ours.ts"
import type { Schedule } from "../../core/schedule/schedule.ts"
import { makeScheduleRows } from "../schedule/schedule-rows.ts"
import { channelConfig } from "../testing/configs.ts"
import { DATABASES, oldSchema, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { type MediaLiveRows, makeMediaLiveRows, type StoredRun } from "./medialive-rows.ts"

const SECRET = "Planted-Secret-Of-AWS"
const run = (over: Partial<StoredRun> = {}): StoredRun => ({
  id: "run-1",
  channel: "1001",
  name: "Main Event",
  startedAt: 1_700_000_000_000,
  seenAt: 1_700_000_060_000,
  endedAt: null,
  usdPerHour: 0.996,
  unknownLines: 1,
  ...over,
})
/** Bytes beyond 2^32, as a day of outputs sends. */
const MANY = 2 ** 32 + 5

describe.each(DATABASES)("MediaLive's rows in %s", (database) => {
  const place = places(database, temporaryDirectory)
  const usingRows = <A, E>(path: string, use: (rows: MediaLiveRows) => Effect.Effect<A, E>) =>
    using(path, ({ access }) => use(makeMediaLiveRows(access)))

  it.scoped("are there again after a restart, in a store of an earlier version too", () =>
    Effect.gen(function* () {
      const path = yield* place
      yield* oldSchema(path, 12)
      const connection = {
        region: "eu-west-1",
        roleArn: null,
        accessKeyId: "AKIAFAKE0000000000AA",
        secretAccessKey: SECRET,
        addresses: ["198.51.100.5"],
        egressUsdPerGb: 0.09,
      }
      const auto = { enabled: true, idleMinutes: 15, leadMinutes: 2, held: false, lastWantedAt: 1_700_000_000_123 }
      const media = mediaChannel()
      const seen = { summary: media, described: media, alerts: [] }
      yield* usingRows(path, (rows) =>
        Effect.all([
          rows.putConnection(connection),
          rows.putAuto("1001", auto),
          rows.putSeen(1_700_000_000_000, new Map([["1001", seen]]), []),
          rows.putRuns([run(), run({ id: "run-0", endedAt: 1_700_000_600_000 })]),
          rows.addEgress("2026-11", [{ channelId: "ch-1", name: "news", bytes: MANY }]),
          rows.addEgress("2026-11", [{ channelId: "ch-1", name: "news", bytes: 7 }]),
        ]),
      )
      yield* usingRows(path, (rows) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* rows.loadConnection, connection)
          assert.deepStrictEqual([...(yield* rows.loadAuto)], [["1001", auto]])
          assert.deepStrictEqual([...(yield* rows.loadSeen)], [["1001", { at: 1_700_000_000_000, seen }]])
          assert.deepStrictEqual(yield* rows.openRuns, [run()])
          assert.deepStrictEqual([...(yield* rows.endedMs)], [["1001", 600_000]])
          assert.strictEqual((yield* rows.runsWithin(1_700_000_700_000, 1_700_001_000_000)).length, 1)
          assert.deepStrictEqual(yield* rows.egress("2026-11"), [{ channelId: "ch-1", name: "news", bytes: MANY + 7 }])
          assert.deepStrictEqual(yield* rows.egress("2026-12"), [])
          yield* rows.putRuns([run({ endedAt: 1_700_000_100_000 })])
          yield* rows.putSeen(1, new Map(), ["1001"])
          yield* rows.deleteConnection
          assert.deepStrictEqual(
            [yield* rows.openRuns, (yield* rows.loadSeen).size, yield* rows.loadConnection],
            [[], 0, null],
          )
        }),
      )
      if (database === "SQLite") assert.notInclude(readFileSync(path, "latin1"), SECRET)
    }),
  )

  it.scoped("keep schedules with their channels, and go with them", () =>
    Effect.gen(function* () {
      const path = yield* place
      const schedule: Schedule = {
        zone: "Europe/Berlin",
        enabled: true,
        windows: [{ days: ["mon"], date: null, start: "18:00", stop: "19:00" }],
      }
      yield* using(path, (store) =>
        Effect.gen(function* () {
          const { id } = yield* store.insertChannel(channelConfig())
          const rows = makeScheduleRows(store.access)
          yield* rows.put(id, schedule)
          yield* rows.put(id, { ...schedule, enabled: false })
          assert.deepStrictEqual([...(yield* rows.load)], [[id, { ...schedule, enabled: false }]])
          assert.strictEqual(yield* rows.carriedOutUntil, null)
          yield* rows.setCarriedOut(1_700_000_000_000)
          assert.strictEqual(yield* rows.carriedOutUntil, 1_700_000_000_000)
          yield* store.deleteChannel(id)
          assert.strictEqual((yield* rows.load).size, 0)
        }),
      )
    }),
  )
})
