/** With ALLOW_PRIVATE_TARGETS=off: notifications do not go to this machine or into a private network either. */
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { Effect } from "effect"
import { privateKind } from "../../core/private-address.ts"
import type { RefuseHost } from "./deliver.ts"

export type LookupAll = (host: string, options: { readonly all: true }) => Promise<ReadonlyArray<{ readonly address: string }>>

const RESOLVE_WITHIN = "5 seconds"
const sentence = (what: string) => `${what}, where ALLOW_PRIVATE_TARGETS=off lets no notification go`

/** Looks at every address of a name. One that cannot be resolved is left to the attempt, which tells why. */
export const refusePrivateHost =
  (ask: LookupAll = lookup): RefuseHost =>
  (given) =>
    Effect.gen(function* () {
      const host = given.replace(/^\[(.*)\]$/, "$1")
      const own = privateKind(host)
      if (own !== null) return sentence(`${host} is ${own}`)
      if (isIP(host) !== 0) return null
      const found = yield* Effect.tryPromise(() => ask(host, { all: true })).pipe(
        Effect.timeout(RESOLVE_WITHIN),
        Effect.orElseSucceed(() => []),
      )
      for (const { address } of found) {
        const kind = privateKind(address)
        if (kind !== null) return sentence(`${host} resolves to ${address}, ${kind}`)
      }
      return null
    })
