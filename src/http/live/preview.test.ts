import { request } from "node:http"
import { describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, LogLevel } from "effect"
import { assert } from "vitest"
import { PreviewEnded, type PreviewsService } from "../../effects/preview/Previews.ts"
import { memoryAccounts, memoryAudit } from "../../effects/testing/accounts.ts"
import { serveHttp } from "../HttpServer.ts"
import { makeFakeControlPlane } from "../testing/FakeControlPlane.ts"
import { makeTestApp, OPEN, problemBody, withKey } from "../testing/test-app.ts"
import { CLOSE_CODES } from "./preview.ts"

const serve = (
  preview: PreviewsService["watch"],
  settings = OPEN,
  plane = makeFakeControlPlane({ previews: { watch: preview } }),
  accounts = memoryAccounts({ apiKey: settings !== OPEN }),
) =>
  serveHttp({ ...settings, host: "127.0.0.1", port: 0 }, plane, { accounts, audit: memoryAudit() }).pipe(
    Logger.withMinimumLogLevel(LogLevel.Warning),
  )

/** Status of the answer to an upgrade; 101 when it is one. */
const upgrade = (port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const handshake = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    const asked = request({ port, path, headers: { ...handshake, ...headers } })
    asked.on("response", ({ statusCode }) => resolve(statusCode ?? 0))
    asked.on("upgrade", (_response, socket) => {
      socket.destroy()
      resolve(101)
    })
    asked.on("error", reject)
    asked.end()
  })
const promise = <A>(run: () => Promise<A>) => Effect.tryPromise(run).pipe(Effect.timeout("10 seconds"))

interface Seen {
  readonly messages: ReadonlyArray<string | Uint8Array>
  readonly code: number
  readonly reason: string
}
const watch = (port: number, path = "/preview/main", protocols: ReadonlyArray<string> = []): Promise<Seen> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols])
    socket.binaryType = "arraybuffer"
    const messages: Array<string | Uint8Array> = []
    socket.onmessage = ({ data }) => messages.push(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data))
    socket.onclose = ({ code, reason }) => resolve({ messages, code, reason })
  })

describe("/preview/{id}", () => {
  it.scopedLive("sends the streams as text, TS as bytes, and closes with the reason", () =>
    Effect.gen(function* () {
      const { port } = yield* serve((_ref, viewer) =>
        Effect.gen(function* () {
          viewer.begin({ streams: [{ pid: 481, stream_type: 0x1b, registration: null }] })
          viewer.data(new Uint8Array([0x47, 1, 2]))
          yield* Effect.sleep("100 millis")
          return yield* new PreviewEnded({ kind: "time_is_up", reason: `the end ${"é".repeat(200)}` })
        }),
      )
      const { code, messages, reason } = yield* promise(() => watch(port))
      assert.deepStrictEqual(messages, [
        '{"streams":[{"pid":481,"stream_type":27,"registration":null}]}',
        new Uint8Array([0x47, 1, 2]),
      ])
      assert.strictEqual(code, CLOSE_CODES.time_is_up)
      assert.isTrue(reason.startsWith("the end éé"))
    }),
  )

  it.scopedLive("ends the preview when the viewer goes", () =>
    Effect.gen(function* () {
      let open = 0
      const { port } = yield* serve(() =>
        Effect.acquireUseRelease(
          Effect.sync(() => void open++),
          () => Effect.never,
          () => Effect.sync(() => void open--),
        ),
      )
      const until = (count: number) =>
        promise(async () => {
          while (open !== count) await new Promise((resolve) => setTimeout(resolve, 5))
        })
      const socket = new WebSocket(`ws://127.0.0.1:${port}/preview/main`)
      yield* until(1)
      socket.close()
      yield* until(0)
    }),
  )

  it.scopedLive("asks for the key and for an origin of our own, as /ws does", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(() => Effect.never, withKey("secret"))
      const status = (path: string, headers: Record<string, string> = {}) => promise(() => upgrade(port, path, headers))
      const key = { "X-API-Key": "secret" }
      assert.strictEqual(yield* status("/preview/main"), 401)
      assert.strictEqual(yield* status("/preview/main", key), 101)
      assert.strictEqual(yield* status("/preview/main", { ...key, Origin: "https://example.com" }), 403)
      assert.strictEqual(yield* status("/preview/main", { ...key, Origin: `http://localhost:${port}` }), 101)
      assert.strictEqual(yield* status("/preview/main/more", key), 404)
    }),
  )
})

describe("WebSockets of accounts that are bound to tags", () => {
  it.scopedLive("tell of the channels with one of them, and close where theirs change", () =>
    Effect.gen(function* () {
      const over = new PreviewEnded({ kind: "not_running", reason: "it does not run" })
      const plane = makeFakeControlPlane({ previews: { watch: () => over } })
      for (const [n, name] of ["Own", "Planted"].entries())
        yield* plane.channels.create({ name, rtp_port: 5000 + 10 * n, tags: n === 0 ? ["sport"] : ["news"] })
      const accounts = memoryAccounts({ apiKey: true })
      const { id, key } = yield* accounts.createKey({ name: "eyes", role: "viewer", tags: ["sport"] })
      const { port } = yield* serve(() => Effect.never, withKey("secret"), plane, accounts)
      const protocols = ["distributor", `bearer.${key}`]
      const seen = (path: string) => promise(() => watch(port, path, protocols))
      const { code, reason } = yield* seen("/preview/planted")
      assert.deepStrictEqual([code, reason], [CLOSE_CODES.not_found, 'there is no channel "planted"'])
      assert.strictEqual((yield* seen("/preview/own")).code, CLOSE_CODES.not_running)
      const feed = yield* Effect.fork(seen("/ws"))
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols)
      const first = yield* promise(() => new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data))))
      socket.close()
      assert.include(String(first), '"name":"Own"')
      assert.notInclude(String(first), "Planted")
      // A preview of a channel that is no longer seen ends then, and not with its five minutes.
      let open = 0
      const count = (by: number) =>
        Effect.sync(() => {
          open += by
        })
      const lasting = {
        watch: () =>
          Effect.acquireUseRelease(
            count(1),
            () => Effect.never,
            () => count(-1),
          ),
      }
      const watched = yield* serve(lasting.watch, withKey("secret"), { ...plane, previews: lasting }, accounts)
      const preview = yield* Effect.fork(promise(() => watch(watched.port, "/preview/own", protocols)))
      yield* promise(async () => {
        while (open === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      })
      yield* plane.channels.update("own", { tags: ["news"] })
      const ended = yield* Fiber.join(preview)
      assert.deepStrictEqual([ended.code, ended.reason], [CLOSE_CODES.not_found, 'there is no channel "own"'])
      assert.strictEqual(open, 0)
      yield* accounts.removeKey(id)
      const closed = yield* Fiber.join(feed)
      assert.strictEqual(closed.code, 1008)
      assert.notInclude(closed.messages.join(), "Planted")
    }),
  )
})

describe("/channels/{id}/thumbnail.jpg", () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5)

  it.effect("is the picture, with what tells whether it is a new one", () =>
    Effect.promise(async () => {
      const jpeg = new Uint8Array([0xff, 0xd8, 0xff])
      const { call } = makeTestApp({
        over: { thumbnails: { get: () => Effect.succeed({ ok: true, thumbnail: { jpeg, at } }) } },
      })
      const answer = await call("GET", "/channels/main/thumbnail.jpg")
      assert.deepStrictEqual(new Uint8Array(await answer.arrayBuffer()), jpeg)
      assert.deepStrictEqual(
        ["content-type", "last-modified", "cache-control"].map((name) => answer.headers.get(name)),
        ["image/jpeg", "Fri, 02 Jan 2026 03:04:05 GMT", "no-cache"],
      )
      const again = await call("GET", "/channels/main/thumbnail.jpg", undefined, {
        "If-None-Match": answer.headers.get("etag") ?? "",
      })
      assert.strictEqual(again.status, 304)
    }),
  )

  it.effect("is not there with a reason", () =>
    Effect.promise(async () => {
      const { call } = makeTestApp({
        over: { thumbnails: { get: () => Effect.succeed({ ok: false, reason: "no packets arrive" }) } },
      })
      const answer = await call("GET", "/channels/main/thumbnail.jpg")
      assert.strictEqual(answer.status, 404)
      assert.strictEqual((await problemBody(answer)).detail, "there is no picture of this channel: no packets arrive")
    }),
  )
})
