/** A pool of engines without a process, and channels for it. */
import { assert } from "@effect/vitest"
import { Effect, SubscriptionRef } from "effect"
import type { ChannelConfig } from "../../model/channel.ts"
import { channelConfig } from "../../testing/configs.ts"
import {
  channelStats,
  engineStats,
  type FakeEngine,
  fakeMember,
  makeFakeEngine,
  settle,
} from "../../testing/FakeEngine.ts"
import { type EnginePoolOptions, makePool } from "../EngineClient.ts"
import { enginesOf } from "../engine-state.ts"

/** A pool of which engine `n` is `engines.get(n)` once it was started; `found` run already. */
export const pool = (options: EnginePoolOptions, found: Readonly<Record<number, FakeEngine>> = {}) =>
  Effect.gen(function* () {
    const engines = new Map<number, FakeEngine>()
    const ended: number[] = []
    const client = yield* makePool(
      {
        found: Effect.succeed(
          Object.keys(found)
            .map(Number)
            .filter((number) => number > 1),
        ),
        member: (number, hooks) =>
          Effect.gen(function* () {
            const fake = found[number] ?? (yield* makeFakeEngine())
            engines.set(number, fake)
            yield* Effect.addFinalizer(() => Effect.sync(() => void ended.push(number)))
            return yield* fakeMember(fake, number, hooks)
          }),
      },
      options,
    )
    yield* settle
    const engine = (number: number) => engines.get(number) ?? assert.fail(`engine ${number} was not started`)
    const state = SubscriptionRef.get(client.state)
    const numbers = Effect.map(state, (now) => enginesOf(now).map(({ number }) => number))
    return { client, engine, ended, numbers, state }
  })

export const channel = (id: string, over: Partial<ChannelConfig> = {}) =>
  channelConfig({ id, slug: id, name: id, ...over })
export const put = (config: ChannelConfig) =>
  ({ cmd: "put_channel", channel: { id: config.id, label: config.slug } }) as unknown as Parameters<
    FakeEngine["service"]["send"]
  >[0]
export const carrying = (...ids: ReadonlyArray<string>) => engineStats(ids.map((id) => channelStats({ id })))
export const [a, b, c, d] = [channel("a"), channel("b"), channel("c"), channel("d")]
export const all = [a, b, c, d]
