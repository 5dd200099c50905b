/**
 * Starts what there is to run, and tells the channels when the service ends.
 *
 * Start: `channels.json` is imported, the stored channels are loaded, `DISTRIBUTOR_CONFIG` is applied, then those run
 * that should.
 */
import { join } from "node:path"
import { Cause, Context, Effect, type Exit, Layer, Option } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { startChannels } from "../channel/start-channels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { outputHostOf } from "../config/output-host.ts"
import { ChannelsJson } from "../declarative/ChannelsJson.ts"
import { Configuration } from "../declarative/Configuration.ts"
import { FILE_NAME } from "../declarative/channels-json.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { Changes } from "../store/Changes.ts"
import { Store } from "../store/Store.ts"
import { followOthers } from "./follow-others.ts"
import { rereadStore } from "./reread-store.ts"

/** True when the service failed to start: an engine that was found running then keeps its streams. */
const isFailedStart = (exit: Exit.Exit<unknown, unknown>): boolean =>
  exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause)

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const changes = yield* Changes
  const channelsJson = yield* ChannelsJson
  const configuration = yield* Configuration
  const engine = yield* EngineClient
  const { publish } = yield* ChangeFeed
  const running = yield* RunningChannels
  const settings = yield* AppConfig
  const store = yield* Store

  const nodes = yield* Nodes
  const reread = rereadStore({ load: store.load, book, running, publish })
  yield* changes.settleBy(reread)
  for (const name of settings.ignored)
    yield* Effect.log(`${name} is set, but means nothing here (docs/configuration.md)`)
  if (!Option.contains(settings.configFile, join(settings.dataDir, FILE_NAME))) yield* channelsJson.import
  for (const config of yield* store.load) book.put(config)
  if (Option.isSome(settings.configFile)) {
    yield* Effect.tapError(configuration.applyFile(settings.configFile.value), () => engine.detach)
  }
  yield* book.markLoaded
  yield* startChannels(book, engine, running, outputHostOf(settings), changes.command, nodes.changes)
  yield* Effect.forkScoped(followOthers(nodes, "channels", changes.command(Effect.exit(reread))))
  // Runs before the fibers above are closed: when the start failed further up, streams of an engine that was found
  // go on.
  yield* Effect.addFinalizer((exit) =>
    isFailedStart(exit) ? engine.detach : Effect.zipRight(nodes.leave, running.recordShutdown),
  )
  return Supervisor.of({ started: true })
})

/** That the channels of the store run as they should: what serves requests is built upon it. */
export class Supervisor extends Context.Tag("distributor/Supervisor")<Supervisor, { readonly started: true }>() {
  /**
   * Fails with `StoreError` when the stored channels cannot be read, and with `StartRefused` when `channels.json` or
   * `DISTRIBUTOR_CONFIG` cannot be taken.
   */
  static readonly Live = Layer.scoped(Supervisor, make)
}
