import { Effect } from "effect"
import { Hono } from "hono"
import { describe, expect, it } from "vitest"
import { EngineUnavailable, StoreError } from "../../effects/model/Errors.ts"
import { makeFakeControlPlane } from "../testing/FakeControlPlane.ts"
import { makeTestApp, problemBody } from "../testing/test-app.ts"
import { KEPT_MS, MAX_ENTRIES, MAX_KEPT_BYTES, makeIdempotency } from "./idempotency.ts"

const NEW = { name: "Main event", rtp_port: 5000 }
const fakeChannel = Effect.runSync(makeFakeControlPlane().channels.create(NEW))
const KEY = { "Idempotency-Key": "9f0c2b1e-3c55-4d0a" }

describe("Idempotency-Key", () => {
  it.each([
    ["/api/channels", { name: "Second", rtp_port: 5001 }, 201],
    ["/api/channels/1/outputs", { url: "srt://h:1" }, 201],
    ["/api/channels/1/cues", { command: "splice_insert", out_of_network_indicator: true, pre_roll_s: 8 }, 202],
  ] as const)("makes POST %s happen once", async (path, body, status) => {
    const { call, plane } = makeTestApp()
    await call("POST", "/api/channels", NEW)
    const first = await call("POST", path, body, KEY)
    expect([first.status, first.headers.get("idempotency-replayed")]).toEqual([status, null])
    const again = await call("POST", path, JSON.stringify(body, null, 2), KEY)
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([status, "true"])
    expect(await again.text()).toBe(await first.text())
    for (const name of ["location", "etag", "content-type"])
      expect(again.headers.get(name)).toBe(first.headers.get(name))
    const channels = await Effect.runPromise(plane.channels.list)
    expect([channels.length, channels[0]?.outputs.length, plane.inserters.length]).toEqual(
      { 201: [path === "/api/channels" ? 2 : 1, path === "/api/channels" ? 0 : 1, 0], 202: [1, 0, 1] }[status],
    )
  })

  it("belongs to one request: another body or path with it is refused with 422", async () => {
    const { call, plane } = makeTestApp()
    await call("POST", "/api/channels", NEW, KEY)
    for (const [path, body] of [
      ["/api/channels", { ...NEW, name: "Other" }],
      ["/api/channels/1/outputs", { url: "srt://h:1" }],
    ] as const) {
      const response = await call("POST", path, body, KEY)
      expect(response.status).toBe(422)
      expect(await problemBody(response)).toMatchObject({
        type: "urn:stream-distributor:problem:idempotency-key-reused",
        errors: [{ path: "Idempotency-Key" }],
      })
    }
    expect((await Effect.runPromise(plane.channels.list))[0]).toMatchObject({ name: NEW.name, outputs: [] })
  })

  it("lets a request that was refused be sent again", async () => {
    const { call } = makeTestApp()
    await call("POST", "/api/channels", NEW)
    expect((await call("POST", "/api/channels", { ...NEW, name: "Twin" }, KEY)).status).toBe(409)
    await call("DELETE", "/api/channels/1")
    expect((await call("POST", "/api/channels", { ...NEW, name: "Twin" }, KEY)).status).toBe(201)
  })

  it("does again what the store refused, and not what may have been done", async () => {
    const done = { created: 0, added: 0, inserted: 0 }
    const { call } = makeTestApp({
      over: {
        channels: {
          create: () =>
            Effect.zipRight(
              Effect.sync(() => done.created++),
              new StoreError({ operation: "write", cause: "full" }),
            ),
          get: () => Effect.sync(() => fakeChannel),
        },
        outputs: {
          add: () =>
            Effect.zipRight(
              Effect.sync(() => done.added++),
              new StoreError({ operation: "write", cause: "lost", outcome: "unknown" }),
            ),
        },
        cues: {
          insert: () =>
            Effect.zipRight(
              Effect.sync(() => done.inserted++),
              new EngineUnavailable({ reason: "no answer in 5 s" }),
            ),
        },
      },
    })
    const cue = { cue: "/DA=" }
    for (let i = 0; i < 2; i++) {
      expect((await call("POST", "/api/channels", NEW, { "Idempotency-Key": "channel" })).status).toBe(503)
      expect((await call("POST", "/api/channels/1/cues", cue, { "Idempotency-Key": "cue" })).status).toBe(503)
      const added = await call("POST", "/api/channels/1/outputs", { url: "srt://h:1" }, { "Idempotency-Key": "output" })
      expect(added.status).toBe(503)
      expect(await added.json()).toMatchObject({
        type: expect.stringMatching(/:outcome-unknown$/),
        detail: expect.stringMatching(/may have been/),
      })
    }
    expect(done).toEqual({ created: 2, added: 1, inserted: 1 })
  })

  it("makes those that come at the same time wait for the first", async () => {
    const { call, plane } = makeTestApp()
    const answers = await Promise.all(Array.from({ length: 20 }, () => call("POST", "/api/channels", NEW, KEY)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(await Effect.runPromise(plane.channels.list)).toHaveLength(1)
    expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1)
  })

  it.each([
    ["empty", ""],
    ["of 256 characters", "x".repeat(256)],
    ["with a space", "a b"],
    ["beyond ASCII", "ä"],
  ])("that is %s is refused with 400", async (_what, key) => {
    const { call } = makeTestApp()
    const response = await call("POST", "/api/channels", NEW, { "Idempotency-Key": key })
    expect(response.status).toBe(400)
    expect((await problemBody(response)).errors?.[0]?.path).toBe("Idempotency-Key")
  })
})

/** An action that counts how often it is run. */
const counting = (answer: () => Response = () => new Response("done", { status: 201 })) => {
  const clock = { now: 0 }
  const { once } = makeIdempotency(() => clock.now)
  const done: string[] = []
  const app = new Hono()
  app.post("/:what", (c) =>
    once(c, null, async () => {
      done.push(c.req.path)
      return answer()
    }),
  )
  const send = (key: string | number) =>
    Promise.resolve(app.request(`/${key}`, { method: "POST", headers: { "Idempotency-Key": String(key) } }))
  return { clock, done, send }
}

describe("what is remembered", () => {
  it("ends after 24 h", async () => {
    const { clock, done, send } = counting()
    await send("a")
    clock.now = KEPT_MS - 1
    await send("a")
    expect(done).toHaveLength(1)
    clock.now = KEPT_MS
    await send("a")
    expect(done).toHaveLength(2)
  })

  it("is a thousand requests, the oldest go first", async () => {
    const { done, send } = counting()
    for (let i = 0; i <= MAX_ENTRIES; i++) await send(i)
    await send(1)
    await send(MAX_ENTRIES)
    expect(done).toHaveLength(MAX_ENTRIES + 1)
    await send(0)
    expect(done).toHaveLength(MAX_ENTRIES + 2)
  })

  it("is not more text than fits, whatever the number of requests", async () => {
    const text = "x".repeat(MAX_KEPT_BYTES / 4)
    const { done, send } = counting(() => new Response(text, { status: 201 }))
    for (let i = 0; i < 5; i++) await send(i)
    await send(4)
    await send(1)
    expect(done).toHaveLength(5)
    await send(0)
    expect(done).toHaveLength(6)
  })

  it("is nothing of a request that failed to answer", async () => {
    const { once } = makeIdempotency()
    const app = new Hono()
    let calls = 0
    app.post("/", (c) =>
      once(c, null, async () => {
        if (calls++ === 0) throw new Error("broken")
        return new Response("done", { status: 201 })
      }),
    )
    app.onError(() => new Response("", { status: 500 }))
    const send = () => app.request("/", { method: "POST", headers: { "Idempotency-Key": "k" } })
    expect((await send()).status).toBe(500)
    expect((await send()).status).toBe(201)
  })
})
