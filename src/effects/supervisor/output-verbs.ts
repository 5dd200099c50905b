/** What can be done to the outputs of a channel. Order of every change: checked, stored, then carried out. */
import { Clock, Effect } from "effect"
import type { PathOf } from "../config/claim-conflicts.ts"
import { findOutput } from "../config/find-config.ts"
import { revisionOf } from "../config/output-place.ts"
import type { OutputUpdate } from "../config/request-bodies.ts"
import { type Checked, changedOutput, copyOfOutput, newOutput, newOutputs, updateOf } from "../config/validate.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { outputPreview } from "../show/views-of.ts"
import type { Changes } from "../store/Changes.ts"
import type { makeTemplates } from "../templates/Templates.ts"
import type { OutputRequest } from "../templates/template-model.ts"
import type { RemovalsService } from "../undo/Removals.ts"
import { accept, type Registry, stamp, withOutputs } from "./channel-registry.ts"
import { dryRun } from "./dry-run.ts"

export const makeOutputVerbs = (
  registry: Registry,
  { change }: Changes,
  templates: ReturnType<typeof makeTemplates>,
  removals: RemovalsService,
) => {
  const { adoptConfig, checkClaims, checkTargets, engine, find, followDemand, host, now, running, store, viewOutput } = registry

  const addOutput = Effect.fn("Supervisor.addOutput")(function* (ref: string, request: OutputRequest) {
    const old = yield* find(ref)
    const input = yield* templates.outputFor(request, old)
    const output = yield* accept(newOutput(input, old.outputs, yield* stamp, "", old.last_output_number))
    yield* checkTargets([output])
    const config = { ...withOutputs(old, [...old.outputs, output]), last_output_number: output.number }
    yield* checkClaims(config, (o) => (o === output ? "url" : null), false)
    yield* store.insertOutput(config.id, output)
    yield* adoptConfig(config)
    return yield* viewOutput(yield* followDemand(old, config), output.id)
  }, change)

  const insertMany = (old: ChannelConfig, added: ReadonlyArray<OutputConfig>, pathOf: PathOf) =>
    Effect.gen(function* () {
      const last = added.at(-1)?.number ?? old.last_output_number
      const config = { ...withOutputs(old, [...old.outputs, ...added]), last_output_number: last }
      yield* checkClaims(config, pathOf, false)
      yield* store.insertOutputs(config.id, added)
      yield* adoptConfig(config)
      const now = yield* followDemand(old, config)
      return yield* Effect.forEach(added, ({ id }) => viewOutput(now, id))
    })
  const addOutputs = Effect.fn("Supervisor.addOutputs")(function* (ref: string, inputs: ReadonlyArray<Parameters<typeof newOutput>[0]>) {
    const old = yield* find(ref)
    const added = yield* accept(newOutputs(inputs, old, yield* stamp))
    yield* checkTargets(added, (index) => `outputs[${index}].`)
    return yield* insertMany(old, added, (o) => (added.includes(o) ? `outputs[${added.indexOf(o)}].url` : null))
  }, change)
  const duplicateOutput = Effect.fn("Supervisor.duplicateOutput")(function* (ref: string, outputRef: string) {
    const old = yield* find(ref)
    const copy = copyOfOutput(yield* findOutput(old, outputRef), old, yield* stamp)
    const [view] = yield* insertMany(old, [copy], (o) => (o === copy ? "url" : null))
    return view ?? (yield* Effect.dieMessage(`the copy ${copy.id} is not in its channel`))
  }, change)

  const replaceOutput = (ref: string, outputRef: string, changed: (output: OutputConfig) => Checked<OutputConfig>, asked = false) =>
    Effect.gen(function* () {
      const old = yield* find(ref)
      const before = yield* findOutput(old, outputRef)
      const output = yield* accept(changed(before))
      // Where it goes already is the engine's to refuse: to rename or to stop it must stay possible.
      if (revisionOf(output, host) !== revisionOf(before, host)) yield* checkTargets([output])
      const outputs = old.outputs.map((o) => (o === before ? output : o))
      const config = withOutputs(old, outputs)
      if (output.url !== before.url) yield* checkClaims(config, (o) => (o === output ? "url" : null), false)
      yield* store.updateOutput(output)
      yield* adoptConfig(config)
      if (asked) running.get(config.id)?.runtime.outputs.get(output.id)?.tryAgain?.()
      return yield* viewOutput(yield* followDemand(old, config, asked), output.id)
    })

  const updateOutput = Effect.fn("Supervisor.updateOutput")(function* (
    ref: string,
    output: string,
    input: Parameters<typeof changedOutput>[1],
  ) {
    return yield* replaceOutput(ref, output, (before) => changedOutput(before, input))
  }, change)

  const removeOutput = Effect.fn("Supervisor.removeOutput")(function* (ref: string, outputRef: string) {
    const old = yield* find(ref)
    const output = yield* findOutput(old, outputRef)
    yield* store.deleteOutput(output.id)
    const left = old.outputs.filter((o) => o !== output)
    yield* adoptConfig(withOutputs(old, left))
    yield* followDemand(old, withOutputs(old, left))
    return removals.keep({ kind: "output", channel: old, output }, yield* Clock.currentTimeMillis)
  }, change)

  const setEnabled = (enabled: boolean) => (ref: string, output: string) =>
    change(
      replaceOutput(ref, output, (before) => ({ ok: true, value: { ...before, enabled } }), enabled).pipe(
        // Nothing but `enabled` changes, so there is nothing to be refused.
        Effect.catchTags({ InvalidInput: Effect.die, Conflict: Effect.die }),
      ),
    )

  const previewOutput = Effect.fn("Supervisor.previewOutput")(function* (ref: string, request: OutputRequest, outputRef?: string) {
    const old = yield* find(ref)
    const input = yield* templates.outputFor(request, old)
    const before = outputRef === undefined ? null : yield* findOutput(old, outputRef)
    const output = yield* accept(
      before === null ? newOutput(input, old.outputs, yield* stamp, "", old.last_output_number) : changedOutput(before, updateOf(input)),
    )
    const outputs = before === null ? [...old.outputs, output] : old.outputs.map((o) => (o === before ? output : o))
    yield* checkClaims(withOutputs(old, outputs), (o) => (o === output ? "url" : null), false)
    return outputPreview(output, yield* now)
  })

  const testOutput = Effect.fn("Supervisor.testOutput")(function* (request: OutputRequest, ref = "") {
    const input = request.template === undefined ? request : yield* templates.outputFor(request, yield* find(ref))
    const output = yield* accept(newOutput(input, [], yield* stamp, ""))
    yield* checkTargets([output])
    return yield* dryRun(engine, host, output)
  })
  const testExisting = Effect.fn("Supervisor.testExisting")(function* (ref: string, output: string, input: OutputUpdate = {}) {
    return yield* dryRun(engine, host, yield* accept(changedOutput(yield* findOutput(yield* find(ref), output), input)))
  })

  return {
    ...{ addOutput, addOutputs, duplicateOutput, updateOutput, removeOutput, previewOutput, testOutput, testExisting },
    ...{ startOutput: setEnabled(true), stopOutput: setEnabled(false) },
  }
}
