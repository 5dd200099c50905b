/** A writer over an engine without a process. */
import { Effect, Random, TestClock } from "effect"
import type { OutputSettings } from "../../../core/output/output-settings.ts"
import type { RetryPolicy } from "../../../core/settings/retry-delay.ts"
import type { Reason } from "../../../engine/protocol/messages.ts"
import { retryPolicyOf } from "../../config/output-place.ts"
import type { Happening } from "../../model/event.ts"
import { outputConfig, outputHost } from "../../testing/configs.ts"
import { makeFakeEngine, settle } from "../../testing/FakeEngine.ts"
import { newOutputRuntime } from "../runtime/channel-runtime.ts"
import { runWriter } from "../Writer.ts"

/** How a session ends that a later one may not. */
export const refused: Reason = { code: "rtmp_denied", message: "no such key", transient: true }
/** Lets so many ms pass, and what is due happen. */
export const adjust = (ms: number) => Effect.zipRight(TestClock.adjust(ms), settle)

/** A writer with these settings; jitter is in its middle, so that delays are exact. */
export const started = (service: RetryPolicy, settings: OutputSettings = {}, resumes = false) =>
  Effect.gen(function* () {
    const engine = yield* makeFakeEngine()
    const runtime = newOutputRuntime()
    const events: Happening[] = []
    const output = outputConfig({ id: "a" })
    const host = outputHost({ retry: service })
    const own = { settings }
    const writer = runWriter({
      engine: engine.service,
      host,
      retry: () => retryPolicyOf(own, host),
      channelId: "ch-1",
      output,
      runtime,
      awaitChannel: () => Effect.succeed(1),
      fromUs: () => undefined,
      resumes,
      changed: Effect.void,
      record: (happening) => Effect.sync(() => void events.push(happening)),
    })
    const fiber = yield* Effect.fork(Effect.withRandom(writer, Random.fixed([0.5])))
    yield* settle
    const opened = () => engine.log().filter((line) => line === "open_output a").length
    return {
      engine,
      runtime,
      events,
      fiber,
      opened,
      own,
      fail: (reason = refused) => engine.output("a", "ended", reason),
    }
  })
