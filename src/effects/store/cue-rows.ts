/** Rows of cues: written in batches, read newest first, bounded per channel and in all. */
import type * as Client from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"
import type { CueProof, CueQuery, CueView, NewCue, StoredProof } from "../model/cue.ts"
import { asJson } from "./as-json.ts"

export interface CueBounds {
  /** Cues kept of one channel. */
  readonly perChannel: number
  /** Cues kept of all channels together. */
  readonly inAll: number
}

export const CUE_BOUNDS: CueBounds = { perChannel: 10_000, inAll: 200_000 }

/** A cue to write: `id` is null until it has a row. */
export interface CueWrite {
  readonly id: number | null
  readonly cue: NewCue
}

/** So much behind its time, in ms, nobody waits for a proof any more: a row that still says so outlived the process that did. */
const GRACE_MS = 5000
/** The time given to a proof that does not say so, written by an older version: the longest there is. */
const WITHIN_MS = 610_000
export const NO_WORD = "no word from the engine"

type Plain = Omit<
  CueView,
  "at" | "last_at" | "hex" | "event_ids" | "segmentation_type_ids" | "upids" | "errors" | "outputs" | "crc_ok" | "manual"
>
interface CueRow extends Plain {
  readonly at: number
  readonly last_at: number
  readonly event_ids: string
  readonly segmentation_type_ids: string
  readonly upids: string
  readonly errors: string
  readonly outputs: string
  readonly crc_ok: number
  readonly manual: number
}

const settled = ({ within_ms = WITHIN_MS, ...proof }: StoredProof, ageMs: number): CueProof =>
  proof.status === "pending" && ageMs > within_ms + GRACE_MS ? { ...proof, status: "missed", reason: NO_WORD } : proof

const cueFromRow = (row: CueRow, nowMs: number): CueView => {
  const proofs = JSON.parse(row.outputs) as ReadonlyArray<StoredProof>
  return {
    ...row,
    at: new Date(row.at).toISOString(),
    last_at: new Date(row.last_at).toISOString(),
    event_ids: JSON.parse(row.event_ids) as ReadonlyArray<number>,
    segmentation_type_ids: JSON.parse(row.segmentation_type_ids) as ReadonlyArray<number>,
    upids: JSON.parse(row.upids) as ReadonlyArray<string>,
    errors: JSON.parse(row.errors) as ReadonlyArray<string>,
    hex: Buffer.from(row.base64, "base64").toString("hex"),
    crc_ok: row.crc_ok !== 0,
    manual: row.manual !== 0,
    outputs: proofs.map((proof) => settled(proof, nowMs - row.at)),
  }
}

export const makeCueRows = (sql: Client.SqlClient, { inAll, perChannel }: CueBounds) => {
  /** Undefined when the channel is gone. */
  const insert = (c: NewCue) =>
    Effect.map(
      sql<{ id: number }>`
        INSERT INTO cues (channel_id, at, last_at, pid, source, cue, kind, command, event_id, event_ids, segmentation_type_ids, upids, pts,
          preroll_s, duration_s, description, base64, crc_ok, errors, repeats, manual, outputs)
        SELECT ${c.channelId}, ${c.at}, ${c.last_at}, ${c.pid}, ${c.source}, ${c.cue}, ${c.kind}, ${c.command}, ${c.event_id},
          ${asJson(c.event_ids)}, ${asJson(c.segmentation_type_ids)}, ${asJson(c.upids)}, ${c.pts}, ${c.preroll_s}, ${c.duration_s},
          ${c.description}, ${c.base64}, ${c.crc_ok ? 1 : 0}, ${asJson(c.errors)}, ${c.repeats}, ${c.manual ? 1 : 0}, ${asJson(c.outputs)}
        WHERE EXISTS (SELECT 1 FROM channels WHERE id = ${c.channelId})
        RETURNING id`,
      (rows) => rows[0]?.id,
    )

  const update = (id: number, { last_at, outputs, repeats }: NewCue) =>
    sql`UPDATE cues SET last_at = ${last_at}, repeats = ${repeats}, outputs = ${asJson(outputs)} WHERE id = ${id}`

  const pruneChannel = (channelId: string) => sql`
    DELETE FROM cues WHERE channel_id = ${channelId}
      AND id <= (SELECT id FROM cues WHERE channel_id = ${channelId} ORDER BY id DESC LIMIT 1 OFFSET ${perChannel})`

  // Ids span at least as many as there are rows: the common case costs two looks into the index.
  const pruneAll = Effect.gen(function* () {
    const rows = yield* sql<{ span: number | null }>`SELECT max(id) - min(id) + 1 AS span FROM cues`
    if ((rows[0]?.span ?? 0) <= inAll) return
    yield* sql`DELETE FROM cues WHERE id <= (SELECT id FROM cues ORDER BY id DESC LIMIT 1 OFFSET ${inAll})`
  })

  /** The elements of a JSON array as a table with the column `value`. */
  const elements = (column: "event_ids" | "segmentation_type_ids" | "upids", type: "bigint" | "text") =>
    sql.onDialectOrElse({
      pg: () =>
        sql`(SELECT element::${sql.literal(type)} AS value FROM json_array_elements_text(${sql(column)}::json) AS element) AS elements`,
      orElse: () => sql`json_each(${sql(column)})`,
    })
  const contains = (upid: string) =>
    sql.onDialectOrElse({
      pg: () => sql`strpos(lower(value), lower(${upid})) > 0`,
      orElse: () => sql`instr(lower(value), lower(${upid})) > 0`,
    })

  const typeCondition = ({ commands, kinds, segmentations }: NonNullable<CueQuery["types"]>) => {
    const any: Array<Statement.Fragment> = []
    if (kinds.length > 0) any.push(sql.in("kind", kinds))
    if (commands.length > 0) any.push(sql.in("command", commands))
    if (segmentations.length > 0)
      any.push(sql`EXISTS (SELECT 1 FROM ${elements("segmentation_type_ids", "bigint")} WHERE ${sql.in("value", segmentations)})`)
    return sql.or(any)
  }

  /**
   * What `cueFromRow` shows as missed. The text is what `asJson` wrote, in which such a sequence of characters stands nowhere else: quotes within
   * texts are escaped.
   */
  const isMissed = (nowMs: number) => {
    const overdue = sql.onDialectOrElse({
      pg: () => sql`EXISTS (SELECT 1 FROM json_array_elements(outputs::json) AS proof WHERE proof->>'status' = 'pending'
        AND at + coalesce((proof->>'within_ms')::bigint, ${WITHIN_MS}) < ${nowMs - GRACE_MS})`,
      orElse: () => sql`EXISTS (SELECT 1 FROM json_each(outputs) AS proof WHERE json_extract(proof.value, '$.status') = 'pending'
        AND at + coalesce(json_extract(proof.value, '$.within_ms'), ${WITHIN_MS}) < ${nowMs - GRACE_MS})`,
    })
    return sql`(outputs LIKE ${'%"status":"missed"%'} OR (outputs LIKE ${'%"status":"pending"%'} AND ${overdue}))`
  }

  /** Newest first. */
  const select = (first: ReadonlyArray<Statement.Fragment>, query: CueQuery, nowMs: number) => {
    const { before, eventId, limit, outcome, sinceMs, types, untilMs, upid } = query
    const conditions: Array<Statement.Fragment> = [...first]
    if (before !== undefined) conditions.push(sql`id < ${before}`)
    if (sinceMs !== undefined) conditions.push(sql`at >= ${sinceMs}`)
    if (untilMs !== undefined) conditions.push(sql`at < ${untilMs}`)
    if (types !== undefined) conditions.push(typeCondition(types))
    if (eventId !== undefined) conditions.push(sql`EXISTS (SELECT 1 FROM ${elements("event_ids", "bigint")} WHERE value = ${eventId})`)
    if (upid !== undefined) conditions.push(sql`EXISTS (SELECT 1 FROM ${elements("upids", "text")} WHERE ${contains(upid)})`)
    if (outcome !== undefined) conditions.push(isMissed(nowMs))
    return Effect.map(
      sql<CueRow & { readonly channel_id: string }>`
          SELECT channel_id, id, at, last_at, pid, source, cue, kind, command, event_id, event_ids, segmentation_type_ids, upids, pts, preroll_s,
            duration_s, description, base64, crc_ok, errors, repeats, manual, outputs
          FROM cues ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.and(conditions)}`} ORDER BY id DESC LIMIT ${limit}`,
      (rows) => rows.map(({ channel_id, ...row }) => ({ channelId: channel_id, cue: cueFromRow(row, nowMs) })),
    )
  }

  return {
    /** The id of each, in their order; null for those of channels that are gone. To be run in a transaction. */
    write: (writes: ReadonlyArray<CueWrite>) =>
      Effect.gen(function* () {
        const ids: Array<number | null> = []
        for (const { cue, id } of writes) {
          if (id !== null) yield* update(id, cue)
          ids.push(id ?? (yield* insert(cue)) ?? null)
        }
        const grown = writes.flatMap(({ cue, id }) => (id === null ? [cue.channelId] : []))
        yield* Effect.forEach(new Set(grown), pruneChannel, { discard: true })
        if (grown.length > 0) yield* pruneAll
        return ids
      }),
    /** `nowMs` is Unix time in ms. */
    list: (channelId: string, query: CueQuery, nowMs: number) =>
      Effect.map(select([sql`channel_id = ${channelId}`], query, nowMs), (found) => found.map(({ cue }) => cue)),
    /** Those of all channels. */
    listAll: (query: CueQuery, nowMs: number) => select([], query, nowMs),
  }
}
