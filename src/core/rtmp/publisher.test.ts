import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { amfObject, amfProperty } from "./amf0.ts"
import type { RtmpMessage } from "./constants.ts"
import {
  commandMessage,
  setPeerBandwidthMessage,
  userControlMessage,
  windowAcknowledgementSizeMessage,
} from "./messages.ts"
import { type PublisherEvent, RtmpPublisher } from "./publisher.ts"
import { hex } from "./testing/hex.ts"
import { testPublisher, testRandom, testUrl, Wire } from "./testing/publish-to.ts"

describe("a publication", () => {
  it("goes through handshake, connect, createStream and publish in the order of librtmp", () => {
    const wire = new Wire()
    expect(wire.types).toEqual(["ready"])
    const sent = wire.server.commands.map(({ name, transactionId, values }) => [
      name,
      transactionId,
      ...values.slice(1),
    ])
    expect(sent).toEqual([
      ["connect", 1],
      ["releaseStream", 2, "k3y-secret"],
      ["FCPublish", 3, "k3y-secret"],
      ["createStream", 4],
      ["publish", 5, "k3y-secret", "live"],
    ])
    expect(wire.server.commands[0]?.values[0]).toEqual(
      amfObject({
        app: "live",
        type: "nonprivate",
        flashVer: "FMLE/3.0 (compatible; FMSc/1.0)",
        swfUrl: "rtmp://h/live",
        tcUrl: "rtmp://h/live",
      }),
    )
    expect(
      wire.server
        .strictly()
        .map(({ chunkStreamId, typeId, messageStreamId }) => [chunkStreamId, typeId, messageStreamId]),
    ).toEqual([[2, 1, 0], ...[3, 3, 3, 3].map((id) => [id, 20, 0]), [4, 20, 1]])
    expect([wire.publisher.reached, wire.publisher.serverVersion, wire.publisher.ready]).toEqual([
      "publishing",
      "FMS/3,0,1,123",
      true,
    ])
  })

  it("comes about the same when bytes come one by one, and from a server with large chunks", () => {
    expect(new Wire({}, {}, 1).types).toEqual(["ready"])
    expect(new Wire({}, { chunkSize: 60_000 }, 7).types).toEqual(["ready"])
  })

  it("sends media on the stream that the server gave, behind 4 h 39 min and 2^32 ms as before", () => {
    const wire = new Wire({ chunkSize: 1000 }, { streamId: 0xfffffff0 })
    const body = (size: number, fill: number) => new Uint8Array(size).fill(fill)
    const sent = [
      ["data", 0, body(20, 1)],
      ["video", 0, body(5000, 2)],
      ["audio", 10, body(200, 3)],
      ["video", 0xfffff0, body(2500, 4)],
      ["audio", 0x1000000, body(200, 5)],
      ["video", 0x1000018, body(2500, 6)],
      ["video", 2 ** 31 + 5, body(1001, 7)],
      ["video", 2 ** 32 - 2, body(1001, 8)],
      ["video", 2 ** 32 + 38, body(1001, 9)],
    ] as const
    for (const [kind, timestampMs, bytes] of sent) wire.media(kind, timestampMs, bytes)
    const types = { audio: 8, video: 9, data: 18 }
    const media = wire.server.strictly().filter(({ typeId }) => typeId === 8 || typeId === 9 || typeId === 18)
    expect(media.map(({ typeId, timestampMs, body: got }) => [typeId, timestampMs, got.length, got[0]])).toEqual(
      sent.map(([kind, timestampMs, bytes]) => [types[kind], timestampMs % 2 ** 32, bytes.length, bytes[0]]),
    )
    expect(media.every(({ messageStreamId }) => messageStreamId === 0xfffffff0)).toBe(true)
  })

  it("has no media before the server says that it has started", () => {
    const wire = new Wire({}, { silentAt: ["publish"] })
    expect(wire.types).toEqual([])
    expect(wire.publisher.media("video", 0, hex("1700"))).toEqual([])
    wire.toClient(wire.server.status({ level: "status", code: "NetStream.Publish.Start" }))
    expect(wire.types).toEqual(["ready"])
    expect(wire.publisher.media("video", 0, hex("1700"))).toHaveLength(2)
  })

  it("starts once, whatever the server repeats or says too early", () => {
    const start = { level: "status", code: "NetStream.Publish.Start" }
    const wire = new Wire({}, { silentAt: ["createStream"] })
    wire.toClient(wire.server.status(start))
    expect(wire.types).toEqual([])
    wire.toClient(wire.server.say(commandMessage("_result", 4, null, 1)))
    wire.toClient(wire.server.status(start))
    wire.toClient(wire.server.say(commandMessage("onFCPublish", 0, null, amfObject(start))))
    wire.toClient(wire.server.say(commandMessage("_result", 4, null, 9)))
    expect(wire.events).toEqual([{ type: "ready", messageStreamId: 1 }])
  })

  it("takes leave with FCUnpublish and deleteStream, and says nothing more", () => {
    const wire = new Wire()
    wire.pass(wire.publisher.close())
    expect(wire.server.commands.slice(5).map(({ name, values }) => [name, values])).toEqual([
      ["FCUnpublish", [null, "k3y-secret"]],
      ["deleteStream", [null, 1]],
    ])
    expect(wire.types).toEqual(["ready", "closed"])
    expect([wire.publisher.close(), wire.publisher.ended(), wire.publisher.timedOut()]).toEqual(
      Array(3).fill({ toSend: [], events: [] }),
    )
    expect(wire.publisher.media("audio", 0, hex("af00"))).toEqual([])
    expect(
      new RtmpPublisher({ url: testUrl("rtmp://h/a/k"), auth: null, random: testRandom, timeMs: 0 }).close().toSend,
    ).toEqual([])
  })

  it("carries more properties of connect when it is told to", () => {
    const wire = new Wire({ connectProperties: { capsEx: 1 } })
    expect(amfProperty(wire.server.commands[0]?.values[0], "capsEx")).toBe(1)
  })

  it("wants a chunk size that the protocol has", () => {
    for (const chunkSize of [0, 127, 0x1000000]) expect(() => testPublisher({ chunkSize })).toThrow(RangeError)
  })
})

describe("a server that", () => {
  const said = (...messages: RtmpMessage[]) => {
    const wire = new Wire()
    for (const message of messages) wire.toClient(wire.server.say(message))
    return wire
  }

  it("pings gets its timestamp back", () => {
    const wire = said(userControlMessage(6, hex("0a0b0c0d")))
    expect(wire.server.controls.at(-1)).toEqual({ type: "userControl", event: 7, data: hex("0a0b0c0d") })
  })

  it("sets an acknowledgement window is told what came, and a peer bandwidth is answered", () => {
    const wire = said(windowAcknowledgementSizeMessage(100), setPeerBandwidthMessage(5000, 2))
    expect(wire.server.controls.slice(1)).toMatchObject([
      { type: "acknowledgement" },
      { type: "windowAcknowledgementSize", size: 5000 },
    ])
    expect(wire.types).toEqual(["ready"])
  })

  it("sends media, unknown messages and unknown commands is not answered", () => {
    const other = { chunkStreamId: 5, messageStreamId: 1, timestampMs: 0, body: hex("00") }
    const wire = said({ ...other, typeId: 9 }, { ...other, typeId: 255 }, commandMessage("onBWDone", 0, null))
    expect([wire.types, wire.server.controls]).toEqual([["ready"], [{ type: "setChunkSize", size: 65_536 }]])
  })

  it("refuses releaseStream and FCPublish is published to all the same", () => {
    const wire = new Wire({}, { errorAt: ["releaseStream", "FCPublish"] })
    expect(wire.types).toEqual(["note", "note", "ready"])
    expect(wire.events[0]).toEqual({
      type: "note",
      text: expect.stringMatching(/refuses releaseStream: NetConnection.Call.Failed/),
    })
  })

  it("sends nonsense causes 20 notes and no more", () => {
    const wire = said(
      ...Array<RtmpMessage>(50).fill({
        chunkStreamId: 3,
        typeId: 20,
        messageStreamId: 0,
        timestampMs: 0,
        body: hex("ff"),
      }),
    )
    expect(wire.types).toEqual(["ready", ...Array(20).fill("note")])
  })

  it.each<[tcUrl: string | undefined, url: string]>([
    [undefined, "rtmp://h/live"],
    ["rtmp://other:1936/app2", "rtmp://other:1936/app2"],
    ["//other/app2", "rtmp://other/app2"],
    ["/app2", "rtmp://h/app2"],
    ["app2", "rtmp://h/app2"],
  ])("asks to reconnect at %s is followed to %s", (tcUrl, url) => {
    const info = { level: "status", code: "NetConnection.Connect.ReconnectRequest", description: "maintenance" }
    const wire = said(commandMessage("onStatus", 0, null, amfObject(tcUrl === undefined ? info : { ...info, tcUrl })))
    const event = wire.events[1]
    expect(event).toMatchObject({
      type: "reconnect",
      description: "maintenance",
      url: { tcUrl: url, streamKey: "k3y-secret" },
    })
    expect(wire.publisher.ready).toBe(true)
  })

  it("asks to leave TLS, or for no RTMP URL, is not followed, and another host does not get the password", () => {
    const ask = (tcUrl: string): PublisherEvent | undefined => {
      const wire = new Wire({ url: testUrl("rtmps://bob:s3cret@h/live/key") })
      const info = { level: "status", code: "NetConnection.Connect.ReconnectRequest", tcUrl }
      wire.toClient(wire.server.say(commandMessage("onStatus", 0, null, amfObject(info))))
      return wire.events[1]
    }
    expect(ask("rtmp://h/live")).toMatchObject({ type: "note" })
    expect(ask("https://h/live")).toMatchObject({ type: "note" })
    expect(ask("rtmps://other/live")).toMatchObject({ url: { user: null, password: null } })
    expect(ask("/live3")).toMatchObject({ url: { user: "bob", password: "s3cret", app: "live3" } })
  })
})

describe("any bytes", () => {
  it("are taken without a throw, before and after the handshake, and fail once at most", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), fc.boolean(), (list, ready) => {
        const publisher = ready ? new Wire().publisher : testPublisher()
        const events = list.flatMap((bytes) => publisher.bytesIn(bytes).events)
        expect(events.filter(({ type }) => type === "failed").length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 300 },
    )
  })
})

describe("a server that wants memory", () => {
  const failureOf = (bytes: Uint8Array) => {
    const wire = new Wire()
    return wire.publisher.bytesIn(bytes).events.find((event) => event.type === "failed")
  }

  it("ends the publication with more than 512 pings at once, and is answered no more of them", () => {
    const wire = new Wire()
    const ping = hex("02 000000 000006 04 00000000 0006 00000001")
    const flood = joinBytes(Array.from({ length: 5000 }, () => ping))
    const step = wire.publisher.bytesIn(flood)
    expect(step.toSend.length).toBeLessThanOrEqual(512)
    expect(step.events).toContainEqual(
      expect.objectContaining({
        type: "failed",
        failure: expect.objectContaining({ code: "Protocol.Error", transient: true }),
      }),
    )
  })

  it("ends it with a message of more than 256 KiB, before any of it is held", () => {
    expect(failureOf(hex("03 000000 040001 14 00000000"))).toMatchObject({
      failure: { description: expect.stringMatching(/262145 bytes is longer than the 262144/) },
    })
  })

  it("counts the messages that come", () => {
    const wire = new Wire()
    const before = wire.publisher.messagesIn
    wire.publisher.bytesIn(hex("02 000000 000006 04 00000000 0006 00000001"))
    expect(wire.publisher.messagesIn).toBe(before + 1)
  })
})
