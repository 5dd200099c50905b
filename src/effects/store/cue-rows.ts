/** Rows of the table of cues: written in batches, read newest first, bounded per channel and in all. */
import type * as Client from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"
import type { CueQuery, CueView, NewCue, StoredProof } from "../model/cue.ts"
import { asJson } from "./as-json.ts"
import { cueConditions } from "./cue-conditions.ts"
import { settledProof } from "./proof-deadline.ts"

export interface CueBounds {
  /** The number of cues kept of one channel. */
  readonly perChannel: number
  /** The number of cues kept of all channels together. */
  readonly inAll: number
}

export const CUE_BOUNDS: CueBounds = { perChannel: 10_000, inAll: 200_000 }

/** A cue to write: `id` is null until it has a row. */
export interface CueWrite {
  readonly id: number | null
  readonly cue: NewCue
}

type Plain = Omit<
  CueView,
  | "at"
  | "last_at"
  | "hex"
  | "event_ids"
  | "segmentation_type_ids"
  | "upids"
  | "errors"
  | "outputs"
  | "crc_ok"
  | "manual"
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
    outputs: proofs.map((proof) => settledProof(proof, nowMs - row.at)),
  }
}

/** Statements on the table of cues, each for one transaction or read of the store. */
export const makeCueRows = (sql: Client.SqlClient, { inAll, perChannel }: CueBounds) => {
  /** Inserts a cue and returns its id; undefined when the channel is gone. */
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

  // The ids span at least as many numbers as there are rows: the common case costs two looks into the index.
  const pruneAll = Effect.gen(function* () {
    const rows = yield* sql<{ span: number | null }>`SELECT max(id) - min(id) + 1 AS span FROM cues`
    if ((rows[0]?.span ?? 0) <= inAll) return
    yield* sql`DELETE FROM cues WHERE id <= (SELECT id FROM cues ORDER BY id DESC LIMIT 1 OFFSET ${inAll})`
  })

  /** Cues that meet the query and the conditions of `first`, newest first. */
  const select = (first: ReadonlyArray<Statement.Fragment>, query: CueQuery, nowMs: number) => {
    const conditions = [...first, ...cueConditions(sql, query, nowMs)]
    return Effect.map(
      sql<CueRow & { readonly channel_id: string }>`
          SELECT channel_id, id, at, last_at, pid, source, cue, kind, command, event_id, event_ids, segmentation_type_ids, upids, pts, preroll_s,
            duration_s, description, base64, crc_ok, errors, repeats, manual, outputs
          FROM cues ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.and(conditions)}`} ORDER BY id DESC LIMIT ${query.limit}`,
      (rows) => rows.map(({ channel_id, ...row }) => ({ channelId: channel_id, cue: cueFromRow(row, nowMs) })),
    )
  }

  return {
    /**
     * Inserts new cues and updates those that have a row. Returns the id of each, in their order; null for cues of
     * channels that are gone. To be run in a transaction.
     */
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
    /** Cues of one channel, newest first. `nowMs` is Unix time in ms. */
    list: (channelId: string, query: CueQuery, nowMs: number) =>
      Effect.map(select([sql`channel_id = ${channelId}`], query, nowMs), (found) => found.map(({ cue }) => cue)),
    /** Cues of all channels, newest first. `nowMs` is Unix time in ms. */
    listAll: (query: CueQuery, nowMs: number) => select([], query, nowMs),
  }
}
