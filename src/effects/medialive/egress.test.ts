import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { StoreError } from "../model/Errors.ts"
import { channelConfig } from "../testing/configs.ts"
import { channelStats, engineStats, outputStats } from "../testing/FakeEngine.ts"
import { makeEgress } from "./egress.ts"
import type { EgressRow } from "./medialive-rows.ts"

const sent = (bytes: number, session = "s1") =>
  engineStats([
    channelStats({
      id: "ch-1",
      outputs: [outputStats({ id: "out-1", session, url: "", bytes_sent: bytes })],
    }),
  ])

describe("egress", () => {
  it.effect("counts what was sent since the service is there, over sessions, below and above 2^32", () =>
    Effect.gen(function* () {
      const written: Array<EgressRow> = []
      let fails = true
      const egress = makeEgress({
        addEgress: (_month, rows) =>
          fails
            ? new StoreError({ operation: "x", cause: new Error("full") })
            : Effect.sync(() => void written.push(...rows)),
      })
      const configs = [channelConfig({ id: "ch-1", slug: "news" })]
      const observe = (bytes: number, session?: string) => egress.observe(sent(bytes, session), configs)
      // An engine that was found running has sent before.
      observe(2 ** 32 - 100)
      observe(2 ** 32 + 100)
      assert.deepStrictEqual(egress.waiting(), [{ channelId: "ch-1", name: "news", bytes: 200 }])
      observe(50, "s2")
      observe(60, "s2")
      observe(60, "s2")
      yield* egress.write
      assert.deepStrictEqual(egress.waiting(), [{ channelId: "ch-1", name: "news", bytes: 260 }])
      fails = false
      yield* egress.write
      assert.deepStrictEqual([written, egress.waiting()], [[{ channelId: "ch-1", name: "news", bytes: 260 }], []])
    }),
  )
})
