/**
 * The fuzz target of the RTMP codecs and the publisher. It damages what servers say, and makes up bytes. The short run
 * in the suite and load-tests/fuzz share it. The same seed gives the same cases.
 */

import { toHex } from "../../bytes/bytes-text.ts"
import { joinBytes } from "../../bytes/join-bytes.ts"
import { type Random, seededRandom } from "../../scte35/testing/fuzz-decoder.ts"
import { amfEcmaArray, amfObject } from "../amf0.ts"
import { decodeAmf0 } from "../amf0-decode.ts"
import { encodeAmf0 } from "../amf0-encode.ts"
import { ChunkReader } from "../chunk-reader.ts"
import { ChunkWriter } from "../chunk-writer.ts"
import { HANDSHAKE_SIZE } from "../handshake.ts"
import {
  abortMessage,
  acknowledgementMessage,
  commandMessage,
  parseMessage,
  setChunkSizeMessage,
  setPeerBandwidthMessage,
  userControlMessage,
  windowAcknowledgementSizeMessage,
} from "../messages.ts"
import type { PublisherEvent, PublisherStep } from "../publisher.ts"
import { testPublisher, Wire } from "./publish-to.ts"
import type { TestServerOptions } from "./rtmp-server.ts"

export interface RtmpFuzzCounts {
  /** Number of bodies that are AMF0 to the end. */
  amfSound: number
  amfRefused: number
  /** Number of conversations that came to a publication. */
  published: number
  /** Number of conversations that ended in a failure. */
  failed: number
  /** Number of messages that were read. */
  messages: number
}

const HANDSHAKE = Uint8Array.of(3, ...new Uint8Array(2 * HANDSHAKE_SIZE))
const READER_LIMITS = { maxMessageBytes: 2000, maxPartialBytes: 4000, maxChunkStreams: 8 }

/** Makes what servers say behind the handshake. */
const conversations = (): Uint8Array[] => {
  const error = { level: "error", code: "NetStream.Publish.BadName", description: "Already publishing" }
  const login = {
    code: "NetConnection.Connect.Rejected",
    description: "[ code=403 need auth; authmod=adobe ] ?reason=needauth&salt=a&challenge=b",
  }
  const onConnect = [
    windowAcknowledgementSizeMessage(50),
    setPeerBandwidthMessage(2_500_000, 2),
    userControlMessage(6, Uint8Array.of(1, 2, 3, 4)),
    acknowledgementMessage(77),
    abortMessage(3),
    setChunkSizeMessage(4096),
  ]
  const servers: TestServerOptions[] = [
    {},
    { onConnect: onConnect.slice(0, 5) },
    { chunkSize: 60_000 },
    { publishStatus: error },
    { refuseConnect: () => login },
    { errorAt: ["releaseStream", "FCPublish"] },
  ]
  return servers.map((options) => {
    const wire = new Wire({}, options)
    const writer = new ChunkWriter()
    const more = [
      commandMessage("onStatus", 0, null, amfObject({ code: "NetConnection.Connect.ReconnectRequest", tcUrl: "/x" })),
      { chunkStreamId: 6, typeId: 9, messageStreamId: 1, timestampMs: 0x1000000, body: new Uint8Array(300) },
      {
        chunkStreamId: 5,
        typeId: 18,
        messageStreamId: 1,
        timestampMs: 5,
        body: encodeAmf0("onMetaData", amfEcmaArray({ width: 1920 })),
      },
    ]
    return joinBytes([
      ...wire.fromServer,
      ...(options.chunkSize === undefined ? more.flatMap((message) => writer.pieces(message)) : []),
    ])
  })
}

const bodies = (): Uint8Array[] => [
  encodeAmf0(
    "connect",
    1,
    amfObject({ app: "live", deep: amfObject({ a: { kind: "strictArray", values: [1, null, true] } }) }),
  ),
  encodeAmf0(
    "onMetaData",
    amfEcmaArray({ width: 1920, encoder: "x", when: { kind: "date", milliseconds: 5, timeZone: 0 } }),
  ),
  encodeAmf0(
    { kind: "typedObject", className: "C", properties: [["x", { kind: "xml", text: "<a/>" }]] },
    undefined,
    "é",
  ),
]

const EDGES = [0x00, 0x01, 0x03, 0x08, 0x09, 0x0a, 0x7f, 0x80, 0xc3, 0xff]

const damage = (random: Random, seed: Uint8Array): Uint8Array => {
  let bytes = seed.slice()
  for (let rounds = random() % 4; rounds > 0; rounds--) {
    const at = bytes.length === 0 ? 0 : random() % bytes.length
    const kind = random() % 5
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (random() % 8))
    else if (kind === 1) bytes[at] = EDGES[random() % EDGES.length] ?? 0
    else if (kind === 2) bytes = bytes.slice(0, at)
    else if (kind === 3) bytes = joinBytes([bytes.subarray(0, at), bytes.subarray(at + 1 + (random() % 3))])
    else bytes = joinBytes([bytes.subarray(0, at), Uint8Array.of(random() >>> 24, random() >>> 24), bytes.subarray(at)])
  }
  return bytes
}

const insist = (holds: boolean, claim: string): void => {
  if (!holds) throw new Error(claim)
}

const pieces = (random: Random, bytes: Uint8Array): Uint8Array[] => {
  const list: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + (random() % 40)
    list.push(bytes.subarray(at, at + size))
    at += size
  }
  return list
}

/** Checks that values write and read again as themselves. */
const checkAmf = (bytes: Uint8Array, counts: RtmpFuzzCounts): void => {
  const { values, error } = decodeAmf0(bytes)
  const again = decodeAmf0(encodeAmf0(...values))
  insist(
    again.error === null && toHex(encodeAmf0(...again.values)) === toHex(encodeAmf0(...values)),
    "what is read can be written and read again",
  )
  counts[error === null ? "amfSound" : "amfRefused"]++
}

/** Checks that the reader says the same however the bytes are cut. */
const checkReader = (random: Random, bytes: Uint8Array, counts: RtmpFuzzCounts): void => {
  const whole = new ChunkReader(READER_LIMITS).push(bytes)
  const reader = new ChunkReader(READER_LIMITS)
  const results = pieces(random, bytes).map((piece) => reader.push(piece))
  const messages = results.flatMap((result) => result.messages)
  insist(
    JSON.stringify(messages) === JSON.stringify(whole.messages),
    "the messages do not depend on how the bytes are cut",
  )
  insist((results.at(-1)?.error ?? null) === whole.error, "the error does not depend on how the bytes are cut")
  for (const message of messages) parseMessage(message)
  counts.messages += messages.length
}

/** Checks that the publisher says at most one last word, and nothing after it. */
const checkPublisher = (random: Random, bytes: Uint8Array, counts: RtmpFuzzCounts): void => {
  const publisher = testPublisher({ mode: random() % 4 === 0 ? "probe" : "publish" })
  publisher.start()
  const steps: PublisherStep[] = pieces(random, bytes).map((piece) => publisher.bytesIn(piece))
  steps.push(publisher.close(), publisher.ended())
  const events: PublisherEvent[] = steps.flatMap((step) => [...step.events])
  const last = events.findIndex(({ type }) => type === "failed" || type === "closed")
  insist(last === events.length - 1, "there is one last event")
  insist(publisher.media("video", 0, new Uint8Array(1)).length === 0, "no media goes out in the end")
  if (events.some(({ type }) => type === "ready")) counts.published++
  if (events[last]?.type === "failed") counts.failed++
}

/** Runs `cases` cases. Throws an Error that holds the case in hexadecimal when one breaks a promise. */
export const fuzzRtmp = (
  cases: number,
  seed: number,
  check = { amf: checkAmf, reader: checkReader, publisher: checkPublisher },
): RtmpFuzzCounts => {
  const random = seededRandom(seed)
  const counts: RtmpFuzzCounts = { amfSound: 0, amfRefused: 0, published: 0, failed: 0, messages: 0 }
  const said = conversations()
  const amf = bodies()
  for (let n = 0; n < cases; n++) {
    const kind = random() % 4
    const bytes = damage(
      random,
      (kind < 2 ? amf[random() % amf.length] : said[random() % said.length]) ?? new Uint8Array(0),
    )
    const heard = kind === 3 && random() % 16 > 0 ? joinBytes([HANDSHAKE, bytes]) : bytes
    try {
      if (kind < 2) check.amf(bytes, counts)
      else if (kind === 2) check.reader(random, bytes, counts)
      else check.publisher(random, heard, counts)
    } catch (cause) {
      throw new Error(`case ${n} of seed ${seed}, ${toHex(bytes)}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      })
    }
  }
  return counts
}
