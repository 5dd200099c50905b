/** The kernel's receive buffer of libsrt's ports that inputs are received on. */
import type { SrtInputTarget } from "../../core/input/input-url.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import * as c from "../ffi/libc.ts"
import { udpSocketsOn } from "../srt/packet-filter.ts"

/** The target with `input.rcvbuf` as the size of the buffer, where the URL does not give one itself. */
export const withReceiveBuffer = (target: SrtInputTarget, bytes: number | undefined): SrtInputTarget => {
  const given = target.options.some(({ option }) => option === SRT_OPTIONS.UDP_RCVBUF)
  return bytes === undefined || given
    ? target
    : { ...target, options: [...target.options, { option: SRT_OPTIONS.UDP_RCVBUF, value: bytes }] }
}

/**
 * Gives the port at `address` a buffer of `bytes` where the process may pass net.core.rmem_max (CAP_NET_ADMIN), which
 * libsrt does not try.
 */
export const forceReceiveBuffer = (address: Uint8Array, bytes: number): void => {
  const value = new Uint8Array(Int32Array.of(bytes).buffer)
  for (const fd of udpSocketsOn(address)) c.libc.setsockopt(fd, c.SOL_SOCKET, c.SO_RCVBUFFORCE, value, value.length)
}
