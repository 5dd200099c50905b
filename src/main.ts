/**
 * The service: its layers, and nothing else. `--demo` adds a channel with a test source, with `--srt-input` one that is
 * received by SRT; `--parent-pipe` is `npm start`'s.
 *
 * Every service is named once, and read from the bottom up they are built in that order: each knows those below it.
 * Shutdown (SIGTERM, SIGINT) goes from the top down, each step with its own deadline, under 5 s in all, or 13 s on
 * several machines:
 *   1. Demo             the test source is ended                                                0.5 s
 *   2. HttpLive         no new requests; those under way finish                                 1.5 s
 *   3. Supervisor       on several machines: channels are handed over to other nodes, one by one  8 s
 *                       what happened is noted: "stopped with the service"
 *   4. Figures          the minute that is being counted is stored                              0.5 s
 *   5. RunningChannels  every channel's fibers: outputs closed one by one (SRT sends shutdown)  1.5 s
 *   6. CueLog, EventLog what the channels recorded is written                                   0.5 s each
 *   7. EngineClient     told to close what is left and exit; killed when it does not            2 s
 *   8. Store            the database is closed                                                  1 s
 *   9. ControlPlaneLife what would tell the next one that this one died is taken away           none
 */
import { Effect, Layer } from "effect"
import { demoLayer } from "./Demo.ts"
import { Accounts } from "./effects/accounts/Accounts.ts"
import { Audit } from "./effects/accounts/Audit.ts"
import { Captures } from "./effects/captures/Captures.ts"
import { RunningChannels } from "./effects/channel/RunningChannels.ts"
import { Tallies } from "./effects/channel/runtime/Tallies.ts"
import { AppConfig } from "./effects/config/AppConfig.ts"
import { ChannelBook } from "./effects/config/ChannelBook.ts"
import { LoggingLive } from "./effects/config/Logging.ts"
import { ChannelsJson } from "./effects/declarative/ChannelsJson.ts"
import { Configuration } from "./effects/declarative/Configuration.ts"
import { ControlPlaneLife, LifeBegins } from "./effects/engine/ControlPlaneLife.ts"
import { Crashes } from "./effects/engine/Crashes.ts"
import { EngineClient } from "./effects/engine/EngineClient.ts"
import { EngineProcess } from "./effects/engine/EngineProcess.ts"
import { PriorityLive } from "./effects/engine/Priority.ts"
import { History } from "./effects/history/History.ts"
import { MediaLive } from "./effects/medialive/MediaLive.ts"
import { Figures } from "./effects/metrics/Figures.ts"
import { Metrics } from "./effects/metrics/Metrics.ts"
import { ChangeFeed } from "./effects/model/ChangeFeed.ts"
import { NodesLive } from "./effects/nodes/nodes-live.ts"
import { Notifications } from "./effects/notifications/Notifications.ts"
import { PartnerLinks } from "./effects/partners/PartnerLinks.ts"
import { Previews } from "./effects/preview/Previews.ts"
import { Schedules } from "./effects/schedule/Schedules.ts"
import { System } from "./effects/show/System.ts"
import { Changes } from "./effects/store/Changes.ts"
import { CueLog } from "./effects/store/CueLog.ts"
import { EventLog } from "./effects/store/EventLog.ts"
import { StateTags } from "./effects/store/StateTags.ts"
import { Store } from "./effects/store/Store.ts"
import { Channels } from "./effects/supervisor/Channels.ts"
import { Cues } from "./effects/supervisor/Cues.ts"
import { DryRuns } from "./effects/supervisor/DryRuns.ts"
import { Events } from "./effects/supervisor/Events.ts"
import { FollowedAccounts } from "./effects/supervisor/follow-others.ts"
import { HlsFiles } from "./effects/supervisor/HlsFiles.ts"
import { Outputs } from "./effects/supervisor/Outputs.ts"
import { Records } from "./effects/supervisor/Records.ts"
import { Registry } from "./effects/supervisor/Registry.ts"
import { ScheduleRunner } from "./effects/supervisor/ScheduleRunner.ts"
import { Supervisor } from "./effects/supervisor/Supervisor.ts"
import { Support } from "./effects/supervisor/Support.ts"
import { Undo } from "./effects/supervisor/Undo.ts"
import { Taps } from "./effects/taps/Taps.ts"
import { Templates } from "./effects/templates/Templates.ts"
import { Thumbnails } from "./effects/thumbnails/Thumbnails.ts"
import { Removals } from "./effects/undo/Removals.ts"
import { refuseOldMachine } from "./engine/protocol/old-machine.ts"
import { HttpLive, HttpServer } from "./http/HttpServer.ts"
import { endWithParent } from "./parent-pipe.ts"
import { runMain } from "./run-main.ts"

const DemoLive = Layer.unwrapEffect(
  Effect.map(HttpServer, ({ url }) => demoLayer(url, process.argv.includes("--srt-input"))),
)
const Front = process.argv.includes("--demo") ? Layer.provideMerge(DemoLive, HttpLive) : HttpLive

/** What requests ask for. */
const WithVerbs = Front.pipe(
  Layer.provideMerge(ScheduleRunner.Live),
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

/** The control plane. The Supervisor starts the channels, so that all that listens to them is below it. */
const WithControlPlane = WithVerbs.pipe(
  Layer.provideMerge(FollowedAccounts),
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

/** What runs and what is known of it: channels, their records, and the turns that changes take. */
const WithChannels = WithControlPlane.pipe(
  Layer.provideMerge(History.Live),
  Layer.provideMerge(Figures.Live),
  Layer.provideMerge(RunningChannels.Live),
  Layer.provideMerge(Tallies.Live),
  Layer.provideMerge(CueLog.Live),
  Layer.provideMerge(EventLog.Live),
  // A pipe takes 20 at most.
).pipe(
  Layer.provideMerge(NodesLive),
  Layer.provideMerge(Changes.Live),
  Layer.provideMerge(StateTags.Live),
  Layer.provideMerge(ChannelBook.Live),
  Layer.provideMerge(ChangeFeed.Live),
)

/**
 * What it stands on. The engine is built upon the store: a file that cannot be used stops the start before any process
 * is touched.
 */
const MainLive = WithChannels.pipe(
  Layer.provideMerge(LifeBegins),
  Layer.provide(EngineClient.Live),
  Layer.provideMerge(Crashes.Live),
  Layer.provide(EngineProcess.Live),
  // Before any process is touched: it refuses to be open to other machines.
  Layer.provide(Accounts.Live),
  Layer.provide(Audit.Live),
  Layer.provide(Store.Live),
  Layer.provide(PriorityLive),
  Layer.provide(ControlPlaneLife.Live),
  Layer.provide(LoggingLive),
  Layer.provide(AppConfig.Live),
)

if (process.argv.includes("--parent-pipe")) endWithParent()
const mayRun = Effect.try({ try: () => refuseOldMachine(process.env), catch: (cause) => cause })
runMain(Effect.zipRight(mayRun, Layer.launch(MainLive)))
