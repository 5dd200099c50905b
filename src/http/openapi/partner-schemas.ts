/** What the API answers about partner links, see `schemas.ts`. */
import { Schema } from "effect"
import { PARTNER_STANDINGS } from "../../effects/partners/partner-bodies.ts"
import { Time } from "./schemas.ts"

const { Array: List, Literal, NullOr, String: Text, Struct } = Schema

export const PartnerLink = Struct({
  id: Text,
  label: Text,
  standing: Literal(...PARTNER_STANDINGS),
  created_at: Time,
  created_by: Text,
  expires_at: Time,
  revoked_at: NullOr(Time),
  seen_at: NullOr(Time),
})
export const PartnerLinks = Struct({ partner_links: List(PartnerLink) })
export const PartnerLinkMade = Struct({ ...PartnerLink.fields, token: Text, path: Text })
