/** How a publication fails, and what is said of it. */
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { commandMessage } from "./messages.ts"
import { adobeLogin } from "./testing/auth-server.ts"
import { hex } from "./testing/hex.ts"
import { testPublisher, testUrl, Wire } from "./testing/publish-to.ts"
import type { TestServerOptions } from "./testing/rtmp-server.ts"

const error = (code: string, description: string) => ({ level: "error", code, description })

const failures: ReadonlyArray<
  [name: string, server: TestServerOptions, code: string, transient: boolean, description: RegExp]
> = [
  [
    "BadName",
    { publishStatus: error("NetStream.Publish.BadName", "Already publishing") },
    "NetStream.Publish.BadName",
    true,
    /key is in use.*BadName: Already publishing\)$/,
  ],
  [
    "Denied",
    { publishStatus: error("NetStream.Publish.Denied", "no") },
    "NetStream.Publish.Denied",
    false,
    /denies.*check the key/,
  ],
  [
    "Rejected",
    { publishStatus: error("NetStream.Publish.Rejected", "no") },
    "NetStream.Publish.Rejected",
    false,
    /check the key/,
  ],
  [
    "an unknown code of level error",
    { publishStatus: error("NetStream.Weird", "hm") },
    "NetStream.Weird",
    true,
    /refuses \(NetStream.Weird: hm\)/,
  ],
  [
    "no code at all",
    { publishStatus: { level: "error", description: "hm" } },
    "no code",
    true,
    /refuses \(no code: hm\)/,
  ],
  [
    "a code of level status",
    { publishStatus: { level: "status", code: "NetStream.Publish.BadName" } },
    "NetStream.Publish.BadName",
    true,
    /in use/,
  ],
  [
    "createStream refused",
    { errorAt: ["createStream"] },
    "NetConnection.Call.Failed",
    true,
    /Call.Failed: createStream failed/,
  ],
  [
    "connect refused",
    { refuseConnect: () => ({ code: "NetConnection.Connect.Rejected", description: "no such account" }) },
    "NetConnection.Connect.Rejected",
    false,
    /check the application.*: no such account\)/,
  ],
  [
    "an unknown application",
    { refuseConnect: () => ({ code: "NetConnection.Connect.InvalidApp", description: "x" }) },
    "NetConnection.Connect.InvalidApp",
    false,
    /does not know the application/,
  ],
  [
    "a server that shuts down",
    { refuseConnect: () => ({ code: "NetConnection.Connect.AppShutdown", description: "x" }) },
    "NetConnection.Connect.AppShutdown",
    true,
    /shutting/,
  ],
  ["a stream that is no number", { streamId: Number.NaN }, "Protocol.NoStream", true, /no stream for createStream/],
  [
    "a login that the URL does not have",
    { refuseConnect: adobeLogin("bob", "x") },
    "Auth.Missing",
    false,
    /write user and password into the URL.*code=403/,
  ],
]

// biome-ignore format: one line a case

describe("a publication fails with", () => {
  it.each(failures)("%s", (_, server, code, transient, description) => {
    const wire = new Wire({}, server)
    expect(wire.types).toEqual(["failed"])
    expect(wire.failure).toMatchObject({ code, transient, description: expect.stringMatching(description), auth: null })
    expect(wire.publisher.bytesIn(wire.server.status({ code: "NetStream.Publish.Start" }))).toEqual({
      toSend: [],
      events: [],
    })
  })

  it("the server's own words without the stream key and the password", () => {
    const url = testUrl("rtmp://bob:hunter2!@h/live/k3y-secret?token=t0ken")
    const description = `stream k3y-secret (k3y-secret?token=t0ken) of hunter2! exists\n${"x".repeat(1000)}`
    const { failure } = new Wire({ url }, { publishStatus: error("NetStream.Publish.BadName", description) })
    expect(failure?.serverText).toMatch(/^stream \*\*\* \(\*\*\*\) of \*\*\* exists x+$/)
    expect(failure?.serverText).toHaveLength(500)
  })

  it("the server's own words and its code without control characters", () => {
    const server = { publishStatus: error("NetStream.Publish.\u001b[31mBad", "no\u009b2J \u202egpj") }
    const { failure } = new Wire({}, server)
    expect(failure?.code).toBe("NetStream.Publish.\\u001b[31mBad")
    expect(failure?.description).toContain("no\\u009b2J \\u202egpj")
  })

  it("the end of the connection, told by how far it came", () => {
    const at = (wire: Wire) =>
      [wire.publisher.ended(), wire.publisher.ended()].map(
        ({ events }) => events[0]?.type === "failed" && events[0].failure.code,
      )
    expect(at(new Wire({}, { silentAt: ["connect"] }))).toEqual(["Closed.connect", false])
    expect(at(new Wire({}, { silentAt: ["createStream"] }))[0]).toBe("Closed.createStream")
    expect(at(new Wire({}, { silentAt: ["publish"] }))[0]).toBe("Closed.publish")
    expect(at(new Wire())[0]).toBe("Closed.publishing")
    const { events } = testPublisher().ended()
    expect(events).toMatchObject([
      { failure: { code: "Closed.handshake", transient: true, description: expect.stringMatching(/rtmps:/) } },
    ])
  })

  it("a time-out, told by what did not come", () => {
    const { events } = new Wire({}, { silentAt: ["publish"] }).publisher.timedOut()
    expect(events).toMatchObject([
      {
        failure: {
          code: "Timeout.publish",
          transient: true,
          description: expect.stringMatching(/check the stream key/),
        },
      },
    ])
  })

  it("close while it publishes, and the end of the publication", () => {
    const closing = new Wire()
    closing.toClient(closing.server.say(commandMessage("close", 0, null)))
    expect(closing.failure?.code).toBe("Closed.publishing")
    const ended = new Wire()
    ended.toClient(ended.server.status({ level: "status", code: "NetStream.Unpublish.Success", description: "bye" }))
    expect(ended.failure).toMatchObject({ code: "NetStream.Unpublish.Success", transient: true })
  })

  it("but not with the end of a session before ours", () => {
    const wire = new Wire({}, { silentAt: ["publish"] })
    wire.toClient(wire.server.status({ level: "status", code: "NetStream.Unpublish.Success" }))
    wire.toClient(wire.server.status({ level: "status", code: "NetStream.Publish.Start" }))
    expect(wire.types).toEqual(["note", "ready"])
  })

  it.each([
    ["06", "Handshake.Failed", false, /RTMPE/],
    ["485454502f", "Handshake.Failed", false, /web server/],
  ])("a first byte of %s", (bytes, code, transient, description) => {
    const publisher = testPublisher()
    publisher.start()
    expect(publisher.bytesIn(hex(bytes)).events).toMatchObject([
      { failure: { code, transient, description: expect.stringMatching(description) } },
    ])
  })

  it("chunks that break the protocol, after the messages before them are heard", () => {
    const wire = new Wire({}, { silentAt: ["publish"] })
    wire.toClient(joinBytes([wire.server.status({ level: "status", code: "NetStream.Publish.Start" }), hex("ff")]))
    expect(wire.types).toEqual(["ready", "failed"])
    expect(wire.failure).toMatchObject({
      code: "Protocol.Error",
      transient: true,
      description: expect.stringMatching(/chunk stream 63/),
    })
  })
})
