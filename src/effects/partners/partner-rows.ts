/** Rows of partner links. Of a token only its hash is kept. */
import { Effect } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"

/** A link that shows one output to somebody outside. Times are Unix ms. */
export interface PartnerLink {
  readonly id: string
  readonly channelId: string
  readonly outputId: string
  /** What both were called when the link was made. */
  readonly channelName: string
  readonly outputName: string
  /** Whom it is for. */
  readonly label: string
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt: number
  readonly revokedAt: number | null
  /** When it was looked at last, to the minute; null before. */
  readonly seenAt: number | null
}

export interface PartnerRows {
  readonly insert: (link: PartnerLink, tokenSha256: string) => Effect.Effect<void, StoreError>
  /** Links of an output, newest first. */
  readonly ofOutput: (outputId: string) => Effect.Effect<ReadonlyArray<PartnerLink>, StoreError>
  readonly byToken: (tokenSha256: string) => Effect.Effect<PartnerLink | null, StoreError>
  /** False when there is no such link of the output that still works. */
  readonly revoke: (id: string, outputId: string, atMs: number) => Effect.Effect<boolean, StoreError>
  readonly seen: (id: string, atMs: number) => Effect.Effect<void, StoreError>
  /** Forgets links that ended before a time. */
  readonly forget: (beforeMs: number) => Effect.Effect<void, StoreError>
}

interface Row {
  readonly id: string
  readonly channel_id: string
  readonly output_id: string
  readonly channel_name: string
  readonly output_name: string
  readonly label: string
  readonly created_at: number
  readonly created_by: string
  readonly expires_at: number
  readonly revoked_at: number | null
  readonly seen_at: number | null
}

const linkOf = (row: Row): PartnerLink => ({
  id: row.id,
  channelId: row.channel_id,
  outputId: row.output_id,
  channelName: row.channel_name,
  outputName: row.output_name,
  label: row.label,
  createdAt: Number(row.created_at),
  createdBy: row.created_by,
  expiresAt: Number(row.expires_at),
  revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  seenAt: row.seen_at === null ? null : Number(row.seen_at),
})

const READING = "read the partner links"

export const makePartnerRows = ({ change, read, sql }: StoreAccess): PartnerRows => ({
  insert: (link, tokenSha256) => {
    const row = {
      id: link.id,
      token_sha256: tokenSha256,
      channel_id: link.channelId,
      output_id: link.outputId,
      channel_name: link.channelName,
      output_name: link.outputName,
      label: link.label,
      created_at: link.createdAt,
      created_by: link.createdBy,
      expires_at: link.expiresAt,
      revoked_at: link.revokedAt,
      seen_at: link.seenAt,
    }
    return change("store the partner link", sql`INSERT INTO partner_links ${sql.insert(row)}`)
  },
  ofOutput: (outputId) =>
    read(
      READING,
      Effect.map(
        sql<Row>`SELECT * FROM partner_links WHERE output_id = ${outputId} ORDER BY created_at DESC, id`,
        (rows) => rows.map(linkOf),
      ),
    ),
  byToken: (tokenSha256) =>
    read(
      READING,
      Effect.map(sql<Row>`SELECT * FROM partner_links WHERE token_sha256 = ${tokenSha256}`, ([row]) =>
        row === undefined ? null : linkOf(row),
      ),
    ),
  revoke: (id, outputId, atMs) =>
    change(
      "revoke the partner link",
      Effect.map(
        sql<{ id: string }>`UPDATE partner_links SET revoked_at = ${atMs}
          WHERE id = ${id} AND output_id = ${outputId} AND revoked_at IS NULL RETURNING id`,
        (rows) => rows.length > 0,
      ),
    ),
  seen: (id, atMs) =>
    change("store that a partner link was looked at", sql`UPDATE partner_links SET seen_at = ${atMs} WHERE id = ${id}`),
  forget: (beforeMs) =>
    change(
      "forget old partner links",
      sql`DELETE FROM partner_links WHERE expires_at < ${beforeMs} OR revoked_at < ${beforeMs}`,
    ),
})
