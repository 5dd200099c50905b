import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { startControlPlane } from "../testing/control-plane.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

const MINUTE = 60_000

describe("schedules", () => {
  it.scoped("start and stop a channel at their times, leave it alone in between, and make up for what was missed", () =>
    Effect.gen(function* () {
      // Thursday, 1 January 1970, 00:00 UTC.
      const directory = yield* temporaryDirectory
      const first = yield* startControlPlane(directory)
      const { channels, events, schedules } = first.plane
      const { id } = yield* channels.create({ name: "News", rtp_port: 5000 })
      const window = (start: string, stop: string) => ({ days: null, date: "1970-01-01", start, stop })
      const set = yield* schedules.set("news", {
        zone: "UTC",
        windows: [window("00:02", "00:04"), window("00:06", "00:08"), window("00:10", "00:20")],
      })
      assert.deepStrictEqual([set.on, set.next?.do, set.next?.local], [false, "start", "1970-01-01 00:02 UTC"])
      const status = Effect.map(channels.get(id), (channel) => channel.status !== "stopped")
      yield* TestClock.adjust(1 * MINUTE)
      assert.strictEqual(yield* status, false)
      yield* TestClock.adjust(1.5 * MINUTE)
      assert.strictEqual(yield* status, true)
      yield* channels.stop(id)
      yield* TestClock.adjust(1 * MINUTE)
      assert.strictEqual(yield* status, false)
      yield* TestClock.adjust(3 * MINUTE)
      assert.strictEqual(yield* status, true)
      const kinds = (yield* events.list(id, { limit: 20 }))
        .map(({ kind }) => kind)
        .filter((kind) => kind.startsWith("schedule"))
      // The stop at 00:04 found it stopped.
      assert.deepStrictEqual(kinds, ["schedule_started", "schedule_started"])
      yield* first.stop()
      // Down over the stop at 00:08 and the start at 00:10: the last turn counts.
      yield* TestClock.adjust(5 * MINUTE)
      const second = yield* startControlPlane(directory)
      yield* TestClock.adjust(2000)
      assert.strictEqual((yield* second.plane.channels.get(id)).status !== "stopped", true)
      assert.strictEqual((yield* second.plane.schedules.get("news")).on, true)
      yield* second.plane.schedules.remove("news")
      yield* TestClock.adjust(10 * MINUTE)
      assert.strictEqual((yield* second.plane.channels.get(id)).status !== "stopped", true)
      yield* second.stop()
    }),
  )
})
