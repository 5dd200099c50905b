import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ChannelConfig } from "../model/channel.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { rereadStore } from "./reread-store.ts"

const channel = (id: string, over: Partial<ChannelConfig> = {}) =>
  ({ ...channelConfig(), id, slug: id, number: 1, ...over }) as ChannelConfig

it.effect("makes what is known and what runs as the store has it, and leaves alone what is so", () =>
  Effect.gen(function* () {
    const same = channel("same", { should_run: true })
    const old = channel("changed", { should_run: true, outputs: [outputConfig()] })
    const changed = { ...old, outputs: [] }
    const stopped = channel("stopped", { should_run: true })
    const configs = new Map([same, old, stopped, channel("gone")].map((config) => [config.id, config]))
    const runs = new Set(["same", "changed", "stopped", "gone"])
    const done: string[] = []
    const note = (what: string, id: string) => Effect.sync(() => void done.push(`${what} ${id}`))
    const stored = [
      structuredClone(same),
      changed,
      { ...stopped, should_run: false },
      channel("new", { should_run: true }),
      channel("idle"),
    ]
    yield* rereadStore({
      load: Effect.succeed(stored.map((config) => (config.id === "idle" ? { ...config, should_run: false } : config))),
      book: { configs, delete: (id) => void configs.delete(id), runs: (id) => runs.has(id) },
      running: {
        halt: (id) => note("halt", id),
        runNow: ({ id }) => note("run", id),
        adopt: (config) =>
          Effect.zipRight(
            Effect.sync(() => configs.set(config.id, config)),
            note("adopt", config.id),
          ),
      },
      publish: note("publish", ""),
    })
    assert.deepStrictEqual(done, [
      "halt gone",
      "adopt changed",
      "adopt stopped",
      "halt stopped",
      "adopt new",
      "run new",
      "adopt idle",
      "publish ",
    ])
    assert.deepStrictEqual([...configs.keys()].sort(), ["changed", "idle", "new", "same", "stopped"])
    assert.deepStrictEqual(configs.get("changed"), changed)
  }),
)
