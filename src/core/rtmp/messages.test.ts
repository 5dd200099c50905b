import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { amfEcmaArray, amfObject } from "./amf0.ts"
import type { RtmpMessage } from "./constants.ts"
import {
  abortMessage,
  acknowledgementMessage,
  commandMessage,
  dataBody,
  type ParsedMessage,
  PEER_BANDWIDTH_LIMIT,
  parseMessage,
  pingResponseMessage,
  setChunkSizeMessage,
  setPeerBandwidthMessage,
  streamCommandMessage,
  userControlMessage,
  windowAcknowledgementSizeMessage,
} from "./messages.ts"
import { amfValue, text } from "./testing/arbitrary-amf.ts"
import { ascii, hex } from "./testing/hex.ts"

const cases: ReadonlyArray<[name: string, message: RtmpMessage, typeId: number, body: string, parsed: ParsedMessage]> = [
  ["Set Chunk Size", setChunkSizeMessage(65_536), 1, "00010000", { type: "setChunkSize", size: 65_536 }],
  ["Abort", abortMessage(6), 2, "00000006", { type: "abort", chunkStreamId: 6 }],
  ["Acknowledgement", acknowledgementMessage(0x89abcdef), 3, "89abcdef", { type: "acknowledgement", sequenceNumber: 0x89abcdef }],
  ["Acknowledgement of more than 4 GiB", acknowledgementMessage(2 ** 32 + 5), 3, "00000005", { type: "acknowledgement", sequenceNumber: 5 }],
  ["Stream Begin", userControlMessage(0, hex("00000001")), 4, "0000 00000001", { type: "userControl", event: 0, data: hex("00000001") }],
  ["Ping Response", pingResponseMessage(hex("01020304")), 4, "0007 01020304", { type: "userControl", event: 7, data: hex("01020304") }],
  ["Window Acknowledgement Size", windowAcknowledgementSizeMessage(2_500_000), 5, "002625a0", { type: "windowAcknowledgementSize", size: 2_500_000 }],
  ["Set Peer Bandwidth", setPeerBandwidthMessage(2_500_000, PEER_BANDWIDTH_LIMIT.dynamic), 6, "002625a0 02", { type: "setPeerBandwidth", size: 2_500_000, limit: 2 }],
  ["createStream", commandMessage("createStream", 4, null), 20, `02 000c ${ascii("createStream")} 00 4010000000000000 05`, { type: "command", name: "createStream", transactionId: 4, values: [null] }],
] // biome-ignore format: one line a case

const parse = (typeId: number, body: string): ParsedMessage => parseMessage({ typeId, body: hex(body) })

describe("messages", () => {
  it.each(cases)("%s both ways", (_, message, typeId, body, parsed) => {
    expect([message.typeId, message.body]).toEqual([typeId, hex(body)])
    expect(parseMessage(message)).toEqual(parsed)
  })

  it("go where the specification wants them", () => {
    expect(setChunkSizeMessage(1)).toMatchObject({ chunkStreamId: 2, messageStreamId: 0, timestampMs: 0 })
    expect(commandMessage("connect", 1)).toMatchObject({ chunkStreamId: 3, messageStreamId: 0, typeId: 20 })
    expect(streamCommandMessage(7, 9, "publish", 5)).toMatchObject({
      chunkStreamId: 4,
      messageStreamId: 7,
      timestampMs: 9,
      typeId: 20,
    })
  })

  it("publish as librtmp writes it", () => {
    const body = `02 0007 ${ascii("publish")} 00 4014000000000000 05 02 0003 ${ascii("key")} 02 0004 ${ascii("live")}`
    expect(streamCommandMessage(1, 0, "publish", 5, null, "key", "live").body).toEqual(hex(body))
  })

  it("metadata as an ECMA array", () => {
    const body = `02 000d ${ascii("@setDataFrame")} 02 000a ${ascii("onMetaData")} 08 00000001 0005 ${ascii("width")} 00 409e000000000000 000009`
    expect(dataBody("@setDataFrame", "onMetaData", amfEcmaArray({ width: 1920 }))).toEqual(hex(body))
  })

  it.each<[string, ParsedMessage, ParsedMessage]>([
    ["AMF3 commands, whose values are AMF0", parse(17, `00 02 0001 78 00 0000000000000000`), { type: "command", name: "x", transactionId: 0, values: [] }],
    ["AMF3 data", parse(15, "00 02 0001 78"), { type: "data", values: ["x"] }],
    ["data", parse(18, "02 0001 78 05"), { type: "data", values: ["x", null] }],
    ["a command without a transaction id", parse(20, "02 0005 636c6f7365"), { type: "command", name: "close", transactionId: 0, values: [] }],
    ["a command whose arguments break off", parse(20, "02 0001 78 00 3ff0000000000000 02 00"), { type: "command", name: "x", transactionId: 1, values: [] }],
    ["audio", parse(8, "af00"), { type: "audio" }],
    ["video", parse(9, "1700"), { type: "video" }],
    ["an unknown type", parse(255, "00"), { type: "unknown" }],
  ])("takes %s", (_, parsed, expected) => {
    expect(parsed).toEqual(expected)
  }) // biome-ignore format: one line a case

  it.each<[string, ParsedMessage, RegExp]>([
    ["Set Chunk Size of 3 bytes", parse(1, "000001"), /^Set Chunk Size has 3 bytes instead of 4$/],
    ["an empty Abort", parse(2, ""), /Abort has 0 bytes/],
    ["a short Acknowledgement", parse(3, "00"), /Acknowledgement has 1/],
    ["a short User Control", parse(4, "00"), /User Control has 1/],
    ["a short window", parse(5, "00"), /Window Acknowledgement Size has 1/],
    ["Set Peer Bandwidth without its limit", parse(6, "00000001"), /Set Peer Bandwidth has 4 bytes instead of 5/],
    ["an empty command", parse(20, ""), /does not begin with its name/],
    ["a command that begins with a number", parse(20, "00 3ff0000000000000"), /does not begin with its name/],
    ["a command that is no AMF0", parse(20, "ff"), /marker 0xff/],
    ["data that is no AMF0", parse(18, "ff"), /marker 0xff/],
  ])("says what is wrong with %s", (_, parsed, error) => {
    expect(parsed).toEqual({ type: "malformed", error: expect.stringMatching(error) })
  }) // biome-ignore format: one line a case

  it("commands of any name and values both ways", () => {
    fc.assert(
      fc.property(
        text,
        fc.double({ noNaN: true }),
        fc.array(amfValue, { maxLength: 4 }),
        (name, transactionId, values) => {
          expect(parseMessage(commandMessage(name, transactionId, ...values))).toEqual({
            type: "command",
            name,
            transactionId,
            values,
          })
        },
      ),
    )
  })

  it("of any type and bytes are told or refused, never thrown at", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.uint8Array({ maxLength: 60 }), (typeId, body) => {
        expect(parseMessage({ typeId, body }).type).toMatch(/^[a-zA-Z]+$/)
      }),
    )
    expect(amfObject({}).kind).toBe("object")
  })
})
