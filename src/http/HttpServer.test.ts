import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, LogLevel, Schedule, Scope } from "effect"
import { assert } from "vitest"
import { Accounts } from "../effects/accounts/Accounts.ts"
import { Audit } from "../effects/accounts/Audit.ts"
import { AppConfig } from "../effects/config/AppConfig.ts"
import { makeLogLines, ServiceLog } from "../effects/config/log-lines.ts"
import { EngineClient } from "../effects/engine/EngineClient.ts"
import { layerFile } from "../effects/store/Store.ts"
import { memoryAccounts, memoryAudit } from "../effects/testing/accounts.ts"
import { appConfig } from "../effects/testing/configs.ts"
import { ControlPlaneLive } from "../effects/testing/control-plane.ts"
import { makeFakeEngine } from "../effects/testing/FakeEngine.ts"
import { temporaryDirectory } from "../effects/testing/temporary-directory.ts"
import { HttpLive, HttpServer, serveHttp } from "./HttpServer.ts"
import { MAX_CLIENTS, MAX_INCOMING_BYTES } from "./live/websocket.ts"
import { makeFakeControlPlane } from "./testing/FakeControlPlane.ts"
import { OPEN, withKey } from "./testing/test-app.ts"

const NOBODY = { accounts: memoryAccounts(), audit: memoryAudit() }
const serve = (settings = OPEN, plane = makeFakeControlPlane()) =>
  serveHttp({ ...settings, host: "127.0.0.1", port: 0 }, plane, NOBODY).pipe(
    Effect.map((server) => ({ ...server, plane })),
    Logger.withMinimumLogLevel(LogLevel.Warning),
  )

const promise = <A>(run: () => Promise<A>) => Effect.tryPromise(run).pipe(Effect.timeout("5 seconds"))

/** Sends text and returns the answer up to the end of its first header block, or of the connection. */
const exchange = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    const done = () => {
      resolve(answer)
      socket.destroy()
    }
    socket.on("data", (data) => {
      answer += data.toString()
      if (answer.includes("\r\n\r\n")) done()
    })
    socket.on("close", done)
    socket.on("error", done)
  })

const upgrade = (port: number, path: string, headers: Readonly<Record<string, string>> = {}) => {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    ...headers,
  }
  const lines = Object.entries({ ...all, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`
}
const upgradeStatus = async (...args: Parameters<typeof upgrade>) =>
  (await exchange(args[0], upgrade(...args))).split("\r\n", 1)[0]

/** A WebSocket client that keeps what it receives. */
const follow = async (port: number, protocols: Array<string> = []) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols)
  const received: Array<string> = []
  const waiting: Array<() => void> = []
  socket.onmessage = (event) => {
    received.push(String(event.data))
    for (const wake of waiting.splice(0)) wake()
  }
  const closed = new Promise<number>((resolve) => {
    socket.onclose = (event) => resolve(event.code)
  })
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const next = async (count: number) => {
    while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    return received
  }
  return { socket, received, closed, next }
}

describe("HttpServer", () => {
  it.scopedLive("answers over the network, TRACE and nonsense included", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve()
      assert.strictEqual(url, `http://127.0.0.1:${port}`)
      const host = `Host: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`
      assert.strictEqual((yield* promise(() => fetch(`${url}/api/channels`))).status, 200)
      assert.match(yield* promise(() => exchange(port, `TRACE /api/channels HTTP/1.1\r\n${host}`)), /^HTTP\/1\.1 405/)
      assert.match(yield* promise(() => exchange(port, `FOO / HTTP/1.1\r\n${host}`)), /^HTTP\/1\.1 400/)
      assert.match(
        yield* promise(() => exchange(port, `GET / HTTP/1.1\r\nA: ${"a".repeat(50_000)}\r\n${host}`)),
        /^HTTP\/1\.1 431/,
      )
      assert.match(yield* promise(() => exchange(port, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n")), /^HTTP\/1\.1 400/)
    }),
  )

  it.scopedLive("answers 413 to a body that is sent too long", () =>
    Effect.gen(function* () {
      const { url } = yield* serve()
      const init = { method: "POST", body: "x".repeat(3 << 20), headers: { "Content-Type": "application/json" } }
      assert.strictEqual((yield* promise(() => fetch(`${url}/api/channels`, init))).status, 413)
    }),
  )

  it.scopedLive("says which port is taken and what to do", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const refused = yield* Effect.flip(serveHttp({ ...OPEN, port }, makeFakeControlPlane(), NOBODY))
      assert.strictEqual(
        refused.message,
        `PORT: ${port} on 127.0.0.1 is already in use by another program; stop that program or choose another port, e.g. PORT=${port + 1}`,
      )
    }),
  )

  it.scopedLive("says when the address is not of this machine", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(
        serveHttp({ ...OPEN, host: "192.0.2.1", port: 0 }, makeFakeControlPlane(), NOBODY),
      )
      assert.match(refused.message, /^HOST: 192\.0\.2\.1 is not an address of this machine/)
    }),
  )

  it.scopedLive("is a layer over the settings and the control plane", () =>
    Effect.gen(function* () {
      const { url } = yield* HttpServer
      assert.strictEqual((yield* promise(() => fetch(`${url}/readyz`))).status, 200)
    }).pipe(
      Effect.provide(HttpLive),
      Effect.provide(ControlPlaneLive),
      Effect.provide(Audit.Live),
      Effect.provide(
        Layer.effect(
          EngineClient,
          Effect.map(makeFakeEngine(), ({ service }) => service),
        ),
      ),
      Effect.provideService(Accounts, memoryAccounts()),
      Effect.provideService(ServiceLog, makeLogLines()),
      Effect.provide(
        Layer.unwrapScoped(
          Effect.map(temporaryDirectory, (directory) =>
            Layer.merge(
              layerFile(join(directory, "x.db")),
              Layer.succeed(AppConfig, { ...appConfig(directory), ...OPEN, port: 0 }),
            ),
          ),
        ),
      ),
      Logger.withMinimumLogLevel(LogLevel.Warning),
    ),
  )

  it.live(
    "closes within 1.5 s with a request that hangs, a silent connection and a WebSocket that does not answer",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const hanging = makeFakeControlPlane({ channels: { list: Effect.never } })
        const { port } = yield* Scope.extend(serve(OPEN, hanging), scope)
        const open = (text: string) =>
          promise(async () => {
            const socket: Socket = connect(port, "127.0.0.1")
            socket.on("error", () => undefined)
            socket.resume()
            const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()))
            await once(socket, "connect")
            socket.write(text)
            return { closed }
          })
        const request = `GET /api/channels HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
        const peers = yield* Effect.forEach([request, upgrade(port, "/ws")], open)
        // Bun closes a connection that never sent anything only when the process ends; it must not delay the others.
        yield* open("")
        yield* promise(() => follow(port))
        const began = performance.now()
        yield* Scope.close(scope, Exit.void)
        assert.isBelow(performance.now() - began, 1700)
        yield* promise(() => Promise.all(peers.map((peer) => peer.closed)))
        // The port is free again.
        const again = createServer().listen(port, "127.0.0.1")
        yield* promise(() => once(again, "listening"))
        again.close()
      }),
  )

  it.live("closes at once when nothing is under way", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port, url } = yield* Scope.extend(serve(), scope)
      yield* promise(async () => (await fetch(`${url}/livez`)).text())
      const client = yield* promise(() => follow(port))
      const began = performance.now()
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(performance.now() - began, 900)
      assert.strictEqual(yield* promise(() => client.closed), 1001)
    }),
  )
})

describe("/ws", () => {
  it.scopedLive("sends all channels on connecting and again on a change", () =>
    Effect.gen(function* () {
      const { plane, port } = yield* serve()
      const client = yield* promise(() => follow(port))
      assert.deepStrictEqual(JSON.parse((yield* promise(() => client.next(1)))[0] ?? ""), { channels: [] })
      yield* plane.channels.create({ name: "Main event", rtp_port: 5000 })
      plane.change()
      yield* promise(async () => {
        while (!(client.received.at(-1) ?? "").includes("Main event")) await client.next(client.received.length + 1)
      })
      client.socket.close()
    }),
  )

  it.scopedLive("ignores what clients say, and closes those who say too much", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const client = yield* promise(() => follow(port))
      client.socket.send("hello")
      client.socket.send(new Uint8Array(1000))
      client.socket.send("x".repeat(MAX_INCOMING_BYTES + 1))
      assert.strictEqual(yield* promise(() => client.closed), 1009)
    }),
  )

  it.scopedLive("asks for the key: in a header or in the protocol, not in the URL", () =>
    Effect.gen(function* () {
      const key = "a-long/key+with=signs"
      const { port } = yield* serve(withKey(key))
      const status = (path: string, headers = {}) => promise(() => upgradeStatus(port, path, headers))
      assert.match((yield* status("/ws")) ?? "", / 401 /)
      assert.match((yield* status("/ws", { "X-API-Key": "wrong" })) ?? "", / 401 /)
      assert.match((yield* status(`/ws?api_key=${encodeURIComponent(key)}`)) ?? "", / 400 /)
      assert.match((yield* status("/ws", { "X-API-Key": key })) ?? "", / 101 /)
      assert.match((yield* status("/ws", { Authorization: `Bearer ${key}` })) ?? "", / 101 /)
      const client = yield* promise(() => follow(port, ["distributor", `bearer.${encodeURIComponent(key)}`]))
      assert.strictEqual(client.socket.protocol, "distributor")
      yield* promise(() => client.next(1))
      client.socket.close()
    }),
  )

  it.scopedLive("serves 200 clients and turns the next away with 503", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const join = promise(() => follow(port))
      const clients = yield* Effect.replicateEffect(join, MAX_CLIENTS)
      assert.match((yield* promise(() => upgradeStatus(port, "/ws"))) ?? "", / 503 /)
      const first = Array.from(clients)[0]
      first?.socket.close()
      yield* promise(async () => first?.closed)
      // The place is free once the server has noticed that the client left.
      yield* join.pipe(Effect.retry({ times: 50, schedule: Schedule.spaced("20 millis") }))
    }),
  )

  it.scopedLive("refuses foreign origins and host names", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const status = (headers: Record<string, string>) => promise(() => upgradeStatus(port, "/ws", headers))
      assert.match((yield* status({ Origin: "http://evil.example" })) ?? "", / 403 /)
      assert.match((yield* status({ Origin: "null" })) ?? "", / 403 /)
      assert.match((yield* status({ Host: "evil.example", Origin: "http://evil.example" })) ?? "", / 403 /)
      assert.match((yield* status({ Origin: `http://127.0.0.1:${port}` })) ?? "", / 101 /)
      assert.match((yield* status({})) ?? "", / 101 /)
    }),
  )

  it.scopedLive("answers upgrades elsewhere with 404 and a plain GET with 426, and lives on", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve()
      for (const path of ["/api/channels", "//", "/ws/x", "http://"]) {
        assert.match((yield* promise(() => upgradeStatus(port, path))) ?? "", / 404 | 400 /)
      }
      const plain = yield* promise(() => fetch(`${url}/ws`))
      assert.strictEqual(plain.status, 426)
      yield* promise(() => plain.text())
      assert.strictEqual((yield* promise(() => fetch(`${url}/ws`, { method: "POST" }))).status, 405)
      assert.match((yield* promise(() => upgradeStatus(port, "/ws"))) ?? "", / 101 /)
    }),
  )
})
