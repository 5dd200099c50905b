/** What the store offers to the features that keep rows of their own. */
import type * as Client from "@effect/sql/SqlClient"
import type { Effect } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { SecretBox } from "./secret-box.ts"

export interface StoreAccess {
  /** For statements, to be run inside `change` or `read`. */
  readonly sql: Client.SqlClient
  /** Encrypts the secrets of a row, and opens them again. */
  readonly box: SecretBox
  /**
   * Runs a change as one transaction: it is on disk when this succeeds, and nothing has changed when it fails.
   * `operation` names it.
   */
  readonly change: <A, E>(operation: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, StoreError>
  /** Runs a read; whatever it fails with becomes a StoreError that names the operation. */
  readonly read: <A, E>(operation: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, StoreError>
}

/** Access to the figures that are kept: a file of its own beside SQLite's, and the same database with PostgreSQL. */
export type FigureAccess = Pick<StoreAccess, "change" | "read" | "sql">
