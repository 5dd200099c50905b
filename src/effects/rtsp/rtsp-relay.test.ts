import { createHash } from "node:crypto"
import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { execa } from "execa"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { generateTs } from "../../test-source/test-programme.ts"
import { startRtspRelay } from "./rtsp-relay.ts"
import { RtspSplitter, rtspBytes, rtspHeader } from "./rtsp-splitter.ts"

const SECRET = "s3cret p@ss"
const md5 = (text: string) => createHash("md5").update(text).digest("hex")

/** An RTSP server that accepts one stream from whoever logs in and counts what it gets. */
class RecordingServer {
  readonly methods: string[] = []
  uris: string[] = []
  packets = 0
  description = ""
  readonly #sockets = new Set<Socket>()
  readonly #scheme: "digest" | "basic"
  #udp: UdpSocket | null = null
  /** Appended to the Transport header of the answer to SETUP over UDP. */
  transportMore = ""
  readonly #server: Server
  #wake = () => {}

  constructor(scheme: "digest" | "basic") {
    this.#scheme = scheme
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on("error", () => undefined)
      const splitter = new RtspSplitter()
      socket.on("data", (chunk: Buffer) => {
        for (const part of splitter.push(chunk)) {
          if (part.kind === "frame") this.#packet()
          else void this.#answer(socket, part)
        }
      })
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve))
    return (this.#server.address() as AddressInfo).port
  }

  #packet() {
    this.packets += 1
    this.#wake()
  }

  received(packets: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => this.packets >= packets && resolve()
      this.#wake()
    })
  }

  #isAllowed(method: string, uri: string, authorization: string): boolean {
    if (this.#scheme === "basic") return authorization === `Basic ${Buffer.from(`me:${SECRET}`).toString("base64")}`
    const value = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(authorization)?.[1] ?? ""
    const middle = `n1:${value("nc")}:${value("cnonce")}:auth`
    return (
      value("uri") === uri &&
      value("response") === md5(`${md5(`me:cam:${SECRET}`)}:${middle}:${md5(`${method}:${uri}`)}`)
    )
  }

  async #answer(socket: Socket, request: Parameters<typeof rtspBytes>[0]) {
    const [method = "", uri = ""] = request.first.split(" ")
    const sequence: readonly [string, string] = ["CSeq", rtspHeader(request, "cseq") ?? "0"]
    const say = (first: string, ...headers: ReadonlyArray<readonly [string, string]>) =>
      socket.write(rtspBytes({ kind: "message", first, headers: [sequence, ...headers], body: new Uint8Array() }))
    if (method !== "OPTIONS" && !this.#isAllowed(method, uri, rtspHeader(request, "authorization") ?? "")) {
      this.methods.push(`${method} 401`)
      const challenge = this.#scheme === "basic" ? 'Basic realm="cam"' : 'Digest realm="cam", nonce="n1", qop="auth"'
      return say("RTSP/1.0 401 Unauthorized", ["WWW-Authenticate", challenge])
    }
    this.methods.push(method)
    this.uris.push(uri)
    if (method === "ANNOUNCE") this.description = Buffer.from(request.body).toString("latin1")
    const transport = rtspHeader(request, "transport") ?? ""
    if (method !== "SETUP") return say("RTSP/1.0 200 OK", ["Session", "1"])
    if (/interleaved/.test(transport)) return say("RTSP/1.0 200 OK", ["Session", "1"], ["Transport", transport])
    const udp = createSocket("udp4").on("message", () => this.#packet())
    this.#udp ??= udp
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve))
    const { port } = udp.address()
    return say(
      "RTSP/1.0 200 OK",
      ["Session", "1"],
      ["Transport", `${transport};server_port=${port}-${port + 1}${this.transportMore}`],
    )
  }

  close() {
    for (const socket of this.#sockets) socket.destroy()
    this.#udp?.close()
    this.#server.close()
  }
}

describe("a relay for RTSP", () => {
  const directory = mkdtempSync(join(tmpdir(), "relay-"))
  const file = join(directory, "programme.ts")
  beforeAll(() => writeFileSync(file, generateTs(4, { bitrate: 2_000_000, breakEverySeconds: 0 })))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  let scope: Scope.CloseableScope
  let ffmpeg: ReturnType<typeof push> | undefined
  let server: RecordingServer | undefined
  beforeEach(async () => {
    scope = await Effect.runPromise(Scope.make())
  })
  afterEach(async () => {
    ffmpeg?.kill("SIGKILL")
    await ffmpeg?.catch(() => undefined)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    server?.close()
    ffmpeg = undefined
    server = undefined
  })
  const relayTo = (url: string, elsewhere = true) =>
    Effect.runPromise(Scope.extend(startRtspRelay({ url, elsewhere }), scope))
  const push = (url: string, transport = "tcp") =>
    execa(
      "ffmpeg",
      [
        "-v",
        "warning",
        "-re",
        "-i",
        file,
        "-c",
        "copy",
        "-map",
        "0:v",
        "-f",
        "rtsp",
        "-rtsp_transport",
        transport,
        url,
      ],
      {
        stdin: "ignore",
        reject: false,
      },
    )

  it.each([
    ["digest", "tcp"],
    ["basic", "tcp"],
    ["digest", "udp"],
  ] as const)(
    "lets ffmpeg publish with %s over %s, and keeps address, path and login from it",
    async (scheme, transport) => {
      server = new RecordingServer(scheme)
      const port = await server.listen()
      const url = await relayTo(`rtsp://me:${encodeURIComponent(SECRET)}@127.0.0.1:${port}/live/cam1?token=t0ken`)
      expect(url).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/output$/)
      ffmpeg = push(url, transport)
      await server.received(30)
      expect(server.methods).toEqual(["OPTIONS", "ANNOUNCE 401", "ANNOUNCE", "SETUP", "RECORD"])
      expect(new Set(server.uris)).toEqual(
        new Set([
          `rtsp://127.0.0.1:${port}/live/cam1?token=t0ken`,
          `rtsp://127.0.0.1:${port}/live/cam1?token=t0ken/streamid=0`,
        ]),
      )
      expect(server.description).toContain("c=IN IP4 127.0.0.1\r\n")
    },
  )

  it.each([";source=127.0.0.9", "; Source = 127.0.0.9", ";destination=127.0.0.9;source=127.0.0.9"])(
    "lets no server have the packets sent elsewhere (%s), where that is not allowed",
    async (more) => {
      server = new RecordingServer("basic")
      server.transportMore = more
      const port = await server.listen()
      const login = `me:${encodeURIComponent(SECRET)}@`
      // No counting socket is bound to 127.0.0.9, so everything the server counts came to its own address.
      ffmpeg = push(await relayTo(`rtsp://${login}127.0.0.1:${port}/live`, false), "udp")
      await server.received(30)
      expect(server.methods).toEqual(["OPTIONS", "ANNOUNCE 401", "ANNOUNCE", "SETUP", "RECORD"])
    },
  )

  it("gives a wrong password's answer to ffmpeg after one try", async () => {
    server = new RecordingServer("digest")
    const port = await server.listen()
    ffmpeg = push(await relayTo(`rtsp://me:wrong@127.0.0.1:${port}/live`))
    expect((await ffmpeg).stderr).toMatch(/ANNOUNCE failed: 401 Unauthorized/)
    expect(server.methods).toEqual(["OPTIONS", "ANNOUNCE 401", "ANNOUNCE 401"])
  })

  it("says by ffmpeg why the server cannot be reached", async () => {
    const free = createServer()
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve))
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    ffmpeg = push(await relayTo(`rtsp://me:pw@127.0.0.1:${port}/live`))
    expect((await ffmpeg).stderr).toMatch(
      new RegExp(`OPTIONS failed: 503 127\\.0\\.0\\.1 port ${port}: .*ECONNREFUSED`),
    )
  })

  it("is for one connection, and ends with its scope", async () => {
    server = new RecordingServer("basic")
    const url = new URL(
      (await relayTo(`rtsp://me:pw@127.0.0.1:${await server.listen()}/live`)).replace("rtsp:", "http:"),
    )
    const closed = (socket: Socket) =>
      new Promise<void>((resolve) => void socket.on("error", () => undefined).once("close", () => resolve()))
    const first = connect(Number(url.port), "127.0.0.1")
    await new Promise((resolve) => first.once("connect", resolve))
    await closed(connect(Number(url.port), "127.0.0.1"))
    const ended = closed(first)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await ended
    await closed(connect(Number(url.port), "127.0.0.1"))
  })
})
