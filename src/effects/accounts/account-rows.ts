/** Rows of users and API keys. Passwords and keys are stored as hashes only. */
import { Effect, Schema } from "effect"
import { Tags } from "../config/tags.ts"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"
import { Role } from "./account-bodies.ts"

export interface StoredUser {
  readonly name: string
  readonly role: Role
  /** As `UserView.tags`. */
  readonly tags: ReadonlyArray<string>
  /** Password hash in the form that `password.ts` writes. */
  readonly password: string
  readonly created_at: string
  readonly changed_at: string
}

export interface StoredKey {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly tags: ReadonlyArray<string>
  readonly prefix: string
  /** SHA-256 of the key, hexadecimal. Enough, as a key is 256 random bits, which no dictionary finds. */
  readonly sha256: string
  readonly created_at: string
}

export interface AccountRows {
  readonly load: Effect.Effect<
    { readonly users: ReadonlyArray<StoredUser>; readonly keys: ReadonlyArray<StoredKey> },
    StoreError
  >
  /** Stores a new or changed user. */
  readonly putUser: (user: StoredUser) => Effect.Effect<void, StoreError>
  readonly deleteUser: (name: string) => Effect.Effect<void, StoreError>
  readonly insertKey: (key: StoredKey) => Effect.Effect<void, StoreError>
  readonly deleteKey: (id: string) => Effect.Effect<void, StoreError>
}

type Account = Pick<StoredUser, "role" | "tags">
/** Tags are JSON. */
type Row<A extends Account> = Omit<A, "role" | "tags"> & { readonly role: string; readonly tags: string }
const decodeRole = Schema.decodeUnknownSync(Role)
const decodeTags = Schema.decodeUnknownSync(Schema.parseJson(Tags))
const fromRow = <A extends Account>(row: Row<A>) => ({
  ...row,
  role: decodeRole(row.role),
  tags: decodeTags(row.tags),
})
const toRow = <A extends Account>(account: A) => ({ ...account, tags: JSON.stringify(account.tags) })

export const makeAccountRows = ({ change, read, sql }: StoreAccess): AccountRows => ({
  load: read(
    "read the users and keys",
    Effect.gen(function* () {
      const users = yield* sql<Row<StoredUser>>`SELECT * FROM users ORDER BY name`
      const keys = yield* sql<Row<StoredKey>>`SELECT * FROM api_keys ORDER BY created_at, id`
      return yield* Effect.try(() => ({ users: users.map(fromRow), keys: keys.map(fromRow) }))
    }),
  ),
  putUser: (user) =>
    change(
      "store the user",
      sql`INSERT INTO users ${sql.insert({ ...toRow(user) })}
          ON CONFLICT (name) DO UPDATE SET role = excluded.role, tags = excluded.tags, password = excluded.password, changed_at = excluded.changed_at`,
    ),
  deleteUser: (name) => change("delete the user", sql`DELETE FROM users WHERE name = ${name}`),
  insertKey: (key) => change("store the key", sql`INSERT INTO api_keys ${sql.insert({ ...toRow(key) })}`),
  deleteKey: (id) => change("delete the key", sql`DELETE FROM api_keys WHERE id = ${id}`),
})
