/** Sends TS bytes to a port as an encoder does: RTP or raw UDP, seven packets in a datagram, paced. */
import { createSocket } from "node:dgram"

export interface SendOptions {
  readonly port: number
  /** A second leg: it gets each datagram right behind the first one, with the next SSRC. */
  readonly secondPort?: number
  /** Whether an RTP header comes before the TS; default true. */
  readonly rtp?: boolean
  readonly bitrate?: number
  readonly ssrc?: number
  readonly sequence?: number
  readonly timestamp?: number
  readonly packetsPerDatagram?: number
  readonly signal?: AbortSignal
  /** Whether sending starts again at the end, until it is aborted. */
  readonly loop?: boolean
}

/** Makes an RTP header (RFC 3550 5.1), without CSRC or extension. */
export const rtpHeader = (sequence: number, timestamp: number, ssrc: number, payloadType = 33): Buffer => {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = payloadType
  header.writeUInt16BE(sequence & 0xffff, 2)
  header.writeUInt32BE(timestamp >>> 0, 4)
  header.writeUInt32BE(ssrc >>> 0, 8)
  return header
}

/** A sender that is further behind its bit rate does not make up for it: a burst overflows the receiver's buffer. */
const MOST_BEHIND_MS = 100

/** Sends the TS; resolves with the number of datagrams sent to a leg. */
export const sendTs = async (ts: Uint8Array, options: SendOptions): Promise<number> => {
  const { port, rtp = true, bitrate = 8_000_000, ssrc = 0x1234abcd, packetsPerDatagram = 7 } = options
  const ports = options.secondPort === undefined ? [port] : [port, options.secondPort]
  const socket = createSocket("udp4")
  const size = packetsPerDatagram * 188
  let startedAt = performance.now()
  let sequence = options.sequence ?? 1
  let sent = 0
  let bytes = 0
  try {
    do {
      for (let at = 0; at + 188 <= ts.length && options.signal?.aborted !== true; at += size) {
        const payload = ts.subarray(at, Math.min(at + size, ts.length - (ts.length % 188)))
        const timestamp = (options.timestamp ?? 0) + Math.floor((bytes * 8 * 90_000) / bitrate)
        // A port that is not open yet answers with ECONNREFUSED, which an encoder does not mind either.
        for (const [leg, to] of ports.entries()) {
          const message = rtp ? [rtpHeader(sequence, timestamp, ssrc + leg), payload] : [payload]
          await new Promise<void>((resolve) => socket.send(message, to, "127.0.0.1", () => resolve()))
        }
        sequence = (sequence + 1) & 0xffff
        sent += 1
        bytes += payload.length
        const ahead = (bytes * 8 * 1000) / bitrate - (performance.now() - startedAt)
        if (ahead > 2) await new Promise((resolve) => setTimeout(resolve, ahead))
        // What a process that stood still did not send goes out late, and not all at once.
        if (ahead < -MOST_BEHIND_MS) startedAt -= ahead
      }
    } while (options.loop === true && options.signal?.aborted !== true)
    return sent
  } finally {
    socket.close()
  }
}
