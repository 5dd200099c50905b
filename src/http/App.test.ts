import { describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { assert, expect } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import { EngineUnavailable, StoreError } from "../effects/model/Errors.ts"
import { memoryAccounts, memoryAudit } from "../effects/testing/accounts.ts"
import { makeApp } from "./App.ts"
import { makeFakeControlPlane } from "./testing/FakeControlPlane.ts"
import { fakeHealth } from "./testing/fake-health.ts"
import { makeTestApp, OPEN, problemBody } from "./testing/test-app.ts"

const NEW = {
  name: "Main event",
  rtp_ip: "127.0.0.1",
  rtp_port: 5000,
  outputs: [{ url: "srt://destination:9000?streamid=publish" }],
}
const bodyOf = async <A>(response: Response): Promise<A> => (await response.json()) as A

const withChannel = async () => {
  const test = makeTestApp()
  const channel = await bodyOf<ChannelView>(await test.call("POST", "/api/channels", NEW))
  const output = channel.outputs[0]
  assert(output !== undefined)
  return { ...test, channel, output }
}

describe("channels", () => {
  it("lists none, then the one created as the first system's documents write it", async () => {
    const { call } = makeTestApp()
    expect(await bodyOf(await call("GET", "/api/channels"))).toEqual({ channels: [] })
    const created = await call("POST", "/api/channels", {
      name: "New Channel",
      rtp_ip: "192.168.1.100",
      rtp_port: 5000,
      backup_rtp_ip: "192.168.1.101",
      backup_rtp_port: 5001,
      outputs: [],
    })
    expect(created.status).toBe(201)
    const channel = await bodyOf<ChannelView>(created)
    expect(created.headers.get("location")).toBe(`/api/channels/${channel.id}`)
    expect(channel).toMatchObject({
      name: "New Channel",
      rtp_port: 5000,
      backup_rtp_port: 5001,
      status: "stopped",
      outputs: [],
    })
    expect(await bodyOf(await call("GET", "/api/channels"))).toEqual({ channels: [channel] })
  })

  it("creates one from a name and a port, and with null for no backup", async () => {
    const { call } = makeTestApp()
    expect((await call("POST", "/api/channels", { name: "A", rtp_port: 5000 })).status).toBe(201)
    const nulls = { name: "B", rtp_port: 5001, backup_rtp_ip: null, backup_rtp_port: null }
    expect((await call("POST", "/api/channels", nulls)).status).toBe(201)
  })

  it("finds it by id, slug and number, with a slash behind it or not", async () => {
    const { call, channel } = await withChannel()
    for (const ref of [channel.id, channel.slug, "1", "1/"]) {
      expect(await bodyOf(await call("GET", `/api/channels/${ref}`))).toMatchObject({ id: channel.id })
    }
  })

  it("updates what is given and leaves the rest", async () => {
    const { call, channel } = await withChannel()
    const updated = await call("PUT", `/api/channels/${channel.slug}`, { id: channel.id, name: "Renamed" })
    expect(updated.status).toBe(200)
    expect(await bodyOf(updated)).toMatchObject({ id: channel.id, name: "Renamed", rtp_port: 5000 })
  })

  it("refuses an id that differs from the path's, and fields that are read-only", async () => {
    const { call } = await withChannel()
    const other = await call("PUT", "/api/channels/1", { id: "2", name: "x" })
    expect(other.status).toBe(400)
    expect((await problemBody(other)).errors?.[0]?.path).toBe("id")
    const status = await call("PUT", "/api/channels/1", { status: "running" })
    expect((await problemBody(status)).errors).toEqual([{ path: "status", message: "is read-only; leave it out" }])
  })

  it("starts, switches and stops it", async () => {
    const { call } = await withChannel()
    expect(await bodyOf(await call("POST", "/api/channels/1/start"))).toMatchObject({ status: "running" })
    const switched = await call("POST", "/api/channels/1/switch", { source: "backup" })
    expect(await bodyOf(switched)).toMatchObject({ active_source: "backup" })
    const nowhere = await call("POST", "/api/channels/1/switch", { source: "third" })
    expect((await problemBody(nowhere)).errors).toEqual([
      { path: "source", message: 'must be one of primary, backup, got "third"' },
    ])
    expect(await bodyOf(await call("POST", "/api/channels/1/stop"))).toMatchObject({ status: "stopped" })
  })

  it("deletes it with 204 and no body", async () => {
    const { call } = await withChannel()
    const deleted = await call("DELETE", "/api/channels/1")
    expect([deleted.status, await deleted.text()]).toEqual([204, ""])
    expect((await call("GET", "/api/channels/1")).status).toBe(404)
  })
})

describe("outputs", () => {
  it("adds one as the documents write it, named or not", async () => {
    const { call, channel } = await withChannel()
    const path = `/api/channels/${channel.id}/outputs`
    const named = await call("POST", path, {
      name: "Output 1",
      protocol: "srt",
      url: "srt://destination:9000?streamid=publish",
    })
    expect(named.status).toBe(201)
    const output = await bodyOf<{ id: string }>(named)
    expect(named.headers.get("location")).toBe(`${path}/${output.id}`)
    const unnamed = await call("POST", path, { protocol: "srt", url: "srt://destination:9000?streamid=publish" })
    expect(await bodyOf(unnamed)).toMatchObject({ name: "srt 3" })
    expect((await bodyOf<{ outputs: Array<unknown> }>(await call("GET", path))).outputs).toHaveLength(3)
  })

  it("shows, updates, stops, starts and removes one", async () => {
    const { call, output } = await withChannel()
    const path = `/api/channels/1/outputs/${output.id}`
    expect(await bodyOf(await call("GET", path))).toEqual(output)
    expect(await bodyOf(await call("PUT", path, { name: "Renamed" }))).toMatchObject({
      name: "Renamed",
      url: output.url,
    })
    expect((await call("PUT", path, { id: "other" })).status).toBe(400)
    expect(await bodyOf(await call("POST", `${path}/stop`))).toMatchObject({ enabled: false, status: "stopped" })
    expect(await bodyOf(await call("POST", `${path}/start`))).toMatchObject({ enabled: true })
    expect((await call("DELETE", path)).status).toBe(204)
    const gone = await call("GET", path)
    expect(await problemBody(gone)).toMatchObject({ status: 404, detail: `there is no output "${output.id}"` })
  })
})

describe("failures behind", () => {
  it("answers 503 with the reason when the store or the engine is away", async () => {
    const store = makeTestApp({
      over: { channels: { create: () => new StoreError({ operation: "write", cause: new Error("disk is full") }) } },
    })
    const full = await store.call("POST", "/api/channels", NEW)
    expect(full.headers.get("retry-after")).toBe("2")
    expect(await problemBody(full)).toMatchObject({
      status: 503,
      detail: "the configuration store failed to write: disk is full",
    })
    const engine = makeTestApp({
      over: { channels: { start: () => new EngineUnavailable({ reason: "no answer in 5 s" }) } },
    })
    expect((await engine.call("POST", "/api/channels/1/start")).status).toBe(503)
  })

  it("answers 500 without internals to a defect, and logs one line", async () => {
    const defect = Effect.die(new Error("secret internals at /home/x.ts:1"))
    const { call, logs } = makeTestApp({ over: { channels: { list: defect }, metrics: { view: defect } } })
    for (const path of ["/api/channels", "/", "/metrics"]) {
      const response = await call("GET", path)
      expect(response.status).toBe(500)
      expect(response.headers.get("x-content-type-options")).toBe("nosniff")
      expect(await response.text()).not.toContain("internals")
    }
    expect(logs).toHaveLength(3)
    expect(logs[0]).toMatch(/^GET \/api\/channels failed .*secret internals/s)
  })

  it.effect("answers 503 after 15 s to what never ends", () =>
    Effect.gen(function* () {
      const runtime = yield* Effect.runtime<never>()
      const app = makeApp({
        plane: makeFakeControlPlane({ channels: { list: Effect.never } }),
        settings: OPEN,
        runtime,
        accounts: memoryAccounts(),
        audit: memoryAudit(),
      })
      const answer = Promise.resolve(app.request("/api/channels"))
      // Gives the handler time to reach the point where it waits.
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10)))
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual((yield* Effect.promise(() => answer)).status, 503)
    }),
  )
})

describe("health", () => {
  it("answers /api/health, /livez and /readyz", async () => {
    const { call } = makeTestApp()
    expect(await bodyOf(await call("GET", "/api/health"))).toEqual(fakeHealth)
    expect(await bodyOf(await call("GET", "/livez"))).toEqual({ status: "ok" })
    expect(await bodyOf(await call("GET", "/readyz"))).toEqual({ status: "ready", store: true, engine: true })
  })

  it("is ready while one of several engines is away", async () => {
    const engines = [1, 2].flatMap((number) =>
      fakeHealth.engines.map((one) => ({ ...one, number, connected: number === 2 })),
    )
    const { call } = makeTestApp({ over: { system: { health: Effect.succeed({ ...fakeHealth, engines }) } } })
    expect((await call("GET", "/readyz")).status).toBe(200)
  })

  it.each([
    [{ store: { ok: false } }, { store: false, engine: true }],
    [{ engines: fakeHealth.engines.map((one) => ({ ...one, connected: false })) }, { store: true, engine: false }],
  ])("is not ready with %j, but alive", async (over, checks) => {
    const { call } = makeTestApp({ over: { system: { health: Effect.succeed({ ...fakeHealth, ...over }) } } })
    const ready = await call("GET", "/readyz")
    expect(ready.status).toBe(503)
    expect(await bodyOf(ready)).toEqual({ status: "not ready", ...checks })
    expect((await call("GET", "/livez")).status).toBe(200)
  })
})
