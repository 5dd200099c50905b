/** Answers about users, API keys and the audit log. Held to the interfaces by `schemas.test.ts`. */
import { Schema } from "effect"
import { Role } from "../../effects/accounts/account-bodies.ts"
import { Time } from "./schemas.ts"

const { Array: List, Literal, String: Text, Struct } = Schema
const Count = Schema.Int.pipe(Schema.nonNegative())

export const User = Struct({ name: Text, role: Role, tags: List(Text), created_at: Time, changed_at: Time })
export const Users = Struct({ users: List(User) })
export const Key = Struct({ id: Text, name: Text, role: Role, tags: List(Text), prefix: Text, created_at: Time })
export const NewKey = Struct({ ...Key.fields, key: Text })
export const Keys = Struct({ keys: List(Key) })
export const AuditEntry = Struct({
  id: Count,
  at: Time,
  actor: Text,
  address: Text,
  method: Text,
  path: Text,
  what: Text,
  status: Count,
  outcome: Literal("done", "refused", "failed"),
  detail: Text,
})
export const AuditEntries = Struct({ entries: List(AuditEntry) })
