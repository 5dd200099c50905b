/** An SRT URL's options as our own stack takes them. */
import type { SrtTarget } from "../../../core/output/output-url.ts"
import { SRT_OPTIONS, type SrtOption } from "../../../core/srt/options.ts"
import type { KeyBytes } from "../../../core/srt/protocol/key-material.ts"
import type { ConnectionOptions } from "./connection.ts"
import type { EndpointOptions } from "./endpoint.ts"

const O = SRT_OPTIONS

const numberOf = (target: SrtTarget, option: SrtOption): number | null => {
  const given = target.options.findLast((setting) => setting.option.name === option.name)
  return given === undefined ? null : Number(given.value)
}

/** Latency in ms asked of the receiver. */
export const latencyOf = (target: SrtTarget): number =>
  numberOf(target, O.PEERLATENCY) ?? numberOf(target, O.LATENCY) ?? target.latencyMs ?? 120

/** Null leaves the key length to the other side. */
export const keyBytesOf = (target: SrtTarget): KeyBytes | null => {
  const bytes = numberOf(target, O.PBKEYLEN)
  return bytes === 16 || bytes === 24 || bytes === 32 ? bytes : null
}

export const tsbpdOf = (target: SrtTarget): boolean => numberOf(target, O.TSBPDMODE) !== 0

export const mtuOf = (target: SrtTarget): number => numberOf(target, O.MSS) ?? 1500

export const minVersionOf = (target: SrtTarget): number => numberOf(target, O.MINVERSION) ?? 0x010000

export const connectionOptions = (target: SrtTarget): ConnectionOptions => {
  const limit = numberOf(target, O.PAYLOADSIZE) ?? target.packetSize
  const idleMs = numberOf(target, O.PEERIDLETIMEO)
  const dropDelayMs = numberOf(target, O.SNDDROPDELAY)
  const refreshPackets = numberOf(target, O.KMREFRESHRATE)
  const announcePackets = numberOf(target, O.KMPREANNOUNCE)
  return {
    packetSize: Math.min(target.packetSize, Math.max(188, Math.floor(limit / 188) * 188)),
    ...(idleMs === null ? {} : { idleUs: Math.max(5e6, idleMs * 1000) }),
    ...(dropDelayMs === null ? {} : { dropDelayMs }),
    ...(refreshPackets === null || refreshPackets === 0 ? {} : { refreshPackets }),
    ...(announcePackets === null || announcePackets === 0 ? {} : { announcePackets }),
  }
}

/** What its UDP socket is set to. */
export const endpointOptions = (target: SrtTarget, local: Uint8Array): EndpointOptions => ({
  local,
  ttl: numberOf(target, O.IPTTL),
  tos: numberOf(target, O.IPTOS),
  sendBuffer: numberOf(target, O.UDP_SNDBUF),
  receiveBuffer: numberOf(target, O.UDP_RCVBUF),
})
