/** Templates in memory, for tests of what uses them. */
import { Effect } from "effect"
import type { Template } from "../templates/template-model.ts"
import type { TemplateRows } from "../templates/template-rows.ts"

export const memoryTemplates = (): TemplateRows => {
  const rows = new Map<string, Template>()
  return {
    list: Effect.sync(() => [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1))),
    put: (template) => Effect.sync(() => void rows.set(template.name, template)),
    delete: (name) => Effect.sync(() => void rows.delete(name)),
  }
}
