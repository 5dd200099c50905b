import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, SubscriptionRef } from "effect"
import type { Command, LegStats, Reason } from "../../engine/protocol/messages.ts"
import type { CueInput } from "../config/request-bodies.ts"
import type { InputSettings } from "../model/channel.ts"
import type { CueView } from "../model/cue.ts"
import { EngineRefused, EngineUnavailable, StoreError } from "../model/Errors.ts"
import { outCue } from "../testing/cues.ts"
import { channelStats, legStats, settle } from "../testing/FakeEngine.ts"
import { a, adjust, b, kinds, off, type Run, section, started, statuses, word } from "../testing/scte35-bench.ts"
import { type InsertionPlace, insertCue } from "./insert-cue.ts"
import { INSERTED_WITHIN_MS, MAX_INSERTIONS } from "./runtime/cue-insertions.ts"

const OUT: CueInput = { command: "splice_insert", out_of_network_indicator: true, break_duration_seconds: 30 }
const streams = [
  { pid: 256, stream_type: 0x1b },
  { pid: 500, stream_type: 0x86 },
  { pid: 501, stream_type: 0x86 },
  { pid: 600, stream_type: 0x06 },
]
const programme: LegStats["programmes"][number] = {
  program_number: 1,
  pmt_pid: 100,
  pcr_pid: 257,
  version: 0,
  streams,
  cuei: false,
}
const live = channelStats({ id: "ch-1", clock_90k: 900_000, legs: [legStats({ programmes: [programme] })] })
const withoutPids = { ...live, legs: [legStats({ programmes: [{ ...programme, streams: [] }] })] }

/** A running channel that lets cues be inserted. */
const allowed = (input: InputSettings = {}) => started({ outputs: [a, b, off], input: { manual_cues: true, ...input } })
const insert = (run: Run, input: CueInput, over: Partial<InsertionPlace> = {}) =>
  Effect.gen(function* () {
    const config = yield* SubscriptionRef.get(run.channel.config)
    const { channel, engine } = run
    const place = {
      config,
      channel,
      engine: engine.service,
      figures: Effect.succeed(live),
      lastCues: Effect.succeed([]),
    }
    return yield* insertCue({ ...place, ...over }, input, "192.0.2.7 (with the API key)")
  })
const refusal = (run: Run, input: CueInput, over: Partial<InsertionPlace> = {}) =>
  Effect.map(Effect.flip(insert(run, input, over)), (error) => [error._tag, error.message] as const)
const inserted = (run: Run) =>
  run.engine.sent.filter((c): c is Extract<Command, { readonly cmd: "insert_cue" }> => c.cmd === "insert_cue")
const storedCue = (event_ids: ReadonlyArray<number>) => ({ event_ids }) as CueView

describe("a manual cue", () => {
  it.effect("goes to the engine, is answered with what it says, recorded, and marked when it goes out", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      yield* adjust("12 seconds")
      const { cue, warnings } = yield* insert(run, { ...OUT, pre_roll_s: 8 })
      assert.deepInclude(cue, { pid: 500, command: "splice_insert", event_id: 12, pts: 900_000 + 720_000 })
      assert.deepStrictEqual([cue.hex, cue.base64], [cue.section.hex, cue.section.base64])
      assert.deepStrictEqual(warnings, [])
      assert.deepStrictEqual(inserted(run), [
        { cmd: "insert_cue", channel_id: "ch-1", pid: 500, section_base64: cue.base64 },
      ])
      assert.deepStrictEqual(run.events, [
        {
          kind: "cue_inserted",
          severity: "info",
          message: `inserted by 192.0.2.7 (with the API key) on PID 500: ${cue.description}`,
        },
      ])
      assert.include(cue.description, "event 12")

      yield* section(run, 1, cue.base64)
      yield* word(run, 1, "a")
      assert.deepInclude(run.cues[0], { manual: true, event_id: 12, base64: cue.base64, pid: 500 })
      assert.deepStrictEqual(statuses(run), ["srt-a sent", "udp-b missed"])
      yield* adjust("20 seconds")
      assert.notInclude(kinds(run), "cue_not_inserted")
      assert.deepStrictEqual(run.channel.runtime.scte35.insertions, [])
      assert.strictEqual(kinds(run).filter((kind) => kind === "cue_inserted").length, 1)
    }),
  )

  it.effect("given as bytes goes out as it is", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const bytes = outCue(7, 20, 30)
      const { cue } = yield* insert(run, { cue: Buffer.from(bytes, "base64").toString("hex"), pid: 501 })
      assert.deepInclude(cue, { pid: 501, base64: bytes, event_id: 7, pts: 1_800_000 })
      assert.deepStrictEqual(
        inserted(run).map(({ pid, section_base64 }) => [pid, section_base64]),
        [[501, bytes]],
      )
    }),
  )

  it.effect("is told apart from the stream's own by its bytes and PID, and is one cue of its own beside them", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const bytes = outCue(7, 20, 30)
      yield* section(run, 1, bytes)
      yield* insert(run, { cue: bytes })
      yield* section(run, 2, outCue(8, 20, 30))
      yield* section(run, 3, bytes, { pid: 501 })
      yield* section(run, 4, bytes)
      yield* section(run, 5, bytes)
      assert.deepStrictEqual(
        run.cues.map(({ cue, event_id, manual, pid }) => [cue, event_id, pid, manual]),
        [
          [1, 7, 500, false],
          [2, 8, 500, false],
          [3, 7, 501, false],
          [4, 7, 500, true],
        ],
      )
    }),
  )

  it.effect("inserted twice is one that was repeated, and recorded twice", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const bytes = outCue(7, 20, 30)
      for (const _ of [1, 2]) yield* insert(run, { cue: bytes })
      for (const cue of [1, 2]) yield* section(run, cue, bytes)
      assert.deepStrictEqual(
        run.cues.map(({ manual, repeats }) => [manual, repeats]),
        [[true, 1]],
      )
      assert.deepStrictEqual(run.channel.runtime.scte35.insertions, [])
      assert.strictEqual(kinds(run).filter((kind) => kind === "cue_inserted").length, 2)
    }),
  )

  it.effect("that does not go out in 5 s is told, at once then", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const { cue } = yield* insert(run, OUT)
      yield* adjust(INSERTED_WITHIN_MS - 1)
      assert.deepStrictEqual(kinds(run), ["cue_inserted"])
      yield* adjust(1001)
      assert.deepStrictEqual(run.events[1], {
        kind: "cue_not_inserted",
        severity: "warning",
        message: `a cue inserted by 192.0.2.7 (with the API key) did not go out within 5 s: ${cue.description}`,
      })
      yield* section(run, 1, cue.base64)
      assert.deepInclude(run.cues[0], { manual: false })
      yield* adjust("1 minute")
      assert.strictEqual(kinds(run).filter((kind) => kind === "cue_not_inserted").length, 1)
    }),
  )

  it.effect("minds each deadline, also of one inserted while another is awaited", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      yield* insert(run, OUT)
      yield* adjust("3 seconds")
      yield* insert(run, OUT)
      yield* adjust("3 seconds")
      assert.deepStrictEqual(kinds(run), ["cue_inserted", "cue_inserted", "cue_not_inserted"])
      yield* adjust("3 seconds")
      assert.deepStrictEqual(kinds(run).slice(3), ["cue_not_inserted"])
    }),
  )

  it.effect("that shows before the engine's answer is recorded once", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const send: InsertionPlace["engine"]["send"] = (command) =>
        Effect.zipLeft(
          run.engine.service.send(command),
          command.cmd === "insert_cue" ? section(run, 1, command.section_base64) : Effect.void,
        )
      yield* insert(run, OUT, { engine: { send } })
      assert.deepStrictEqual(
        kinds(run).filter((kind) => kind === "cue_inserted"),
        ["cue_inserted"],
      )
      assert.deepInclude(run.cues[0], { manual: true })
      yield* adjust("10 seconds")
      assert.notInclude(kinds(run), "cue_not_inserted")
    }),
  )

  it.effect("to which no answer came is recorded when it goes out all the same, else as not inserted", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const send = () => new EngineUnavailable({ reason: "no answer to insert_cue within 5 s" })
      const bytes = outCue(7, 20, 30)
      const [tag, message] = yield* refusal(run, { cue: bytes }, { engine: { send } })
      assert.deepStrictEqual(
        [tag, message],
        ["EngineUnavailable", "the engine is not available: no answer to insert_cue within 5 s"],
      )
      assert.deepStrictEqual(run.events, [])
      yield* section(run, 1, bytes)
      assert.deepInclude(run.events[0], { kind: "cue_inserted" })
      assert.include(run.events[0]?.message, "on PID 500")
      assert.deepInclude(run.cues[0], { manual: true })
      run.events.length = 0
      yield* refusal(run, { cue: outCue(8, 20, 30) }, { engine: { send } })
      yield* adjust("7 seconds")
      assert.include(kinds(run), "cue_not_inserted")
    }),
  )
})

describe("the event id", () => {
  it.effect("is one that no cue of late had: stored, seen or on its way", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      yield* adjust("41 seconds")
      yield* section(run, 1, outCue(42, 60, 30))
      const lastCues = Effect.succeed([storedCue([41, 9]), storedCue([])])
      const ids: Array<number | null> = []
      for (const _ of [1, 2, 3]) ids.push((yield* insert(run, OUT, { lastCues })).cue.event_id)
      assert.deepStrictEqual(ids, [43, 44, 45])
    }),
  )

  it.effect("is never 0, and does not need the store", () =>
    Effect.gen(function* () {
      const run = yield* allowed()
      const lastCues = new StoreError({ operation: "read the cues", cause: new Error("x") })
      assert.strictEqual((yield* insert(run, OUT, { lastCues })).cue.event_id, 1)
    }),
  )
})

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
