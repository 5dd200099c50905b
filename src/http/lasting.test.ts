/** Connections that stay open end once the caller they were opened for is gone. */
import { it as effectIt } from "@effect/vitest"
import { Effect } from "effect"
import { Hono } from "hono"
import { assert, describe, expect, it } from "vitest"
import { memoryAccounts, memoryAudit } from "../effects/testing/accounts.ts"
import { makeAccess } from "./access/auth.ts"
import { serveHttp } from "./HttpServer.ts"
import { makeLivePages } from "./live/live-pages.ts"
import { makeFakeControlPlane } from "./testing/FakeControlPlane.ts"
import { OPEN, withKey } from "./testing/test-app.ts"

const KEY = "the-key-of-the-environment"
const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
const user = { name: "ada", password: "correct horse battery", role: "viewer" } as const

describe("Access.lasting", () => {
  /** What `lasting` says about a request with these headers. */
  const opened = async (access: ReturnType<typeof makeAccess>, headers: Record<string, string> = {}) => {
    const app = new Hono()
    const found: Array<() => boolean> = []
    app.get("/", (c) => {
      found.push(access.lasting(c))
      access.login(c, "user:ada")
      return c.body(null)
    })
    const answer = await app.request("/", { headers })
    const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
    return { lasts: found[0] ?? (() => false), cookie }
  }

  it("ends with the session's password, user or time, and with the key", async () => {
    let now = Date.now()
    const accounts = memoryAccounts({ apiKey: true })
    const access = makeAccess(withKey(KEY), accounts, () => now)
    await run(accounts.createUser(user))
    const { cookie } = await opened(access)
    const session = (await opened(access, { cookie })).lasts
    const key = await run(accounts.createKey({ name: "ci", role: "viewer" }))
    const byKey = (await opened(access, { "x-api-key": key.key })).lasts
    const byEnv = (await opened(access, { "x-api-key": KEY })).lasts
    expect([session(), byKey(), byEnv()]).toEqual([true, true, true])
    await run(accounts.updateUser("ada", { role: "operator" }))
    expect(session()).toBe(true)
    await run(accounts.updateUser("ada", { password: "another horse battery" }))
    await run(accounts.removeKey(key.id))
    expect([session(), byKey(), byEnv()]).toEqual([false, false, true])
    const second = (await opened(access, { cookie: (await opened(access)).cookie })).lasts
    expect(second()).toBe(true)
    now += 7 * 24 * 3600 * 1000 + 1000
    expect(second()).toBe(false)
  })

  it("of the open service ends with the first user", async () => {
    const accounts = memoryAccounts()
    const { lasts } = await opened(makeAccess(OPEN, accounts))
    expect(lasts()).toBe(true)
    await run(accounts.createUser({ ...user, role: "admin" }))
    expect(lasts()).toBe(false)
  })
})

effectIt.scopedLive("a WebSocket is closed with 1008 once its key is gone, others stay", () =>
  Effect.gen(function* () {
    const accounts = memoryAccounts({ apiKey: true })
    const settings = { ...withKey(KEY), host: "127.0.0.1", port: 0 }
    const { port } = yield* serveHttp(settings, makeFakeControlPlane(), { accounts, audit: memoryAudit() })
    const { id, key } = yield* accounts.createKey({ name: "wall", role: "viewer" })
    const open = (secret: string) =>
      Effect.promise(
        () =>
          new Promise<{ readonly socket: WebSocket; readonly closed: Promise<number> }>((resolve, reject) => {
            const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, [
              "distributor",
              `bearer.${encodeURIComponent(secret)}`,
            ])
            const closed = new Promise<number>((done) => socket.addEventListener("close", ({ code }) => done(code)))
            socket.addEventListener("open", () => resolve({ socket, closed }))
            socket.addEventListener("error", reject)
          }),
      )
    const [wall, other] = [yield* open(key), yield* open(KEY)]
    yield* accounts.removeKey(id)
    assert.strictEqual(
      yield* Effect.timeout(
        Effect.promise(() => wall.closed),
        "15 seconds",
      ),
      1008,
    )
    assert.strictEqual(other.socket.readyState, WebSocket.OPEN)
    other.socket.close()
  }),
)

it("a live page ends for the reader whose user is gone, and goes on for others", async () => {
  const live = makeLivePages(await run(Effect.runtime<never>()))
  const valid = { one: true, other: true }
  const app = new Hono()
  app.get("/live/:who", (c) => {
    c.set("lasting", () => valid[c.req.param("who") as keyof typeof valid])
    return live.stream(c, "page", Effect.succeed([]))
  })
  const one = (await app.request("/live/one")).body?.getReader()
  await app.request("/live/other")
  expect(live.size()).toBe(2)
  valid.one = false
  let ended = false
  while (!ended) ended = (await one?.read())?.done ?? true
  expect(live.size()).toBe(1)
  live.close()
})
