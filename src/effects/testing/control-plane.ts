/** The real control plane over a fake engine and a store in a file. */
import { join } from "node:path"
import { Effect, Exit, Layer, Scope } from "effect"
import { Captures } from "../captures/Captures.ts"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { Tallies } from "../channel/runtime/Tallies.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { ChannelsJson } from "../declarative/ChannelsJson.ts"
import { Configuration } from "../declarative/Configuration.ts"
import { Crashes } from "../engine/Crashes.ts"
import { EngineClient, type EngineClientService } from "../engine/EngineClient.ts"
import { History } from "../history/History.ts"
import { MediaLive } from "../medialive/MediaLive.ts"
import { Figures } from "../metrics/Figures.ts"
import { Metrics } from "../metrics/Metrics.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { StartRefused } from "../model/Errors.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { SINGLE_MACHINE } from "../nodes/single-machine.ts"
import { Notifications } from "../notifications/Notifications.ts"
import { PartnerLinks } from "../partners/PartnerLinks.ts"
import { Previews } from "../preview/Previews.ts"
import { Schedules } from "../schedule/Schedules.ts"
import { System } from "../show/System.ts"
import { Changes } from "../store/Changes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { StateTags } from "../store/StateTags.ts"
import { layerFile, Store } from "../store/Store.ts"
import { Channels } from "../supervisor/Channels.ts"
import { controlPlane } from "../supervisor/ControlPlane.ts"
import { Cues } from "../supervisor/Cues.ts"
import { DryRuns } from "../supervisor/DryRuns.ts"
import { Events } from "../supervisor/Events.ts"
import { HlsFiles } from "../supervisor/HlsFiles.ts"
import { Outputs } from "../supervisor/Outputs.ts"
import { Records } from "../supervisor/Records.ts"
import { Registry } from "../supervisor/Registry.ts"
import { ScheduleRunner } from "../supervisor/ScheduleRunner.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { Support } from "../supervisor/Support.ts"
import { Undo } from "../supervisor/Undo.ts"
import { Taps } from "../taps/Taps.ts"
import { Templates } from "../templates/Templates.ts"
import { Thumbnails } from "../thumbnails/Thumbnails.ts"
import { Removals } from "../undo/Removals.ts"
import { appConfig } from "./configs.ts"
import { type FakeEngine, makeFakeEngine, settle } from "./FakeEngine.ts"

const Verbs = ScheduleRunner.Live.pipe(
  Layer.provideMerge(Support.Live),
  Layer.provideMerge(Channels.Live),
  Layer.provideMerge(Outputs.Live),
  Layer.provideMerge(DryRuns.Live),
  Layer.provideMerge(Cues.Live),
  Layer.provideMerge(Events.Live),
  Layer.provideMerge(PartnerLinks.Live),
  Layer.provideMerge(Records.Live),
  Layer.provideMerge(HlsFiles.Live),
  Layer.provideMerge(Undo.Live),
  Layer.provideMerge(Registry.Live),
)

/** What stands on the channels. */
const WithVerbs = Verbs.pipe(
  Layer.provideMerge(Supervisor.Live),
  Layer.provideMerge(Metrics.Live),
  Layer.provideMerge(Notifications.Live),
  Layer.provideMerge(System.Live),
  Layer.provideMerge(ChannelsJson.Live),
  Layer.provideMerge(Configuration.Live),
  Layer.provideMerge(Removals.Live),
  Layer.provideMerge(Templates.Live),
  Layer.provideMerge(MediaLive.Live),
  Layer.provideMerge(Schedules.Live),
  Layer.provideMerge(Thumbnails.Live),
  Layer.provideMerge(Previews.Live),
  Layer.provideMerge(Captures.Live),
  Layer.provideMerge(Taps.Live),
)

/** The services between engine and HTTP in the order of `main.ts`, which `main.test.ts` compares. */
export const ControlPlaneLive = WithVerbs.pipe(
  Layer.provideMerge(History.Live),
  Layer.provideMerge(Figures.Live),
  Layer.provideMerge(RunningChannels.Live),
  Layer.provideMerge(Tallies.Live),
  Layer.provideMerge(CueLog.Live),
  Layer.provideMerge(EventLog.Live),
  // A pipe takes 20 at most.
).pipe(
  Layer.provideMerge(Layer.succeed(Nodes, SINGLE_MACHINE)),
  Layer.provideMerge(Changes.Live),
  Layer.provideMerge(StateTags.Live),
  Layer.provideMerge(ChannelBook.Live),
  Layer.provideMerge(ChangeFeed.Live),
  Layer.provideMerge(Crashes.Live),
)

type Send = EngineClientService["send"]

export interface ControlPlaneOptions {
  /** The engine it talks to; a new one unless given. */
  readonly engine?: FakeEngine
  /** Puts itself before the engine's `send`. */
  readonly over?: (send: Send) => Send
  /** The store; `distributor.db` in the directory unless given. */
  readonly store?: Layer.Layer<Store, StartRefused>
}

/** Starts the control plane in a directory; with the same directory it is a restart. `stop` closes it. */
export const startControlPlane = (directory: string, options: ControlPlaneOptions = {}) =>
  Effect.gen(function* () {
    const { over, store = layerFile(join(directory, "distributor.db")) } = options
    const engine = options.engine ?? (yield* makeFakeEngine())
    // The service itself where nothing is put before it: tests replace its members while it runs.
    const client: FakeEngine["service"] =
      over === undefined
        ? engine.service
        : { ...engine.service, send: over(engine.service.send), place: () => Effect.succeed(client) }
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(
      ControlPlaneLive.pipe(
        Layer.provideMerge(store),
        Layer.provide(Layer.succeed(EngineClient, client)),
        Layer.provide(Layer.succeed(AppConfig, appConfig(directory))),
      ),
      scope,
    )
    yield* settle
    return {
      engine,
      plane: yield* Effect.provide(controlPlane, context),
      store: yield* Effect.provide(Store, context),
      stop: (exit: Exit.Exit<unknown, unknown> = Exit.void) => Scope.close(scope, exit),
    }
  })
