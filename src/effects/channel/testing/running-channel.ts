/** A channel that runs on a fake engine, and what was recorded of it. */
import { assert } from "@effect/vitest"
import { Effect, type Fiber, Random, TestClock } from "effect"
import type { Event, Reason } from "../../../engine/protocol/messages.ts"
import { revisionOf } from "../../config/output-place.ts"
import type { ChannelConfig, OutputConfig } from "../../model/channel.ts"
import type { Happening } from "../../model/event.ts"
import { channelConfig, outputConfig, outputHost } from "../../testing/configs.ts"
import { engineStats, type FakeEngine, makeFakeEngine, settle } from "../../testing/FakeEngine.ts"
import { makeChannel, runChannel } from "../Channel.ts"
import type { Channel } from "../started-channel.ts"

export type SourceEvent = Extract<Event, { readonly event: "source" }>
export const refusedByPeer: Reason = { code: "srt_reject_10", message: "incorrect passphrase", transient: true }
export const portTaken: Reason = { code: "EADDRINUSE", message: "port 9000 is in use", transient: false }
export const a = outputConfig({ id: "a", slug: "a", name: "A", url: "srt://192.0.2.1:9000" })
export const b = outputConfig({ id: "b", slug: "b", name: "B", url: "udp://192.0.2.1:9001", protocol: "udp" })

export const revision = (output: OutputConfig) => revisionOf(output, outputHost())

export interface Started {
  readonly engine: FakeEngine
  readonly channel: Channel
  readonly fiber: Fiber.RuntimeFiber<void>
  /** Events that were recorded. */
  readonly events: ReadonlyArray<Happening>
}

const noCues: Channel["keepCue"] = (cue) => ({ current: () => cue, update: () => undefined })

/** A running channel; jitter is in its middle, so that delays are exact. */
export const started = (config: Partial<ChannelConfig> = {}, stats = engineStats(), resumes = false) =>
  Effect.gen(function* () {
    const engine = yield* makeFakeEngine(stats)
    const events: Array<Happening> = []
    const record = (happening: Happening) => Effect.sync(() => void events.push(happening))
    const channel = yield* makeChannel(channelConfig({ outputs: [a, b], ...config }), {
      engine: engine.service,
      host: outputHost(),
      changed: Effect.void,
      record,
      keepCue: noCues,
      resumes,
    })
    const fiber = yield* Effect.fork(Effect.withRandom(runChannel(channel), Random.fixed([0.5])))
    yield* settle
    return { engine, channel, fiber, events } satisfies Started
  })

export const output = ({ channel }: Started, id: string) => {
  const found = channel.runtime.outputs.get(id)
  assert(found !== undefined, `output ${id} has no runtime`)
  return found
}
/** Commands sent while an effect ran. */
export const during = (engine: FakeEngine, effect: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const before = engine.sent.length
    yield* Effect.zipRight(effect, settle)
    return engine.log().slice(before)
  })
export const adjust = (time: Parameters<typeof TestClock.adjust>[0]) => Effect.zipRight(TestClock.adjust(time), settle)

export const withBackup = { outputs: [], backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 }
