/** Tells viewers that something has changed, each at most four times a second; changes in between are merged. */
import { Context, Effect, Layer, PubSub, Stream } from "effect"

const MIN_GAP = "250 millis"

export interface ChangeFeedService {
  readonly publish: Effect.Effect<void>
  /** Emits when something a viewer would see has changed; at most a few times a second. */
  readonly changes: Stream.Stream<void>
}

export const makeChangeFeed: Effect.Effect<ChangeFeedService> = Effect.gen(function* () {
  const hub = yield* PubSub.sliding<void>(1)
  return {
    publish: Effect.asVoid(PubSub.publish(hub, undefined)),
    // The pause comes after the element, so that the first change after a quiet time is shown at once.
    changes: Stream.unwrapScoped(
      Effect.map(PubSub.subscribe(hub), (queue) =>
        Stream.flatMap(Stream.fromQueue(queue, { maxChunkSize: 1 }), () =>
          Stream.concat(Stream.make(undefined), Stream.drain(Stream.fromEffect(Effect.sleep(MIN_GAP)))),
        ),
      ),
    ),
  }
})

export class ChangeFeed extends Context.Tag("distributor/ChangeFeed")<ChangeFeed, ChangeFeedService>() {
  static readonly Live = Layer.effect(ChangeFeed, makeChangeFeed)
}
