/** @jsxImportSource hono/jsx */
/** Pages that add, change, test and copy outputs. They work without JavaScript. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { OutputSettings } from "../../../../views/forms/OutputForm.tsx"
import { Understood } from "../../../../views/forms/Understood.tsx"
import { OutputRequest } from "../../../effects/templates/template-model.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { backOf, field, goTo, shownAgain, stateOf, withPlace } from "./form-fields.ts"
import { changedOutput, findOutput, interpret, protocolOf, templatesFor } from "./interpret-output.ts"
import { checkOpened, merged } from "./meanwhile.ts"
import { newOutputBody, outputValues, SECRET_FIELDS, settingGroups, URL_FIELDS } from "./output-fields.ts"
import { makeOutputForms, shownOutput } from "./output-forms.tsx"
import { outputTestRoutes } from "./output-test-pages.tsx"
import { makeWithOutputForm } from "./with-form.ts"

export const outputPageRoutes = (app: Hono, services: AppServices): void => {
  const { channels, outputs, runner } = services
  const forms = makeOutputForms(services)
  const { addPage, editPage } = forms
  const withForm = makeWithOutputForm(services)

  methods(app, "/add/output", { GET: (c) => addPage(c, c.req.query()) })
  methods(app, "/fragments/interpret", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const meaning = await interpret(services, c, fields)
        const protocol = protocolOf(fields, field(fields, "template") === "" ? [] : await templatesFor(services, c))
        const isOther = protocol !== "" && protocol !== fields["settings_of"]
        const state = stateOf(shownAgain(fields, SECRET_FIELDS, URL_FIELDS), undefined, [], "")
        return c.html(
          <>
            <Understood {...meaning} />
            {isOther ? (
              <hx-partial hx-target="#settings" hx-swap="innerHTML">
                <OutputSettings protocol={protocol} groups={settingGroups(protocol)} state={state} />
              </hx-partial>
            ) : null}
          </>,
        )
      }),
  })

  methods(app, "/outputs", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const add = Effect.flatMap(decode(OutputRequest, newOutputBody(fields)), (input) =>
          outputs.add(field(fields, "channel"), input),
        )
        const added = await runner.settle(c, add)
        if (Either.isLeft(added)) return addPage(c, fields, { problem: added.left })
        return goTo(c, withPlace(backOf(c, fields), { hash: `output-${added.right.id}` }))
      }),
  })

  const path = "/channels/:id/outputs/:output"
  methods(app, `${path}/edit`, {
    GET: (c) => editPage(c, c.req.param("id"), c.req.param("output")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const [ref, output] = [c.req.param("id"), c.req.param("output")]
        const shown = Effect.map(findOutput(channels, ref, output), (found) => shownOutput(channels, found.output))
        const asOpened = Effect.flatMap(shown, (now) => checkOpened(fields, now))
        const update = Effect.flatMap(changedOutput(services, fields, ref, output), (input) =>
          outputs.update(ref, output, input, asOpened),
        )
        const updated = await runner.settle(c, update)
        if (Either.isRight(updated))
          return goTo(c, withPlace(backOf(c, fields), { hash: `output-${updated.right.id}` }))
        const problem = updated.left
        if (problem.kind === "not-found") return problemResponse(problem, c.req.path)
        const now = problem.kind === "precondition-failed" ? await runner.settle(c, shown) : Either.left(problem)
        const again = Either.isRight(now) ? merged(fields, now.right, problem) : { fields, problem }
        return editPage(c, ref, output, again.fields, { problem: again.problem })
      }),
  })
  methods(app, `${path}/duplicate`, {
    POST: async (c) => {
      const [ref, output] = [c.req.param("id"), c.req.param("output")]
      const copied = await runner.settle(c, outputs.duplicate(ref, output))
      const found = await runner.settle(c, findOutput(channels, ref, output))
      if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
      const { channel, output: source } = found.right
      if (Either.isRight(copied)) return goTo(c, `/channels/${channel.slug}/outputs/${copied.right.slug}/edit`)
      // An output that cannot be there twice, because of its port for one, is the beginning of another output.
      const values = { ...outputValues(source), channel: channel.slug, name: "" }
      return addPage(c, values, { problem: copied.left })
    },
  })

  outputTestRoutes(app, services, forms)
}
