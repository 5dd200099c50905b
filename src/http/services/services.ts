import type { AccountsService } from "../../effects/accounts/Accounts.ts"
import type { LogLines } from "../../effects/config/log-lines.ts"
import type { DistributorService } from "../../effects/supervisor/Distributor.ts"
import type { Audit } from "../access/audit.ts"
import type { Access } from "../access/auth.ts"
import type { Limits } from "../access/limits.ts"
import type { LivePages } from "../live/live-pages.ts"
import type { Turns } from "../request/etag.ts"
import type { Idempotency } from "../request/idempotency.ts"
import type { Runner } from "../request/run.ts"
import type { GrafanaLinks } from "./grafana-links.ts"

/** Services that routes use. */
export interface AppServices {
  readonly distributor: DistributorService
  /** Makes a change only while the state that the request names still holds (`If-Match`). */
  readonly conditionally: Turns["conditionally"]
  readonly idempotency: Idempotency
  readonly runner: Runner
  readonly access: Access
  readonly accounts: AccountsService
  readonly audit: Audit
  readonly limits: Limits
  readonly live: LivePages
  /** The last lines of the service's log. */
  readonly log: LogLines
  /** Number of open WebSockets. */
  readonly openSockets: () => number
  /** Whether pictures are taken of channels. */
  readonly thumbnails: boolean
  /** Links to Grafana; null without `GRAFANA_URL`. */
  readonly grafana: GrafanaLinks | null
}
