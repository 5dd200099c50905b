/** Requests below 1 MiB that are built to keep the control plane busy for everybody else. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { longestStretchMs } from "./testing/main-thread.ts"
import { type RealApp, startRealApp } from "./testing/real-app.ts"
import { makeTestApp, withKey } from "./testing/test-app.ts"

/** Time in ms within which `/livez` is answered, whatever others ask for. */
const WITHIN_MS = 100

const keys = (count: number, width = 4) =>
  `{${Array.from({ length: count }, (_, i) => `"${(i + 16 ** (width - 1)).toString(16)}":1`).join(",")}}`
const yaml = { "Content-Type": "application/yaml" }
const config = (url: string) =>
  JSON.stringify({
    version: 1,
    channels: Array.from({ length: 64 }, (_, i) => ({
      slug: `c${i}`,
      name: "x",
      rtp_port: 1000 + i,
      outputs: Array.from({ length: 150 }, (_, k) => ({ slug: `o${k}`, url: `${url}?latency=120&streamid=abc` })),
    })),
  })
const merges = (count: number) =>
  `a0: &a0 {k: v}\n${Array.from({ length: count }, (_, i) => `a${i + 1}: &a${i + 1} {<<: [${Array(50).fill(`*a${i}`).join(",")}], z${i}: 1}\n`).join("")}`

describe("one request below 1 MiB", () => {
  let app: RealApp
  beforeAll(async () => {
    app = await startRealApp()
    // Code that runs for the first time is compiled, which the measured requests are not about.
    for (const url of ["srt://h:1", "srt://i:1"]) await app.call("PUT", "/api/config?dry_run=1", config(url))
    await app.call("PUT", "/api/config?dry_run=1", merges(5), yaml)
    await app.call("POST", "/api/channels", keys(50))
  })
  afterAll(() => app.stop())

  it.each<[string, string, string, string, number, Record<string, string>]>([
    ["20 000 unknown keys", "POST", "/api/scte35/decode", keys(20_000), 400, {}],
    ["90 000 unknown keys", "POST", "/api/scte35/decode", keys(90_000, 5), 413, {}],
    ["20 000 unknown keys", "POST", "/api/channels", keys(20_000), 400, {}],
    ["80 000 unknown keys", "POST", "/api/channels", keys(80_000, 5), 400, {}],
    ["20 000 unknown keys", "POST", "/api/channels/bulk", keys(20_000), 400, {}],
    ["20 000 unknown keys", "PUT", "/api/config?dry_run=1", keys(20_000), 400, {}],
    ["20 000 unknown keys", "PUT", "/api/notifications/rules", keys(20_000), 400, {}],
    ["20 000 unknown keys", "POST", "/api/outputs/test", keys(20_000), 400, {}],
    [
      "500 outputs with 150 unknown keys each",
      ...(["POST", "/api/channels"] as const),
      `{"name":"x","rtp_port":1,"outputs":[${Array(500).fill(keys(150)).join(",")}]}`,
      400,
      {},
    ],
    [
      "15 000 outputs that are numbers",
      ...(["POST", "/api/channels"] as const),
      `{"name":"x","rtp_port":1,"outputs":[${Array(15_000).fill(1).join(",")}]}`,
      400,
      {},
    ],
    [
      "500 000 channels that are numbers",
      "PUT",
      "/api/config",
      `{"version":1,"channels":[${Array(500_000).fill(1).join(",")}]}`,
      400,
      {},
    ],
    ["a list within a list, 500 000 times", "POST", "/api/channels", "[".repeat(500_000), 400, {}],
    ["64 channels with 150 outputs each", "PUT", "/api/config?dry_run=1", config("srt://k:1"), 200, {}],
    [
      "20 000 keys of YAML",
      "PUT",
      "/api/config",
      Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join(""),
      400,
      yaml,
    ],
    ["YAML lists within lists", "PUT", "/api/config", `${"- ".repeat(8000)}x`, 400, yaml],
    ["YAML keys that are keys", "PUT", "/api/config", "? ".repeat(4000), 400, yaml],
    ["YAML brackets", "PUT", "/api/config", `a: ${"[".repeat(4000)}`, 400, yaml],
    ["YAML merges of merges", "PUT", "/api/config", merges(200), 400, yaml],
    [
      "a form with 300 000 fields",
      "POST",
      "/channels",
      "a=1&".repeat(250_000),
      400,
      { "Content-Type": "application/x-www-form-urlencoded" },
    ],
  ])("%s, %s %s: everybody else is answered within 100 ms", async (_what, method, path, body, status, headers) => {
    const { longestMs, result } = await longestStretchMs(() => app.call(method, path, body, headers))
    expect([result.status, result.text.slice(0, 300)]).toEqual([status, expect.anything()])
    expect(longestMs).toBeLessThan(WITHIN_MS)
    const problem = result.body as { errors?: ReadonlyArray<unknown> } | null
    if (status === 400 && problem !== null) expect(problem.errors?.length ?? 0).toBeLessThanOrEqual(50)
    expect(app.errors).toEqual([])
  })

  it("names the first 50 mistakes, and where a body is too much, what it may hold", async () => {
    const errorsOf = async (body: string) =>
      (await app.call<{ errors: Array<{ path: string; message: string }> }>("POST", "/api/channels", body)).body.errors
    const unknown = await errorsOf(keys(120))
    expect(unknown).toHaveLength(50)
    expect(unknown[0]).toEqual({ path: "1000", message: "is not a known field" })
    expect(await errorsOf(keys(201))).toEqual([{ path: "body", message: "has more than 200 fields" }])
    expect(await errorsOf(`{"name":"a","rtp_port":1,"outputs":[${Array(21_000).fill(1).join(",")}]}`)).toEqual([
      { path: "body", message: "holds more than 20000 values" },
    ])
  })
})

describe("a query of thousands of parameters", () => {
  it("gets the first 50 mistakes named", async () => {
    const { call } = makeTestApp()
    const answer = await call("GET", `/api/events?${Array(3500).fill("a=1").join("&")}`)
    const problem = (await answer.json()) as { errors: ReadonlyArray<unknown> }
    expect([answer.status, problem.errors.length]).toEqual([400, 50])
  })
})

describe("a caller without the role", () => {
  it("is refused before the body is read", async () => {
    const { accounts, app } = makeTestApp({ settings: withKey("k".repeat(32)) })
    const { Effect } = await import("effect")
    const viewer = await Effect.runPromise(accounts.createKey({ name: "watcher", role: "viewer" }))
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled += 1
          controller.enqueue(new Uint8Array(1024).fill(0x20))
        },
      },
      { highWaterMark: 0 },
    )
    const request = new Request("http://127.0.0.1/api/channels", {
      method: "POST",
      body,
      duplex: "half",
      headers: { "Content-Type": "application/json", "X-API-Key": viewer.key },
    } as RequestInit)
    expect((await app.request(request)).status).toBe(403)
    expect(pulled).toBe(0)
  })
})
