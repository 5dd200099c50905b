/** What can be done to the outputs of a channel. Order of every change: checked, stored, then carried out. */
import { Clock, Context, Effect, Layer } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { accept } from "../config/accept.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { PathOf } from "../config/claim-conflicts.ts"
import { findOutput } from "../config/find-config.ts"
import { outputHostOf } from "../config/output-host.ts"
import { revisionOf } from "../config/output-place.ts"
import type { OutputInput, OutputUpdate } from "../config/request-bodies.ts"
import { stamp } from "../config/stamp.ts"
import { twinsOf } from "../config/twins.ts"
import { type Checked, changedOutput, copyOfOutput, newOutput, newOutputs, updateOf } from "../config/validate.ts"
import type { ChannelConfig, OutputConfig, OutputView } from "../model/channel.ts"
import type { Conflict, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"
import { type OutputPreview, outputPreview } from "../show/views-of.ts"
import { Changes } from "../store/Changes.ts"
import { Store } from "../store/Store.ts"
import { Templates } from "../templates/Templates.ts"
import type { OutputRequest } from "../templates/template-model.ts"
import { Removals } from "../undo/Removals.ts"
import { Registry } from "./Registry.ts"

type Refused = InvalidInput | Conflict | StoreError

/**
 * `ref` is a channel's UUID, slug or number; `output` an output's UUID or slug; for `check`
 * see `ChangesService.change`.
 */
export interface OutputsService {
  readonly add: (ref: string, input: OutputRequest) => Effect.Effect<OutputView, NotFound | Refused>
  /** Many at once: all of them or none. Errors have paths like `outputs[3].url`. */
  readonly addMany: (
    ref: string,
    inputs: ReadonlyArray<OutputInput>,
  ) => Effect.Effect<ReadonlyArray<OutputView>, NotFound | Refused>
  /** A second output like this one, with its secrets, disabled and under another name. */
  readonly duplicate: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | Refused>
  readonly update: <E = never>(
    ref: string,
    output: string,
    input: OutputUpdate,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<OutputView, E | NotFound | Refused>
  /** Returns the token by which `Undo` brings it back. */
  readonly remove: <E = never>(
    ref: string,
    output: string,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<string, E | NotFound | StoreError>
  readonly start: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | StoreError>
  readonly stop: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | StoreError>
  /** What a new output, or with `output` a changed one, would be; stores nothing. */
  readonly preview: (
    ref: string,
    input: OutputRequest,
    output?: string,
  ) => Effect.Effect<OutputPreview, NotFound | Refused>
}

const withOutputs = (config: ChannelConfig, outputs: ReadonlyArray<OutputConfig>): ChannelConfig => ({
  ...config,
  outputs,
})

const makeAdding = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { change } = yield* Changes
  const { checkClaims, checkTargets, followDemand, viewOutput } = yield* Registry
  const running = yield* RunningChannels
  const store = yield* Store
  const templates = yield* Templates

  const added = Effect.fn("Outputs.add")(function* (ref: string, request: OutputRequest) {
    const old = yield* book.find(ref)
    const input = yield* templates.outputFor(request, old)
    const output = yield* accept(newOutput(input, old.outputs, yield* stamp, "", old.last_output_number))
    yield* checkTargets([output])
    const config = { ...withOutputs(old, [...old.outputs, output]), last_output_number: output.number }
    yield* checkClaims(config, (o) => (o === output ? "url" : null), false)
    yield* store.insertOutput(config.id, output)
    yield* running.adopt(config)
    return yield* viewOutput(yield* followDemand(old, config), output.id)
  })
  const insertMany = (old: ChannelConfig, outputs: ReadonlyArray<OutputConfig>, pathOf: PathOf) =>
    Effect.gen(function* () {
      const last = outputs.at(-1)?.number ?? old.last_output_number
      const config = { ...withOutputs(old, [...old.outputs, ...outputs]), last_output_number: last }
      yield* checkClaims(config, pathOf, false)
      yield* store.insertOutputs(config.id, outputs)
      yield* running.adopt(config)
      const now = yield* followDemand(old, config)
      return yield* Effect.forEach(outputs, ({ id }) => viewOutput(now, id))
    })
  const manyAdded = Effect.fn("Outputs.addMany")(function* (ref: string, inputs: ReadonlyArray<OutputInput>) {
    const old = yield* book.find(ref)
    const outputs = yield* accept(newOutputs(inputs, old, yield* stamp))
    yield* checkTargets(outputs, (index) => `outputs[${index}].`)
    return yield* insertMany(old, outputs, (o) => (outputs.includes(o) ? `outputs[${outputs.indexOf(o)}].url` : null))
  })
  const duplicated = Effect.fn("Outputs.duplicate")(function* (ref: string, outputRef: string) {
    const old = yield* book.find(ref)
    const copy = copyOfOutput(yield* findOutput(old, outputRef), old, yield* stamp)
    const [view] = yield* insertMany(old, [copy], (o) => (o === copy ? "url" : null))
    return view ?? (yield* Effect.dieMessage(`the copy ${copy.id} is not in its channel`))
  })
  const add: OutputsService["add"] = (ref, request) => change(added(ref, request))
  const addMany: OutputsService["addMany"] = (ref, inputs) => change(manyAdded(ref, inputs))
  const duplicate: OutputsService["duplicate"] = (ref, output) => change(duplicated(ref, output))
  return { add, addMany, duplicate }
})

const makeChanging = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { change } = yield* Changes
  const host = outputHostOf(yield* AppConfig)
  const { checkClaims, checkTargets, followDemand, viewOutput } = yield* Registry
  const removals = yield* Removals
  const running = yield* RunningChannels
  const store = yield* Store

  const replaced = (
    ref: string,
    outputRef: string,
    changed: (output: OutputConfig) => Checked<OutputConfig>,
    asked = false,
  ) =>
    Effect.gen(function* () {
      const old = yield* book.find(ref)
      const before = yield* findOutput(old, outputRef)
      const output = yield* accept(changed(before))
      // Where it goes already is the engine's to refuse: to rename or to stop it must stay possible.
      if (revisionOf(output, host) !== revisionOf(before, host)) yield* checkTargets([output])
      const outputs = old.outputs.map((o) => (o === before ? output : o))
      const config = withOutputs(old, outputs)
      if (output.url !== before.url) yield* checkClaims(config, (o) => (o === output ? "url" : null), false)
      yield* store.updateOutput(output)
      yield* running.adopt(config)
      if (asked) running.runtimeOf(config.id)?.outputs.get(output.id)?.tryAgain?.()
      return yield* viewOutput(yield* followDemand(old, config, asked), output.id)
    })
  const updated = Effect.fn("Outputs.update")(function* (ref: string, output: string, input: OutputUpdate) {
    return yield* replaced(ref, output, (before) => changedOutput(before, input))
  })
  const removed = Effect.fn("Outputs.remove")(function* (ref: string, outputRef: string) {
    const old = yield* book.find(ref)
    const output = yield* findOutput(old, outputRef)
    yield* store.deleteOutput(output.id)
    const left = old.outputs.filter((o) => o !== output)
    yield* running.adopt(withOutputs(old, left))
    yield* followDemand(old, withOutputs(old, left))
    return removals.keep({ kind: "output", channel: old, output }, yield* Clock.currentTimeMillis)
  })
  const setEnabled = (enabled: boolean) => (ref: string, output: string) =>
    change(
      replaced(ref, output, (before) => ({ ok: true, value: { ...before, enabled } }), enabled).pipe(
        // Nothing but `enabled` changes, so there is nothing to be refused.
        Effect.catchTags({ InvalidInput: Effect.die, Conflict: Effect.die }),
      ),
    )
  const update: OutputsService["update"] = (ref, output, input, check) => change(updated(ref, output, input), check)
  const remove: OutputsService["remove"] = (ref, output, check) => change(removed(ref, output), check)
  return { update, remove, start: setEnabled(true), stop: setEnabled(false) }
})

const makePreview = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { checkClaims, now } = yield* Registry
  const templates = yield* Templates

  return Effect.fn("Outputs.preview")(function* (ref: string, request: OutputRequest, outputRef?: string) {
    const old = yield* book.find(ref)
    const input = yield* templates.outputFor(request, old)
    const before = outputRef === undefined ? null : yield* findOutput(old, outputRef)
    const output = yield* accept(
      before === null
        ? newOutput(input, old.outputs, yield* stamp, "", old.last_output_number)
        : changedOutput(before, updateOf(input)),
    )
    const outputs = before === null ? [...old.outputs, output] : old.outputs.map((o) => (o === before ? output : o))
    yield* checkClaims(withOutputs(old, outputs), (o) => (o === output ? "url" : null), false)
    return outputPreview(output, yield* now, twinsOf(output, book.all()))
  })
})

export class Outputs extends Context.Tag("distributor/Outputs")<Outputs, OutputsService>() {
  static readonly Live = Layer.effect(
    Outputs,
    Effect.gen(function* () {
      return { ...(yield* makeAdding), ...(yield* makeChanging), preview: yield* makePreview }
    }),
  )
}
