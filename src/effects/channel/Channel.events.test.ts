import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Event } from "../../engine/protocol/messages.ts"
import { channelConfig } from "../testing/configs.ts"
import { channelStats, engineStats, outputStats } from "../testing/FakeEngine.ts"
import { reconfigure } from "./Channel.ts"
import {
  a,
  adjust,
  b,
  output,
  portTaken,
  refusedByPeer,
  revision,
  type SourceEvent,
  type Started,
  started,
  withBackup,
} from "./testing/running-channel.ts"

type LegEvent = Extract<Event, { readonly event: "leg" }>
const told = ({ events }: Started) =>
  events.map(({ kind, output, severity, source }) => [kind, severity, output ?? source ?? ""].join(" ").trim())

describe("what is recorded", () => {
  it.effect("of an output: each change, not each attempt", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [a] })
      yield* run.engine.output("a", "connected")
      yield* run.engine.output("a", "ended", refusedByPeer)
      for (const delay of [500, 1000, 2000]) {
        yield* adjust(delay)
        yield* run.engine.output("a", "ended", refusedByPeer)
      }
      yield* adjust(4000)
      yield* run.engine.output("a", "ended", portTaken)
      yield* adjust(30_000)
      yield* run.engine.output("a", "listening")
      yield* run.engine.output("a", "connected")
      yield* run.engine.output("a", "listening")
      assert.deepStrictEqual(told(run), [
        "output_connected info a",
        "output_failed warning a",
        "output_failed critical a",
        "output_waiting info a",
        "output_connected info a",
        "output_waiting info a",
      ])
      assert.deepStrictEqual(
        run.events.map(({ message }) => message),
        [
          "connected",
          "incorrect passphrase",
          "port 9000 is in use",
          "listening, no receiver any more",
          "connected",
          "listening, no receiver any more",
        ],
      )
    }),
  )

  it.effect("of an output that is stopped, changed or removed", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* reconfigure(
        run.channel,
        channelConfig({
          outputs: [
            { ...a, enabled: false },
            { ...b, url: "udp://192.0.2.1:9009" },
          ],
        }),
        "user ada",
      )
      yield* reconfigure(run.channel, channelConfig({ outputs: [{ ...a, enabled: false }] }), "user ada")
      assert.sameMembers(
        run.events.map(({ message, output: slug }) => `${slug} ${message}`),
        ["a disabled by user ada", "b stopped: its URL was changed", "b removed by user ada"],
      )
    }),
  )

  it.effect("is not that an engine which was lost took its outputs along, nor that one which was found runs them", () =>
    Effect.gen(function* () {
      const found = channelStats({
        id: "ch-1",
        outputs: [outputStats({ id: "a", session: "s-a", url: a.url, revision: revision(a) })],
      })
      const run = yield* started({ outputs: [a] }, engineStats([found]))
      assert.deepStrictEqual([output(run, "a").status, ...told(run)], ["connected"])
      yield* run.engine.lose
      yield* run.engine.connect()
      assert.deepStrictEqual(told(run), ["engine_lost critical", "engine_back info"])
      yield* run.engine.output("a", "connected")
      assert.deepStrictEqual(told(run).slice(2), ["output_connected info a"])
    }),
  )

  it.effect("of the sources: what the engine tells, graver when it was not asked for", () =>
    Effect.gen(function* () {
      const run = yield* started(withBackup)
      const source = (kind: SourceEvent["kind"], leg: SourceEvent["leg"], reason = "") =>
        run.engine.emit({ event: "source", channel_id: "ch-1", kind, leg, reason, message: `${kind} of the ${leg}` })
      yield* source("switched", "backup", "no_packets")
      yield* source("switched", "primary", "failback")
      yield* source("switched", "backup", "operator")
      for (const kind of [
        "leg_lost",
        "leg_back",
        "redundancy_lost",
        "redundancy_back",
        "merge_on",
        "merge_off",
        "legs_differ",
      ] as const) {
        yield* source(kind, "primary")
      }
      assert.deepStrictEqual(told(run), [
        "switched warning backup",
        "switched info primary",
        "switched info backup",
        "leg_lost warning primary",
        "leg_back info primary",
        "redundancy_lost warning primary",
        "redundancy_back info primary",
        "merge_on info primary",
        "merge_off warning primary",
        "legs_differ warning primary",
      ])
      assert.strictEqual(run.events[0]?.message, "switched of the backup")
      assert.strictEqual(run.channel.runtime.legsDiffer, "legs_differ of the primary")
      yield* source("merge_on", "primary")
      assert.isNull(run.channel.runtime.legsDiffer)
    }),
  )

  it.effect("of a leg: what changed or failed, not that it is open, live or silent", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [] })
      const kinds = [
        "open",
        "failed",
        "live",
        "silent",
        "sender_changed",
        "sequence_reset",
        "psi_changed",
        "pcr_jump",
        "fec_on",
        "fec_off",
        "rejoined",
      ]
      for (const kind of kinds as ReadonlyArray<LegEvent["kind"]>) {
        yield* run.engine.emit({ event: "leg", channel_id: "ch-1", leg: "primary", kind, message: kind })
      }
      assert.deepStrictEqual(told(run), [
        "leg_failed warning primary",
        "sender_changed warning primary",
        "sequence_reset warning primary",
        "psi_changed info primary",
        "pcr_jump warning primary",
        "fec_on info primary",
        "fec_off info primary",
        "rejoined warning primary",
      ])
    }),
  )
})
