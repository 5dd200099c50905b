/**
 * RTSP with ALLOW_PRIVATE_TARGETS=off: ffmpeg would resolve the name again, so it is given the very address that was
 * checked.
 */
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { Effect } from "effect"
import { privateTargetProblem } from "../../core/net/private-address.ts"
import { OutputEnded } from "../model/Errors.ts"

export type RtspLookup = (host: string) => Promise<{ readonly address: string }>

const RESOLVE_WITHIN = "5 seconds"
const HOST = /^(rtsps?:\/\/(?:[^/?#]*@)?)(\[[^\]]*\]|[^:/?#]*)/i

/**
 * The URL with its host resolved. Fails with `private_target` for an address on this machine or in a private network,
 * with `dns` for a name without one.
 */
export const publicRtspUrl = (url: string, ask: RtspLookup = lookup): Effect.Effect<string, OutputEnded> =>
  Effect.gen(function* () {
    const host = (HOST.exec(url)?.[2] ?? "").replace(/^\[(.*)\]$/, "$1")
    const found = isIP(host) !== 0 ? { address: host } : yield* resolved(host, ask)
    const reason = privateTargetProblem(found.address, host)
    if (reason !== null) return yield* new OutputEnded({ code: "private_target", reason, transient: false })
    const address = isIP(found.address) === 6 ? `[${found.address}]` : found.address
    return url.replace(HOST, (_, before: string) => before + address)
  })

const resolved = (host: string, ask: RtspLookup) =>
  Effect.tryPromise({
    try: () => ask(host),
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause)),
  }).pipe(
    Effect.timeoutFail({ duration: RESOLVE_WITHIN, onTimeout: () => `no answer within ${RESOLVE_WITHIN}` }),
    Effect.mapError(
      (why) =>
        new OutputEnded({ code: "dns", reason: `the host name ${host} cannot be resolved: ${why}`, transient: true }),
    ),
  )
