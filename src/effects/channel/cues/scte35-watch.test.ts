import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { breakPolicyOf } from "../../config/input-policy.ts"
import { channelConfig } from "../../testing/configs.ts"
import { damagedCue, inCue, nullCue, outCue, scte35Event, segmentCue } from "../../testing/cues.ts"
import { a, adjust, alarms, b, kinds, off, section, started, view } from "../../testing/scte35-bench.ts"
import { reconfigure } from "../Channel.ts"
import { newChannelRuntime } from "../runtime/channel-runtime.ts"
import { scte35Alarms } from "../runtime/scte35-runtime.ts"
import type { Scte35Channel } from "./scte35-noted.ts"
import { onSection, tickScte35 } from "./scte35-watch.ts"

describe("the break of a channel", () => {
  it.effect("is announced, begins at its splice point, counts down, and ends by itself", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30))
      assert.deepStrictEqual(kinds(run), ["break_announced", "cue_missed"])
      assert.deepInclude((yield* view(run)).scte35, {
        state: "announced",
        event_id: 7,
        cues: 1,
        sections: 1,
        crc_errors: 0,
      })
      yield* adjust("11 seconds")
      const { scte35 } = yield* view(run)
      assert.deepInclude(scte35, { state: "in_break", event_id: 7, last_cue_at: "1970-01-01T00:00:00.000Z" })
      assert.closeTo(scte35.ends_in_s ?? 0, 29, 0.1)
      yield* adjust("30 seconds")
      assert.deepInclude((yield* view(run)).scte35, { state: "idle", event_id: null, ends_in_s: null })
      assert.deepStrictEqual(
        kinds(run).filter((kind) => kind !== "cue_missed"),
        ["break_announced", "break_started", "break_ended"],
      )
    }),
  )

  it.effect("that came late is an alarm until one comes in time", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 2, 30))
      assert.include(kinds(run), "short_preroll")
      const [alarm] = (yield* view(run)).alarms
      assert.deepInclude(alarm, { kind: "short_preroll", severity: "warning", since: "1970-01-01T00:00:00.000Z" })
      assert.closeTo(run.cues[0]?.preroll_s ?? 0, 2, 0.01)
      yield* adjust("1 minute")
      assert.deepStrictEqual(yield* alarms(run), ["short_preroll"])
      yield* section(run, 2, outCue(8, 70, 30))
      assert.deepStrictEqual(yield* alarms(run), [])
    }),
  )

  it.effect("that does not return is an alarm until the return comes", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30, { break_auto_return: false }))
      yield* adjust("44 seconds")
      assert.deepStrictEqual(yield* alarms(run), [])
      yield* adjust("2 seconds")
      assert.deepStrictEqual(yield* alarms(run), ["missing_return"])
      assert.include(kinds(run), "missing_return")
      yield* section(run, 2, inCue(7, 51))
      yield* adjust("6 seconds")
      assert.deepStrictEqual(yield* alarms(run), [])
      assert.deepInclude((yield* view(run)).scte35, { state: "idle" })
    }),
  )

  it.effect("that lasts longer than it may is an alarm", () =>
    Effect.gen(function* () {
      const run = yield* started({ input: { scte35_max_break_s: 20 } })
      yield* section(run, 1, outCue(7, 10))
      yield* adjust("29 seconds")
      assert.deepStrictEqual(yield* alarms(run), [])
      yield* adjust("2 seconds")
      assert.deepStrictEqual(yield* alarms(run), ["overlong_break"])
      // The break is taken to be over, yet the alarm stays, since somebody should know. The next break starts afresh.
      assert.deepInclude((yield* view(run)).scte35, { state: "idle" })
      yield* section(run, 2, outCue(8, 36, 30))
      yield* adjust("6 seconds")
      assert.deepStrictEqual(yield* alarms(run), [])
    }),
  )
})

describe("limits of the watch", () => {
  it.effect("are the settings, also when they change while the channel runs", () =>
    Effect.gen(function* () {
      const run = yield* started({ input: { scte35_min_preroll_s: 1, scte35_silent_after_h: 0 } })
      yield* section(run, 1, outCue(7, 2, 30))
      assert.deepStrictEqual(yield* alarms(run), [])
      const outputs = [a, b, off]
      yield* reconfigure(
        run.channel,
        channelConfig({ outputs, input: { scte35_min_preroll_s: 8, scte35_max_break_s: 10 } }),
      )
      yield* section(run, 2, outCue(8, 5, 30))
      assert.deepStrictEqual(yield* alarms(run), ["short_preroll"])
      yield* adjust("13 seconds")
      assert.includeMembers([...(yield* alarms(run))], ["overlong_break"])
      assert.deepInclude((yield* view(run)).input, {
        scte35_min_preroll_s: 8,
        scte35_max_break_s: 10,
        scte35_silent_after_h: 0,
      })
    }),
  )

  it("let silence be an alarm, until the next cue that is no heartbeat", () => {
    const runtime = newChannelRuntime(0, breakPolicyOf({ scte35_silent_after_h: 2 }))
    const channel: Scte35Channel = {
      id: "ch-1",
      runtime,
      outputs: [],
      keepCue: (cue) => ({ current: () => cue, update: () => undefined }),
    }
    const at = (ms: number) => ({ monotonicMs: ms, nowMs: ms })
    const hours = 3_600_000
    const shown = (ms: number) => scte35Alarms(runtime.scte35, ms).map(({ kind }) => kind)
    tickScte35(channel, at(2 * hours - 1))
    assert.deepStrictEqual(shown(2 * hours - 1), [])
    assert.deepStrictEqual(
      tickScte35(channel, at(2 * hours)).events.map(({ kind }) => kind),
      ["scte35_silent"],
    )
    onSection(channel, scte35Event(1, nullCue(), { at: 3 * hours }), at(3 * hours))
    assert.deepStrictEqual(shown(3 * hours), ["scte35_silent"])
    onSection(channel, scte35Event(2, outCue(7, 10, 30), { at: 3 * hours }), at(3 * hours))
    assert.deepStrictEqual(shown(3 * hours), [])
  })
})

describe("cues", () => {
  it.effect("are kept with what they say, and what follows from the stream's clock", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* adjust("1 second")
      yield* section(run, 41, segmentCue(9, 0x34, "SIGNAL:abc", 15), { leg: "backup", pid: 501, at: 1000.25 })
      assert.deepInclude(run.cues[0], {
        channelId: "ch-1",
        at: 1000,
        pid: 501,
        source: "backup",
        cue: 41,
        kind: "out",
        command: "time_signal",
        event_id: 9,
        segmentation_type_ids: [0x34],
        upids: ["SIGNAL:abc"],
        pts: 900_000,
        preroll_s: 9,
        duration_s: 15,
        crc_ok: true,
        repeats: 0,
        manual: false,
      })
    }),
  )

  it.effect("that repeat one raise its count, and heartbeats are counted only", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const before = run.changes()
      for (let n = 1; n <= 50; n++) yield* section(run, n, nullCue())
      assert.strictEqual(run.changes(), before)
      assert.deepStrictEqual([run.cues, run.events], [[], []])
      for (let n = 51; n < 54; n++) {
        yield* section(run, n, outCue(7, 10, 30))
        yield* adjust("1 second")
      }
      assert.deepStrictEqual(
        run.cues.map(({ cue, last_at, repeats }) => [cue, repeats, last_at]),
        [[51, 2, 2000]],
      )
      assert.deepInclude((yield* view(run)).scte35, { cues: 1, sections: 53, last_cue_at: "1970-01-01T00:00:02.000Z" })
    }),
  )

  it.effect("that are damaged are counted, an alarm for a minute, and kept once in 10 s", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const bad = damagedCue(outCue(7, 10, 30))
      for (let n = 1; n <= 20; n++) yield* section(run, n, bad, { crc_ok: false })
      assert.deepStrictEqual(
        run.cues.map(({ crc_ok, errors, kind }) => [kind, crc_ok, errors.length]),
        [["damaged", false, 1]],
      )
      assert.deepInclude((yield* view(run)).scte35, { state: "idle", cues: 0, crc_errors: 20, last_cue_at: null })
      assert.deepStrictEqual(yield* alarms(run), ["scte35_crc"])
      assert.include(kinds(run), "scte35_crc")
      assert.notInclude(kinds(run), "cue_missed")
      yield* adjust("10 seconds")
      yield* section(run, 21, Buffer.from("not a section").toString("base64"), { crc_ok: true })
      assert.deepInclude(run.cues[1], { kind: "damaged", command: "unreadable", crc_ok: true })
      yield* adjust("59 seconds")
      assert.deepStrictEqual(yield* alarms(run), [])
    }),
  )
})
