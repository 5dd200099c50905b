import { createHash } from "node:crypto"
import { createServer } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { authorize, splitLogin } from "./rtsp-login.ts"
import { parseAnswer, probeRtsp } from "./rtsp-probe.ts"

const md5 = (text: string) => createHash("md5").update(text).digest("hex")
let stop = () => {}
afterEach(() => stop())

/** A server that answers a connection's requests one after the other and keeps them. */
const server = (...answers: ReadonlyArray<string>) =>
  new Promise<{ port: number; asked: string[] }>((resolve) => {
    const asked: string[] = []
    const listening = createServer((socket) => {
      socket.on("error", () => socket.destroy())
      socket.on("data", (chunk) => {
        asked.push(chunk.toString())
        const answer = answers[asked.length - 1]
        if (answer === undefined) socket.end()
        else socket.write(`${answer}\r\n\r\n`)
      })
    }).listen(0, "127.0.0.1", () => {
      const address = listening.address()
      resolve({ port: typeof address === "object" && address !== null ? address.port : 0, asked })
    })
    stop = () => listening.close()
  })
const OK = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, ANNOUNCE, SETUP, RECORD"
const CHALLENGE =
  'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: Digest realm="cam", nonce="n1", qop="auth"'

describe("the test of an RTSP destination", () => {
  it("says what the server knows", async () => {
    const { asked, port } = await server(OK)
    const test = await probeRtsp(`rtsp://127.0.0.1:${port}/live`)
    expect(test).toMatchObject({ ok: true, error: null, address: `127.0.0.1:${port}` })
    expect(test.steps).toEqual([
      `connected to 127.0.0.1 port ${port}`,
      "OPTIONS: 200, the server knows OPTIONS, ANNOUNCE, SETUP, RECORD",
    ])
    expect(asked[0]).toMatch(/^OPTIONS rtsp:\/\/127\.0\.0\.1:\d+\/live RTSP\/1\.0\r\nCSeq: 1\r\n/)
  })

  it("logs in by Digest, and never sends the password", async () => {
    const { asked, port } = await server(CHALLENGE, OK)
    const test = await probeRtsp(`rtsp://me:s3cr%40t@127.0.0.1:${port}/live`)
    expect(test.ok).toBe(true)
    const uri = `rtsp://127.0.0.1:${port}/live`
    const cnonce = /cnonce="([0-9a-f]+)"/.exec(asked[1] ?? "")?.[1]
    const response = md5(`${md5("me:cam:s3cr@t")}:n1:00000001:${cnonce}:auth:${md5(`OPTIONS:${uri}`)}`)
    expect(asked[1]).toContain(`username="me", realm="cam", nonce="n1", uri="${uri}", response="${response}"`)
    expect(asked.join()).not.toContain("s3cr")
  })

  it.each<[string, string[], string, RegExp]>([
    ["a wrong login", [CHALLENGE, CHALLENGE], "me:x@", /refuses user and password/],
    ["a missing login", [CHALLENGE], "", /asks for a user and a password/],
    ["an unknown kind of login", ["RTSP/1.0 401 No\r\nWWW-Authenticate: Negotiate"], "me:x@", /not known here/],
    ["another status", ["RTSP/1.0 404 Stream Not Found"], "", /OPTIONS with 404 Stream Not Found/],
    ["a server that only plays", ["RTSP/1.0 200 OK\r\nPublic: OPTIONS, DESCRIBE, PLAY"], "", /has no ANNOUNCE/],
    ["another protocol", ["HTTP/1.1 400 Bad Request"], "", /no RTSP server/],
    ["a connection that is closed", [], "", /closed the connection/],
  ])("tells of %s", async (_, answers, login, message) => {
    const { port } = await server(...answers)
    const test = await probeRtsp(`rtsp://${login}127.0.0.1:${port}/live`)
    expect(test.ok).toBe(false)
    expect(test.error?.message).toMatch(message)
  })

  it("tells that nobody listens", async () => {
    const { port } = await server()
    stop()
    const test = await probeRtsp(`rtsp://127.0.0.1:${port}/live`)
    expect(test).toMatchObject({ ok: false, error: { code: "ECONNREFUSED" } })
    expect((await probeRtsp("srt://h:1")).error?.code).toBe("url")
  })
})

describe("its parts", () => {
  it("read answers of any kind", () => {
    expect(parseAnswer("RTSP/1.0 200 OK\r\nA: b: c\r\nnonsense\r\n\r\n")).toEqual({
      status: 200,
      phrase: "OK",
      headers: [["a", "b: c"]],
    })
    for (const text of ["", "RTSP/1.0", "RTSP/1.0 2000 x", "\r\n"]) expect(parseAnswer(text)).toBeNull()
  })
  it("answer Basic and the older Digest", () => {
    const login = { user: "me", password: "pw" }
    expect(authorize(['Basic realm="x"'], login, { method: "OPTIONS", uri: "u", cnonce: "c", count: 1 })).toBe(
      `Basic ${Buffer.from("me:pw").toString("base64")}`,
    )
    expect(
      authorize(['Digest realm="r", nonce="n", opaque="o"'], login, {
        method: "OPTIONS",
        uri: "u",
        cnonce: "c",
        count: 1,
      }),
    ).toBe(
      `Digest username="me", realm="r", nonce="n", uri="u", response="${md5(`${md5("me:r:pw")}:n:${md5("OPTIONS:u")}`)}", opaque="o"`,
    )
    expect(
      authorize(['Digest realm="r", nonce="n", algorithm=SHA-256'], login, {
        method: "OPTIONS",
        uri: "u",
        cnonce: "c",
        count: 1,
      }),
    ).toBeNull()
  })
  it("take a login out of a URL", () => {
    expect(splitLogin("rtsp://u%20x:p%40:w@h/p@q")).toEqual({
      uri: "rtsp://h/p@q",
      login: { user: "u x", password: "p@:w" },
    })
    expect(splitLogin("rtsp://h/p@q")).toEqual({ uri: "rtsp://h/p@q", login: null })
    expect(splitLogin("rtsp://u%zz@h/")).toMatchObject({ login: { user: "u%zz", password: "" } })
  })
})
