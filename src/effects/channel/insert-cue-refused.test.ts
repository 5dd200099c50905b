import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import type { Reason } from "../../engine/protocol/messages.ts"
import type { CueInput } from "../config/request-bodies.ts"
import type { InputSettings } from "../model/channel.ts"
import { EngineRefused, EngineUnavailable } from "../model/Errors.ts"
import { legStats, settle } from "../testing/FakeEngine.ts"
import { adjust, kinds, section, started } from "../testing/scte35-bench.ts"
import { MAX_INSERTIONS } from "./runtime/cue-insertions.ts"
import { allowed, insert, inserted, live, OUT, programme, refusal } from "./testing/manual-cues.ts"

const withoutPids = { ...live, legs: [legStats({ programmes: [{ ...programme, streams: [] }] })] }

describe("the PID", () => {
  const pidOf = (input: InputSettings, more: CueInput = {}, figures = live) =>
    Effect.gen(function* () {
      const run = yield* allowed(input)
      yield* insert(run, { ...OUT, ...more }, { figures: Effect.succeed(figures) })
      return inserted(run)[0]?.pid
    })

  it.effect("is the one set by hand, else the first of the PMT, else the engine's to find", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* pidOf({}), 500)
      assert.strictEqual(yield* pidOf({ scte35_pid: 600 }), 600)
      assert.strictEqual(yield* pidOf({ scte35_pid: 700 }), 700)
      assert.strictEqual(yield* pidOf({ scte35_pid: 700 }, { pid: 501 }), 501)
      assert.strictEqual(yield* pidOf({ scte35_pid: 700 }, { pid: 700 }, withoutPids), 700)
      assert.strictEqual(yield* pidOf({}, {}, withoutPids), null)
    }),
  )

  const refused = (input: InputSettings, more: CueInput = {}, figures = live) =>
    Effect.gen(function* () {
      const run = yield* allowed(input)
      const found = yield* refusal(run, { ...OUT, ...more }, { figures: Effect.succeed(figures) })
      assert.deepStrictEqual([inserted(run), run.events], [[], []])
      return found
    })

  it.effect("is refused when it is not one of SCTE-35, or carries something else", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* refused({}, { pid: 600 }), [
        "Conflict",
        "pid: 600 is not an SCTE-35 PID of the stream (there is 500, 501): leave it out, or set input.scte35_pid to it first",
      ])
      assert.include((yield* refused({}, { pid: 600 }, withoutPids))[1], "(there is none)")
      for (const [pid, what] of [
        [100, "the PMT"],
        [256, "a stream of type 0x1b"],
        [257, "the PCR"],
      ] as const) {
        const why = `PID ${pid} carries ${what}, which a cue would damage: set another PID`
        assert.deepStrictEqual(yield* refused({ scte35_pid: pid }), ["Conflict", `input.scte35_pid: ${why}`])
        assert.deepStrictEqual(yield* refused({ scte35_pid: pid }, { pid }), ["Conflict", `pid: ${why}`])
      }
    }),
  )
})

describe("a manual cue is refused", () => {
  const lines: string[] = []
  const capture = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => void lines.push(String(message))),
  )

  it.effect.each([undefined, false])("while input.manual_cues is %s, whatever it is", (manual_cues) =>
    Effect.gen(function* () {
      const run = yield* started({ input: { manual_cues } })
      const message = "input.manual_cues: is not true: manual cues are off until it is set for the channel"
      for (const input of [OUT, {}, { cue: "x" }])
        assert.deepStrictEqual(yield* refusal(run, input), ["Conflict", message])
      assert.deepStrictEqual(inserted(run), [])
    }),
  )

  it.effect("by a stopped channel", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      assert.deepStrictEqual(yield* refusal(run, OUT, { channel: undefined }), [
        "Conflict",
        "channel: is stopped: start it first",
      ])
    }),
  )

  it.effect("when the figures of the moment cannot be had", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const gone = new EngineUnavailable({ reason: "killed" })
      const broken = new EngineRefused({ code: "x", reason: "odd", transient: true })
      assert.deepStrictEqual(yield* refusal(run, OUT, { figures: gone }), [
        "EngineUnavailable",
        "the engine is not available: killed",
      ])
      assert.deepStrictEqual(yield* refusal(run, OUT, { figures: broken }), [
        "EngineUnavailable",
        "the engine is not available: odd",
      ])
      assert.deepStrictEqual(run.channel.runtime.scte35.insertions, [])
    }),
  )

  it.effect("when it is wrong in itself, or its time cannot be reckoned", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      assert.deepStrictEqual((yield* refusal(run, { command: "time_signal" }))[0], "InvalidInput")
      assert.deepStrictEqual((yield* refusal(run, { cue: "x" }))[0], "InvalidInput")
      for (const figures of [Effect.succeed({ ...live, clock_90k: null }), Effect.succeed(undefined)]) {
        const [tag, message] = yield* refusal(run, { ...OUT, pre_roll_s: 5 }, { figures })
        assert.deepStrictEqual(tag, "Conflict")
        assert.include(message, "pre_roll_s: ")
      }
      const silent = Effect.succeed({ ...live, clock_90k: null, legs: [legStats({ receiving: false })] })
      assert.deepStrictEqual(yield* refusal(run, { ...OUT, pre_roll_s: 5 }, { figures: silent }), [
        "Conflict",
        "channel: no packets arrive, and a cue goes out with those of the stream",
      ])
      assert.deepStrictEqual([inserted(run), run.events], [[], []])
    }),
  )

  it.effect.each([
    ["no_input", "Conflict", "channel: the engine's word, and a cue goes out with those of the stream"],
    ["no_pid", "Conflict", "pid: the engine's word"],
    ["busy", "Conflict", "cue: another cue is being inserted: try again in a moment"],
    ["no_channel", "EngineUnavailable", "the engine is not available: the engine's word"],
    ["bad_section", "Conflict", "cue: the engine did not take it: the engine's word"],
  ] as const)("by the engine with %s, and logged with who asked", ([code, tag, message]) =>
    Effect.gen(function* () {
      lines.length = 0
      const run = yield* allowed()
      const reason: Reason = { code, message: "the engine's word", transient: true }
      run.engine.refuse = (command) => (command.cmd === "insert_cue" ? reason : null)
      assert.deepStrictEqual(yield* Effect.provide(refusal(run, OUT), capture), [tag, message])
      assert.deepStrictEqual(lines, [`a cue of 192.0.2.7 (with the API key) was not inserted: ${message}`])
      // The insertion is forgotten: an equal section from the stream is the stream's own, and nothing counts as missed.
      yield* section(run, 1, inserted(run)[0]?.section_base64 ?? "")
      assert.deepInclude(run.cues[0], { manual: false })
      yield* adjust("10 seconds")
      assert.notIncludeMembers(kinds(run), ["cue_inserted"])
      assert.notIncludeMembers(kinds(run), ["cue_not_inserted"])
    }),
  )

  it.effect("when neither the PMT nor a setting names a PID", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      run.engine.refuse = (command) =>
        command.cmd === "insert_cue" ? { code: "no_pid", message: "none", transient: false } : null
      assert.deepStrictEqual(yield* refusal(run, OUT, { figures: Effect.succeed(withoutPids) }), [
        "Conflict",
        "input.scte35_pid: the stream has no SCTE-35 PID: set input.scte35_pid to the PID that cues are to go out on",
      ])
    }),
  )

  it.effect("when too many are on their way", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      for (let n = 0; n < MAX_INSERTIONS; n++) yield* insert(run, OUT)
      assert.deepStrictEqual(yield* refusal(run, OUT), [
        "Conflict",
        "cue: 16 cues are on their way already: try again in 5 s",
      ])
      yield* adjust("6 seconds")
      yield* insert(run, OUT)
      yield* settle
      assert.strictEqual(inserted(run).length, MAX_INSERTIONS + 1)
    }),
  )
})
