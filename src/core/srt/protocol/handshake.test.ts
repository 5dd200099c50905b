import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromHex, toHex } from "../../bytes/bytes-text.ts"
import {
  buildHandshake,
  type Capabilities,
  EXTENSION,
  FLAG,
  HANDSHAKE_BYTES,
  HANDSHAKE_TYPE,
  HAS,
  type Handshake,
  type HandshakeFields,
  MAGIC,
  readHandshake,
  rejectCodeOf,
} from "./handshake.ts"

const bytes = (hex: string): Uint8Array => fromHex(hex.replaceAll(/\s/g, "")) ?? new Uint8Array(0)
const read = (packet: Uint8Array): Handshake | null => readHandshake(packet, 0, packet.length)

const HSREQ: Capabilities = { version: 0x10501, flags: 0xbf, receiveLatencyMs: 120, sendLatencyMs: 80 }
const LOOPBACK = bytes("7f000001 000000000000000000000000")

/** Clause 3.2.1, figures 5 to 9: fields, then the same as they stand on the wire. */
const CASES: Array<[name: string, fields: HandshakeFields, hex: string]> = [
  [
    "a caller's induction",
    {
      version: 4,
      extension: 2,
      type: HANDSHAKE_TYPE.INDUCTION,
      sequence: 0x12345678,
      socketId: 0x0abcdef0,
      peerAddress: LOOPBACK,
      to: 0,
      timestamp: 5,
    },
    `80000000 00000000 00000005 00000000
     00000004 0000 0002 12345678 000005dc 00002000 00000001 0abcdef0 00000000 7f000001 00000000 00000000 00000000`,
  ],
  [
    "a listener's induction, with magic, key length and cookie",
    {
      version: 5,
      encryption: 2,
      extension: MAGIC,
      type: HANDSHAKE_TYPE.INDUCTION,
      mtu: 1400,
      flowWindow: 25600,
      socketId: 7,
      cookie: 0xfedcba98,
      to: 0x0abcdef0,
      timestamp: 0,
    },
    `80000000 00000000 00000000 0abcdef0
     00000005 0002 4a17 00000000 00000578 00006400 00000001 00000007 fedcba98 00000000 00000000 00000000 00000000`,
  ],
  [
    "a caller's conclusion with HSREQ, KMREQ, SID, CONGESTION and FILTER",
    {
      version: 5,
      encryption: 2,
      extension: HAS.HSREQ | HAS.KMREQ | HAS.CONFIG,
      type: HANDSHAKE_TYPE.CONCLUSION,
      socketId: 7,
      cookie: 0xfedcba98,
      capabilities: HSREQ,
      keyMaterial: bytes("12202901 00000000"),
      streamId: "STREAM",
      congestion: "live",
      filter: "fec",
      to: 0,
      timestamp: 0,
    },
    `80000000 00000000 00000000 00000000
     00000005 0002 0007 00000000 000005dc 00002000 ffffffff 00000007 fedcba98 00000000 00000000 00000000 00000000
     0001 0003 00010501 000000bf 0078 0050
     0003 0002 12202901 00000000
     0005 0002 45525453 00004d41
     0006 0001 6576696c
     0007 0001 00636566`,
  ],
  [
    "a listener's conclusion with HSRSP and KMRSP",
    {
      version: 5,
      extension: HAS.HSREQ | HAS.KMREQ,
      type: HANDSHAKE_TYPE.CONCLUSION,
      response: true,
      socketId: 7,
      capabilities: HSREQ,
      keyMaterial: bytes("00000004"),
      to: 9,
      timestamp: 4294967296 + 3,
    },
    `80000000 00000000 00000003 00000009
     00000005 0000 0003 00000000 000005dc 00002000 ffffffff 00000007 00000000 00000000 00000000 00000000 00000000
     0002 0003 00010501 000000bf 0078 0050
     0004 0001 00000004`,
  ],
]

describe("a handshake", () => {
  it.each(CASES)("%s", (_, fields, hex) => {
    expect(toHex(buildHandshake(fields))).toBe(toHex(bytes(hex)))
  })

  it.each(CASES)("%s is read as it was written, from an array and from a Buffer", (_, fields, hex) => {
    const { to: _to, timestamp: _timestamp, response: _response, ...said } = fields
    expect(read(bytes(hex))).toMatchObject(said)
    expect(read(Buffer.from(bytes(hex)))).toMatchObject(said)
  })

  it("keeps nothing of the buffer it was read from", () => {
    const buffer = Buffer.from(bytes(CASES[2]?.[2] ?? ""))
    const h = read(buffer)
    buffer.fill(0xee)
    expect(h?.keyMaterial).toEqual(bytes("12202901 00000000"))
    expect(h?.peerAddress).toEqual(new Uint8Array(16))
    expect(h?.streamId).toBe("STREAM")
  })

  it("has no extensions unless it is a conclusion: what stands behind a refusal is not looked at", () => {
    const refusal = buildHandshake({ version: 5, type: 1010, socketId: 7, to: 9, timestamp: 0 })
    const longer = new Uint8Array(refusal.length + 5).fill(0xff)
    longer.set(refusal)
    expect(read(longer)).toMatchObject({ type: 1010, capabilities: null, streamId: "" })
  })
})

describe("the text of a handshake", () => {
  it("is turned round in groups of four bytes, whatever its length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (text) => {
        const streamId = text.replaceAll(/[\0\ufeff]/g, "").slice(0, 100)
        const packet = buildHandshake({ version: 5, type: 0xffffffff, socketId: 1, to: 0, timestamp: 0, streamId })
        expect(packet.length % 4).toBe(0)
        expect(read(packet)?.streamId).toBe(new TextDecoder().decode(new TextEncoder().encode(streamId)))
      }),
    )
  })

  it("takes stream ids of 512 bytes, and no longer ones", () => {
    const conclusion = (streamId: string) =>
      buildHandshake({ version: 5, type: 0xffffffff, socketId: 1, to: 0, timestamp: 0, streamId })
    expect(read(conclusion("x".repeat(512)))?.streamId).toHaveLength(512)
    expect(read(conclusion("x".repeat(513)))).toBeNull()
    expect(() => conclusion("x".repeat(1400))).toThrow(RangeError)
  })
})

const PLAIN = `80000000 00000000 00000000 00000000
  00000005 0000 0001 00000000 000005dc 00002000 ffffffff 00000007 00000000 00000000 00000000 00000000 00000000`

describe("a malformed handshake", () => {
  it.each([
    ["shorter than its fields", PLAIN.slice(0, -9)],
    ["an HSREQ of two words", `${PLAIN} 0001 0002 00010501 000000bf`],
    ["a KMREQ of nothing", `${PLAIN} 0003 0000`],
    ["a block that runs past the end", `${PLAIN} 0005 0002 41414141`],
    ["a block as long as 65535 words", `${PLAIN} 0005 ffff 41414141`],
    ["half a block header", `${PLAIN} 0001`],
  ])("%s is none", (_, hex) => {
    expect(read(bytes(hex))).toBeNull()
  })

  it("never reaches beyond the length it was given", () => {
    const packet = bytes(`${PLAIN} 0005 0001 41414141`)
    expect(readHandshake(packet, 0, packet.length - 4)).toBeNull()
    expect(readHandshake(packet, 8, packet.length)).toBeNull()
    expect(readHandshake(packet, 0, HANDSHAKE_BYTES)).toMatchObject({ streamId: "" })
  })

  it("passes over what it does not know, and takes longer blocks of what it knows", () => {
    const h = read(bytes(`${PLAIN} 00ff 0001 deadbeef 0001 0004 00010501 000000bf 00780050 00000000 0008 0000`))
    expect(h).toMatchObject({ capabilities: HSREQ, grouped: true })
    expect(h?.capabilities?.flags).toBe(0x3f | FLAG.PACKET_FILTER)
    expect(EXTENSION.GROUP).toBe(8)
  })
})

describe("a refusal", () => {
  it.each([
    [1010, 10],
    [1000, 0],
    [2403, 1403],
    [HANDSHAKE_TYPE.CONCLUSION, null],
    [HANDSHAKE_TYPE.AGREEMENT, null],
    [HANDSHAKE_TYPE.INDUCTION, null],
    [HANDSHAKE_TYPE.WAVEAHAND, null],
    [999, null],
  ])("type %i says %s", (type, code) => {
    expect(rejectCodeOf(type)).toBe(code)
  })
})
