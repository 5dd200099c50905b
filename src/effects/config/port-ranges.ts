/** Ports that are given out when a request names none. */
import { createSocket } from "node:dgram"
import { Effect } from "effect"
import { Conflict } from "../model/Errors.ts"

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** More ports than this that another program holds are not looked at: asking for each takes time. */
const MAX_TRIED = 1000

/** True when this machine lets a UDP socket have the port on all its addresses. SRT is UDP too. */
export const isUdpPortFree = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = createSocket("udp4")
    socket.once("error", () => resume(Effect.try(() => socket.close()).pipe(Effect.ignore, Effect.as(false))))
    socket.bind({ port, address: "0.0.0.0", exclusive: true }, () => socket.close(() => resume(Effect.succeed(true))))
  })

/**
 * The lowest port of the range that is neither claimed by the configuration nor held by another program. Fails with
 * `Conflict` for the request's field `path` when there is none.
 */
export const firstFreePort = (
  { first, last }: PortRange,
  claimed: ReadonlySet<number>,
  path: string,
  isFree: (port: number) => Effect.Effect<boolean> = isUdpPortFree,
): Effect.Effect<number, Conflict> =>
  Effect.gen(function* () {
    let tried = 0
    for (let port = first; port <= last && tried < MAX_TRIED; port++) {
      if (claimed.has(port)) continue
      if (yield* isFree(port)) return port
      tried++
    }
    const message = `no UDP port from ${first} to ${last} is free: name one, or set a wider range (docs/configuration.md)`
    return yield* new Conflict({ errors: [{ path, message }] })
  })
