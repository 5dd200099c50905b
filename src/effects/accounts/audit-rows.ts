/** Rows of the audit log: who asked for which change, and what came of it. */
import type * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"

/** Most entries kept; the oldest go first. */
export const MAX_AUDIT_ROWS = 100_000

export interface NewAuditEntry {
  /** Time of the request, ISO 8601. */
  readonly at: string
  /** Who asked, as in `user ada` or `key ci`. */
  readonly actor: string
  readonly address: string
  readonly method: string
  /** Path of the request, without its query. */
  readonly path: string
  /** The change that was asked for, in a few words. */
  readonly what: string
  /** HTTP status of the answer. */
  readonly status: number
  readonly outcome: AuditOutcome
  /** What was changed, from what to what, its secrets masked; empty where no channel or output was. */
  readonly detail: string
}

export interface AuditEntry extends NewAuditEntry {
  readonly id: number
}

export interface AuditQuery {
  readonly limit: number
  /** Only entries with a lower id. */
  readonly before?: number | undefined
  /** Text contained in `actor`; case does not matter. */
  readonly actor?: string | undefined
  /** Text contained in `what`, `path` or `detail`; case does not matter. */
  readonly text?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  /** Only entries at or after this time, and below, before that one; ms since 1970. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

export const AUDIT_OUTCOMES = ["done", "refused", "failed"] as const
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number]

export interface AuditRows {
  readonly append: (entry: NewAuditEntry) => Effect.Effect<void, StoreError>
  /** Newest first. */
  readonly list: (query: AuditQuery) => Effect.Effect<ReadonlyArray<AuditEntry>, StoreError>
}

export const makeAuditRows = ({ change, read, sql }: StoreAccess, max = MAX_AUDIT_ROWS): AuditRows => ({
  append: (entry) =>
    change(
      "store the audit entry",
      Effect.gen(function* () {
        const rows = yield* sql<{ id: number }>`INSERT INTO audit ${sql.insert({ ...entry })} RETURNING id`
        yield* sql`DELETE FROM audit WHERE id <= ${(rows[0]?.id ?? 0) - max}`
      }),
    ),
  list: ({ actor, before = Number.MAX_SAFE_INTEGER, limit, outcome, sinceMs, text, untilMs }) => {
    const holds = (column: "actor" | "what" | "path" | "detail", part: string) =>
      sql.onDialectOrElse({
        pg: () => sql`strpos(lower(${sql(column)}), lower(${part})) > 0`,
        orElse: () => sql`instr(lower(${sql(column)}), lower(${part})) > 0`,
      })
    const conditions: Array<Statement.Fragment> = [sql`id < ${before}`]
    if (actor !== undefined) conditions.push(holds("actor", actor))
    if (text !== undefined)
      conditions.push(sql`(${holds("what", text)} OR ${holds("path", text)} OR ${holds("detail", text)})`)
    if (outcome !== undefined) conditions.push(sql`outcome = ${outcome}`)
    // ISO 8601 times in UTC sort as text.
    if (sinceMs !== undefined) conditions.push(sql`at >= ${new Date(sinceMs).toISOString()}`)
    if (untilMs !== undefined) conditions.push(sql`at < ${new Date(untilMs).toISOString()}`)
    return read(
      "read the audit log",
      sql<AuditEntry>`SELECT * FROM audit WHERE ${sql.and(conditions)} ORDER BY id DESC LIMIT ${limit}`,
    )
  },
})
