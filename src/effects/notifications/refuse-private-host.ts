/** With ALLOW_PRIVATE_TARGETS=off, notifications do not go to this machine or into a private network either. */
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { Effect } from "effect"
import { privateKind } from "../../core/net/private-address.ts"
import type { CheckHost, HostCheck } from "./deliver.ts"

export type LookupAll = (
  host: string,
  options: { readonly all: true },
) => Promise<ReadonlyArray<{ readonly address: string }>>

const RESOLVE_WITHIN = "5 seconds"
const refused = (what: string): HostCheck => ({
  ok: false,
  again: false,
  reason: `${what}, where ALLOW_PRIVATE_TARGETS=off lets no notification go`,
})

/**
 * Checks every address of a name and allows a connection to one of them only: asked again, a hostile name server could
 * give another address.
 */
export const refusePrivateHost =
  (ask: LookupAll = lookup): CheckHost =>
  (given) =>
    Effect.gen(function* () {
      const host = given.replace(/^\[(.*)\]$/, "$1")
      const own = privateKind(host)
      if (own !== null) return refused(`${host} is ${own}`)
      if (isIP(host) !== 0) return { ok: true, address: host }
      const found = yield* Effect.tryPromise(() => ask(host, { all: true })).pipe(
        Effect.timeout(RESOLVE_WITHIN),
        Effect.orElseSucceed(() => []),
      )
      const [first] = found
      if (first === undefined)
        return {
          ok: false,
          again: true,
          reason: `${host} cannot be resolved: check the name and the name servers of this machine`,
        }
      for (const { address } of found) {
        const kind = privateKind(address)
        if (kind !== null) return refused(`${host} resolves to ${address}, ${kind}`)
      }
      return { ok: true, address: first.address }
    })
