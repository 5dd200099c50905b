/** The keys that requests are signed with, held as long as they last. */
import { Clock, Effect } from "effect"
import type { AwsFailed } from "../../model/Errors.ts"
import { assumeRole, assumeRoleWithWebIdentity } from "./assume-role.ts"
import { type Credentials, findCredentials, type StoredKeys } from "./credentials.ts"
import { type Environment, endpointFor } from "./endpoints.ts"
import type { Fetch } from "./http.ts"

/** Who asks, and where. */
export interface AwsConnection {
  readonly region: string
  readonly roleArn: string | null
  readonly stored: StoredKeys | null
}

/** Keys are renewed so long before they end, in ms. */
const RENEW_MS = 300_000

export interface Keys {
  readonly get: Effect.Effect<Credentials, AwsFailed>
  /** Has them looked for anew at the next request. */
  readonly forget: () => void
  /** Where they come from, in words; null before the first request. */
  readonly from: () => string | null
}

export const makeKeys = (
  { region, roleArn, stored }: AwsConnection,
  { environment, fetch }: { readonly environment: Environment; readonly fetch: Fetch },
): Keys => {
  const sts = endpointFor("sts", region, environment)
  let held: Credentials | null = null
  const sources = {
    environment,
    fetch,
    stored,
    webIdentity: (role: string, token: string) => assumeRoleWithWebIdentity(fetch, sts, role, token),
  }
  const fresh = Effect.flatMap(findCredentials(sources), (keys) =>
    roleArn === null ? Effect.succeed(keys) : assumeRole(fetch, sts, keys, roleArn),
  )
  return {
    get: Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      if (held !== null && (held.expiresAt === null || nowMs < held.expiresAt - RENEW_MS)) return held
      held = yield* fresh
      return held
    }),
    forget: () => {
      held = null
    },
    from: () => held?.from ?? null,
  }
}
