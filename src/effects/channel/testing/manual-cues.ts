/** Manual cues into a running channel, for tests. */
import { Effect, SubscriptionRef } from "effect"
import type { Command, LegStats } from "../../../engine/protocol/messages.ts"
import type { CueInput } from "../../config/request-bodies.ts"
import type { InputSettings } from "../../model/channel.ts"
import { channelStats, legStats } from "../../testing/FakeEngine.ts"
import { a, b, off, type Run, started } from "../../testing/scte35-bench.ts"
import { type InsertionPlace, insertCue } from "../insert-cue.ts"

export const OUT: CueInput = { command: "splice_insert", out_of_network_indicator: true, break_duration_seconds: 30 }
const streams = [
  { pid: 256, stream_type: 0x1b },
  { pid: 500, stream_type: 0x86 },
  { pid: 501, stream_type: 0x86 },
  { pid: 600, stream_type: 0x06 },
]
export const programme: LegStats["programmes"][number] = {
  program_number: 1,
  pmt_pid: 100,
  pcr_pid: 257,
  version: 0,
  streams,
  cuei: false,
}
export const live = channelStats({ id: "ch-1", clock_90k: 900_000, legs: [legStats({ programmes: [programme] })] })

/** A running channel that lets cues be inserted. */
export const allowed = (input: InputSettings = {}) =>
  started({ outputs: [a, b, off], input: { manual_cues: true, ...input } })
export const insert = (run: Run, input: CueInput, over: Partial<InsertionPlace> = {}) =>
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
export const refusal = (run: Run, input: CueInput, over: Partial<InsertionPlace> = {}) =>
  Effect.map(Effect.flip(insert(run, input, over)), (error) => [error._tag, error.message] as const)
export const inserted = (run: Run) =>
  run.engine.sent.filter((c): c is Extract<Command, { readonly cmd: "insert_cue" }> => c.cmd === "insert_cue")
