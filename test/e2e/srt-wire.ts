/**
 * SRT control packets as bytes, for peers that break the rules (draft-sharabayko-srt 3.2). The product itself shares
 * nothing of this: it leaves the protocol to libsrt.
 */

export const HANDSHAKE = 0
export const KEEPALIVE = 1
export const ACK = 2
export const NAK = 3
export const SHUTDOWN = 5
export const ACKACK = 6
export const DROPREQ = 7
export const PEER_ERROR = 8
export const USER_DEFINED = 0x7fff

/** Handshake types (3.2.1). */
export const INDUCTION = 1
export const CONCLUSION = 0xffffffff
/** A rejection travels as 1000 + the code of srt_getrejectreason. */
export const REJECTION = 1000
/** Extension field of a listener's induction response, which says that it speaks version 5. */
export const MAGIC = 0x4a17

/** Extension types (table 5). */
export const EXT_HSREQ = 1
export const EXT_HSRSP = 2
export const EXT_KMREQ = 3
export const EXT_KMRSP = 4
export const EXT_SID = 5
export const EXT_CONGESTION = 6
export const EXT_FILTER = 7
export const EXT_GROUP = 8
/** Flags of the extension field in a conclusion. */
export const FLAG_HSREQ = 1
export const FLAG_KMREQ = 2
export const FLAG_CONFIG = 4

const HEADER = 16
const HANDSHAKE_SIZE = 48

export interface Extension {
  readonly type: number
  readonly body: Uint8Array
  /** Length in 4-byte words as written on the wire; default is that of the body. */
  readonly claimedWords?: number
}

export interface Handshake {
  readonly version: number
  /** The upper half is the encryption: 0, 2, 3, 4 for none, AES-128, 192, 256. */
  readonly encryption: number
  /** In version 4, 2 is a UDT stream and 1 is dgram; in version 5, MAGIC or flags. */
  readonly extensionField: number
  readonly sequence: number
  readonly mtu: number
  readonly window: number
  readonly type: number
  readonly socketId: number
  readonly cookie: number
  readonly extensions: ReadonlyArray<Extension>
}

/** Makes a control packet: type, subtype, the type's own word, destination socket, and what follows. */
export const controlPacket = (
  type: number,
  destination: number,
  body: Uint8Array,
  subtype = 0,
  info = 0,
  timestampUs = 0,
): Buffer => {
  const packet = Buffer.alloc(HEADER + body.length)
  packet.writeUInt16BE(0x8000 | type, 0)
  packet.writeUInt16BE(subtype, 2)
  packet.writeUInt32BE(info >>> 0, 4)
  packet.writeUInt32BE(timestampUs >>> 0, 8)
  packet.writeUInt32BE(destination >>> 0, 12)
  packet.set(body, HEADER)
  return packet
}

const packExtension = ({ type, body, claimedWords }: Extension): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(claimedWords ?? body.length >> 2, 2)
  return Buffer.concat([head, body])
}

const DEFAULTS: Handshake = {
  version: 5,
  encryption: 0,
  extensionField: 0,
  sequence: 1000,
  mtu: 1500,
  window: 8192,
  type: INDUCTION,
  socketId: 0x1234567,
  cookie: 0,
  extensions: [],
}

export const packHandshake = (destination: number, fields: Partial<Handshake>): Buffer => {
  const h = { ...DEFAULTS, ...fields }
  const body = Buffer.alloc(HANDSHAKE_SIZE)
  body.writeUInt32BE(h.version, 0)
  body.writeUInt16BE(h.encryption, 4)
  body.writeUInt16BE(h.extensionField, 6)
  for (const [i, word] of [h.sequence, h.mtu, h.window, h.type, h.socketId, h.cookie].entries())
    body.writeUInt32BE(word >>> 0, 8 + i * 4)
  // libsrt writes addresses as words in the order of the host.
  body.set([1, 0, 0, 127], 32)
  return controlPacket(HANDSHAKE, destination, Buffer.concat([body, ...h.extensions.map(packExtension)]))
}

/** Reads a handshake; null when the packet is none. */
export const parseHandshake = (packet: Buffer): (Handshake & { readonly destination: number }) | null => {
  if (packet.length < HEADER + HANDSHAKE_SIZE || packet.readUInt16BE(0) !== 0x8000) return null
  const word = (at: number) => packet.readUInt32BE(HEADER + at)
  const extensions: Extension[] = []
  for (let at = HEADER + HANDSHAKE_SIZE; at + 4 <= packet.length; ) {
    const size = packet.readUInt16BE(at + 2) * 4
    extensions.push({ type: packet.readUInt16BE(at), body: packet.subarray(at + 4, at + 4 + size) })
    at += 4 + size
  }
  return {
    destination: packet.readUInt32BE(12),
    version: word(0),
    encryption: packet.readUInt16BE(HEADER + 4),
    extensionField: packet.readUInt16BE(HEADER + 6),
    sequence: word(8),
    mtu: word(12),
    window: word(16),
    type: word(20),
    socketId: word(24),
    cookie: word(28),
    extensions,
  }
}

/**
 * Makes HSREQ or HSRSP (3.2.1.1): version 1.5.1, TSBPD in both directions, TLPKTDROP, NAK reports, retransmission flag;
 * latencies in ms.
 */
export const hsreq = (latencyMs = 120, flags = 0xbf, version = 0x010501): Buffer => {
  const body = Buffer.alloc(12)
  body.writeUInt32BE(version, 0)
  body.writeUInt32BE(flags, 4)
  body.writeUInt16BE(latencyMs, 8)
  body.writeUInt16BE(latencyMs, 10)
  return body
}

/** Packs a string, which travels as little-endian words padded with zeros (3.2.1.3). */
export const packText = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4)
  padded.set(bytes)
  return padded.swap32()
}

export const unpackText = (body: Uint8Array): string => {
  const text = Buffer.from(body).swap32().toString()
  return text.replace(/\0+$/, "")
}
