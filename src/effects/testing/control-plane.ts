/** The real control plane over a fake engine and a store in a file. */
import { join } from "node:path"
import { Effect, Exit, Layer, Scope } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { Tallies } from "../channel/runtime/Tallies.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { ChannelsJson } from "../declarative/ChannelsJson.ts"
import { Configuration } from "../declarative/Configuration.ts"
import { EngineClient, type EngineClientService } from "../engine/EngineClient.ts"
import { History } from "../history/History.ts"
import { Metrics } from "../metrics/Metrics.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import { Notifications } from "../notifications/Notifications.ts"
import { Previews } from "../preview/Previews.ts"
import { System } from "../show/System.ts"
import { Changes } from "../store/Changes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { StateTags } from "../store/StateTags.ts"
import { layerFile } from "../store/Store.ts"
import { Channels } from "../supervisor/Channels.ts"
import { controlPlane } from "../supervisor/ControlPlane.ts"
import { Cues } from "../supervisor/Cues.ts"
import { DryRuns } from "../supervisor/DryRuns.ts"
import { Events } from "../supervisor/Events.ts"
import { HlsFiles } from "../supervisor/HlsFiles.ts"
import { Outputs } from "../supervisor/Outputs.ts"
import { Registry } from "../supervisor/Registry.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { Undo } from "../supervisor/Undo.ts"
import { Taps } from "../taps/Taps.ts"
import { Templates } from "../templates/Templates.ts"
import { Thumbnails } from "../thumbnails/Thumbnails.ts"
import { Removals } from "../undo/Removals.ts"
import { appConfig } from "./configs.ts"
import { makeFakeEngine, settle } from "./FakeEngine.ts"

const Verbs = Channels.Live.pipe(
  Layer.provideMerge(Outputs.Live),
  Layer.provideMerge(DryRuns.Live),
  Layer.provideMerge(Cues.Live),
  Layer.provideMerge(Events.Live),
  Layer.provideMerge(HlsFiles.Live),
  Layer.provideMerge(Undo.Live),
  Layer.provideMerge(Registry.Live),
)

/** The services between engine and HTTP in the order of `main.ts`, which `main.test.ts` compares. */
export const ControlPlaneLive = Verbs.pipe(
  Layer.provideMerge(Supervisor.Live),
  Layer.provideMerge(Metrics.Live),
  Layer.provideMerge(Notifications.Live),
  Layer.provideMerge(System.Live),
  Layer.provideMerge(ChannelsJson.Live),
  Layer.provideMerge(Configuration.Live),
  Layer.provideMerge(Removals.Live),
  Layer.provideMerge(Templates.Live),
  Layer.provideMerge(Thumbnails.Live),
  Layer.provideMerge(Previews.Live),
  Layer.provideMerge(Taps.Live),
  Layer.provideMerge(History.Live),
  Layer.provideMerge(RunningChannels.Live),
  Layer.provideMerge(Tallies.Live),
  Layer.provideMerge(CueLog.Live),
  Layer.provideMerge(EventLog.Live),
  Layer.provideMerge(Changes.Live),
  Layer.provideMerge(StateTags.Live),
  Layer.provideMerge(ChannelBook.Live),
  Layer.provideMerge(ChangeFeed.Live),
)

type Send = EngineClientService["send"]

/** @param over puts itself before the engine's `send` */
export const startControlPlane = (directory: string, over: (send: Send) => Send = (send) => send) =>
  Effect.gen(function* () {
    const engine = yield* makeFakeEngine()
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(
      ControlPlaneLive.pipe(
        Layer.provide(layerFile(join(directory, "distributor.db"))),
        Layer.provide(Layer.succeed(EngineClient, { ...engine.service, send: over(engine.service.send) })),
        Layer.provide(Layer.succeed(AppConfig, appConfig(directory))),
      ),
      scope,
    )
    yield* settle
    return { engine, plane: yield* Effect.provide(controlPlane, context), stop: Scope.close(scope, Exit.void) }
  })
