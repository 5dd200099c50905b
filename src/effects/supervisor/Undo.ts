/** Brings back channels and outputs that were removed a while ago. */
import { Clock, Context, Effect, FiberRef, Layer } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { Actor } from "../model/actor.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelView, OutputView } from "../model/channel.ts"
import type { Conflict, StoreError } from "../model/Errors.ts"
import { Changes } from "../store/Changes.ts"
import { Store } from "../store/Store.ts"
import { Removals, type RemovalView } from "../undo/Removals.ts"
import { makeUndo } from "../undo/undo-removal.ts"
import { Registry } from "./Registry.ts"

export interface UndoService {
  /** What `token` would bring back; null when it is no more. */
  readonly removed: (token: string) => Effect.Effect<RemovalView | null>
  /**
   * Brings back what was removed within the last 10 minutes, with its id, slug, number, settings and secrets, and runs
   * it if it ran. Events and cues of a channel do not come back. Refused with `Conflict` when it is too late or its
   * name, port or directory is taken.
   */
  readonly undo: (
    token: string,
  ) => Effect.Effect<{ readonly channel: ChannelView; readonly output: OutputView | null }, Conflict | StoreError>
}

const make = Effect.gen(function* () {
  const { configs } = yield* ChannelBook
  const { change } = yield* Changes
  const { publish } = yield* ChangeFeed
  const { checkClaims, followDemand, view, viewOutput } = yield* Registry
  const removals = yield* Removals
  const running = yield* RunningChannels
  const restore = makeUndo({ store: yield* Store, configs, removals, check: checkClaims })

  return Undo.of({
    removed: (token) => Effect.map(Clock.currentTimeMillis, (nowMs) => removals.view(token, nowMs)),
    undo: Effect.fn("Undo.undo")(
      function* (token: string) {
        const { before, config, output } = yield* restore(token)
        yield* running.adopt(config)
        if (before === null && config.should_run)
          yield* running.runNow(config, `by ${yield* FiberRef.get(Actor)}, who undid its removal`)
        const now = before === null ? config : yield* followDemand(before, config)
        yield* publish
        return { channel: yield* view(now), output: output === null ? null : yield* viewOutput(now, output.id) }
      },
      (effect) => change(effect),
    ),
  })
})

export class Undo extends Context.Tag("distributor/Undo")<Undo, UndoService>() {
  static readonly Live = Layer.effect(Undo, make)
}
