/** What can be done to channels. Order of every change: checked, stored, then carried out. */
import { Clock, Effect, FiberRef } from "effect"
import { changedChannel, newChannel, slugFor } from "../config/validate.ts"
import { cloneOf } from "../declarative/clone.ts"
import type { CloneInput } from "../declarative/document.ts"
import { Actor } from "../model/actor.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Conflict, InvalidInput } from "../model/Errors.ts"
import type { Changes } from "../store/Changes.ts"
import type { makeTemplates } from "../templates/Templates.ts"
import type { ChannelRequest } from "../templates/template-model.ts"
import type { RemovalsService } from "../undo/Removals.ts"
import { makeUndo } from "../undo/undo-removal.ts"
import { accept, type Registry, stamp } from "./channel-registry.ts"

export const makeChannelVerbs = (
  registry: Registry,
  { change }: Changes,
  templates: ReturnType<typeof makeTemplates>,
  removals: RemovalsService,
) => {
  const { adoptConfig, bring, checkClaims, checkTargets, configs, find, followDemand, host, publish, running, store, view, viewOutput } =
    registry

  const create = Effect.fn("Supervisor.create")(function* ({ templates: names = [], ...input }: ChannelRequest) {
    const slugs = new Set([...configs.values()].map((c) => c.slug))
    const first = input.outputs?.length ?? 0
    const made = names.length === 0 ? [] : yield* outputsFrom(names, { slug: slugFor(input.name, slugs), name: input.name })
    // What is wrong with an output that nobody wrote is wrong with its template.
    const pathOf = (path: string) =>
      path.replace(/^outputs\[(\d+)\](?=\.)/, (at, index) => (Number(index) < first ? at : `templates[${Number(index) - first}]`))
    const renamed = (errors: Conflict["errors"]) => errors.map((error) => ({ ...error, path: pathOf(error.path) }))
    const whole = made.length === 0 ? input : { ...input, outputs: [...(input.outputs ?? []), ...made] }
    return yield* createWhole(whole, slugs).pipe(
      Effect.catchTags({
        InvalidInput: ({ errors }) => new InvalidInput({ errors: renamed(errors) }),
        Conflict: ({ errors }) => new Conflict({ errors: renamed(errors) }),
      }),
    )
  }, change)
  const outputsFrom = (names: ReadonlyArray<string>, channel: Pick<ChannelConfig, "slug" | "name">) =>
    Effect.flatMap(store.nextChannelNumber, (number) =>
      Effect.forEach(names, (template, index) => templates.outputFor({ template }, { ...channel, number }, `templates[${index}]`)),
    )
  const createWhole = Effect.fnUntraced(function* (input: Parameters<typeof newChannel>[0], slugs: ReadonlySet<string>) {
    const wanted = yield* accept(newChannel(input, slugs, yield* stamp))
    yield* checkTargets(wanted.outputs, (index) => `outputs[${index}].`)
    yield* checkClaims(wanted, (output) => `outputs[${wanted.outputs.indexOf(output)}].url`, true)
    const config = yield* store.insertChannel(wanted)
    yield* adoptConfig(config)
    if (config.should_run) yield* running.runNow(config, "at its creation")
    return yield* view(config)
  })

  const update = Effect.fn("Supervisor.update")(function* (ref: string, input: Parameters<typeof changedChannel>[1]) {
    const before = yield* find(ref)
    const config = yield* accept(changedChannel(before, input))
    yield* checkClaims(config, () => null, true)
    yield* store.updateChannel(config)
    yield* adoptConfig(config)
    return yield* view(yield* followDemand(before, config))
  }, change)

  const remove = Effect.fn("Supervisor.remove")(function* (ref: string) {
    const channel = yield* find(ref)
    const { id } = channel
    yield* store.deleteChannel(id)
    yield* running.halt(id)
    configs.delete(id)
    yield* publish
    return removals.keep({ kind: "channel", channel }, yield* Clock.currentTimeMillis)
  }, change)

  const setRunning = (shouldRun: boolean) => (ref: string) =>
    Effect.flatMap(FiberRef.get(Actor), (actor) =>
      change(Effect.flatMap(find(ref), (config) => bring(config, shouldRun, `by ${actor}`)).pipe(Effect.flatMap(view))),
    )
  const clone = Effect.fn("Supervisor.clone")(function* (ref: string, input: CloneInput) {
    const { channel, leftOut } = yield* accept(cloneOf(yield* find(ref), input, [...configs.values()], host, yield* stamp))
    yield* checkClaims(channel, () => null, true)
    const config = yield* store.insertChannel(channel)
    yield* adoptConfig(config)
    return { channel: yield* view(config), left_out: leftOut }
  }, change)

  // --- What would be
  const checkChannel = Effect.fn("Supervisor.checkChannel")(function* (input: Parameters<typeof newChannel>[0], ref?: string) {
    const slugs = new Set([...configs.values()].map((c) => c.slug))
    const config = yield* accept(ref === undefined ? newChannel(input, slugs, yield* stamp) : changedChannel(yield* find(ref), input))
    yield* checkClaims(config, (output) => (ref === undefined ? `outputs[${config.outputs.indexOf(output)}].url` : null), true)
  })
  const restore = makeUndo({ store, configs, removals, check: checkClaims })
  const undo = Effect.fn("Supervisor.undo")(function* (token: string) {
    const { before, config, output } = yield* restore(token)
    yield* adoptConfig(config)
    if (before === null && config.should_run) yield* running.runNow(config, `by ${yield* FiberRef.get(Actor)}, who undid its removal`)
    const now = before === null ? config : yield* followDemand(before, config)
    yield* publish
    return { channel: yield* view(now), output: output === null ? null : yield* viewOutput(now, output.id) }
  }, change)

  return { create, update, remove, start: setRunning(true), stop: setRunning(false), clone, checkChannel, undo }
}
