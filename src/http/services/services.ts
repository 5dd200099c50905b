import type { Zone } from "../../core/schedule/local-time.ts"
import type { AccountsService } from "../../effects/accounts/Accounts.ts"
import type { LogLines } from "../../effects/config/log-lines.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import type { Audit } from "../access/audit.ts"
import type { Access } from "../access/auth.ts"
import type { Limits } from "../access/limits.ts"
import type { LivePages } from "../live/live-pages.ts"
import type { OtherNodes } from "../nodes/other-nodes.ts"
import type { Idempotency } from "../request/idempotency.ts"
import type { Runner } from "../request/run.ts"
import type { GrafanaLinks } from "./grafana-links.ts"
import type { MediaLiveWeb } from "./medialive-web.ts"

/** What routes work with; each takes what it needs of it. */
export interface AppServices extends ControlPlane {
  readonly idempotency: Idempotency
  readonly runner: Runner
  readonly access: Access
  readonly accounts: AccountsService
  readonly audit: Audit
  readonly limits: Limits
  readonly live: LivePages
  /** What the other nodes show; nothing on a single machine. */
  readonly others: OtherNodes
  /** The last lines of the service's log. */
  readonly log: LogLines
  /** Number of open WebSockets. */
  readonly openSockets: () => number
  /** The zone by whose clock pages show times, and whose days are those of reports. */
  readonly stationZone: Zone
  /** Whether pictures are taken of channels. */
  readonly pictures: boolean
  /** Null without `MEDIALIVE=on`. */
  readonly medialiveWeb: MediaLiveWeb | null
  /** Null without `GRAFANA_URL`. */
  readonly grafana: GrafanaLinks | null
}
