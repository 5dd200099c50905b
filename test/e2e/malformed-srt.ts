/** SRT datagrams that no sound peer sends: crafted ones by kind, and random ones that are the same in every run. */

import { seededRandom } from "../../src/core/scte35/testing/fuzz-decoder.ts"
import { type FakeSrtCaller, withHsreq } from "./fake-srt-caller.ts"
import {
  ACK,
  ACKACK,
  CONCLUSION,
  controlPacket,
  DROPREQ,
  EXT_CONGESTION,
  EXT_FILTER,
  EXT_GROUP,
  EXT_HSREQ,
  EXT_HSRSP,
  EXT_KMREQ,
  EXT_KMRSP,
  EXT_SID,
  type Extension,
  FLAG_CONFIG,
  FLAG_HSREQ,
  FLAG_KMREQ,
  HANDSHAKE,
  hsreq,
  INDUCTION,
  KEEPALIVE,
  NAK,
  PEER_ERROR,
  packHandshake,
  packText,
  SHUTDOWN,
  USER_DEFINED,
} from "./srt-wire.ts"

const words = (...values: ReadonlyArray<number>): Buffer => {
  const body = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) body.writeUInt32BE(value >>> 0, i * 4)
  return body
}
/** Makes a source of numbers in [0, 1) that are the same in every run. */
const fractions = (seed: number): (() => number) => {
  const numbers = seededRandom(seed)
  return () => numbers() / 2 ** 32
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Makes `count` datagrams of random bytes; half of them look like control packets to the listener itself. */
export const randomDatagrams = (count: number, seed = 1): Buffer[] => {
  const random = fractions(seed)
  return range(0, count).map((i) => {
    const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 1400) }, () => Math.floor(random() * 256)))
    if (i % 2 === 1 && bytes.length >= 16) {
      bytes.writeUInt16BE(0x8000 | Math.floor(random() * 10), 0)
      bytes.writeUInt32BE(0, 12)
    }
    return bytes
  })
}

/**
 * Makes a key material message (3.2.2): the fields in order, then wrapped keys of `keyBytes`. Lengths in the fields may
 * be wrong.
 */
export const keyMaterial = (keyBytes: number, claimedKey = 4, claimedSalt = 4, keyFlags = 1): Buffer =>
  Buffer.concat([
    Buffer.of(0x12, 0x20, 0x29, keyFlags, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, claimedSalt, claimedKey),
    Buffer.alloc(keyBytes, 0x6b),
  ])

/** Bodies of KMREQ and KMRSP in every kind of wrong size, in whole words. */
export const keyMaterials = (): Buffer[] => [
  ...range(0, 20).map((n) => Buffer.alloc(n * 4, 0x11)),
  ...[0, 8, 24, 40, 72, 200, 800, 1300].map((n) => keyMaterial(n)),
  ...[0, 1, 5, 8, 16, 64, 255].flatMap((claim) => [
    keyMaterial(40, claim),
    keyMaterial(40, 4, claim),
    keyMaterial(40, claim, 4, 3),
  ]),
  keyMaterial(24, 8, 4, 0),
  keyMaterial(24, 8, 4, 0xff),
  Buffer.alloc(1400, 0xff),
]

/** Handshakes for a listener that are short, old, or without a right cookie. */
export const handshakes = (): Buffer[] => {
  const induction = packHandshake(0, { version: 4, extensionField: 2, type: INDUCTION })
  const conclusion = packHandshake(0, {
    type: CONCLUSION,
    extensionField: FLAG_HSREQ,
    extensions: withHsreq(),
    cookie: 0xbadc00c1,
  })
  return [
    ...range(0, induction.length).map((n) => induction.subarray(0, n)),
    ...range(0, conclusion.length + 1).map((n) => conclusion.subarray(0, n)),
    ...[0, 1, 2, 3, 6, 0xffffffff].map((version) => packHandshake(0, { version, type: INDUCTION })),
    ...[0, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 1002, 0xfffffffd].map((type) => packHandshake(0, { type })),
    ...range(1, 9).map((type) => controlPacket(type, 0, induction.subarray(16))),
    packHandshake(0x7fffffff, { type: INDUCTION }),
  ]
}

/** Conclusions with the right cookie and something else that is wrong. */
export const conclusions = (caller: FakeSrtCaller, cookie: number): Buffer[] => {
  const of = (extensionField: number, extensions: ReadonlyArray<Extension>, more = {}) =>
    caller.conclusion(cookie, { extensionField, extensions, ...more })
  const whole = of(FLAG_HSREQ, withHsreq())
  return [
    ...range(60, whole.length).map((n) => of(FLAG_HSREQ, withHsreq()).subarray(0, n)),
    of(0, []),
    of(FLAG_HSREQ, []),
    of(FLAG_KMREQ, withHsreq()),
    of(0xffff, withHsreq()),
    of(FLAG_HSREQ | FLAG_CONFIG, []),
    caller.conclusion(cookie, { version: 4, extensionField: 2, extensions: [] }),
    caller.conclusion(cookie, { version: 4, extensionField: 0, extensions: withHsreq() }),
    caller.conclusion(cookie + 1),
    ...[0, 1, 8, 20].map((n) => of(FLAG_HSREQ, [{ type: EXT_HSREQ, body: Buffer.alloc(n * 4, 0xff) }])),
    ...[1, 4, 0x7fff, 0xffff].map((claimedWords) => of(FLAG_HSREQ, [{ type: EXT_HSREQ, body: hsreq(), claimedWords }])),
    of(FLAG_HSREQ, [{ type: EXT_HSREQ, body: hsreq(0xffff, 0xffffffff, 0xffffffff) }]),
    of(FLAG_HSREQ, [{ type: EXT_HSREQ, body: hsreq(120, 0, 0) }]),
    of(FLAG_HSREQ, [{ type: EXT_HSRSP, body: hsreq() }]),
    ...[0, 0xffff].map((claimedWords) =>
      of(FLAG_HSREQ | FLAG_CONFIG, withHsreq({ type: EXT_SID, body: packText("x"), claimedWords })),
    ),
    of(FLAG_HSREQ | FLAG_CONFIG, withHsreq({ type: EXT_SID, body: packText("x".repeat(1300)) })),
    ...[EXT_CONGESTION, EXT_FILTER].flatMap((type) =>
      ["", "x", "%s%n%s", "fec,cols:0", "fec,cols:-1,rows:999999", "a".repeat(1000)].map((text) =>
        of(FLAG_HSREQ | FLAG_CONFIG, withHsreq({ type, body: packText(text) })),
      ),
    ),
    ...[0, 1, 2, 50].map((n) =>
      of(FLAG_HSREQ | FLAG_CONFIG, withHsreq({ type: EXT_GROUP, body: Buffer.alloc(n * 4, 0xff) })),
    ),
    ...[9, 100, 0xffff].map((type) => of(FLAG_HSREQ | FLAG_CONFIG, withHsreq({ type, body: Buffer.alloc(40) }))),
    ...keyMaterials().map((body) => of(FLAG_HSREQ | FLAG_KMREQ, withHsreq({ type: EXT_KMREQ, body }))),
    ...[1, 0x7fff, 0xffff].map((claimedWords) =>
      of(FLAG_HSREQ | FLAG_KMREQ, withHsreq({ type: EXT_KMREQ, body: keyMaterial(24), claimedWords })),
    ),
    of(FLAG_HSREQ | FLAG_KMREQ, withHsreq({ type: EXT_KMRSP, body: Buffer.alloc(600, 1) })),
    of(FLAG_KMREQ, [{ type: EXT_KMREQ, body: keyMaterial(24) }]),
    ...[0, 1, 5, 0xffff].map((encryption) => of(FLAG_HSREQ, withHsreq(), { encryption })),
    ...[0, 1, 28, 65536, 0xffffffff].map((mtu) => of(FLAG_HSREQ, withHsreq(), { mtu })),
    ...[0, 1, 0xffffffff].map((window) => of(FLAG_HSREQ, withHsreq(), { window })),
    ...[0, 0x80000000, 0xffffffff].map((sequence) => of(FLAG_HSREQ, withHsreq(), { sequence })),
  ]
}

/** Control packets from within an established connection, to the far side's socket. */
export const rogueControl = (socketId: number): Buffer[] => {
  const to = (type: number, body: Uint8Array, subtype = 0, info = 0) =>
    controlPacket(type, socketId, body, subtype, info)
  const first = 0x80000000
  return [
    // LOSSREPORT: nothing, a range without its end, ranges that run backwards, numbers never sent, and a whole datagram
    // of ranges.
    ...[
      [],
      [first],
      [first | 5],
      [1, first | 2],
      [first | 9, 3],
      [first | 1, 0x7fffffff],
      [0x7fffffff],
      [0, 0, 0, first],
    ].map((list) => to(NAK, words(...list))),
    to(NAK, words(...range(0, 364).map((i) => (i % 2 === 0 ? first | i : i + 1)))),
    to(NAK, Buffer.alloc(7, 0x80)),
    // ACK: every length, and numbers never sent.
    ...range(0, 9).map((n) => to(ACK, words(...range(0, n).map(() => 0x7fffffff)), 0, 1)),
    to(ACK, words(0), 0, 0xffffffff),
    ...[0, 1, 0xffffffff].map((info) => to(ACKACK, Buffer.alloc(0), 0, info)),
    to(KEEPALIVE, Buffer.alloc(1400, 0xaa)),
    to(PEER_ERROR, Buffer.alloc(3), 0, 0xffffffff),
    ...[4, 9, 10, 0x100, 0x7ffe].map((type) => to(type, Buffer.alloc(64, type & 255))),
    // UMSG_EXT: the handshakes and key messages of version 4, which a version 5 connection still takes.
    ...range(0, 12).flatMap((subtype) =>
      [0, 1, 2, 3, 4, 20, 300].map((n) => to(USER_DEFINED, Buffer.alloc(n * 4, 0x5a), subtype)),
    ),
    ...[3, 4].flatMap((subtype) => keyMaterials().map((body) => to(USER_DEFINED, body, subtype))),
    to(USER_DEFINED, Buffer.alloc(1001, 0x5a), 0xffff),
    // A second handshake on a live connection.
    packHandshake(socketId, { type: CONCLUSION, extensionField: FLAG_HSREQ | FLAG_KMREQ, extensions: withHsreq() }),
    to(HANDSHAKE, Buffer.alloc(0)),
    // Data packets to a peer that only sends.
    Buffer.concat([words(5, 0xe0000001, 0, socketId), Buffer.alloc(1316, 0x47)]),
    Buffer.concat([words(0x7fffffff, 0x1fffffff, 0xffffffff, socketId), Buffer.alloc(1)]),
  ]
}

/** Random bodies under every control type, and random data packets, to the far side's socket. */
export const randomControl = (socketId: number, count: number, seed = 1): Buffer[] => {
  const random = fractions(seed)
  const whole = (below: number) => Math.floor(random() * below)
  const word = () => [0, 1, 1000, 0x7fffffff, 0x80000000, 0xffffffff, whole(0x80000000)][whole(7)] ?? 0
  return range(0, count).map(() => {
    const body = words(...range(0, whole(12)).map(word))
    const type = [...range(0, 11), USER_DEFINED][whole(12)] ?? 0
    if (type === SHUTDOWN) return Buffer.concat([words(whole(0x80000000), word(), word(), socketId), body])
    return controlPacket(type, socketId, body, type === USER_DEFINED ? whole(10) : 0, word(), word())
  })
}

/**
 * DROPREQ, which is of use to a sender only: without its range, with half of it, and with ranges of half of all
 * numbers.
 */
export const dropRequests = (socketId: number): Buffer[] =>
  [[], [0x7fffffff], [1000, 0x3fffffff], [0, 0x7fffffff], [0x7fffffff, 0], [1000, 0xffffffff]].map((list) =>
    controlPacket(DROPREQ, socketId, words(...list), 0, 7),
  )
