/** Request bodies about users and keys, and what is shown of both. */
import { Schema } from "effect"
import { matches } from "../config/pattern.ts"
import { Tags } from "../config/tags.ts"

/** Roles in rising order, each allowed everything the ones before it are: look, run channels, do everything. */
export const ROLES = ["viewer", "operator", "admin"] as const
export const Role = Schema.Literal(...ROLES)
export type Role = typeof Role.Type

/** True when `role` may do what needs `needed`. */
export const mayAct = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

const UserName = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(64),
  matches(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, "must start with a letter or digit and hold only those and . _ @ -"),
)
const Password = Schema.String.pipe(
  Schema.minLength(10),
  Schema.maxLength(256),
  matches(/^[^\u0000-\u001f\u007f]*$/, "must not hold control characters"),
)

/** Tags that a role is bound to: it holds for the channels that have one of them. None: for all. */
const BoundTo = Schema.optional(Tags)

export const UserInput = Schema.Struct({ name: UserName, password: Password, role: Role, tags: BoundTo })
export type UserInput = typeof UserInput.Type

/** What is left out stays. */
export const UserChange = Schema.Struct({
  password: Schema.optional(Password),
  role: Schema.optional(Role),
  tags: BoundTo,
})
export type UserChange = typeof UserChange.Type

export const KeyInput = Schema.Struct({ name: UserName, role: Role, tags: BoundTo })
export type KeyInput = typeof KeyInput.Type

export interface UserView {
  readonly name: string
  readonly role: Role
  /** The role holds for the channels that have one of these tags, and for nothing else; empty: for everything. */
  readonly tags: ReadonlyArray<string>
  readonly created_at: string
  /** When the password, the role or the tags were last changed. */
  readonly changed_at: string
}

export interface KeyView {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly tags: ReadonlyArray<string>
  /** First characters of the key, by which its owner recognises it. */
  readonly prefix: string
  readonly created_at: string
}
