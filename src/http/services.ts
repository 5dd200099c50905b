import type { DistributorService } from "../effects/Distributor.ts"
import type { Access } from "./auth.ts"
import type { Runner } from "./run.ts"

/** What routes work with. */
export interface AppServices {
  readonly distributor: DistributorService
  readonly runner: Runner
  readonly access: Access
}
