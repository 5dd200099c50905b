/** Channels, outputs and their changes as an account that is bound to tags has them: see `bound-services.ts`. */
import { Effect } from "effect"
import { InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { MAX_REMOVALS } from "../../effects/undo/Removals.ts"
import { refusedRetag, refusedTags } from "../access/bound.ts"
import { type Bounds, closed } from "./bounds.ts"

/** Fails with `InvalidInput` where there is something to say against the tags. */
const checkTags = (message: string | null): Effect.Effect<void, InvalidInput> =>
  message === null ? Effect.void : new InvalidInput({ errors: [{ path: "tags", message }] })

/** Keeps the token of a removal, so that those who see the channel can undo it. */
const remembering =
  ({ removals }: Bounds) =>
  <E>(removed: Effect.Effect<string, E>): Effect.Effect<string, E> =>
    Effect.tap(removed, (token) =>
      Effect.sync(() => {
        removals.add(token)
        for (const oldest of removals) {
          if (removals.size <= MAX_REMOVALS) return
          removals.delete(oldest)
        }
      }),
    )

export const boundChannels = (
  { channels }: Pick<ControlPlane, "channels">,
  bounds: Bounds,
): ControlPlane["channels"] => {
  const { about, find, hushed, seen, tags } = bounds
  return {
    list: seen,
    get: find,
    create: (input) => Effect.zipRight(checkTags(refusedTags(tags, input.tags ?? [])), hushed(channels.create(input))),
    clone: (ref, input) => about(ref, channels.clone(ref, input)),
    update: (ref, input, check) =>
      Effect.flatMap(find(ref), (before) =>
        Effect.zipRight(
          input.tags === undefined ? Effect.void : checkTags(refusedRetag(tags, before.tags, input.tags)),
          hushed(channels.update(ref, input, check)),
        ),
      ),
    remove: (ref, check) => about(ref, remembering(bounds)(channels.remove(ref, check))),
    preview: (input, ref) =>
      ref === undefined ? hushed(channels.preview(input)) : about(ref, channels.preview(input, ref)),
    start: (ref) => about(ref, channels.start(ref)),
    stop: (ref) => about(ref, channels.stop(ref)),
    switchSource: (ref, source, force) => about(ref, channels.switchSource(ref, source, force)),
    freePort: (use) => hushed(channels.freePort(use)),
    listenerUrls: hushed(channels.listenerUrls),
    secretsTag: channels.secretsTag,
  }
}

export const boundOutputs = ({ outputs }: Pick<ControlPlane, "outputs">, bounds: Bounds): ControlPlane["outputs"] => {
  const { about, seen } = bounds
  return {
    add: (ref, input) => about(ref, outputs.add(ref, input)),
    addMany: (ref, inputs) => about(ref, outputs.addMany(ref, inputs)),
    duplicate: (ref, output) => about(ref, outputs.duplicate(ref, output)),
    update: (ref, output, input, check) => about(ref, outputs.update(ref, output, input, check)),
    remove: (ref, output, check) => about(ref, remembering(bounds)(outputs.remove(ref, output, check))),
    start: (ref, output) => about(ref, outputs.start(ref, output)),
    stop: (ref, output) => about(ref, outputs.stop(ref, output)),
    preview: (ref, input, output) =>
      Effect.zipWith(about(ref, outputs.preview(ref, input, output)), seen, (preview, channels) => ({
        ...preview,
        twins: preview.twins.filter((twin) => channels.some(({ id }) => id === twin.channel_id)),
      })),
  }
}

/** The configuration as a whole is closed; changes of the account's channels are there, and can be taken back. */
export const boundChanges = (
  { configuration }: Pick<ControlPlane, "configuration">,
  { hushed, seen }: Bounds,
): ControlPlane["configuration"] => {
  const idsOf = Effect.map(seen, (all) => all.map(({ id }) => id))
  return {
    export: () => closed,
    tagged: () => closed,
    apply: () => closed,
    versions: closed,
    version: () => closed,
    rollback: () => closed,
    changes: (query) => Effect.flatMap(idsOf, (among) => configuration.changes({ ...query, among })),
    revert: (id, options) =>
      Effect.gen(function* () {
        const [entry] = yield* configuration.changes({ limit: 1, before: id + 1, among: yield* idsOf })
        if (entry?.id !== id) return yield* new NotFound({ kind: "change", ref: String(id) })
        if (entry.change.changes.some(({ field }) => field === "tags"))
          yield* checkTags(
            "were changed, which a role that is bound to tags cannot take back: change them in the channel",
          )
        return yield* hushed(configuration.revert(id, options))
      }),
  }
}

/** Only what was removed by those who are bound to the same tags can be brought back. */
export const boundUndo = (
  { undo }: Pick<ControlPlane, "undo">,
  { hushed, removals }: Bounds,
): ControlPlane["undo"] => ({
  removed: (token) => (removals.has(token) ? undo.removed(token) : Effect.succeed(null)),
  // A token that is nobody's is refused as one that is too old.
  undo: (token) => hushed(undo.undo(removals.has(token) ? token : "")),
})
