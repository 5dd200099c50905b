import type { AccountsService } from "../effects/accounts/Accounts.ts"
import type { LogLines } from "../effects/config/log-lines.ts"
import type { ControlPlane } from "../effects/supervisor/ControlPlane.ts"
import type { Audit } from "./audit.ts"
import type { Access } from "./auth.ts"
import type { Idempotency } from "./idempotency.ts"
import type { Limits } from "./limits.ts"
import type { LivePages } from "./live-pages.ts"
import type { GrafanaLinks } from "./pages/grafana-links.ts"
import type { Runner } from "./run.ts"

/** What routes work with; each takes what it needs of it. */
export interface AppServices extends ControlPlane {
  readonly idempotency: Idempotency
  readonly runner: Runner
  readonly access: Access
  readonly accounts: AccountsService
  readonly audit: Audit
  readonly limits: Limits
  readonly live: LivePages
  /** The last lines of the service's log. */
  readonly log: LogLines
  /** WebSockets that are open. */
  readonly openSockets: () => number
  /** Whether pictures are taken of channels. */
  readonly pictures: boolean
  /** Null without `GRAFANA_URL`. */
  readonly grafana: GrafanaLinks | null
}
