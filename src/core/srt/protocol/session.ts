/** What two sides have agreed on when a handshake is over, and the codes by which one is refused. */
import type { StreamKeys } from "./key-material.ts"

/** Reject codes of srt.h that this stack sends; reject.ts has the sentences for all of them. */
export const REJECT = {
  SYSTEM: 1,
  PEER: 2,
  RESOURCE: 3,
  ROGUE: 4,
  BACKLOG: 5,
  VERSION: 8,
  BADSECRET: 10,
  UNSECURE: 11,
  MESSAGEAPI: 12,
  CONGESTION: 13,
  FILTER: 14,
  GROUP: 15,
  TIMEOUT: 16,
} as const

/** An established connection, as its sender needs it. */
export interface Session {
  /** The socket id by which the peer addresses us, and the one by which we address it. */
  readonly socketId: number
  readonly peerSocketId: number
  /** The sequence number of the first data packet. */
  readonly sequence: number
  /** Latency in ms with which the peer receives; 0 when it plays out without TSBPD. */
  readonly latencyMs: number
  /** Packets the peer lets be in flight. */
  readonly flowWindow: number
  /** Largest payload in bytes that the MTUs of both sides let through over IPv4. */
  readonly payloadBytes: number
  /** True when the peer repeats its loss reports by itself (NAKREPORT). */
  readonly periodicNak: boolean
  /** True when the peer gives up what comes too late. */
  readonly dropsTooLate: boolean
  /** The peer's version of SRT, 0xMMmmpp. */
  readonly peerVersion: number
  /** Null for a connection in the clear. */
  readonly keys: StreamKeys | null
  /** The connection's time 0 in µs of the monotonic clock: what its time stamps count from. */
  readonly startUs: number
}

/** Bytes of IPv4, UDP and SRT headers in a datagram: what an MTU loses. */
const HEADERS = 20 + 8 + 16

/** The largest payload of a connection whose sides gave these MTUs, in bytes. */
export const payloadFor = (ours: number, theirs: number): number => Math.min(ours, theirs) - HEADERS
