/** The verbs of output templates. Outputs that were made from one know nothing of it: a change touches none of them. */
import { Clock, Context, Effect, Layer } from "effect"
import { accept } from "../config/accept.ts"
import type { OutputInput } from "../config/request-bodies.ts"
import type { StateTag } from "../config/state-tag.ts"
import { Conflict, InvalidInput, NotFound, type StoreError } from "../model/Errors.ts"
import { Changes, type ChangesService } from "../store/Changes.ts"
import { StateTags } from "../store/StateTags.ts"
import { Store } from "../store/Store.ts"
import {
  changedTemplate,
  fromTemplate,
  newTemplate,
  type OutputRequest,
  type Template,
  type TemplateChannel,
  type TemplateInput,
  type TemplateUpdate,
  type TemplateView,
  templateView,
} from "./template-model.ts"
import { makeTemplateRows, type TemplateRows } from "./template-rows.ts"

/** A template with a name of its state, which changes with its secrets too and tells nothing of them. */
export interface TaggedTemplate {
  readonly template: TemplateView
  readonly tag: string
}

export interface TemplatesService {
  /** By name; secrets masked, here and below. */
  readonly list: Effect.Effect<ReadonlyArray<TemplateView>, StoreError>
  readonly get: (name: string) => Effect.Effect<TemplateView, NotFound | StoreError>
  readonly tagged: (name: string) => Effect.Effect<TaggedTemplate, NotFound | StoreError>
  readonly create: (input: TemplateInput) => Effect.Effect<TemplateView, InvalidInput | Conflict | StoreError>
  /** @param check see `ChangesService.change` */
  readonly update: <E = never>(
    name: string,
    input: TemplateUpdate,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<TaggedTemplate, E | NotFound | InvalidInput | StoreError>
  readonly remove: <E = never>(
    name: string,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<void, E | NotFound | StoreError>
  /**
   * The output that is asked for, made from a template when it names one; `at` is the place of that name in
   * the request.
   */
  readonly outputFor: (
    request: OutputRequest,
    channel: TemplateChannel,
    at?: string,
  ) => Effect.Effect<OutputInput, InvalidInput | StoreError>
}

export const makeTemplates = (
  rows: TemplateRows,
  change: ChangesService["change"],
  tag: StateTag,
): TemplatesService => {
  const find = (name: string) => Effect.map(rows.list, (all) => all.find((one) => one.name === name))
  const need = (name: string) =>
    Effect.flatMap(
      find(name),
      (one): Effect.Effect<Template, NotFound> =>
        one === undefined ? Effect.fail(new NotFound({ kind: "template", ref: name })) : Effect.succeed(one),
    )
  const tagged = (one: Template): TaggedTemplate => ({ template: templateView(one), tag: tag(JSON.stringify(one)) })

  return {
    list: Effect.map(rows.list, (all) => all.map(templateView)),
    get: (name) => Effect.map(need(name), templateView),
    tagged: (name) => Effect.map(need(name), tagged),
    create: (input) =>
      change(
        Effect.gen(function* () {
          const createdAt = new Date(yield* Clock.currentTimeMillis).toISOString()
          const template = yield* accept(newTemplate(input, createdAt))
          if ((yield* find(template.name)) !== undefined) {
            const message = `there is a template "${template.name}" already`
            return yield* new Conflict({ errors: [{ path: "name", message }] })
          }
          yield* rows.put(template)
          return templateView(template)
        }),
      ),
    update: (name, input, check) =>
      change(
        Effect.gen(function* () {
          const template = yield* accept(changedTemplate(yield* need(name), input))
          yield* rows.put(template)
          // As it is read again: what the rows hold has a part in the tag.
          return yield* Effect.map(need(name), tagged)
        }),
        check,
      ),
    remove: (name, check) => change(Effect.zipRight(need(name), rows.delete(name)), check),
    outputFor: ({ template, ...over }, channel, at = "template") =>
      Effect.gen(function* () {
        if (template === undefined) return over satisfies OutputInput
        const found = yield* find(template)
        if (found === undefined)
          return yield* new InvalidInput({ errors: [{ path: at, message: `there is no template "${template}"` }] })
        return fromTemplate(found, channel, over)
      }),
  }
}

export class Templates extends Context.Tag("distributor/Templates")<Templates, TemplatesService>() {
  static readonly Live = Layer.effect(
    Templates,
    Effect.gen(function* () {
      return makeTemplates(makeTemplateRows((yield* Store).access), (yield* Changes).change, (yield* StateTags).tag)
    }),
  )
}
