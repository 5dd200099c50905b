/** REST routes of output templates. */
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import { TemplateInput, TemplateUpdate } from "../../effects/templates/template-model.ts"
import { readJson } from "../request/body.ts"
import { checkIfMatch, quoted } from "../request/etag.ts"
import { MANY_THINGS } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

export const templateRoutes = (
  app: Hono,
  { idempotency, runner, templates }: Pick<AppServices, "idempotency" | "runner" | "templates">,
): void => {
  const isAsRead = (c: Context, name: string) =>
    Effect.flatMap(templates.tagged(name), ({ tag }) => checkIfMatch(c, quoted(tag)))
  type Tagged = Effect.Effect.Success<ReturnType<typeof templates.tagged>>
  const answer = (c: Context, { tag, template }: Tagged) => c.json(template, 200, { ETag: quoted(tag) })

  methods(app, "/api/templates", {
    GET: (c) => runner.run(c, templates.list, (all) => c.json({ templates: all })),
    POST: (c) =>
      runner.run(c, readJson(c, TemplateInput, MANY_THINGS), (input) =>
        idempotency.once(c, input, () =>
          runner.run(c, templates.create(input), (template) =>
            c.json(template, 201, { Location: `/api/templates/${template.name}` }),
          ),
        ),
      ),
  })
  methods(app, "/api/templates/:template", {
    GET: (c) => runner.run(c, templates.tagged(c.req.param("template")), (found) => answer(c, found)),
    PUT: (c) => {
      const name = c.req.param("template")
      return runner.run(
        c,
        Effect.flatMap(Effect.zipRight(templates.get(name), readJson(c, TemplateUpdate, MANY_THINGS)), (update) =>
          templates.update(name, update, isAsRead(c, name)),
        ),
        (changed) => answer(c, changed),
      )
    },
    DELETE: (c) => {
      const name = c.req.param("template")
      return runner.run(c, templates.remove(name, isAsRead(c, name)), () => c.body(null, 204))
    },
  })
}
