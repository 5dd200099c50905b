/** What MediaLive does by itself, and what that costs, over the stand-in for AWS, on the test's clock. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeStage } from "./testing/medialive-stage.ts"

describe("by itself", () => {
  it.scoped("it starts with the first output and stops after the last one, with the minutes that are set", () =>
    Effect.gen(function* () {
      const { aws, book, listed, pass, service } = yield* makeStage({ transitionMs: 30_000 })
      aws.add()
      yield* listed
      yield* service.setAuto("1001", { enabled: true, idle_minutes: 10 })
      yield* pass(10)
      assert.strictEqual(aws.channel("1001").state, "IDLE")
      book.setRuns("ch-1", true)
      yield* pass(60)
      assert.strictEqual(aws.channel("1001").state, "RUNNING")
      book.setRuns("ch-1", false)
      yield* pass(9 * 60, 10)
      const { auto } = yield* service.channel("1001")
      assert.deepStrictEqual([aws.channel("1001").state, auto.wanted, auto.stops_at !== null], ["RUNNING", false, true])
      yield* pass(150, 5)
      assert.strictEqual(aws.channel("1001").state, "IDLE")
      assert.deepStrictEqual([aws.count("medialive:StartChannel"), aws.count("medialive:StopChannel")], [1, 1])
    }),
  )

  it.scoped("it is left running where it also sends elsewhere, and off where it was stopped by hand", () =>
    Effect.gen(function* () {
      const { aws, book, listed, pass, service } = yield* makeStage()
      aws.add({ others: { spare: ["rtp://192.0.2.9:5000"] } })
      yield* listed
      yield* service.setAuto("1001", { enabled: true, idle_minutes: 10 })
      book.setRuns("ch-1", true)
      yield* pass(30)
      assert.strictEqual(aws.channel("1001").state, "RUNNING")
      const stopped = yield* Effect.fork(service.stop("1001"))
      yield* pass(30)
      yield* stopped
      assert.deepStrictEqual([aws.channel("1001").state, aws.count("medialive:StartChannel")], ["IDLE", 1])
      book.setRuns("ch-1", false)
      yield* pass(5)
      book.setRuns("ch-1", true)
      yield* pass(30)
      book.setRuns("ch-1", false)
      yield* pass(11 * 60, 10)
      assert.strictEqual(aws.channel("1001").state, "RUNNING")
      assert.include((yield* service.channel("1001")).auto.doing ?? "", "also sends to rtp://192.0.2.9:5000")
    }),
  )

  it.scoped("it starts ahead of a schedule, tries again after refusals, and says why", () =>
    Effect.gen(function* () {
      const { asked, aws, listed, pass, service } = yield* makeStage()
      aws.add()
      yield* listed
      yield* service.setAuto("1001", { enabled: true, lead_minutes: 5 })
      aws.denied.add("medialive:StartChannel")
      let opens = Number.POSITIVE_INFINITY
      asked.at = (_id, atMs) => atMs >= opens
      opens = 0
      yield* pass(100, 2)
      assert.isAtLeast(aws.count("medialive:StartChannel"), 2)
      assert.isAtMost(aws.count("medialive:StartChannel"), 4)
      assert.deepStrictEqual(
        (yield* service.notices).map(({ kind }) => kind),
        ["medialive_refused"],
      )
      aws.denied.clear()
      yield* pass(150, 5)
      assert.strictEqual(aws.channel("1001").state, "RUNNING")
      assert.deepStrictEqual(yield* service.notices, [])
    }),
  )
})

describe("costs", () => {
  it.scoped("are of the time that it ran, by month, and over a restart", () =>
    Effect.gen(function* () {
      const { aws, directory, listed, pass, service } = yield* makeStage()
      const channel = aws.add({ state: "RUNNING" })
      yield* listed
      yield* pass(12 * 60, 10)
      const again = yield* makeStage({ directory, aws })
      yield* again.pass(60)
      channel.state = "IDLE"
      yield* again.pass(30)
      const { medialive, note } = yield* again.service.costs("1970-01")
      assert.strictEqual(medialive.length, 1)
      assert.deepStrictEqual(
        [medialive[0]?.id, medialive[0]?.runs, (medialive[0]?.hours ?? 0) >= 0.2 && (medialive[0]?.hours ?? 1) < 0.27],
        ["1001", 1, true],
      )
      // By AWS's price of a dollar, though the table's 0.996 was known first, and again after the restart.
      assert.strictEqual(medialive[0]?.usd, medialive[0]?.hours)
      assert.deepStrictEqual([medialive[0]?.hours_without_price, medialive[0]?.hours_in_part], [0, 0])
      assert.include(note, "never a bill")
      // The price of AWS, though the table's was known first.
      const [{ hours = 0, usd } = {}] = medialive
      assert.strictEqual(usd, Math.round(hours * 100) / 100)
      assert.strictEqual((yield* Effect.flip(service.costs("1970-13")))._tag, "InvalidInput")
    }),
  )
})
