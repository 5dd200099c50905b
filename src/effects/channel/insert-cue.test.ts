import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { CueView } from "../model/cue.ts"
import { EngineUnavailable, StoreError } from "../model/Errors.ts"
import { outCue } from "../testing/cues.ts"
import { adjust, kinds, section, statuses, word } from "../testing/scte35-bench.ts"
import type { InsertionPlace } from "./insert-cue.ts"
import { INSERTED_WITHIN_MS } from "./runtime/cue-insertions.ts"
import { allowed, insert, inserted, OUT, refusal } from "./testing/manual-cues.ts"

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
