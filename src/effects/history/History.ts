/**
 * Keeps the history of channels and outputs, fed once a second by the engine's figures. It runs on monotonic time,
 * which is mapped to the wall clock for display, so that setting the clock leaves neither a hole nor an overlap.
 */
import { Clock, Context, Effect, Layer, type Scope, Stream } from "effect"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import { ChannelBook, type ChannelBookService } from "../config/ChannelBook.ts"
import { EngineClient, type EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { NotFound } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { CueLog, type CueLogService } from "../store/CueLog.ts"
import { EventLog, type EventLogService } from "../store/EventLog.ts"
import { ChannelHistory, emptySeries, type Span } from "./channel-history.ts"
import { type HistoryView, type HistoryWindow, type RecentView, WINDOWS } from "./history-model.ts"
import { readMarks } from "./marks.ts"

export interface HistoryService {
  /**
   * Figures of a channel (UUID, slug or number) and its outputs; kept in memory, so a restart of the service
   * begins anew.
   */
  readonly view: (ref: string, window: HistoryWindow) => Effect.Effect<HistoryView, NotFound>
  /** The last figures of each channel, by its `id`. */
  readonly recent: Effect.Effect<ReadonlyMap<string, RecentView>>
  /** Memory of all figures, in bytes. */
  readonly bytes: () => number
}

export interface HistoryDeps {
  readonly engine: Pick<EngineClientService, "state">
  readonly book: Pick<ChannelBookService, "configs" | "find" | "runs">
  readonly events: Pick<EventLogService, "list">
  readonly cues: Pick<CueLogService, "list">
}

/**
 * Longest time between two messages of figures, in s, that is filled in; beyond it a gap is left, since nobody knows
 * what happened.
 */
const MAX_SPAN_S = 5
/** Age in s up to which a plot ends with the last figures; older ones leave a gap up to now. */
const CURRENT_WITHIN_S = 5

interface Tick {
  readonly second: number
  readonly ms: number
  readonly at: number
}

/** The time between two messages of figures; null when it makes no sense. */
const spanBetween = (before: Tick | null, now: Tick): Span | null => {
  if (before === null || now.second - before.second > MAX_SPAN_S) return null
  const received = (now.ms - before.ms) / 1000
  const counted = (now.at - before.at) / 1000
  // The clock that the engine reads may be set at any time.
  const seconds = counted > received / 2 && counted < received * 2 ? counted : received
  return { second: now.second, buckets: now.second - before.second, seconds }
}

/** Follows the engine until the scope ends. */
export const makeHistory = (deps: HistoryDeps): Effect.Effect<HistoryService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const channels = new Map<string, ChannelHistory>()
    let last: Tick | null = null

    const note = (stats: EngineStats | null, ms: number) => {
      if (stats === null) {
        last = null
        return
      }
      const tick = { ms, second: Math.floor(ms / 1000), at: stats.at }
      // This second already has its figures: anything counted since belongs to the next one.
      if (last !== null && tick.second <= last.second) return
      const span = spanBetween(last, tick)
      last = tick
      const known = new Set<string>()
      for (const config of deps.book.configs.values()) {
        known.add(config.id)
        const runs = deps.book.runs(config.id)
        const found = channels.get(config.id)
        if (found === undefined && !runs) continue
        const history = found ?? new ChannelHistory()
        channels.set(config.id, history)
        history.note(config, runs ? stats.channels.find(({ id }) => id === config.id) : undefined, span)
      }
      for (const id of channels.keys()) if (!known.has(id)) channels.delete(id)
    }
    yield* Effect.forkScoped(
      Stream.runForEach(deps.engine.state.changes, ({ stats }) => Effect.map(monotonicMs, (ms) => note(stats, ms))),
    )

    const current = Effect.map(monotonicMs, (ms) => {
      const now = Math.floor(ms / 1000)
      return last !== null && now - last.second <= CURRENT_WITHIN_S ? last.second : now
    })

    const view = (config: ChannelConfig, window: HistoryWindow) =>
      Effect.gen(function* () {
        const { length_s, step_s } = WINDOWS[window]
        const second = yield* current
        const wallMs = yield* Clock.currentTimeMillis
        const offset = Math.round((wallMs - (yield* monotonicMs)) / 1000)
        const points = length_s / step_s
        const first = Math.floor(second / step_s) - points + 1
        const times = Array.from({ length: points }, (_, i) => (first + i) * step_s + offset)
        const marks = yield* Effect.map(
          readMarks(deps.events, deps.cues, config.id, wallMs - length_s * 1000),
          (found) => found.marks,
        ).pipe(
          // A plot without marks is better than no plot.
          Effect.catchAll((error) =>
            Effect.as(Effect.logWarning(`the history is shown without marks: ${error.message}`), []),
          ),
        )
        const series = channels.get(config.id)?.series(config, window, second) ?? emptySeries(config, window)
        return { window, step_s, times, series, marks } satisfies HistoryView
      })

    return {
      view: (ref, window) => Effect.flatMap(deps.book.find(ref), (config) => view(config, window)),
      recent: Effect.map(
        current,
        (second) => new Map([...channels].map(([id, history]) => [id, history.recent(second)])),
      ),
      bytes: () => [...channels.values()].reduce((sum, history) => sum + history.bytes, 0),
    }
  })

export class History extends Context.Tag("distributor/History")<History, HistoryService>() {
  static readonly Live = Layer.scoped(
    History,
    Effect.flatMap(
      Effect.all({ engine: EngineClient, book: ChannelBook, events: EventLog, cues: CueLog }),
      makeHistory,
    ),
  )
}
