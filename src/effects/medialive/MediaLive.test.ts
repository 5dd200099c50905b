/** MediaLive beside our channels, over the stand-in for AWS, on the test's clock. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { channelStats, engineStats, legStats } from "../testing/FakeEngine.ts"
import { ENVIRONMENT, fedChannel, makeStage } from "./testing/medialive-stage.ts"

/** Most requests in any second. */
const densest = (calls: ReadonlyArray<{ readonly at: number }>): number =>
  Math.max(0, ...calls.map(({ at }) => calls.filter((one) => one.at >= at && one.at < at + 1000).length))

describe("asking AWS", () => {
  it.scoped("never takes more than one request a second, with 100 channels that feed us", () =>
    Effect.gen(function* () {
      const urls = (n: number) => [`rtp://198.51.100.5:${5000 + n * 20}`, `rtp://198.51.100.5:${5010 + n * 20}`]
      const channels = Array.from({ length: 100 }, (_, n) =>
        fedChannel({
          id: `ch-${n}`,
          slug: `c${n}`,
          number: n + 1,
          rtp_port: 5000 + n * 20,
          backup_rtp_port: 5010 + n * 20,
        }),
      )
      const { aws, pass, service } = yield* makeStage({ channels })
      for (let n = 0; n < 100; n++) aws.add({ id: String(1000 + n), state: "RUNNING", urls: urls(n) })
      // All are described in 125 s; a busy machine may miss some of its turns.
      yield* pass(150)
      const figures = aws.calls.filter(({ action }) => action === "cloudwatch:GetMetricData").map(({ at }) => at)
      assert.isAbove(aws.calls.length, 90)
      assert.isAtMost(densest(aws.calls), 1)
      const { channels: shown, stale_s } = yield* service.list
      assert.strictEqual(stale_s, null)
      assert.deepStrictEqual(
        [shown.length, shown.filter(({ price }) => price !== null).length, shown[0]?.feeds.length],
        [100, 100, 2],
      )
      assert.isAtMost(aws.count("medialive:ListChannels"), 16)
      // Fifty channels with two pipelines fit into a request: all hundred have theirs each minute, by two of them.
      const [first = 0] = figures
      const minutes = figures.map((at) => Math.floor((at - first) / 60_000))
      assert.deepStrictEqual(minutes, [0, 0, 1, 1, 2, 2])
      // People have their turn between all of them.
      const stopped = yield* Effect.fork(service.stop("1007"))
      yield* pass(3)
      assert.isTrue(Option.isSome(yield* Fiber.poll(stopped)))
      const told = yield* Effect.forEach(shown, ({ id }) => service.channel(id))
      assert.deepStrictEqual([...new Set(told.map((one) => one.figures.length))], [10])
    }),
  )

  it.scoped("slows down while AWS says that it is too much, and comes back", () =>
    Effect.gen(function* () {
      const { aws, listed, pass, service } = yield* makeStage()
      aws.add()
      yield* listed
      aws.faults.set("*", [429, "TooManyRequestsException"])
      const before = aws.calls.length
      yield* pass(60)
      assert.isBelow(aws.calls.length - before, 8)
      aws.faults.clear()
      yield* pass(120, 5)
      assert.strictEqual((yield* service.list).stale_s, null)
      assert.strictEqual((yield* service.figures).requests.throttled > 0, true)
    }),
  )

  it.scoped("shows what was last, with its age, while AWS is away, and after a restart too", () =>
    Effect.gen(function* () {
      const { aws, directory, listed, pass, service } = yield* makeStage()
      aws.add({ state: "RUNNING" })
      yield* listed
      aws.faults.set("*", [500, "InternalServerErrorException"])
      yield* pass(120, 5)
      const list = yield* service.list
      assert.isAbove(list.stale_s ?? 0, 60)
      assert.match(list.problem ?? "", /medialive:ListChannels: InternalServerErrorException/)
      assert.deepStrictEqual(
        list.channels.map(({ id, state }) => [id, state]),
        [["1001", "RUNNING"]],
      )
      assert.deepStrictEqual(
        (yield* service.notices).map(({ kind }) => kind),
        ["medialive_unreachable"],
      )
      const again = yield* makeStage({ directory, aws })
      yield* again.pass(1)
      const restored = yield* again.service.channel("1001")
      assert.strictEqual(restored.state, "RUNNING")
      assert.strictEqual(restored.outputs[0]?.destinations[0]?.feeds, "primary of News")
      assert.deepStrictEqual(
        restored.checks.map(({ code }) => code),
        ["same_machine"],
      )
      aws.faults.clear()
      yield* again.pass(90, 5)
      assert.strictEqual((yield* again.service.list).stale_s, null)
    }),
  )

  it.scoped("goes on without what it may not do, and names the permission", () =>
    Effect.gen(function* () {
      const { aws, listed, pass, service, until } = yield* makeStage()
      aws.add({ state: "RUNNING" })
      aws.denied.add("medialive:ListAlerts").add("cloudwatch:GetMetricData").add("pricing:GetProducts")
      yield* listed
      yield* pass(60)
      const list = yield* service.list
      assert.deepStrictEqual(
        list.missing_permissions.map(({ action }) => action),
        ["medialive:ListAlerts", "cloudwatch:GetMetricData", "pricing:GetProducts"],
      )
      assert.deepStrictEqual(
        [list.problem, list.channels[0]?.active_alerts, list.channels[0]?.price?.from],
        [null, null, "table"],
      )
      assert.strictEqual(aws.count("pricing:GetProducts"), 1)
      // What the test of the connection finds allowed is used at once, and not ten minutes later.
      aws.denied.delete("pricing:GetProducts")
      const tested = yield* Effect.fork(service.test)
      yield* until("it is tested", Effect.map(Fiber.poll(tested), Option.isSome))
      assert.deepStrictEqual((yield* tested).missing, ["medialive:ListAlerts", "cloudwatch:GetMetricData"])
      yield* pass(10)
      const after = yield* service.list
      assert.deepStrictEqual(
        [after.missing_permissions.map(({ action }) => action), after.channels[0]?.price?.from],
        [["medialive:ListAlerts", "cloudwatch:GetMetricData"], "aws"],
      )
    }),
  )

  it.scoped("has prices of AWS, alerts, and figures of CloudWatch", () =>
    Effect.gen(function* () {
      const { aws, events, listed, pass, service } = yield* makeStage()
      const channel = aws.add({ state: "RUNNING" })
      channel.alerts = [{ id: "1", alertType: "No input", pipelineId: "1", message: "none" }]
      yield* listed
      yield* pass(60)
      const detail = yield* service.channel("1001")
      assert.deepStrictEqual([detail.price?.usd_per_hour, detail.price?.from, detail.active_alerts], [1, "aws", 1])
      assert.deepStrictEqual([...new Set(detail.figures.map(({ metric }) => metric))].sort(), [
        "ActiveAlerts",
        "FillMsec",
        "InputLossSeconds",
        "InputVideoFrameRate",
        "PipelinesLocked",
      ])
      assert.strictEqual(events.filter(({ kind }) => kind === "medialive_alert").length, 1)
      assert.deepStrictEqual(
        (yield* service.notices).map(({ channelId, kind }) => [kind, channelId]),
        [["medialive_alert", "ch-1"]],
      )
    }),
  )

  it.scoped("asks nothing without a region, and says so", () =>
    Effect.gen(function* () {
      const { aws, pass, service } = yield* makeStage({ environment: { ...ENVIRONMENT, AWS_REGION: undefined } })
      yield* pass(30)
      assert.deepStrictEqual([aws.calls, (yield* service.list).region], [[], null])
      const refused = yield* Effect.flip(service.start("1001"))
      assert.strictEqual(refused._tag, "NotFound")
      assert.deepStrictEqual(yield* service.test, {
        ok: false,
        steps: [{ action: "region", outcome: "failed", message: "no region is set" }],
        missing: [],
      })
      yield* service.setConnection({ region: "eu-west-1" })
      aws.add()
      yield* pass(30)
      assert.strictEqual((yield* service.list).channels.length, 1)
    }),
  )
})

describe("start and stop", () => {
  it.scoped("take the time that they take, and are recorded with who asked", () =>
    Effect.gen(function* () {
      const { aws, events, listed, pass, service, until } = yield* makeStage({ transitionMs: 180_000 })
      aws.add()
      yield* listed
      const started = yield* Effect.fork(service.start("1001"))
      yield* until("AWS has answered", Effect.map(Fiber.poll(started), Option.isSome))
      assert.strictEqual((yield* started)["lifecycle"], "starting")
      yield* pass(60)
      assert.strictEqual((yield* service.channel("1001")).state, "STARTING")
      yield* pass(200, 5)
      assert.strictEqual((yield* service.channel("1001")).state, "RUNNING")
      assert.deepStrictEqual(
        events.map(({ kind, message }) => [kind, message.replace(/.*(was asked|is) /, "")]),
        [
          ["medialive_asked", "to start, by the operator"],
          ["medialive_state", "STARTING, was IDLE"],
          ["medialive_state", "RUNNING, was STARTING"],
        ],
      )
    }),
  )

  it.scoped("are refused with AWS's reason: wrong state, no permission, gone", () =>
    Effect.gen(function* () {
      const { aws, listed, service, until } = yield* makeStage()
      aws.add({ state: "RUNNING" })
      yield* listed
      const refused = (effect: ReturnType<typeof service.start>) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(Effect.flip(effect))
          yield* until("AWS has answered", Effect.map(Fiber.poll(fiber), Option.isSome))
          return yield* fiber
        })
      const conflict = yield* refused(service.start("1001"))
      assert.deepStrictEqual([conflict._tag, conflict.message.includes("is RUNNING")], ["Conflict", true])
      aws.denied.add("medialive:StopChannel")
      const denied = yield* refused(service.stop("1001"))
      assert.strictEqual(denied._tag, "AwsFailed")
      assert.match(denied.message, /not authorized to perform: medialive:StopChannel/)
      assert.strictEqual((yield* refused(service.stop("7")))._tag, "NotFound")
    }),
  )
})

describe("beside our legs", () => {
  it.scoped("one sentence for each leg says where to look: at the wire, or at MediaLive", () =>
    Effect.gen(function* () {
      const { aws, book, engine, listed, pass, service } = yield* makeStage()
      const channel = aws.add({ state: "RUNNING" })
      book.setRuns("ch-1", true)
      yield* listed
      yield* pass(20)
      const tell = (backup: boolean) =>
        engine.stats(
          engineStats([
            channelStats({ id: "ch-1", legs: [legStats(), legStats({ name: "backup", receiving: backup })] }),
          ]),
        )
      const sentences = Effect.map(service.ofChannel("news"), ({ beside }) =>
        beside.map(({ at, pipeline, sentence, source }) => [source, pipeline, at, sentence] as const),
      )
      yield* tell(true)
      assert.deepStrictEqual(
        (yield* sentences).map(([source, pipeline, at]) => [source, pipeline, at]),
        [
          ["primary", 0, "none"],
          ["backup", 1, "none"],
        ],
      )
      yield* tell(false)
      const wire = (yield* sentences)[1]
      assert.deepStrictEqual([wire?.[2], wire?.[3].includes("security group")], ["between", true])
      channel.alerts = [{ id: "1", alertType: "Stopped Receiving UDP Input", pipelineId: "1", message: "" }]
      yield* pass(30)
      const there = (yield* sentences)[1]
      assert.deepStrictEqual([there?.[2], there?.[3].includes("alert on pipeline 1")], ["there", true])
    }),
  )

  it.scoped("values are there for a channel that nothing feeds, at the addresses that are set", () =>
    Effect.gen(function* () {
      const { service } = yield* makeStage({ channels: [fedChannel({ rtp_ip: "0.0.0.0", backup_rtp_ip: "0.0.0.0" })] })
      yield* service.setConnection({ addresses: ["ingest.example.com"] })
      const { beside, values } = yield* service.ofChannel("news")
      assert.deepStrictEqual([beside, values[1]?.value], [[], "rtp://ingest.example.com:5000"])
    }),
  )
})
