/** Rows of output templates: each is one encrypted document, since its URL, key and settings hold secrets. */
import { Effect } from "effect"
import { outputSettingsOf } from "../config/output-input.ts"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"
import type { Template } from "./template-model.ts"

export interface TemplateRows {
  /** All templates, by name. */
  readonly list: Effect.Effect<ReadonlyArray<Template>, StoreError>
  /** Stores a new or changed template. */
  readonly put: (template: Template) => Effect.Effect<void, StoreError>
  readonly delete: (name: string) => Effect.Effect<void, StoreError>
}

const placeOf = (name: string) => `output_templates.body:${name}`

export const makeTemplateRows = ({ box, change, read, sql }: StoreAccess): TemplateRows => ({
  list: read(
    "read the templates",
    Effect.gen(function* () {
      const rows = yield* sql<{ name: string; body: string }>`SELECT name, body FROM output_templates ORDER BY name`
      return yield* Effect.try(() =>
        rows.map(({ body, name }) => {
          const template = JSON.parse(box.open(body, placeOf(name))) as Template
          return { ...template, name, settings: outputSettingsOf(template.settings) }
        }),
      )
    }),
  ),
  put: (template) => {
    const row = { name: template.name, body: box.seal(JSON.stringify(template), placeOf(template.name)) }
    return change(
      "store the template",
      sql`INSERT INTO output_templates ${sql.insert(row)} ON CONFLICT (name) DO UPDATE SET body = excluded.body`,
    )
  },
  delete: (name) => change("delete the template", sql`DELETE FROM output_templates WHERE name = ${name}`),
})
