/** A history that is fed by hand. */
import { Effect, TestClock } from "effect"
import type { ChannelStats } from "../../../engine/protocol/messages.ts"
import { findChannel } from "../../config/find-config.ts"
import type { ChannelConfig } from "../../model/channel.ts"
import type { CueView } from "../../model/cue.ts"
import { StoreError } from "../../model/Errors.ts"
import type { ChannelEventView } from "../../model/event.ts"
import { channelConfig, outputConfig } from "../../testing/configs.ts"
import { engineStats, type FakeEngine, makeFakeEngine, settle } from "../../testing/FakeEngine.ts"
import { type HistoryService, makeHistory } from "../History.ts"

export const EPOCH_S = 1_800_000_000
export const OUTPUTS = [
  outputConfig(),
  outputConfig({ id: "out-2", slug: "udp-1", protocol: "udp", url: "udp://192.0.2.1:9001" }),
]

interface Bench {
  readonly history: HistoryService
  readonly engine: FakeEngine
  configs: Array<ChannelConfig>
  runs: boolean
  events: ReadonlyArray<ChannelEventView>
  storeFails: boolean
  /** Feeds the next second's figures. */
  readonly second: (stats: ReadonlyArray<ChannelStats>, afterMs?: number, at?: number) => Effect.Effect<void>
}

export const bench = Effect.gen(function* () {
  yield* TestClock.setTime(EPOCH_S * 1000)
  const engine = yield* makeFakeEngine()
  let at = 0
  const state: Pick<Bench, "configs" | "runs" | "events" | "storeFails"> = {
    configs: [channelConfig({ outputs: OUTPUTS })],
    runs: true,
    events: [],
    storeFails: false,
  }
  const broken = () => new StoreError({ operation: "read", cause: new Error("disk I/O error") })
  const cue = {
    at: new Date((EPOCH_S + 1) * 1000).toISOString(),
    kind: "out",
    description: "splice_insert, out",
  } as CueView
  const history = yield* makeHistory({
    engine: engine.service,
    book: {
      get configs() {
        return new Map(state.configs.map((config) => [config.id, config]))
      },
      find: (ref) => Effect.suspend(() => findChannel(state.configs, ref)),
      runs: () => state.runs,
    },
    events: { list: () => (state.storeFails ? broken() : Effect.succeed(state.events)) },
    cues: { list: () => Effect.succeed([cue]) },
  })
  yield* settle
  return Object.assign(state, {
    engine,
    history,
    second: (stats: ReadonlyArray<ChannelStats>, afterMs = 1000, ms = afterMs) =>
      Effect.gen(function* () {
        at += ms
        yield* TestClock.adjust(afterMs)
        yield* engine.stats(engineStats(stats, at))
      }),
  }) as Bench
})
export const shown = ({ configs, history }: Bench, window: "5m" | "1h" | "24h" = "5m") => {
  const [config] = configs
  return config === undefined ? Effect.dieMessage("no channel") : history.view(config.id, window)
}
