import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { NO_WORD } from "../../store/proof-deadline.ts"
import { outputConfig } from "../../testing/configs.ts"
import { outCue } from "../../testing/cues.ts"
import { a, acknowledgement, adjust, section, started, statuses, view, word } from "../../testing/scte35-bench.ts"
import { PROOF_WITHIN_MS } from "./scte35-proof.ts"

describe("the proof that a cue left", () => {
  it.effect("begins with each enabled output, and is completed by the engine's word", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30))
      assert.deepStrictEqual(run.cues[0]?.outputs, [
        { output: "srt-a", status: "pending", at: null, delay_ms: null, reason: null, within_ms: PROOF_WITHIN_MS },
        {
          output: "udp-b",
          status: "missed",
          at: "1970-01-01T00:00:00.000Z",
          delay_ms: null,
          reason: "incorrect passphrase",
        },
      ])
      const missed = run.events.filter(({ kind }) => kind === "cue_missed")
      assert.deepInclude(missed[0], { output: "udp-b", severity: "warning" })
      assert.include(missed[0]?.message, "incorrect passphrase; splice_insert out, event 7")
      assert.strictEqual(missed.length, 1)
      yield* word(run, 1, "a")
      assert.deepStrictEqual(run.cues[0]?.outputs[0], {
        output: "srt-a",
        status: "sent",
        at: "1970-01-01T00:00:01.234Z",
        delay_ms: 12.5,
        reason: null,
      })
      yield* adjust("11 seconds")
      const { outputs } = yield* view(run)
      assert.deepStrictEqual(
        outputs.map(({ cues_missed, cues_sent, slug }) => [slug, cues_sent, cues_missed]),
        [
          ["srt-a", 1, 0],
          ["udp-b", 0, 1],
          ["off", 0, 0],
        ],
      )
    }),
  )

  it.effect("says when the receivers had acknowledged what was sent, once, and of nothing else", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30))
      yield* acknowledgement(run, 1, "a")
      assert.notProperty(run.cues[0]?.outputs[0], "acknowledged_at")
      yield* word(run, 1, "a")
      yield* acknowledgement(run, 1, "a")
      yield* acknowledgement(run, 1, "b")
      const proof = {
        output: "srt-a",
        status: "sent",
        at: "1970-01-01T00:00:01.234Z",
        delay_ms: 12.5,
        reason: null,
        acknowledged_at: "1970-01-01T00:00:01.300Z",
        acknowledged_ms: 40.5,
      } as const
      assert.deepStrictEqual(run.cues[0]?.outputs[0], proof)
      assert.notProperty(run.cues[0]?.outputs[1], "acknowledged_at")
      for (const [cue, output] of [
        [1, "a"],
        [1, "gone"],
        [99, "a"],
      ] as const)
        yield* acknowledgement(run, cue, output, 9000)
      assert.deepStrictEqual(run.cues[0]?.outputs[0], proof)
      yield* adjust("11 seconds")
      assert.deepStrictEqual(run.cues[0]?.outputs[0], proof)
      const { outputs } = run.channel.runtime
      assert.deepStrictEqual(
        [outputs.get("a")?.tally.cuesAcknowledged, outputs.get("b")?.tally.cuesAcknowledged],
        [1, 0],
      )
    }),
  )

  it.effect("takes the acknowledgement of a repetition where the cue itself was not acknowledged", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30))
      yield* word(run, 1, "a")
      yield* section(run, 2, outCue(7, 10, 30))
      yield* word(run, 2, "a")
      yield* acknowledgement(run, 2, "a", 2500)
      yield* acknowledgement(run, 1, "a", 2600)
      assert.strictEqual(run.cues.length, 1)
      assert.deepInclude(run.cues[0]?.outputs[0], { status: "sent", acknowledged_at: "1970-01-01T00:00:02.500Z" })
      assert.strictEqual(run.channel.runtime.outputs.get("a")?.tally.cuesAcknowledged, 1)
    }),
  )

  it.effect("is made good by a repetition that was sent where the cue was missed, and by nothing else", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30))
      yield* word(run, 1, "a")
      yield* section(run, 2, outCue(7, 10, 30))
      yield* word(run, 2, "a")
      yield* word(run, 2, "b")
      assert.strictEqual(run.cues.length, 1)
      assert.deepStrictEqual(
        run.cues[0]?.outputs.map(({ output, reason, status }) => [output, status, reason]),
        [
          ["srt-a", "sent", null],
          ["udp-b", "sent", "not before repetition 1"],
        ],
      )
      yield* adjust("11 seconds")
      const { outputs } = yield* view(run)
      assert.deepStrictEqual(
        outputs.slice(0, 2).map(({ cues_missed, cues_sent }) => [cues_sent, cues_missed]),
        [
          [1, 0],
          [1, 0],
        ],
      )
    }),
  )

  it.effect("is owed to the receivers of a listener until nobody was connected for a minute", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [a] })
      yield* run.engine.output("a", "listening")
      yield* adjust("59 seconds")
      yield* section(run, 1, outCue(7, 10, 30))
      yield* adjust("1 second")
      yield* section(run, 2, outCue(8, 10, 30))
      yield* word(run, 2, "a", { sent: false, reason: "no receiver" })
      yield* run.engine.output("a", "connected")
      yield* section(run, 3, outCue(9, 10, 30))
      yield* word(run, 3, "a")
      yield* run.engine.output("a", "listening")
      yield* section(run, 4, outCue(10, 10, 30))
      assert.deepStrictEqual(
        run.cues.map(({ outputs }) => outputs.map(({ status }) => status)),
        [["missed"], ["no_receiver"], ["sent"], ["missed"]],
      )
      assert.strictEqual(run.cues[1]?.outputs[0]?.reason, "nobody is connected to the listener")
      assert.strictEqual(run.events.filter(({ kind }) => kind === "cue_missed").length, 2)
      yield* adjust("11 seconds")
      const { outputs } = yield* view(run)
      assert.deepStrictEqual([outputs[0]?.cues_sent, outputs[0]?.cues_missed], [1, 2])
    }),
  )

  it.effect("counts from anew once a listener was opened again", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [a] })
      yield* run.engine.output("a", "listening")
      yield* adjust("2 minutes")
      yield* run.engine.output("a", "ended", { code: "port", message: "the port is in use", transient: true })
      yield* adjust("5 seconds")
      yield* section(run, 1, outCue(7, 10, 30))
      yield* run.engine.output("a", "listening")
      yield* section(run, 2, outCue(8, 10, 30))
      yield* adjust("1 minute")
      yield* section(run, 3, outCue(9, 10, 30))
      assert.deepStrictEqual(
        run.cues.map(({ outputs }) => outputs.map(({ status }) => status)),
        [["missed"], ["missed"], ["no_receiver"]],
      )
    }),
  )

  it.effect("names outputs that carry no cues as such, and counts nothing of theirs", () =>
    Effect.gen(function* () {
      const rtmp = { protocol: "rtmp", url: "rtmp://h/a/k" } as const
      const outputs = [
        outputConfig({ ...rtmp, id: "a", slug: "rtmp", settings: { audio: "silence" } }),
        outputConfig({ ...rtmp, id: "b", slug: "cued", settings: { cue_points: "elemental" } }),
        outputConfig({ ...rtmp, id: "c", slug: "none", settings: { cue_points: "none" } }),
      ]
      const run = yield* started({ outputs })
      yield* section(run, 1, outCue(7, 10, 30))
      assert.deepStrictEqual(statuses(run), ["rtmp no_cues", "cued missed", "none no_cues"])
      assert.strictEqual(run.cues[0]?.outputs[0]?.reason, "its setting cue_points is none")
      yield* word(run, 1, "a")
      yield* adjust("11 seconds")
      const shown = yield* view(run)
      assert.deepStrictEqual(
        shown.outputs.map(({ cues_missed, cues_sent }) => [cues_sent, cues_missed]),
        [
          [0, 0],
          [0, 1],
          [0, 0],
        ],
      )
    }),
  )

  it.effect("waits for HLS that has not written its first playlist yet", () =>
    Effect.gen(function* () {
      const hls = { protocol: "hls", url: "hls://one", settings: {} } as const
      const outputs = [
        outputConfig({ ...hls, id: "c", slug: "early" }),
        outputConfig({ ...hls, id: "b", slug: "failed" }),
      ]
      const run = yield* started({ outputs })
      yield* section(run, 1, outCue(7, 10, 30))
      assert.deepStrictEqual(statuses(run), ["early pending", "failed missed"])
      yield* word(run, 1, "c")
      assert.deepStrictEqual(statuses(run), ["early sent", "failed missed"])
      assert.deepStrictEqual(
        run.events.filter(({ kind }) => kind === "cue_missed").map(({ output }) => output),
        ["failed"],
      )
    }),
  )

  it.effect("says why the engine did not send it, and believes the engine that knew sooner of a connection", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 10, 30))
      yield* word(run, 1, "a", { sent: false, reason: "the session ended before" })
      yield* word(run, 1, "b")
      assert.deepStrictEqual(statuses(run), ["srt-a missed", "udp-b sent"])
      assert.strictEqual(run.cues[0]?.outputs[0]?.reason, "the session ended before")
      assert.strictEqual(run.events.filter(({ kind, output }) => kind === "cue_missed" && output === "srt-a").length, 1)
      yield* word(run, 1, "a", { sent: false, reason: "again" })
      assert.strictEqual(run.cues[0]?.outputs[0]?.reason, "again")
      assert.strictEqual(run.events.filter(({ kind }) => kind === "cue_missed").length, 2)
    }),
  )

  it.effect("is a miss when no word comes within 10 s, and nothing changes it then", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 20, 30))
      yield* adjust("9 seconds")
      assert.deepStrictEqual(statuses(run), ["srt-a pending", "udp-b missed"])
      yield* adjust("2 seconds")
      assert.deepInclude(run.cues[0]?.outputs[0], { status: "missed", reason: NO_WORD })
      yield* word(run, 1, "a")
      assert.deepStrictEqual(statuses(run), ["srt-a missed", "udp-b missed"])
      assert.deepStrictEqual(
        (yield* view(run)).outputs.map(({ cues_missed }) => cues_missed),
        [1, 1, 0],
      )
    }),
  )

  it.effect("is not mixed up when the engine's numbers begin anew, and words of unknown cues are let go", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* section(run, 1, outCue(7, 20, 30))
      yield* section(run, 1, outCue(8, 60, 30))
      yield* word(run, 1, "a")
      yield* word(run, 99, "a")
      yield* word(run, 1, "gone")
      assert.deepStrictEqual(
        [statuses(run, 0), statuses(run, 1)],
        [
          ["srt-a missed", "udp-b missed"],
          ["srt-a sent", "udp-b missed"],
        ],
      )
    }),
  )

  it.effect("is complete for more outputs than one turn of the watcher takes", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 100 }, (_, n) => outputConfig({ id: `o${n}`, slug: `o${n}` }))
      const run = yield* started({ outputs: many })
      for (const { id } of many) yield* run.engine.output(id, "connected")
      yield* section(run, 1, outCue(7, 20, 30))
      for (const { id } of many) yield* word(run, 1, id)
      assert.deepStrictEqual(new Set(run.cues[0]?.outputs.map(({ status }) => status)), new Set(["sent"]))
    }),
  )
})
