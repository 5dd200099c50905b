/** What the engine's figures and its coming and going mean for the channels that run. */
import { Clock, Effect, Stream, SubscriptionRef } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { ChannelEngine, EngineClientService } from "../engine/EngineClient.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { observeChannel } from "./observe-channel.ts"
import type { Channel, RecordHappening } from "./started-channel.ts"

/** Records for a channel that its engine went and came back; never ends. */
export const followLink = (
  engine: Pick<ChannelEngine, "link" | "state">,
  record: RecordHappening,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    let lost = false
    let connected = (yield* SubscriptionRef.get(engine.link)).connected
    yield* Stream.runForEach(engine.link.changes, (link) =>
      Effect.gen(function* () {
        if (link.connected === connected) return
        connected = link.connected
        if (!connected) {
          const { problem } = yield* SubscriptionRef.get(engine.state)
          yield* record({ kind: "engine_lost", severity: "critical", message: problem ?? "the engine was lost" })
        } else if (lost) {
          // Only the link was lost when it carries something already.
          const { stats } = yield* SubscriptionRef.get(engine.state)
          const livedOn = (stats?.channels.length ?? 0) > 0
          const message = livedOn
            ? "the engine is back, and went on meanwhile"
            : "the engine is back: input and outputs are opened again"
          yield* record({ kind: "engine_back", severity: "info", message })
        }
        lost = !connected
      }),
    )
  })

/**
 * Looks at each message of figures once, for all channels; never ends.
 *
 * @param changed to be run after each look
 */
export const followFigures = (
  engine: Pick<EngineClientService, "state">,
  { configs }: Pick<ChannelBookService, "configs">,
  running: ReadonlyMap<string, Channel>,
  changed: Effect.Effect<void>,
): Effect.Effect<void> =>
  Stream.runForEach(engine.state.changes, ({ stats }) =>
    Effect.gen(function* () {
      const moment = { monotonicMs: yield* monotonicMs, nowMs: yield* Clock.currentTimeMillis }
      for (const { id, record, runtime, slug } of running.values()) {
        const config = configs.get(id)
        if (config === undefined) continue
        const figures = stats?.channels.find((c) => c.id === id)
        const { events, lines } = observeChannel(config, runtime, figures, moment)
        for (const event of events) yield* record(event)
        // Annotations copy every fiber reference: not for each channel every second.
        if (lines.length === 0) continue
        yield* Effect.forEach(lines, (l) => (l.warn ? Effect.logWarning(l.message) : Effect.log(l.message)), {
          discard: true,
        }).pipe(Effect.annotateLogs("channel", slug))
      }
      yield* changed
    }),
  )
