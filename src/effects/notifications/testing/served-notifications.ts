/** Notifications of a made-up channel. */
import { Effect, Exit, Scope } from "effect"
import { newChannelRuntime, newOutputRuntime } from "../../channel/runtime/channel-runtime.ts"
import { initialState } from "../../engine/engine-state.ts"
import { monotonicMs } from "../../model/monotonic.ts"
import { channelConfig, outputConfig } from "../../testing/configs.ts"
import type { Deliver } from "../deliver.ts"
import { makeNotifications } from "../Notifications.ts"
import type { NotificationRows } from "../notification-rows.ts"

const outputs = ["cdn", "tv"].map((slug, n) =>
  outputConfig({ id: `o${n}`, number: n + 1, slug, name: slug.toUpperCase() }),
)
/** The channel that is watched. */
export const config = channelConfig({ outputs })
export const HOOK = {
  name: "hook",
  kind: "webhook",
  url: "https://hooks.example.com/abc",
  secret: "planted-secret-4711",
} as const
/** Rules that tell everything at once; only outputs have to be down for 2 s. */
export const QUICK = { rules: [{}], output_down_after_s: 2, group_wait_s: 0, group_interval_s: 0 }

/** A service that watches one channel whose outputs fail on request; nothing goes over the network. */
export const serve = (rows: NotificationRows, answer: Deliver = () => Effect.succeed("HTTP 200")) =>
  Effect.gen(function* () {
    const runtime = newChannelRuntime(yield* monotonicMs)
    for (const { id } of outputs) runtime.outputs.set(id, { ...newOutputRuntime(), status: "connected" })
    const engine = { ...initialState, connected: true }
    const told: string[] = []
    const scope = yield* Effect.acquireRelease(Scope.make(), (one) => Scope.close(one, Exit.void))
    const look = Effect.map(monotonicMs, (ms) => {
      // The input always arrives.
      runtime.lastInputMs = ms
      return { engine, configs: [config], runtimeOf: () => runtime, storeProblem: null, nowMs: ms, monotonicMs: ms }
    })
    const deliver: Deliver = (destination, message) =>
      Effect.tap(answer(destination, message), () =>
        Effect.sync(
          () =>
            void told.push(
              `${destination.name}: ${message.notices.map(({ event, key }) => `${event} ${key}`).join(", ")}`,
            ),
        ),
      )
    const notifications = yield* Scope.extend(makeNotifications({ rows, look, deliver }), scope)
    yield* notifications.start
    const fail = (slug: string, down: boolean) =>
      Effect.sync(() => {
        const output = runtime.outputs.get(outputs.find((one) => one.slug === slug)?.id ?? "")
        if (output !== undefined)
          Object.assign(output, { status: down ? "retrying" : "connected", lastError: down ? "refused" : null })
      })
    return { ...notifications, told, fail, stop: Scope.close(scope, Exit.void) }
  })
