import { Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Conflict, NotFound } from "../effects/model/Errors.ts"
import type { SystemService } from "../effects/show/System.ts"
import { NumberedEngine } from "./openapi/system-schemas.ts"
import { fakeHealth } from "./testing/fake-health.ts"
import { makeTestApp } from "./testing/test-app.ts"

/** An app with engines of which the given ones run other code than is installed. */
const start = (outdated: ReadonlyArray<number>, count: number, connected = true) => {
  const replaced = new Set<number>()
  const engines = () =>
    Array.from({ length: count }, (_, i) => ({
      number: i + 1,
      connected,
      pid: connected ? 4242 + i : null,
      uptime: 11,
      restarts: 0,
      channels: 3,
      outdated: outdated.includes(i + 1) && !replaced.has(i + 1),
      problem: null,
    }))
  const app = makeTestApp({
    over: {
      system: {
        health: Effect.sync(() => ({ ...fakeHealth, engines: engines() })),
        replaceEngine: (number) =>
          Effect.suspend((): ReturnType<SystemService["replaceEngine"]> => {
            const found = engines().find((one) => one.number === number)
            if (found === undefined) return new NotFound({ kind: "engine", ref: String(number) })
            if (!found.outdated) return new Conflict({ errors: [{ path: "", message: "there is nothing to replace" }] })
            replaced.add(number)
            return Effect.succeed({ ...found, outdated: false })
          }),
      },
    },
  })
  return { ...app, replaced }
}

describe("engines of before an upgrade", () => {
  it("are replaced by request, once, and only those that are outdated", async () => {
    const { call, replaced } = start([2], 2)
    const answer = await call("POST", "/api/engines/2/replace")
    const engine = await answer.json()
    expect([answer.status, engine]).toMatchObject([200, { number: 2, outdated: false }])
    Schema.decodeUnknownSync(NumberedEngine, { onExcessProperty: "error" })(engine)
    for (const [ref, status] of [
      ["2", 409],
      ["1", 409],
      ["3", 404],
      ["0", 404],
      ["x", 404],
      ["1.5", 404],
    ] as const)
      expect([ref, (await call("POST", `/api/engines/${ref}/replace`)).status]).toEqual([ref, status])
    expect([...replaced]).toEqual([2])
  })

  it.each([
    ["one", 1],
    ["several", 3],
  ])("stand on the System page with their button: %s", async (_, count) => {
    const { call, replaced } = start([1], count)
    const page = await (await call("GET", "/system")).text()
    expect(page).toContain("outdated")
    expect(page.match(/Replace engine \d now/g)).toEqual(["Replace engine 1 now"])
    expect(page).toContain("cuts the streams of its 3 channels")
    const done = await call("POST", "/system/engines/1/replace")
    expect([done.status, done.headers.get("location"), ...replaced]).toEqual([303, "/system", 1])
    expect(await (await call("GET", "/system")).text()).not.toContain("Replace engine")
    expect((await call("POST", "/system/engines/1/replace")).status).toBe(409)
  })

  it("say what cannot be seen of them when this version cannot speak with them", async () => {
    const page = await (await start([1], 1, false).call("GET", "/system")).text()
    expect(page).toContain("cannot speak with it")
    expect(page).toContain("Replace engine 1 now")
  })
})
