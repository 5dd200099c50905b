/** What the services of an account that is bound to tags are made with: see `bound-services.ts`. */
import { Effect } from "effect"
import type { ChannelView } from "../../effects/model/channel.ts"
import { Conflict, EngineUnavailable, InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { type BoundTo, hushedChannel, makeHush, seenChannels, sees } from "../access/bound.ts"

export interface Bounds {
  readonly tags: BoundTo
  /** The channels that the account sees. */
  readonly seen: Effect.Effect<ReadonlyArray<ChannelView>>
  /** A channel that the account sees, by UUID, slug or number; any other is not found. */
  readonly find: (ref: string) => Effect.Effect<ChannelView, NotFound>
  /** Runs what is about a channel, if the account sees it; its refusals name no other channel. */
  readonly about: <A, E>(ref: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, E | NotFound>
  /** Runs what may be refused because of another channel, and leaves that one's name out. */
  readonly hushed: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Takes the names of other channels out of sentences. */
  readonly hush: Effect.Effect<(text: string) => string>
  /** As it was when the account last looked at anything: for what is read without waiting. */
  readonly last: () => Looked
  /** Tokens of removals that were made here: who sees a channel go may bring it back. */
  readonly removals: Set<string>
}

export interface Looked {
  readonly hush: (text: string) => string
  /** When each channel that the account sees was made (ISO 8601), by slug: another may have had that before. */
  readonly madeAt: ReadonlyMap<string, string>
}

/** What the routes of the whole service ask for: the gate refuses them before. */
export const closed: Effect.Effect<never> = Effect.dieMessage("a bound account asked for what is of the whole service")

const quiet = <E>(error: E, hush: (text: string) => string): E | Conflict | InvalidInput | EngineUnavailable => {
  const told = (errors: Conflict["errors"]) => errors.map((one) => ({ ...one, message: hush(one.message) }))
  if (error instanceof Conflict) return new Conflict({ errors: told(error.errors) })
  if (error instanceof InvalidInput) return new InvalidInput({ errors: told(error.errors) })
  if (error instanceof EngineUnavailable) return new EngineUnavailable({ reason: hush(error.reason) })
  return error
}

export const makeBounds = ({ channels }: Pick<ControlPlane, "channels">, tags: BoundTo): Bounds => {
  let last: Looked = { hush: () => "", madeAt: new Map() }
  const hush = Effect.map(channels.list, (all) => {
    const mine = all.filter((channel) => sees(tags, channel))
    last = {
      hush: makeHush(all.filter((channel) => !sees(tags, channel))),
      madeAt: new Map(mine.map(({ created_at, slug }) => [slug, created_at])),
    }
    return last.hush
  })
  const hushed: Bounds["hushed"] = (effect) =>
    // What is put in an error's place is of the same kind.
    Effect.catchAll(effect, (error) =>
      Effect.flatMap(hush, (quietly) => Effect.fail(quiet(error, quietly) as typeof error)),
    )
  const find: Bounds["find"] = (ref) =>
    Effect.filterOrFail(
      channels.get(ref),
      (channel) => sees(tags, channel),
      () => new NotFound({ kind: "channel", ref }),
    )
  return {
    tags,
    seen: Effect.map(channels.list, (all) => seenChannels(tags, all)),
    find: (ref) =>
      Effect.flatMap(find(ref), (channel) => Effect.map(hush, (quietly) => hushedChannel(channel, quietly))),
    about: (ref, effect) => Effect.zipRight(find(ref), hushed(effect)),
    hushed,
    hush,
    last: () => last,
    removals: new Set(),
  }
}
