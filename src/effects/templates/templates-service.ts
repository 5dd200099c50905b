/**
 * Verbs on output templates. Outputs do not remember the template they were made from, so a change touches none of
 * them.
 */
import { Clock, Effect } from "effect"
import type { Checked } from "../config/checked.ts"
import type { OutputInput } from "../config/request-bodies.ts"
import type { StateTag } from "../config/state-tag.ts"
import { Conflict, InvalidInput, NotFound, type StoreError } from "../model/Errors.ts"
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
import type { TemplateRows } from "./template-rows.ts"

export interface TemplatesService {
  /** All templates, by name; secrets are masked, here and below. */
  readonly list: Effect.Effect<ReadonlyArray<TemplateView>, StoreError>
  readonly get: (name: string) => Effect.Effect<TemplateView, NotFound | StoreError>
  /** A template with a tag of its state, which also changes with its secrets but reveals nothing about them. */
  readonly tagged: (name: string) => Effect.Effect<{ readonly template: TemplateView; readonly tag: string }, NotFound | StoreError>
  readonly create: (input: TemplateInput) => Effect.Effect<TemplateView, InvalidInput | Conflict | StoreError>
  readonly update: (name: string, input: TemplateUpdate) => Effect.Effect<TemplateView, NotFound | InvalidInput | StoreError>
  readonly remove: (name: string) => Effect.Effect<void, NotFound | StoreError>
}

const accept = <A>(checked: Checked<A>) => (checked.ok ? Effect.succeed(checked.value) : new InvalidInput({ errors: checked.errors }))

/**
 * Makes the verbs.
 * @param change runs one change at a time, to its end
 */
export const makeTemplates = (
  rows: TemplateRows,
  change: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>,
  tag: StateTag,
) => {
  const find = (name: string) => Effect.map(rows.list, (all) => all.find((one) => one.name === name))
  const need = (name: string) =>
    Effect.flatMap(
      find(name),
      (one): Effect.Effect<Template, NotFound> =>
        one === undefined ? Effect.fail(new NotFound({ kind: "template", ref: name })) : Effect.succeed(one),
    )
  const service: TemplatesService = {
    list: Effect.map(rows.list, (all) => all.map(templateView)),
    get: (name) => Effect.map(need(name), templateView),
    tagged: (name) => Effect.map(need(name), (one) => ({ template: templateView(one), tag: tag(JSON.stringify(one)) })),
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
    update: (name, input) =>
      change(
        Effect.gen(function* () {
          const template = yield* accept(changedTemplate(yield* need(name), input))
          yield* rows.put(template)
          return templateView(template)
        }),
      ),
    remove: (name) => change(Effect.zipRight(need(name), rows.delete(name))),
  }

  /** The output that a request asks for; `at` is the path of the template in the request. */
  const outputFor = ({ template, ...over }: OutputRequest, channel: TemplateChannel, at = "template") =>
    Effect.gen(function* () {
      if (template === undefined) return over satisfies OutputInput
      const found = yield* find(template)
      if (found === undefined) return yield* new InvalidInput({ errors: [{ path: at, message: `there is no template "${template}"` }] })
      return fromTemplate(found, channel, over)
    })
  return { service, outputFor }
}
