import { Effect, Schema } from "effect"
import { beforeEach, describe, expect, it } from "vitest"
import type { Crash } from "../effects/engine/Crashes.ts"
import { EngineCrashDetails, EngineCrashes } from "./openapi/system-schemas.ts"
import { fakeHealth } from "./testing/fake-health.ts"
import { makeTestApp } from "./testing/test-app.ts"

let kept = new Set<string>()
beforeEach(() => {
  kept = new Set()
})

const CRASH: Crash = {
  id: "2026-11-24T12-00-00.000Z-1",
  at: "2026-11-24T12:00:00.000Z",
  process: "engine",
  engine: 1,
  pid: 4242,
  why: "the engine (pid 4242) was ended by SIGSEGV <b>",
  uptime: 3.5,
  channels: [],
  handled: null,
  figures: { rss_bytes: 1 },
  log: "last words",
}

/** An app with a channel that is kept out, and a crash. */
const start = async () => {
  const found = makeTestApp({
    over: {
      crashes: {
        list: Effect.sync(() => {
          const { figures, log, ...summary } = CRASH
          return [summary]
        }),
        get: (id) => Effect.succeed(id === CRASH.id ? CRASH : null),
        keptOut: Effect.sync(() => [...kept].map((channel_id) => ({ channel_id, since: CRASH.at, crash: CRASH.id }))),
        release: (id) => Effect.sync(() => kept.delete(id)),
      },
      system: {
        health: Effect.sync(() => ({
          ...fakeHealth,
          kept_out: [...kept].map((channel_id) => ({ channel_id, since: CRASH.at, crash: CRASH.id })),
        })),
      },
    },
  })
  const created = await found.call("POST", "/api/channels", { name: "Main Event", rtp_port: 5000 })
  kept.add(((await created.json()) as { id: string }).id)
  return found
}

describe("crashes of the engine", () => {
  it("are listed, shown and described", async () => {
    const { call } = await start()
    const list = await (await call("GET", "/api/engine/crashes")).json()
    Schema.decodeUnknownSync(EngineCrashes, { onExcessProperty: "error" })(list)
    expect(list).toMatchObject({ crashes: [{ id: CRASH.id }], kept_out: [{ crash: CRASH.id }] })
    const one = await (await call("GET", `/api/engine/crashes/${CRASH.id}`)).json()
    Schema.decodeUnknownSync(EngineCrashDetails, { onExcessProperty: "error" })(one)
    expect(one).toMatchObject({ log: "last words" })
    expect((await call("GET", "/api/engine/crashes/none")).status).toBe(404)
  })

  it("show on the System page and on one of their own, in which nothing of a log is markup", async () => {
    const { call } = await start()
    const system = await (await call("GET", "/system")).text()
    expect(system).toContain("Main Event is kept out of the engine")
    expect(system).toContain(`href="/system/crashes/${CRASH.id}"`)
    const page = await (await call("GET", `/system/crashes/${CRASH.id}`)).text()
    expect(page).toContain("SIGSEGV &lt;b&gt;")
    expect(page).toContain("last words")
    expect((await call("GET", "/system/crashes/none")).status).toBe(404)
  })

  it("let a channel in again once, by request and by page", async () => {
    const { call } = await start()
    expect((await call("POST", "/api/channels/main-event/release")).status).toBe(200)
    const again = await call("POST", "/api/channels/main-event/release")
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining("there is nothing to release")])
    expect((await call("POST", "/api/channels/none/release")).status).toBe(404)
    const page = await start()
    const answer = await page.call("POST", "/channels/main-event/release")
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/system"])
    expect(kept.size).toBe(0)
  })
})
