/** What a datagram is by itself: RTP with TS in it, bare TS, or neither. */

import { joinBytes } from "../../bytes/join-bytes.ts"
import { parseRtp, type RtpHeader } from "../../rtp/header.ts"
import { SYNC_BYTE, TS_PACKET_SIZE } from "../../ts/packet.ts"
import { isEven } from "./reference-bytes.ts"

export interface Datagram {
  readonly bytes: Uint8Array
  /** Time of arrival in whole monotonic microseconds, which never fall. */
  readonly rx_us: number
  /** Source address in host order; the next field is its port. */
  readonly ipv4: number
  readonly port: number
}

type Fault = "bad_not_ts" | "bad_rtp" | "bad_length" | "bad_sync"
export type Rtp = {
  readonly framing: "rtp"
  readonly payload: Uint8Array
  readonly header: RtpHeader
  readonly is204: boolean
}
type Udp = { readonly framing: "udp"; readonly payload: Uint8Array }
export type Kind = Rtp | Udp | { readonly fault: Fault }

const isWhole = (bytes: Uint8Array) => bytes.length > 0 && bytes.length % TS_PACKET_SIZE === 0
const hasSync = (bytes: Uint8Array) => bytes.some((byte, at) => at % TS_PACKET_SIZE === 0 && byte === SYNC_BYTE)
const isTs = (bytes: Uint8Array) => isWhole(bytes) && hasSync(bytes)
const payloadFault = (bytes: Uint8Array): Kind => ({ fault: isWhole(bytes) ? "bad_sync" : "bad_length" })

const without204 = (bytes: Uint8Array): Uint8Array =>
  joinBytes(Array.from({ length: bytes.length / 204 }, (_, i) => bytes.subarray(i * 204, i * 204 + TS_PACKET_SIZE)))

/** Says what a datagram is by itself, or why it is not taken. */
export const classifyDatagram = (bytes: Uint8Array): Kind => {
  const [first, second = 0] = bytes
  if (first === undefined) return { fault: "bad_not_ts" }
  const header = parseRtp(bytes)
  const payload =
    header === null ? null : bytes.subarray(header.payload_offset, header.payload_offset + header.payload_length)
  if (header !== null && payload !== null) {
    if (isTs(payload)) return { framing: "rtp", payload, header, is204: false }
    if (isEven(payload, 204)) return { framing: "rtp", payload: without204(payload), header, is204: true }
  }
  if (isTs(bytes)) return { framing: "udp", payload: bytes }
  if (first >> 6 !== 2) return isWhole(bytes) || first === SYNC_BYTE ? payloadFault(bytes) : { fault: "bad_not_ts" }
  if (second >= 192 && second <= 223) return { fault: "bad_not_ts" }
  if (payload === null) return { fault: "bad_rtp" }
  return payload.length === 0 ? { fault: "bad_not_ts" } : payloadFault(payload)
}

/** Whether a datagram is RTP except for the length of its payload. */
export const isBrokenRtp = (bytes: Uint8Array): boolean => {
  const header = parseRtp(bytes)
  return header !== null && header.payload_length > 0 && bytes[header.payload_offset] === SYNC_BYTE
}
