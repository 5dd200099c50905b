/** Templates of outputs. */
import type { Operation } from "./operation.ts"

const ONE = "/api/templates/{template}"

export const templateOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/templates",
    id: "listTemplates",
    tag: "Templates",
    summary: "List the templates",
    answers: { 200: { description: "Templates by name, secrets masked", schema: "Templates" } },
    problems: ["store-unavailable"],
  },
  {
    method: "post",
    path: "/api/templates",
    id: "createTemplate",
    tag: "Templates",
    summary: "Create a template",
    description:
      "`url`, `stream_key` and `output_name` may hold `{channel}` (slug), `{number}` and `{name}` of the channel that an output is made for; in a URL they are percent-encoded.",
    body: "TemplateInput",
    idempotent: true,
    answers: {
      201: { description: "The template", schema: "Template", headers: ["Location", "Idempotency-Replayed"] },
    },
    problems: ["conflict", "store-unavailable"],
  },
  {
    method: "get",
    path: ONE,
    id: "getTemplate",
    tag: "Templates",
    summary: "Show a template",
    answers: { 200: { description: "The template, secrets masked", schema: "Template", headers: ["ETag"] } },
    problems: ["not-found", "store-unavailable"],
  },
  {
    method: "put",
    path: ONE,
    id: "updateTemplate",
    tag: "Templates",
    summary: "Change a template",
    description: "What is left out stays as it is. Outputs that were made from it stay as they are.",
    body: "TemplateUpdate",
    conditional: true,
    answers: { 200: { description: "The template as it is now", schema: "Template", headers: ["ETag"] } },
    problems: ["not-found", "store-unavailable"],
  },
  {
    method: "delete",
    path: ONE,
    id: "deleteTemplate",
    tag: "Templates",
    summary: "Delete a template",
    description: "Outputs that were made from it stay.",
    conditional: true,
    answers: { 204: { description: "It is gone" } },
    problems: ["not-found", "store-unavailable"],
  },
]
