import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { outCue, scte35Event } from "../testing/cues.ts"
import { channelStats, engineStats, legStats, settle } from "../testing/FakeEngine.ts"
import { during, fresh, news, start } from "../testing/supervised.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

describe("cues", () => {
  it.scoped("of a running channel are found at once and after a restart, with their proofs", () =>
    Effect.gen(function* () {
      const path = yield* temporaryDirectory
      const first = yield* start(path)
      const channel = yield* first.plane.channels.create({ ...news, autostart: true })
      yield* settle
      const [output] = channel.outputs
      yield* first.engine.output(output?.id ?? "", "connected")
      yield* first.engine.emit(scte35Event(1, outCue(7, 10, 30), { channel_id: channel.id, at: 0.25 }))
      const found = () => first.plane.cues.list("news", { limit: 10 })
      assert.deepStrictEqual(
        (yield* found()).map(({ event_id, outputs }) => [event_id, outputs.map(({ status }) => status)]),
        [[7, ["pending"]]],
      )
      const word = {
        channel_id: channel.id,
        cue: 1,
        output_id: output?.id ?? "",
        sent: true,
        at: 5,
        delay_ms: 5,
        reason: null,
      }
      yield* first.engine.emit({ event: "cue_sent", ...word })
      yield* first.stop()
      const second = yield* start(path)
      const [cue] = yield* second.plane.cues.list("news", { limit: 10 })
      assert.deepInclude(cue, { event_id: 7, kind: "out", repeats: 0 })
      assert.deepStrictEqual(cue?.outputs, [
        { output: output?.slug ?? "", status: "sent", at: "1970-01-01T00:00:00.005Z", delay_ms: 5, reason: null },
      ])
      const kinds = (yield* second.plane.events.list("news", { limit: 100 })).map(({ kind }) => kind)
      assert.include(kinds, "break_announced")
      assert.strictEqual((yield* Effect.flip(second.plane.cues.list("nobody", { limit: 1 })))._tag, "NotFound")
    }),
  )
})

describe("manual cues", () => {
  const programmes = [
    {
      program_number: 1,
      pmt_pid: 100,
      pcr_pid: 256,
      version: 0,
      streams: [{ pid: 500, stream_type: 0x86 }],
      cuei: true,
    },
  ]
  const out = { command: "splice_insert", out_of_network_indicator: true, pre_roll_s: 8 } as const

  it.scoped(
    "go out of a running channel with the clock of the moment, and are found in its cues and events after a restart",
    () =>
      Effect.gen(function* () {
        const path = yield* temporaryDirectory
        const first = yield* start(path)
        const { id } = yield* first.plane.channels.create({ ...news, autostart: true, input: { manual_cues: true } })
        yield* first.engine.stats(
          engineStats([channelStats({ id, clock_90k: 90_000, legs: [legStats({ programmes })] })]),
        )
        const insert = first.plane.cues.insert("news", out, "192.0.2.7 (with the API key)")
        // What was said of the stream a second ago is not asked: its clock has gone on.
        assert.deepStrictEqual(yield* during(first.engine, insert), ["state", "insert_cue"])
        const sent = first.engine.sent.at(-1)
        const base64 = sent?.cmd === "insert_cue" ? sent.section_base64 : ""
        yield* first.engine.emit(scte35Event(1, base64, { channel_id: id, clock_90k: 90_000 }))
        yield* first.stop()
        const second = yield* start(path)
        const [cue] = yield* second.plane.cues.list("news", { limit: 10 })
        assert.deepInclude(cue, { manual: true, event_id: 1, pts: 810_000, preroll_s: 8, base64 })
        const events = yield* second.plane.events.list("news", { limit: 100, kinds: ["cue_inserted"] })
        assert.deepStrictEqual(
          events.map(({ message, severity }) => [severity, message]),
          [["info", `inserted by 192.0.2.7 (with the API key) on PID 500: ${cue?.description}`]],
        )
        // Ids that were used before the restart are not given out again.
        const inserted = yield* second.plane.cues.insert("news", { ...out, pre_roll_s: undefined }, "somebody")
        assert.strictEqual(inserted.cue.event_id, 2)
      }),
  )

  it.scoped("are refused by channels that do not exist, do not allow them, or are stopped", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const refusal = (ref: string) =>
        Effect.map(Effect.flip(plane.cues.insert(ref, out, "somebody")), (error) => error.message)
      assert.strictEqual(yield* refusal("nobody"), 'there is no channel "nobody"')
      yield* plane.channels.create(news)
      assert.include(yield* refusal("news"), "input.manual_cues: is not true")
      yield* plane.channels.update("news", { input: { manual_cues: true } })
      assert.include(yield* refusal("news"), "channel: is stopped")
      assert.deepStrictEqual(engine.sent, [])
    }),
  )
})

describe("settings of SCTE-35", () => {
  it.scoped("set by hand are kept by other changes, told to the engine, shown, and go with null", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      yield* plane.channels.create({ ...news, input: { scte35_pid: 700, manual_cues: true } })
      const changed = yield* plane.channels.update("news", { name: "Other", input: { reorder_ms: 20 } })
      assert.deepInclude(changed.input, { scte35_pid: 700, manual_cues: true, reorder_ms: 20 })
      assert.deepStrictEqual(changed.scte35.pids, [700])
      yield* plane.channels.start("news")
      const told = () => engine.sent.flatMap((c) => (c.cmd === "put_channel" ? [c.channel.policy.scte35_pid] : []))
      assert.deepStrictEqual(told(), [700])
      const reset = yield* plane.channels.update("news", { input: { scte35_pid: null, manual_cues: null } })
      yield* settle
      assert.deepInclude(reset.input, { scte35_pid: null, manual_cues: false })
      assert.deepStrictEqual(reset.scte35.pids, [])
      assert.deepStrictEqual(told(), [700, null])
    }),
  )
})
