/**
 * SRT packets: the 16 bytes in front of each, and the arithmetic of the numbers that wrap in them.
 *
 * Clauses are those of draft-sharabayko-srt-01. Whatever is read here comes from a stranger, so every reader takes an
 * offset and a length and never looks beyond them.
 */

/** Bytes of the header of data and control packets, clause 3. */
export const HEADER_BYTES = 16

/** Bit 31 of the first word: a control packet. */
export const CONTROL_BIT = 0x80000000

/** Control packet types, clause 3.2, table 1. */
export const CONTROL = {
  HANDSHAKE: 0,
  KEEPALIVE: 1,
  ACK: 2,
  NAK: 3,
  /** libsrt's congestion warning, which nothing sends any more. */
  CONGESTION: 4,
  SHUTDOWN: 5,
  ACKACK: 6,
  DROPREQ: 7,
  PEERERROR: 8,
  /** User-defined; its subtype is one of the extensions of the handshake. */
  USER: 0x7fff,
} as const

/** Subtypes of CONTROL.USER that renew keys, clause 3.2.2. */
export const USER_KMREQ = 3
export const USER_KMRSP = 4

/** Sequence numbers count modulo 2^31. */
export const SEQUENCE_MASK = 0x7fffffff

/** Message numbers count from 1 to 2^26 - 1; 0 in a DROPREQ means that the sender no longer knows the number. */
export const MESSAGE_MAX = 0x3ffffff

/** Second header word of a data packet without its message number, clause 3.1. */
export const DATA = {
  /** PP = 11: a message in one packet, as all of live mode are; O = 1: to be delivered in order. */
  SOLO_IN_ORDER: 0xe0000000,
  /** KK = 01 and 10: encrypted with the even or the odd key. */
  EVEN_KEY: 0x08000000,
  ODD_KEY: 0x10000000,
  /** R: sent again. */
  RESENT: 0x04000000,
} as const

/** Packets from `b` to `a`, negative when `a` lies before `b`. They lie less than 2^30 apart. */
export const sequenceDistance = (a: number, b: number): number => ((a - b) << 1) >> 1

/** The sequence number `count` packets after `sequence`; `count` may be negative. */
export const sequenceAfter = (sequence: number, count: number): number => (sequence + count) & SEQUENCE_MASK

/** The message number after `message`, which is never 0. */
export const messageAfter = (message: number): number => (message >= MESSAGE_MAX ? 1 : message + 1)

/** Writes the header of a control packet at `at`. `about` is its type-specific word; `timestamp` is taken mod 2^32. */
export const writeControlHeader = (
  view: DataView,
  at: number,
  control: { type: number; subtype?: number; about?: number; timestamp: number; to: number },
): void => {
  view.setUint32(at, (CONTROL_BIT | (control.type << 16) | (control.subtype ?? 0)) >>> 0)
  view.setUint32(at + 4, control.about ?? 0)
  view.setUint32(at + 8, control.timestamp % 4294967296)
  view.setUint32(at + 12, control.to)
}

/**
 * A control packet of its own. Types that carry nothing have four zero bytes behind the header, as libsrt sends them:
 * some firewalls drop what has no payload.
 */
export const controlPacket = (
  control: { type: number; subtype?: number; about?: number; timestamp: number; to: number },
  words: ReadonlyArray<number> = [0],
): Uint8Array<ArrayBuffer> => {
  const packet = new Uint8Array(HEADER_BYTES + words.length * 4)
  const view = new DataView(packet.buffer)
  writeControlHeader(view, 0, control)
  for (const [i, word] of words.entries()) view.setUint32(HEADER_BYTES + i * 4, word)
  return packet
}

/** The type of the control packet whose first word is `word`. */
export const controlType = (word: number): number => (word >>> 16) & 0x7fff

/** True when the first word of a packet says that it is a control packet. */
export const isControl = (word: number): boolean => word >= CONTROL_BIT

/** What a packet can be refused for. Each kind is counted. */
export const MALFORMED = [
  /** Shorter than its header, or than its type needs. */
  "short",
  /** A data packet, which a sender does not take. */
  "data",
  /** A control type that does not exist. */
  "type",
  /** A handshake whose extensions run past its end or whose fields contradict each other. */
  "handshake",
  /** Key material of another form than clause 3.2.2 describes. */
  "key_material",
  /** An acknowledgement of what was never sent. */
  "ack",
  /** A loss report of what was never sent, or whose ranges run backwards. */
  "nak",
  /** For a socket id nobody has, or from another address than the peer's. */
  "stranger",
] as const

export type Malformed = (typeof MALFORMED)[number]
