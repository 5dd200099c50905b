/**
 * Whether an SRT listener may take a UDP port.
 *
 * libsrt needs SRTO_REUSEADDR to listen again on a port it used within the last seconds (its multiplexer lingers), but
 * with that flag a port that another program holds with SO_REUSEADDR is shared silently and one of the two gets
 * nothing. So ports that are not ours are tried first with a plain socket.
 */

import * as c from "../ffi/libc.ts"
import { formatSockaddr } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { describeErrno } from "../system/describe-errno.ts"

/** libsrt's garbage collector keeps a multiplexer for up to 5 s after its last socket. */
const LINGER_MS = 10_000

/** Monotonic: a step of the wall clock must not make us forget a port of our own. */
const now = (): number => performance.now()

const ANY = /^(?:0\.0\.0\.0|\[::\]):/
const portOf = (shown: string): string => shown.slice(shown.lastIndexOf(":"))
/** Equal, or equal ports of which one is bound to all addresses. */
const overlap = (a: string, b: string): boolean => a === b || (portOf(a) === portOf(b) && (ANY.test(a) || ANY.test(b)))

export class ListenerPorts {
  /** Addresses of our listeners, with the time they were closed; Infinity while open. */
  readonly #ours = new Map<string, number>()

  /** Throws SetupFailure (`EADDRINUSE`, `EADDRNOTAVAIL`, ...) when the address cannot be had. */
  claim(address: Uint8Array): void {
    const shown = formatSockaddr(address)
    for (const [key, closedAt] of this.#ours) if (now() - closedAt > LINGER_MS) this.#ours.delete(key)
    const others = [...this.#ours].filter(([key]) => overlap(key, shown))
    const refuse = (why: string, transient: boolean): never => {
      throw new SetupFailure({
        code: "EADDRINUSE",
        message: `EADDRINUSE while listening on ${shown}/udp: ${why}`,
        transient,
      })
    }
    if (others.some(([, closedAt]) => closedAt === Number.POSITIVE_INFINITY))
      refuse("another output of this service listens on that port; give one of them another port", false)
    if (others.some(([key]) => key !== shown))
      refuse("the output that had that port was closed a moment ago; it is tried again", true)
    if (others.length === 0) this.#probe(address, shown)
    this.#ours.set(shown, Number.POSITIVE_INFINITY)
  }

  release(address: Uint8Array): void {
    this.#ours.set(formatSockaddr(address), now())
  }

  #probe(address: Uint8Array, shown: string): void {
    const fd = c.libc.socket(address.length === 28 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) return
    const code = c.libc.bind(fd, address, address.length) === 0 ? 0 : c.errno()
    c.libc.close(fd)
    if (code !== 0)
      throw new SetupFailure({
        code: c.errnoName(code),
        message: describeErrno(code, `listening on ${shown}/udp`),
        transient: false,
      })
  }
}
