/** The handshake of SRT: its 48 bytes behind the header, and the blocks of extensions behind those (clause 3.2.1). */
import { CONTROL, HEADER_BYTES, SEQUENCE_MASK, writeControlHeader } from "./packet.ts"

/** Bytes of a handshake without extensions, header included. */
export const HANDSHAKE_BYTES = 64

/** Largest packet a handshake is built in; an SRT peer reads no more than its MSS. */
const MAX_BYTES = 1456

/** Handshake types, clause 3.2.1. From 1000 up a type is a reject code plus 1000. */
export const HANDSHAKE_TYPE = { INDUCTION: 1, WAVEAHAND: 0, CONCLUSION: 0xffffffff, AGREEMENT: 0xfffffffe } as const

/** A reply whose type is this much or more refuses the caller; the rest is the code. */
export const REJECT_BASE = 1000

/** "SRT code" in the extension field of the listener's induction. */
export const MAGIC = 0x4a17

/** Versions of the handshake: 4 is UDT's and that of SRT before 1.3. */
export const HANDSHAKE_V4 = 4
export const HANDSHAKE_V5 = 5

/** What the extension field of a conclusion announces. */
export const HAS = { HSREQ: 1, KMREQ: 2, CONFIG: 4 } as const

/** Types of extensions, clause 3.2.1, table 5. */
export const EXTENSION = {
  HSREQ: 1,
  HSRSP: 2,
  KMREQ: 3,
  KMRSP: 4,
  SID: 5,
  CONGESTION: 6,
  FILTER: 7,
  GROUP: 8,
} as const

/** Flags of HSREQ and HSRSP, clause 3.2.1.1.1. */
export const FLAG = {
  TSBPDSND: 0x01,
  TSBPDRCV: 0x02,
  CRYPT: 0x04,
  TLPKTDROP: 0x08,
  PERIODICNAK: 0x10,
  REXMITFLG: 0x20,
  STREAM: 0x40,
  PACKET_FILTER: 0x80,
} as const

/** The version of SRT we speak, 0xMMmmpp. */
export const SRT_VERSION = 0x010501

/** Longest stream id in bytes, clause 3.2.1.3. */
export const STREAM_ID_MAX = 512

/** HSREQ or HSRSP. */
export interface Capabilities {
  /** 0xMMmmpp. */
  readonly version: number
  readonly flags: number
  /** Latency in ms with which the sender of this block receives, 16 bits. */
  readonly receiveLatencyMs: number
  /** Least latency in ms its sender wants the other side to receive with, 16 bits. */
  readonly sendLatencyMs: number
}

export interface Handshake {
  /** 4 or 5. */
  readonly version: number
  /** AES key length divided by 8: 0, 2, 3 or 4. */
  readonly encryption: number
  /** MAGIC in a listener's induction, 2 in a caller's, HAS_* in a conclusion. */
  readonly extension: number
  readonly sequence: number
  /** Largest UDP datagram in bytes, IP and UDP headers included. */
  readonly mtu: number
  /** Packets that may be in flight to the sender of this handshake. */
  readonly flowWindow: number
  /** One of HANDSHAKE_TYPE, or REJECT_BASE plus a code. */
  readonly type: number
  readonly socketId: number
  readonly cookie: number
  /** The address of the receiver as its sender sees it: 16 bytes, an IPv4 address in the first four. Nobody reads it. */
  readonly peerAddress: Uint8Array
  /** HSREQ of a caller, HSRSP of a listener; null without. */
  readonly capabilities: Capabilities | null
  /** KMREQ or KMRSP as it stands; four bytes of a KMRSP are an error state. Null without. */
  readonly keyMaterial: Uint8Array | null
  readonly streamId: string
  /** Name of the congestion controller, "" without: "live" by default. */
  readonly congestion: string
  /** Packet filter asked for, "" without. */
  readonly filter: string
  /** True with a GROUP extension: the connection is to be one of several. */
  readonly grouped: boolean
}

/** A handshake as one builds it: what is left out is zero, empty or without. */
export interface HandshakeFields extends Partial<Omit<Handshake, "version" | "type" | "socketId">> {
  readonly version: number
  readonly type: number
  readonly socketId: number
  /** Destination of the packet: the peer's socket id, 0 while it is not known. */
  readonly to: number
  /** µs since the connection's start, taken mod 2^32. The peer's TSBPD begins where a conclusion says 0. */
  readonly timestamp: number
  /** True for a listener's answer: its blocks are HSRSP and KMRSP. */
  readonly response?: boolean
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Text is sent in groups of four bytes, each turned round (clause 3.2.1.3). */
const turned = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array((bytes.length + 3) & ~3)
  bytes.forEach((byte, i) => {
    out[i ^ 3] = byte
  })
  return out
}

const textOf = (bytes: Uint8Array): string => {
  const text = turned(bytes)
  const end = text.indexOf(0)
  return decoder.decode(end < 0 ? text : text.subarray(0, end))
}

const capabilitiesBytes = (c: Capabilities): Uint8Array => {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, c.version)
  view.setUint32(4, c.flags)
  view.setUint16(8, c.receiveLatencyMs)
  view.setUint16(10, c.sendLatencyMs)
  return bytes
}

const blocksOf = (h: HandshakeFields): Array<readonly [type: number, content: Uint8Array]> => {
  const blocks: Array<readonly [number, Uint8Array]> = []
  if (h.capabilities) blocks.push([h.response ? EXTENSION.HSRSP : EXTENSION.HSREQ, capabilitiesBytes(h.capabilities)])
  if (h.keyMaterial) blocks.push([h.response ? EXTENSION.KMRSP : EXTENSION.KMREQ, h.keyMaterial])
  if (h.streamId) blocks.push([EXTENSION.SID, turned(encoder.encode(h.streamId))])
  if (h.congestion) blocks.push([EXTENSION.CONGESTION, turned(encoder.encode(h.congestion))])
  if (h.filter) blocks.push([EXTENSION.FILTER, turned(encoder.encode(h.filter))])
  return blocks
}

/** The packet of a handshake. RangeError when its extensions do not fit into one. */
export const buildHandshake = (h: HandshakeFields): Uint8Array<ArrayBuffer> => {
  const blocks = blocksOf(h)
  const length = blocks.reduce((sum, [, content]) => sum + 4 + content.length, HANDSHAKE_BYTES)
  if (length > MAX_BYTES) throw new RangeError(`a handshake of ${length} bytes does not fit into ${MAX_BYTES}`)
  const packet = new Uint8Array(length)
  const view = new DataView(packet.buffer)
  writeControlHeader(view, 0, { type: CONTROL.HANDSHAKE, timestamp: h.timestamp, to: h.to })
  const words = [
    h.version,
    (((h.encryption ?? 0) << 16) | (h.extension ?? 0)) >>> 0,
    h.sequence ?? 0,
    h.mtu ?? 1500,
    h.flowWindow ?? 8192,
    h.type,
    h.socketId,
    h.cookie ?? 0,
  ]
  for (const [i, word] of words.entries()) view.setUint32(HEADER_BYTES + i * 4, word)
  packet.set((h.peerAddress ?? new Uint8Array(16)).subarray(0, 16), 48)
  let at = HANDSHAKE_BYTES
  for (const [type, content] of blocks) {
    view.setUint16(at, type)
    view.setUint16(at + 2, content.length / 4)
    packet.set(content, at + 4)
    at += 4 + content.length
  }
  return packet
}

/** Where the words of a handshake stand in its packet that are looked at before it is read. */
export const AT = { VERSION: 16, ENCRYPTION: 20, EXTENSION: 22, TYPE: 36, SOCKET_ID: 40, COOKIE: 44 } as const

/**
 * True when the `length` bytes at `at` are long enough for a handshake and its extensions end where they end. It makes
 * no objects: whoever storms a listener costs no more than this before a cookie is right.
 */
export const isWhole = (view: DataView, at: number, length: number): boolean => {
  if (length < HANDSHAKE_BYTES || at + length > view.byteLength) return false
  if (view.getUint32(at + AT.TYPE) !== HANDSHAKE_TYPE.CONCLUSION) return true
  let p = HANDSHAKE_BYTES
  while (p + 4 <= length) p += 4 + view.getUint16(at + p + 2) * 4
  return p === length
}

interface Extensions {
  capabilities: Capabilities | null
  keyMaterial: Uint8Array | null
  streamId: string
  congestion: string
  filter: string
  grouped: boolean
}

const readBlock = (into: Extensions, type: number, content: Uint8Array): boolean => {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  if (type === EXTENSION.HSREQ || type === EXTENSION.HSRSP) {
    // A peer may append to the block what a later version defines.
    if (content.length < 12) return false
    into.capabilities = {
      version: view.getUint32(0),
      flags: view.getUint32(4),
      receiveLatencyMs: view.getUint16(8),
      sendLatencyMs: view.getUint16(10),
    }
  } else if (type === EXTENSION.KMREQ || type === EXTENSION.KMRSP) {
    if (content.length < 4) return false
    into.keyMaterial = new Uint8Array(content)
  } else if (type === EXTENSION.SID) {
    if (content.length > STREAM_ID_MAX) return false
    into.streamId = textOf(content)
  } else if (type === EXTENSION.CONGESTION) into.congestion = textOf(content)
  else if (type === EXTENSION.FILTER) into.filter = textOf(content)
  else if (type === EXTENSION.GROUP) into.grouped = true
  return true
}

/**
 * Reads the handshake of `length` bytes at `at`, header included; null when it is too short or its extensions do not
 * end where it ends. Extensions of types not known here are passed over, as clause 3.2.1 asks.
 */
export const readHandshake = (bytes: Uint8Array, at: number, length: number): Handshake | null => {
  if (at + length > bytes.length) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, length)
  if (!isWhole(view, 0, length)) return null
  const type = view.getUint32(AT.TYPE)
  const extensions: Extensions = {
    capabilities: null,
    keyMaterial: null,
    streamId: "",
    congestion: "",
    filter: "",
    grouped: false,
  }
  if (type === HANDSHAKE_TYPE.CONCLUSION)
    for (let p = HANDSHAKE_BYTES; p < length; ) {
      const size = view.getUint16(p + 2) * 4
      const content = bytes.subarray(at + p + 4, at + p + 4 + size)
      if (!readBlock(extensions, view.getUint16(p), content)) return null
      p += 4 + size
    }
  return {
    version: view.getUint32(AT.VERSION),
    encryption: view.getUint16(AT.ENCRYPTION),
    extension: view.getUint16(AT.EXTENSION),
    sequence: view.getUint32(24),
    mtu: view.getUint32(28),
    flowWindow: view.getUint32(32),
    type,
    socketId: view.getUint32(AT.SOCKET_ID),
    cookie: view.getUint32(AT.COOKIE),
    peerAddress: new Uint8Array(bytes.subarray(at + 48, at + 64)),
    ...extensions,
  }
}

/** Least MTU a peer may give: IPv4, UDP and SRT headers and one TS packet. */
const MTU_MIN = 44 + 188
/** Least window a peer may give, as in libsrt. */
const WINDOW_MIN = 2

/** True when a connection can be built on the numbers of a conclusion: a peer that sends others is broken or hostile. */
export const isUsable = (h: Handshake): boolean =>
  h.socketId !== 0 && h.sequence <= SEQUENCE_MASK && h.mtu >= MTU_MIN && h.flowWindow >= WINDOW_MIN

/** The code of a handshake that refuses us; null for one that does not. */
export const rejectCodeOf = (type: number): number | null =>
  type >= REJECT_BASE && type < 0x80000000 ? type - REJECT_BASE : null
