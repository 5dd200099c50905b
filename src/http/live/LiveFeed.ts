/**
 * Sends every WebSocket client the state of the channels: on connecting, on changes (at most twice a second) and every
 * 2 s.
 */
import { Duration, Effect, Queue, type Scope, Stream } from "effect"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { type BoundTo, seenChannels } from "../access/bound.ts"

/** A connected client, whatever carries it. */
export interface LiveClient {
  /** Number of bytes handed over and not yet sent. */
  readonly bufferedBytes: () => number
  readonly send: (text: string) => void
  /** False once the caller it was opened for may no longer look. */
  readonly lasts?: (() => boolean) | undefined
  /** Tags that the caller is bound to: it is told of no other channels. */
  readonly tags?: BoundTo | undefined
  /**
   * Ends the connection; 1008 says that its rights have ended, 1013 asks the client to come back later (RFC 6455 7.4,
   * IANA registry).
   */
  readonly close: (code: number, reason: string) => void
}

export interface LiveFeed {
  /** Sends the state to the client and keeps it up to date. Returns the function that ends that. */
  readonly add: (client: LiveClient) => () => void
  readonly size: () => number
}

const AT_LEAST_EVERY = Duration.seconds(2)
const AT_MOST_EVERY = Duration.millis(500)
/** Backlog in bytes from which a client is skipped until it has caught up. */
export const MAX_BUFFERED_BYTES = 1024 * 1024
/** Rounds a client may be skipped in a row before it is closed: 10 s when something changes all the time, else 40 s. */
export const MAX_SKIPPED = 20

/** What it tells, and when. */
export interface LiveSource {
  readonly channels: Pick<ControlPlane["channels"], "list">
  readonly changeFeed: ControlPlane["changeFeed"]
}

export const makeLiveFeed = ({ changeFeed, channels }: LiveSource): Effect.Effect<LiveFeed, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clients = new Map<LiveClient, { skipped: number }>()
    const newcomers = yield* Effect.acquireRelease(Queue.sliding<LiveClient>(1024), Queue.shutdown)
    /** The state as a message for each set of tags, made once for all clients that have it. */
    const snapshot = Effect.map(channels.list, (all) => {
      const texts = new Map<string, string>()
      return ({ tags = [] }: LiveClient): string => {
        const key = tags.join(" ")
        const text = texts.get(key) ?? JSON.stringify({ channels: seenChannels(tags, all) })
        texts.set(key, text)
        return text
      }
    })

    const tell = (client: LiveClient, textFor: (client: LiveClient) => string) => {
      const state = clients.get(client)
      if (state === undefined) return
      if (client.lasts?.() === false) {
        clients.delete(client)
        client.close(1008, "the key, user or password it was opened with is no longer valid")
      } else if (client.bufferedBytes() <= MAX_BUFFERED_BYTES) {
        state.skipped = 0
        client.send(textFor(client))
      } else if (++state.skipped >= MAX_SKIPPED) {
        clients.delete(client)
        client.close(1013, "too slow to follow")
      }
    }
    const safely = Effect.catchAllCause((cause) => Effect.logError("the live feed could not read the channels", cause))
    const round = Effect.suspend(() =>
      clients.size === 0
        ? Effect.void
        : Effect.map(snapshot, (textFor) => {
            for (const client of [...clients.keys()]) tell(client, textFor)
          }),
    ).pipe(safely, Effect.zipRight(Effect.sleep(AT_MOST_EVERY)))
    const greet = Effect.gen(function* () {
      const waiting = yield* Queue.takeBetween(newcomers, 1, 1024)
      const textFor = yield* snapshot
      for (const client of waiting) tell(client, textFor)
    }).pipe(safely)

    yield* Stream.tick(AT_LEAST_EVERY).pipe(
      Stream.merge(changeFeed.changes),
      // What happens during a round and its pause is one more round.
      Stream.buffer({ capacity: 1, strategy: "sliding" }),
      Stream.runForEach(() => round),
      Effect.forkScoped,
    )
    yield* Effect.forkScoped(Effect.forever(greet))

    return {
      size: () => clients.size,
      add: (client) => {
        clients.set(client, { skipped: 0 })
        newcomers.unsafeOffer(client)
        return () => void clients.delete(client)
      },
    }
  })
