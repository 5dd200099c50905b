/** Bad requests that clients and attackers are known to send: each is refused with a sentence and changes nothing. */
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"
import { type ProblemBody, withKey } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const CHANNEL = { name: "News", rtp_port: 15_000 }
const SECRET = "planted-secret-0123"

let app: RealApp
let before: string
const stored = async () => (await app.call("GET", "/api/config/channels.json")).text
beforeEach(async () => {
  app = await apps.start()
  await app.call("POST", "/api/channels", CHANNEL)
  await app.call("POST", "/api/channels/news/outputs", {
    name: "out",
    url: `srt://127.0.0.1:15001?passphrase=${SECRET}`,
  })
  before = await stored()
})

const refused = async (answer: Awaited<ReturnType<RealApp["call"]>>, status: number, path?: string | RegExp) => {
  const problem = answer.body as unknown as ProblemBody
  expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"])
  if (path !== undefined) expect(problem.errors?.map((e) => e.path)).toContainEqual(expect.stringMatching(path))
  expect(answer.text).not.toContain(SECRET)
  expect(await stored()).toBe(before)
}

describe("bodies", () => {
  it.each<[string, string, string | RegExp]>([
    ["no JSON", "rtp_port=5000", ""],
    ["NaN", '{"name":"A","rtp_port":NaN}', "rtp_port"],
    ["a number beyond all numbers", '{"name":"A","rtp_port":1e999}', "rtp_port"],
    ["a key twice", '{"name":"A","name":"B","rtp_port":15010}', "name"],
    ["10 000 levels", `{"name":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, ""],
    ["a field that there is not", '{"name":"A","rtp_port":15010,"colour":"red"}', "colour"],
    ["__proto__", '{"name":"A","rtp_port":15010,"__proto__":{"autostart":true}}', "__proto__"],
    ["constructor", '{"name":"A","rtp_port":15010,"constructor":{"prototype":{"x":1}}}', "constructor"],
    ["an id of their own", '{"id":"00000000-0000-4000-8000-000000000001","name":"A","rtp_port":15010}', "id"],
    ["CR and LF in a name", '{"name":"A\\r\\nSet-Cookie: x","rtp_port":15010}', "name"],
    ["NUL in a name", '{"name":"A\\u0000","rtp_port":15010}', "name"],
    ["a name that turns the text around", '{"name":"A\\u202eB","rtp_port":15010}', "name"],
    ["a name of 10 kB", `{"name":"${"A".repeat(10_240)}","rtp_port":15010}`, "name"],
  ])("%s: 400 with the path", async (_, body, path) => {
    const answer = await app.call("POST", "/api/channels", body)
    await refused(answer, 400, path === "" ? undefined : path)
  })

  it("an id in the body that is not the path's: 400", async () => {
    const id = "00000000-0000-4000-8000-00000000abcd"
    await refused(await app.call("PUT", "/api/channels/news", { id, rtp_port: 15_002 }), 400, "id")
  })

  it("too much of it: 413", async () => {
    await refused(await app.call("POST", "/api/channels", JSON.stringify({ name: "A".repeat(1_100_000) })), 413)
  })

  it.each(["text/plain", "application/xml", "multipart/form-data; boundary=x"])("as %s: 415", async (type) => {
    await refused(
      await app.call("POST", "/api/channels", JSON.stringify({ name: "A", rtp_port: 15_010 }), {
        "Content-Type": type,
      }),
      415,
    )
  })

  it("markup in a name is kept as text, and escaped on the pages", async () => {
    const name = '<script>alert("1")</script>'
    expect((await app.call("PUT", "/api/channels/news", { name })).status).toBe(200)
    const page = (await app.call("GET", "/")).text
    expect(page).not.toContain(name)
    expect(page).toContain("&lt;script&gt;")
  })
})

describe("paths and queries", () => {
  it.each([
    "..%2Fx",
    "%2e%2e",
    "%252e%252e",
    "nеws",
    "NEWS",
    "news%00",
    "-1",
    "0",
    "9223372036854775808",
    "1e0",
    "%20",
  ])("a channel called %j: 404", async (id) => {
    for (const path of [`/api/channels/${id}`, `/api/channels/${id}/outputs`])
      expect((await app.call("GET", path)).status).toBe(404)
    await refused(await app.call("DELETE", `/api/channels/${id}`), 404)
  })

  it.each(["limit=-1", "limit=0", "limit=1e3", "limit=9223372036854775808", "limit=", "before=x", "page=-1"])(
    "?%s: 400",
    async (query) => {
      await refused(await app.call("GET", `/api/channels/news/events?${query}`), 400)
    },
  )

  it.each([
    ["PATCH", "/api/channels/news"],
    ["DELETE", "/api/channels"],
    ["TRACE", "/api/channels"],
    ["CONNECT", "/api/health"],
  ])("%s %s: 405 with Allow", async (method, path) => {
    const answer = await app.call(method, path)
    await refused(answer, 405)
    expect(answer.headers.get("allow")).toMatch(/GET/)
  })
})

describe("who asks", () => {
  it("a page of another site: 403", async () => {
    const headers = { Origin: "https://evil.example", Host: "127.0.0.1:8000" }
    await refused(await app.call("POST", "/api/channels", { name: "A", rtp_port: 15_010 }, headers), 403)
  })

  it("without a key where one is needed, or with a wrong one: 401, on metrics and the API alike", async () => {
    const secured = await apps.start({ settings: withKey("right-key-0123456789") })
    for (const path of ["/api/channels", "/api/config", "/metrics", "/api/audit", "/api/channels/news/cues"]) {
      for (const headers of [
        {},
        { "X-API-Key": "wrong" },
        { Authorization: "Bearer wrong" },
        { Cookie: "distributor_session=1.ZW52.x" },
      ]) {
        const answer = await secured.call("GET", path, undefined, headers)
        expect([path, answer.status]).toEqual([path, 401])
      }
    }
  })
})

describe("secrets", () => {
  it("can be written and never read", async () => {
    for (const path of [
      "/api/channels",
      "/api/channels/news",
      "/api/channels/news/outputs",
      "/api/config",
      "/api/inputs",
      "/",
      "/metrics",
    ]) {
      expect([path, (await app.call("GET", path)).text.includes(SECRET)]).toEqual([path, false])
    }
    const masked = (await app.call<{ url: string }>("GET", "/api/channels/news/outputs/out")).body.url
    expect(masked).toContain("***")
    // A configuration may be sent back as it was read: the secret stays as it was.
    expect((await app.call("PUT", "/api/channels/news/outputs/out", { url: masked })).status).toBe(200)
    expect((await Effect.runPromise(app.store.load))[0]?.outputs[0]?.url).toContain(SECRET)
  })
})

describe("two clients at the same output", () => {
  it("row 44: of two that read the same state, one is told that it has changed; nothing is written over", async () => {
    const path = "/api/channels/news/outputs/out"
    const tag = (await app.call("GET", path)).headers.get("etag") ?? ""
    const put = (name: string) => app.call<{ name: string }>("PUT", path, { name }, { "If-Match": tag })
    const answers = await Promise.all([put("first"), put("second")])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    const winner = answers.find(({ status }) => status === 200)?.body.name
    expect((await app.call<{ name: string }>("GET", path)).body.name).toBe(winner)
  })

  it("row 44: a request that is sent again with its Idempotency-Key creates one output, and is answered alike", async () => {
    const again = () =>
      app.call<{ id: string }>(
        "POST",
        "/api/channels/news/outputs",
        { url: "udp://127.0.0.1:15020" },
        { "Idempotency-Key": "k-1" },
      )
    const answers = [await again(), await again(), await again()]
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(
      (await app.call<{ outputs: ReadonlyArray<unknown> }>("GET", "/api/channels/news/outputs")).body.outputs,
    ).toHaveLength(2)
  })
})
