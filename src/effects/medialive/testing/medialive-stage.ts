/** MediaLive over the stand-in for AWS and a store in a file, on a clock that only the test moves. */
import { join } from "node:path"
import { Effect, Layer, TestClock } from "effect"
import { FakeAws, type FakeAwsOptions, KEYS } from "../../../../test/aws/FakeAws.ts"
import type { Schedule } from "../../../core/schedule/schedule.ts"
import { ChannelBook, makeChannelBook } from "../../config/ChannelBook.ts"
import { EngineClient } from "../../engine/EngineClient.ts"
import type { ChannelConfig } from "../../model/channel.ts"
import type { NewEvent } from "../../model/event.ts"
import { Schedules } from "../../schedule/Schedules.ts"
import { EventLog } from "../../store/EventLog.ts"
import { layerFile, Store } from "../../store/Store.ts"
import { channelConfig, outputConfig } from "../../testing/configs.ts"
import { makeFakeEngine } from "../../testing/FakeEngine.ts"
import { temporaryDirectory } from "../../testing/temporary-directory.ts"
import type { Environment } from "../aws/endpoints.ts"
import { makeMediaLive } from "../live.ts"

export const ENVIRONMENT: Environment = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  AWS_REGION: "eu-west-1",
  AWS_ENDPOINT_URL: "http://aws.test",
  AWS_EC2_METADATA_DISABLED: "true",
}

/** A channel of ours at the destinations of the stand-in's first channel, with an output. */
export const fedChannel = (over: Partial<ChannelConfig> = {}): ChannelConfig =>
  channelConfig({
    id: "ch-1",
    slug: "news",
    name: "News",
    rtp_ip: "198.51.100.5",
    rtp_port: 5000,
    backup_rtp_ip: "198.51.100.5",
    backup_rtp_port: 5010,
    outputs: [outputConfig()],
    ...over,
  })

/** As many steps as signing a request takes at most (Signature Version 4: four keys derived, two hashes, a signature). */
const SIGNING_STEPS = 14
const NOTHING = new Uint8Array(1)

/**
 * Lets answers that are on their way arrive. Signing is done beside the event loop, which the test's clock leaves alone,
 * and takes long on a busy machine: as many steps that begin later are over later.
 */
const arrive = Effect.promise(async () => {
  for (let n = 0; n < SIGNING_STEPS; n++) await crypto.subtle.digest("SHA-256", NOTHING)
  await new Promise<void>((resolve) => setTimeout(resolve, 1))
})

export interface StageOptions extends Omit<FakeAwsOptions, "now"> {
  readonly environment?: Environment
  readonly channels?: ReadonlyArray<ChannelConfig>
  /** Directory of an earlier run, whose store is kept. */
  readonly directory?: string
  readonly aws?: FakeAws
}

export const makeStage = ({
  aws: given,
  channels = [fedChannel()],
  directory: kept,
  environment,
  ...fakeOptions
}: StageOptions = {}) =>
  Effect.gen(function* () {
    const directory = kept ?? (yield* temporaryDirectory)
    const clock = yield* Effect.clock
    const aws = given ?? new FakeAws({ ...fakeOptions, now: () => clock.unsafeCurrentTimeMillis() })
    const engine = yield* makeFakeEngine()
    const book = yield* makeChannelBook
    for (const config of channels) book.put(config)
    yield* book.markLoaded
    const events: NewEvent[] = []
    const schedules = new Map<string, Schedule>()
    const log = {
      add: (event: NewEvent) => void events.push(event),
      listen: () => Effect.void,
      list: () => Effect.succeed([]),
      listAll: () => Effect.succeed([]),
      problem: () => null,
      counts: () => ({ waiting: 0, dropped: 0, failures: 0 }),
    }
    /** True while a test says that a schedule asks. */
    const asked = { at: (_channelId: string, _atMs: number): boolean => false }
    const layer = Layer.mergeAll(
      layerFile(join(directory, "distributor.db")),
      Layer.succeed(ChannelBook, book),
      Layer.succeed(EngineClient, engine.service),
      Layer.succeed(EventLog, log),
      Layer.succeed(Schedules, {
        get: () => Effect.die("not here"),
        set: () => Effect.die("not here"),
        remove: () => Effect.die("not here"),
        all: () => schedules,
        wants: (channelId: string, atMs: number) => asked.at(channelId, atMs),
        rows: { carriedOutUntil: Effect.succeed(null), setCarriedOut: () => Effect.void },
      }),
    )
    const context = yield* Layer.build(layer)
    const service = yield* Effect.provide(makeMediaLive(environment ?? ENVIRONMENT, aws.fetch), context)
    const store = yield* Effect.provide(Store, context)

    /** Moves the clock in steps of so many seconds, each of which lets what is due have its turn. */
    const pass = (seconds: number, step = 1) =>
      Effect.forEach(
        Array.from({ length: Math.ceil(seconds / step) }),
        () => Effect.zipRight(TestClock.adjust(step * 1000), arrive),
        { discard: true },
      )
    /** Moves it until something holds, for a minute at most. */
    const until = (what: string, holds: Effect.Effect<boolean>) =>
      Effect.gen(function* () {
        for (let n = 0; n < 60; n++) {
          if (yield* holds) return
          yield* pass(1)
        }
        return yield* Effect.dieMessage(`not within a minute: ${what}`)
      })
    const listed = until(
      "the channels are listed and described",
      Effect.map(
        service.list,
        ({ channels: all }) => all.length > 0 && all.every(({ feeds, price }) => feeds.length === 0 || price !== null),
      ),
    )
    return { aws, asked, book, directory, engine, events, listed, pass, service, store, until }
  })
