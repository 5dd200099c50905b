import { createServer as createPlainServer } from "node:http"
import { createServer, type Server } from "node:https"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { afterEach, expect, it } from "vitest"
import { selfSigned } from "../../../../test/e2e/certificates.ts"
import { HostileHttp, HTTP_FLOODS } from "../../../../test/e2e/hostile-http.ts"
import { HttpClient } from "./http-request.ts"
import { HttpSink, reasonOfAnswer } from "./http-sink.ts"

let server: Server
let connections = 0

const listen = async (names: string): Promise<string> => {
  connections = 0
  server = createServer(selfSigned(names), (request, response) => request.resume().on("end", () => response.end()))
  server.on("secureConnection", () => connections++)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
const sinkFor = (base: string, verifyTls: boolean) =>
  new HttpSink({ base, query: "", playlist: "a.m3u8", method: "PUT", verifyTls, sign: null }, 2000)

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

it("a certificate that cannot be verified ends it for good, with what to do", async () => {
  const sink = sinkFor(await listen("IP:127.0.0.1"), true)
  const failed = await sink.putPlaylist("x").catch((cause: unknown) => cause)
  expect(failed).toMatchObject({
    reason: { message: expect.stringMatching(/certificate is self-signed.*verify_tls/), transient: false },
  })
  await sink.close()
})

it.each(["IP:127.0.0.1", "DNS:other.example"])(
  "with verify_tls false one for %s is taken, over one connection",
  async (names) => {
    const sink = sinkFor(await listen(names), false)
    for (let i = 0; i < 4; i++) await sink.putPlaylist("x")
    expect(connections).toBe(1)
    await sink.close()
  },
)

it("with publicOnly goes to the address it looked up and to no private one", async () => {
  const seen: string[] = []
  const plain = createPlainServer((request, response) => {
    seen.push(request.headers.host ?? "")
    request.resume().on("end", () => response.end())
  })
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve))
  try {
    const { port } = plain.address() as AddressInfo
    const call = (client: HttpClient, host: string) =>
      client
        .send({
          method: "PUT",
          url: new URL(`http://${host}:${port}/a.ts`),
          headers: {},
          body: new Uint8Array(8),
          timeoutMs: 2000,
          signal: new AbortController().signal,
        })
        .catch((cause: unknown) => cause)
    const asked: string[] = []
    const rebound = async (host: string) => {
      asked.push(host)
      return { address: "127.0.0.1", family: 4 }
    }
    const guarded = new HttpClient(false, true, true, rebound)
    const refused = (said: string) => ({
      reason: { code: "private_target", message: expect.stringContaining(said), transient: false },
    })
    expect(await call(guarded, "uploads.invalid")).toMatchObject(
      refused("uploads.invalid resolves to 127.0.0.1, a loopback address"),
    )
    expect(asked).toEqual(["uploads.invalid"])
    expect(await call(guarded, "127.0.0.1")).toMatchObject(refused("127.0.0.1 is a loopback address"))
    expect(await call(guarded, "0x7f.1")).toMatchObject(refused("127.0.0.1 is a loopback address"))
    expect(await call(guarded, "[::ffff:127.0.0.1]")).toMatchObject(refused("a loopback address"))
    expect(seen).toEqual([])
    const open = new HttpClient(false, true)
    expect(await call(open, "127.0.0.1")).toMatchObject({ status: 200 })
    for (const client of [guarded, open]) client.close()
  } finally {
    plain.closeAllConnections()
    plain.close()
  }
})

const putTo = async (port: number, timeoutMs: number) => {
  const sink = new HttpSink(
    { base: `http://127.0.0.1:${port}/`, query: "", playlist: "a.m3u8", method: "PUT", verifyTls: true, sign: null },
    timeoutMs,
  )
  const outcome = await sink.putPlaylist("x").then(
    () => "done",
    (cause: unknown) => cause,
  )
  await sink.close()
  return outcome
}

it.each([
  ["a body without end", /longer than 64 KiB/],
  ["chunks of a byte", /more than 2048 pieces/],
  ["interim answers", /more than 16 interim answers/],
  ["headers without end", /overflow/i],
] as const)("gives up an answer of %s, long before its time is over", async (kind, said) => {
  server = createServer(() => undefined)
  const hostile = await HostileHttp.start(kind)
  expect(Object.keys(HTTP_FLOODS)).toContain(kind)
  expect(await putTo(hostile.port, 20_000)).toMatchObject({
    reason: { message: expect.stringMatching(said), transient: true },
  })
  hostile.close()
})

it.each(["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"])(
  "gives up an answer that stops behind %j when its time is over",
  async (beginning) => {
    server = createServer(() => undefined)
    const silent = createTcpServer((socket) =>
      socket.on("error", () => undefined).once("data", () => socket.write(beginning)),
    )
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    expect(await putTo((silent.address() as AddressInfo).port, 300)).toMatchObject({
      reason: { code: "timeout", transient: true },
    })
    silent.close()
  },
)

it("what a server answers is shown without its control characters", () => {
  const answer = { status: 403, statusText: "<b>\u001b[31mno", text: "\u001b]0;pwn\u0007\r\n[FAKE] all is \u202ewell" }
  expect(reasonOfAnswer(answer, "h").message).toBe(
    "h: HTTP 403 <b>\\u001b[31mno; \\u001b]0;pwn\\u0007 [FAKE] all is \\u202ewell; the destination refuses it: check the keys and what they may write",
  )
})
