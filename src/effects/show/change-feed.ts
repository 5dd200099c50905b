/** Tells viewers that something has changed, each at most four times a second; changes in between are merged. */
import { Effect, PubSub, Stream } from "effect"

const MIN_GAP = "250 millis"

export interface ChangeFeed {
  readonly publish: Effect.Effect<void>
  readonly changes: Stream.Stream<void>
}

export const makeChangeFeed: Effect.Effect<ChangeFeed> = Effect.gen(function* () {
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
