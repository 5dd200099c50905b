/** The UDP port of an SRT listener output, taken for it alone, whichever stack it runs on. */
import { takenAddress } from "../../core/output/taken-address.ts"
import { encodeSockaddr, formatSockaddr } from "../ffi/sockaddr.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import type { SessionContext } from "./output-session.ts"

export interface ListenPort {
  /** The local address as a sockaddr, and as `ip:port`. */
  readonly local: Uint8Array
  readonly shown: string
  /** Gives it back; nothing when that was done. */
  readonly release: () => void
}

/** Throws SetupFailure (`EADDRINUSE`, `EADDRNOTAVAIL`, ...) when the port cannot be had. */
export const takeListenPort = (context: SessionContext, target: SrtTarget): ListenPort => {
  const local = encodeSockaddr(target.host === "" ? "0.0.0.0" : target.host, target.port)
  const releasePort = context.udpPorts.hold(takenAddress(target), target.port, "an SRT listener")
  try {
    context.listenerPorts.claim(local)
  } catch (cause) {
    releasePort()
    throw cause
  }
  let held = true
  const release = () => {
    if (!held) return
    held = false
    context.listenerPorts.release(local)
    releasePort()
  }
  return { local, shown: formatSockaddr(local), release }
}
