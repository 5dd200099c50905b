/**
 * What the start of the service does with the channels that are stored and with those that an engine was found running.
 */
import { Effect, type Scope, Stream, SubscriptionRef } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import { startsWithService } from "../config/on-demand.ts"
import type { OutputHost } from "../config/output-place.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import { clearLeftovers } from "../rtsp/rtsp-feed.ts"
import type { RunningChannelsService } from "./RunningChannels.ts"
import { endStrangersAtEachConnection, runsOutput } from "./strangers.ts"

/**
 * Starts the channels that are to run, ends whatever the engine runs that nobody asks for any more, and follows both
 * from then on.
 *
 * @param roleChanges emits when another node may have become a channel's owner; never on a single machine
 * @param exclusively lets no change of the configuration come in between
 */
export const startChannels = (
  book: ChannelBookService,
  engine: EngineClientService,
  running: RunningChannelsService,
  host: OutputHost,
  exclusively: (effect: Effect.Effect<void>) => Effect.Effect<void>,
  roleChanges: Stream.Stream<void> = Stream.never,
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { stats } = yield* SubscriptionRef.get(engine.state)
    const carriedOf = (id: string) => stats?.channels.find((channel) => channel.id === id)
    const starting = [...book.configs.values()].filter(startsWithService)
    // Those that are carried first: the others are placed by what the engines have already.
    starting.sort((a, b) => Number(carriedOf(a.id) === undefined) - Number(carriedOf(b.id) === undefined))
    for (const config of starting) {
      const carried = carriedOf(config.id)
      const how =
        carried === undefined ? "with the service" : `with the service: found running, on the ${carried.active_source}`
      yield* running.run(config, how, carried === undefined)
    }
    // Channels and outputs that should run are adopted by their own fibers.
    const wanted = (id: string) => (book.runs(id) ? book.configs.get(id) : undefined)
    yield* Effect.forkScoped(endStrangersAtEachConnection(engine, wanted, exclusively))
    const isRunning = (output: string) =>
      runsOutput(
        book.all().filter(({ id }) => book.runs(id)),
        output,
      )
    yield* Effect.forkScoped(clearLeftovers(host.runDir, isRunning))
    yield* Effect.forkScoped(Stream.runForEach(roleChanges, () => running.assumeRoles))
    yield* Effect.forkScoped(running.follow)
  })
