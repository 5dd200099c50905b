/** The question of a `CueQuery` as SQL conditions on the table of cues, for SQLite and PostgreSQL. */
import type * as Client from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import type { CueQuery } from "../model/cue.ts"
import { LONGEST_PROOF_MS, PROOF_GRACE_MS } from "./proof-deadline.ts"

/** The elements of a JSON array as a table with the column `value`. */
const elements = (
  sql: Client.SqlClient,
  column: "event_ids" | "segmentation_type_ids" | "upids",
  type: "bigint" | "text",
) =>
  sql.onDialectOrElse({
    pg: () =>
      sql`(SELECT element::${sql.literal(type)} AS value FROM json_array_elements_text(${sql(column)}::json) AS element) AS elements`,
    orElse: () => sql`json_each(${sql(column)})`,
  })

/** True where the column `value` contains a part of a UPID; case does not matter. */
const contains = (sql: Client.SqlClient, upid: string) =>
  sql.onDialectOrElse({
    pg: () => sql`strpos(lower(value), lower(${upid})) > 0`,
    orElse: () => sql`instr(lower(value), lower(${upid})) > 0`,
  })

/** Any of the kinds, commands and segmentation types asked for. */
const typeCondition = (sql: Client.SqlClient, { commands, kinds, segmentations }: NonNullable<CueQuery["types"]>) => {
  const any: Array<Statement.Fragment> = []
  if (kinds.length > 0) any.push(sql.in("kind", kinds))
  if (commands.length > 0) any.push(sql.in("command", commands))
  if (segmentations.length > 0)
    any.push(
      sql`EXISTS (SELECT 1 FROM ${elements(sql, "segmentation_type_ids", "bigint")} WHERE ${sql.in("value", segmentations)})`,
    )
  return sql.or(any)
}

/**
 * Cues with a proof that `settledProof` shows as missed. The text is what `asJson` wrote, in which `"status":"missed"`
 * stands nowhere else: quotes within texts are escaped.
 */
const isMissed = (sql: Client.SqlClient, nowMs: number) => {
  const overdue = sql.onDialectOrElse({
    pg: () => sql`EXISTS (SELECT 1 FROM json_array_elements(outputs::json) AS proof WHERE proof->>'status' = 'pending'
        AND at + coalesce((proof->>'within_ms')::bigint, ${LONGEST_PROOF_MS}) < ${nowMs - PROOF_GRACE_MS})`,
    orElse:
      () => sql`EXISTS (SELECT 1 FROM json_each(outputs) AS proof WHERE json_extract(proof.value, '$.status') = 'pending'
        AND at + coalesce(json_extract(proof.value, '$.within_ms'), ${LONGEST_PROOF_MS}) < ${nowMs - PROOF_GRACE_MS})`,
  })
  return sql`(outputs LIKE ${'%"status":"missed"%'} OR (outputs LIKE ${'%"status":"pending"%'} AND ${overdue}))`
}

/** What a row must meet to answer the query; empty when every row does. `nowMs` is Unix time in ms. */
export const cueConditions = (
  sql: Client.SqlClient,
  query: CueQuery,
  nowMs: number,
): ReadonlyArray<Statement.Fragment> => {
  const { among, before, eventId, outcome, sinceMs, types, untilMs, upid } = query
  const conditions: Array<Statement.Fragment> = []
  if (among !== undefined) conditions.push(among.length === 0 ? sql`1 = 0` : sql.in("channel_id", among))
  if (before !== undefined) conditions.push(sql`id < ${before}`)
  if (sinceMs !== undefined) conditions.push(sql`at >= ${sinceMs}`)
  if (untilMs !== undefined) conditions.push(sql`at < ${untilMs}`)
  if (types !== undefined) conditions.push(typeCondition(sql, types))
  if (eventId !== undefined)
    conditions.push(sql`EXISTS (SELECT 1 FROM ${elements(sql, "event_ids", "bigint")} WHERE value = ${eventId})`)
  if (upid !== undefined)
    conditions.push(sql`EXISTS (SELECT 1 FROM ${elements(sql, "upids", "text")} WHERE ${contains(sql, upid)})`)
  if (outcome !== undefined) conditions.push(isMissed(sql, nowMs))
  return conditions
}
