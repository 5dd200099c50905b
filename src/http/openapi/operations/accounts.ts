/** Users, API keys and the audit log. */
import { AUDIT_OUTCOMES } from "../../../effects/accounts/audit-rows.ts"
import { time } from "./channels.ts"
import type { Operation } from "./operation.ts"

const CREATE = ["conflict", "store-unavailable"] as const
const CHANGE = ["not-found", "conflict", "store-unavailable"] as const

export const accountOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/users",
    id: "listUsers",
    tag: "Access",
    summary: "List the users",
    answers: { 200: { description: "Users by name", schema: "Users" } },
  },
  {
    method: "post",
    path: "/api/users",
    id: "createUser",
    tag: "Access",
    summary: "Create a user",
    description:
      "From the first user or key on, requests must show who they are from. With `tags` the role, which must not be `admin`, holds for the channels that have one of them, and for nothing else.",
    body: "UserInput",
    answers: { 201: { description: "The user", schema: "User", headers: ["Location"] } },
    problems: CREATE,
  },
  {
    method: "put",
    path: "/api/users/{name}",
    id: "updateUser",
    tag: "Access",
    summary: "Change a user's role, tags or password",
    description:
      "A new password ends the sessions of the user. New tags hold from the next request on, and end its open streams.",
    body: "UserChange",
    answers: { 200: { description: "The user", schema: "User" } },
    problems: CHANGE,
  },
  {
    method: "delete",
    path: "/api/users/{name}",
    id: "deleteUser",
    tag: "Access",
    summary: "Delete a user",
    description:
      "Ends the user's sessions. The last admin cannot be deleted unless `API_KEY` is set or nobody else remains on loopback.",
    answers: { 204: { description: "It is gone" } },
    problems: CHANGE,
  },
  {
    method: "get",
    path: "/api/keys",
    id: "listKeys",
    tag: "Access",
    summary: "List the API keys",
    description: "The key of `API_KEY` is not among them.",
    answers: { 200: { description: "Keys by age, each with its first characters", schema: "Keys" } },
  },
  {
    method: "post",
    path: "/api/keys",
    id: "createKey",
    tag: "Access",
    summary: "Create an API key",
    description:
      "The answer is the only place where the key can be read. With `tags` its role, which must not be `admin`, holds for the channels that have one of them, and for nothing else.",
    body: "KeyInput",
    answers: { 201: { description: "The key", schema: "NewKey" } },
    problems: CREATE,
  },
  {
    method: "delete",
    path: "/api/keys/{id}",
    id: "deleteKey",
    tag: "Access",
    summary: "Delete an API key",
    answers: { 204: { description: "It is gone" } },
    problems: CHANGE,
  },
  {
    method: "get",
    path: "/api/audit",
    id: "listAudit",
    tag: "Access",
    summary: "Who asked for which change",
    description: "Every request that asks for a change, and every login, newest first; the newest 100000 are kept.",
    query: [
      { name: "limit", description: "How many", schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 } },
      { name: "before", description: "Only entries with a lower id", schema: { type: "integer", minimum: 1 } },
      time("since", "Only entries at or after this time"),
      time("until", "Only entries before this time"),
      {
        name: "actor",
        description: "Only entries with this text in who asked; case does not matter",
        schema: { type: "string", minLength: 1, maxLength: 100 },
      },
      {
        name: "text",
        description: "Only entries with this text in what was asked for or in its path; case does not matter",
        schema: { type: "string", minLength: 1, maxLength: 100 },
      },
      {
        name: "outcome",
        description: "Only entries with this outcome",
        schema: { type: "string", enum: [...AUDIT_OUTCOMES] },
      },
    ],
    answers: { 200: { description: "Entries", schema: "AuditEntries" } },
    problems: ["invalid-input", "store-unavailable"],
  },
]
