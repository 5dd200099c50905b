/**
 * Shared local ports of SRT callers. Every UDP port costs libsrt two threads, so up to `CALLERS_PER_PORT` callers with
 * equal socket-level options are bound to one port (measured: half the CPU of a port each).
 *
 * An anchor socket, bound and never connected, keeps a port's multiplexer alive while it has callers: libsrt before
 * 1.5.2 must not find a multiplexer that is being torn down when the next caller binds.
 */
import type { SrtPurpose } from "../../core/output/url/srt-url.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import { encodeSockaddr, sockaddrPort } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { filterPackets } from "./packet-filter.ts"
import { createSocket, lastError, localAddress, type SrtTarget } from "./srt-socket.ts"

export const CALLERS_PER_PORT = 64

/**
 * Options that must be equal on all sockets of one UDP port (libsrt's CSrtMuxerConfig), and the MSS it keeps from the
 * first.
 */
const MUXER_OPTIONS = new Set([
  SRT_OPTIONS.MSS.name,
  SRT_OPTIONS.IPTTL.name,
  SRT_OPTIONS.IPTOS.name,
  SRT_OPTIONS.IPV6ONLY.name,
  SRT_OPTIONS.REUSEADDR.name,
  SRT_OPTIONS.BINDTODEVICE.name,
  SRT_OPTIONS.UDP_SNDBUF.name,
  SRT_OPTIONS.UDP_RCVBUF.name,
])

interface SharedPort {
  readonly key: string
  readonly anchor: number
  readonly address: Uint8Array
  callers: number
}

export class PortPool {
  readonly #srt: LibSrt
  readonly #purpose: SrtPurpose
  readonly #ports: SharedPort[] = []

  /** For callers that send, or for those that receive: their ports differ in size. */
  constructor(srt: LibSrt, purpose: SrtPurpose = "send") {
    this.#srt = srt
    this.#purpose = purpose
  }

  /**
   * Binds `socket` beside others like it; the returned function gives the place back and must be called after the
   * socket is closed.
   */
  bind(socket: number, target: SrtTarget, family: 4 | 6): () => void {
    const localHost = target.localHost ?? (family === 6 ? "::" : "0.0.0.0")
    const options = target.options
      .filter((o) => MUXER_OPTIONS.has(o.option.name))
      .map((o) => `${o.option.name}=${String(o.value)}`)
    const key = [localHost, ...options.sort()].join(" ")
    const port =
      this.#ports.find((p) => p.key === key && p.callers < CALLERS_PER_PORT) ?? this.#open(key, target, localHost)
    if (this.#srt.bind(socket, port.address, port.address.length) !== 0) {
      const reason = lastError(this.#srt, `cannot share local port ${sockaddrPort(port.address)}`)
      this.#closeIfUnused(port)
      throw new SetupFailure(reason)
    }
    port.callers += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      port.callers -= 1
      this.#closeIfUnused(port)
    }
  }

  #open(key: string, target: SrtTarget, localHost: string): SharedPort {
    const options = target.options.filter((o) => MUXER_OPTIONS.has(o.option.name))
    const anchor = createSocket(this.#srt, { ...target, options }, this.#purpose)
    const any = encodeSockaddr(localHost, 0)
    if (this.#srt.bind(anchor, any, any.length) !== 0) {
      const reason = lastError(this.#srt, `cannot bind to ${localHost}`)
      this.#srt.close(anchor)
      throw new SetupFailure({ ...reason, transient: false })
    }
    const port: SharedPort = { key, anchor, address: localAddress(this.#srt, anchor), callers: 0 }
    filterPackets(port.address, "caller")
    this.#ports.push(port)
    return port
  }

  #closeIfUnused(port: SharedPort): void {
    if (port.callers > 0) return
    const index = this.#ports.indexOf(port)
    // The first port stays for the next caller; a retrying caller would otherwise open and close ports for ever.
    if (index <= 0) return
    this.#ports.splice(index, 1)
    this.#srt.close(port.anchor)
  }
}
