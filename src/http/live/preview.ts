/**
 * Live preview: a WebSocket that names the streams in one text message and then sends TS in binary ones. Each reason
 * for closing has its own close code, which browsers pass on to the page, unlike an answer to the upgrade.
 */
import { Cause, Effect, Fiber, Option, Runtime, type Scope, Stream } from "effect"
import { NotFound } from "../../effects/model/Errors.ts"
import type { PreviewEndKind } from "../../effects/preview/Previews.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { isBound, sees } from "../access/bound.ts"
import type { SocketRoute } from "./websocket.ts"

/** Close codes by reason; 4000 to 4999 are for private use (RFC 6455 7.4.2). */
export const CLOSE_CODES: Readonly<Record<PreviewEndKind | "not_found" | "failed", number>> = {
  time_is_up: 4000,
  not_found: 4004,
  not_running: 4009,
  no_picture: 4010,
  lost: 4011,
  too_slow: 4013,
  too_many: 4029,
  failed: 1011,
}
/** Longest close reason, in bytes (RFC 6455 5.5). */
const MAX_REASON = 123

const short = (reason: string): string => {
  let text = reason
  while (Buffer.byteLength(text) > MAX_REASON) text = text.slice(0, -1)
  return text
}

/** Time after which it is looked whether a channel is still seen, even where nobody told of a change. */
const LOOK_AT_LEAST_EVERY = "2 seconds"

/** The scope's end ends every preview. */
export const makePreviewRoute = ({
  changeFeed,
  channels,
  previews,
}: Pick<ControlPlane, "changeFeed" | "channels" | "previews">): Effect.Effect<SocketRoute, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const runtime = yield* Effect.runtime<never>()
    return {
      path: "/preview/:id",
      matches: (path) => /^\/preview\/[^/]+$/.test(path),
      connect: (c) => {
        const id = c.req.param("id") ?? ""
        const tags = c.get("tags") ?? []
        const isSeen = Effect.filterOrFail(
          channels.get(id),
          (channel) => sees(tags, channel),
          () => new NotFound({ kind: "channel", ref: id }),
        )
        /** Fails once the channel has lost the last tag by which the viewer sees it. */
        const outOfSight = Stream.merge(changeFeed.changes, Stream.tick(LOOK_AT_LEAST_EVERY)).pipe(
          Stream.runForEach(() => isSeen),
          Effect.zipRight(Effect.never),
        )
        return (raw, close) => {
          const end = (code: number, reason: string) => Effect.sync(() => close(code, short(reason)))
          const watch = previews.watch(id, {
            begin: (streams) => raw.send(JSON.stringify(streams)),
            data: (bytes) => raw.send(bytes),
            bufferedBytes: () => raw.bufferedAmount,
          })
          const watching = (isBound(tags) ? Effect.zipRight(isSeen, Effect.raceFirst(watch, outOfSight)) : watch).pipe(
            Effect.catchTags({
              NotFound: ({ message }) => end(CLOSE_CODES.not_found, message),
              PreviewEnded: ({ kind, reason }) => end(CLOSE_CODES[kind], reason),
            }),
            Effect.catchAllCause((cause) =>
              Option.isSome(Cause.dieOption(cause))
                ? Effect.zipRight(
                    Effect.logError("a preview failed", cause),
                    end(CLOSE_CODES.failed, "the service failed"),
                  )
                : Effect.void,
            ),
          )
          const fiber = Runtime.runSync(runtime)(Effect.forkIn(watching, scope))
          return () => void Runtime.runFork(runtime)(Fiber.interrupt(fiber))
        }
      },
    }
  })
