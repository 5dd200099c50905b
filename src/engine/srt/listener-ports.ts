/**
 * Whether a SRT listener may take a UDP port.
 *
 * libsrt needs SRTO_REUSEADDR to listen again on a port it used within the last seconds (its multiplexer lingers), but with that
 * flag a port that another program holds with SO_REUSEADDR is shared silently and one of the two gets nothing. So ports that are
 * not ours are tried first with a plain socket.
 */
import { describeErrno } from "../describe-errno.ts"
import * as c from "../ffi/libc.ts"
import { formatSockaddr } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../setup-failure.ts"

/** libsrt's garbage collector keeps a multiplexer for up to 5 s after its last socket. */
const LINGER_MS = 10_000

export class ListenerPorts {
  /** Addresses of our listeners, with the time they were closed; Infinity while open. */
  readonly #ours = new Map<string, number>()

  /** Throws SetupFailure (`EADDRINUSE`, `EADDRNOTAVAIL`, ...) when the address cannot be had. */
  claim(address: Uint8Array): void {
    const shown = formatSockaddr(address)
    const now = Date.now()
    for (const [key, closedAt] of this.#ours) if (now - closedAt > LINGER_MS) this.#ours.delete(key)
    if (!this.#ours.has(shown)) this.#probe(address, shown)
    this.#ours.set(shown, Number.POSITIVE_INFINITY)
  }

  release(address: Uint8Array): void {
    this.#ours.set(formatSockaddr(address), Date.now())
  }

  #probe(address: Uint8Array, shown: string): void {
    const fd = c.libc.socket(address.length === 28 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) return
    const code = c.libc.bind(fd, address, address.length) === 0 ? 0 : c.errno()
    c.libc.close(fd)
    if (code !== 0)
      throw new SetupFailure({ code: c.errnoName(code), message: describeErrno(code, `listening on ${shown}/udp`), transient: false })
  }
}
