/** What the API takes and shows of partner links. */
import { Schema } from "effect"
import { text } from "../config/texts.ts"
import type { PartnerLink } from "./partner-rows.ts"

export const MAX_DAYS = 366
export const MAX_LABEL = 100

/** Body of `POST /api/channels/{id}/outputs/{output_id}/partner-links`. */
export const PartnerLinkInput = Schema.Struct({
  label: text(MAX_LABEL),
  days: Schema.Int.pipe(Schema.between(1, MAX_DAYS)),
})

/** How a link is at this moment. */
export const PARTNER_STANDINGS = ["works", "expired", "revoked"] as const
export type PartnerStanding = (typeof PARTNER_STANDINGS)[number]

export const standingOf = ({ expiresAt, revokedAt }: PartnerLink, nowMs: number): PartnerStanding =>
  revokedAt !== null ? "revoked" : nowMs >= expiresAt ? "expired" : "works"

/** A link as the API shows it, without its token. Times are ISO 8601. */
export interface PartnerLinkView {
  readonly id: string
  readonly label: string
  readonly standing: PartnerStanding
  readonly created_at: string
  readonly created_by: string
  readonly expires_at: string
  readonly revoked_at: string | null
  /** When it was looked at last; null for never. */
  readonly seen_at: string | null
}

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

/** @param nowMs Unix time in ms */
export const partnerLinkView = (link: PartnerLink, nowMs: number): PartnerLinkView => ({
  id: link.id,
  label: link.label,
  standing: standingOf(link, nowMs),
  created_at: iso(link.createdAt),
  created_by: link.createdBy,
  expires_at: iso(link.expiresAt),
  revoked_at: isoOrNull(link.revokedAt),
  seen_at: isoOrNull(link.seenAt),
})
