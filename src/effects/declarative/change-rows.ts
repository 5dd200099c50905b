/** Rows of changes: who has changed what of a channel and its outputs, with what is needed to take it back. */
import type * as Statement from "@effect/sql/Statement"
import { Effect } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"
import type { ChannelChange } from "./diff.ts"
import type { ChannelDocument } from "./document.ts"

/** Changes kept; the oldest go first. */
export const MAX_CHANGES = 2000
/** Most changes that are listed at a time. */
export const MAX_LISTED = 200

/** What a change was about, before and after it; outputs that it left alone are left out. */
export interface Sides {
  /** Null for a channel that was created, and below, for one that was removed. */
  readonly before: ChannelDocument | null
  readonly after: ChannelDocument | null
}

export interface NewChange extends Sides {
  /** ISO 8601. */
  readonly at: string
  /** Who, as in `user ada`. */
  readonly by: string
  readonly channelId: string
  /** Secrets masked. */
  readonly change: ChannelChange
}

/** A change as it is listed. */
export interface ChangeEntry {
  /** Grows with time. */
  readonly id: number
  readonly at: string
  readonly by: string
  readonly change: ChannelChange
}

export interface ChangeQuery {
  /** Most entries, at most `MAX_LISTED`. */
  readonly limit: number
  /** Only entries with a lower id. */
  readonly before?: number | undefined
  /** UUID of a channel; left out, all. */
  readonly channelId?: string | undefined
  /** Only those of these channels, by UUID; left out, of all. */
  readonly among?: ReadonlyArray<string> | undefined
}

export interface ChangeRows {
  readonly add: (changes: ReadonlyArray<NewChange>) => Effect.Effect<void, StoreError>
  /** Newest first. */
  readonly list: (query: ChangeQuery) => Effect.Effect<ReadonlyArray<ChangeEntry>, StoreError>
  /** Null when there is none, or no more. */
  readonly find: (id: number) => Effect.Effect<Sides | null, StoreError>
}

const PLACE = "config_changes.documents"
const READ = "read the changes"

interface Row {
  readonly id: number
  readonly at: string
  readonly author: string
  /** JSON. */
  readonly change: string
}

export const makeChangeRows = ({ box, change: store, read, sql }: StoreAccess, max = MAX_CHANGES): ChangeRows => ({
  add: (changes) =>
    store(
      "store what was changed",
      Effect.gen(function* () {
        let last = 0
        for (const { after, at, before, by, change, channelId } of changes) {
          const documents = box.seal(JSON.stringify({ before, after }), PLACE)
          const row = { at, author: by, channel_id: channelId, change: JSON.stringify(change), documents }
          const rows = yield* sql<{ id: number }>`INSERT INTO config_changes ${sql.insert(row)} RETURNING id`
          last = Number(rows[0]?.id ?? last)
        }
        yield* sql`DELETE FROM config_changes WHERE id <= ${last - max}`
      }),
    ),
  list: ({ among, before = Number.MAX_SAFE_INTEGER, channelId, limit }) => {
    const conditions: Array<Statement.Fragment> = [sql`id < ${before}`]
    if (among !== undefined) conditions.push(among.length === 0 ? sql`1 = 0` : sql.in("channel_id", among))
    if (channelId !== undefined) conditions.push(sql`channel_id = ${channelId}`)
    return read(
      READ,
      Effect.map(
        sql<Row>`SELECT id, at, author, change FROM config_changes WHERE ${sql.and(conditions)}
            ORDER BY id DESC LIMIT ${Math.min(limit, MAX_LISTED)}`,
        (rows) =>
          rows.map(
            ({ at, author, change, id }): ChangeEntry => ({
              id: Number(id),
              at,
              by: author,
              change: JSON.parse(change) as ChannelChange,
            }),
          ),
      ),
    )
  },
  find: (id) =>
    read(
      READ,
      Effect.flatMap(sql<{ documents: string }>`SELECT documents FROM config_changes WHERE id = ${id}`, ([row]) =>
        Effect.try(() => (row === undefined ? null : (JSON.parse(box.open(row.documents, PLACE)) as Sides))),
      ),
    ),
})
