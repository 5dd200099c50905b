import { afterEach, describe, expect, it } from "vitest"
import type { ConfigAnswer } from "../effects/declarative/Configuration.ts"
import { channel, document, exported, fifty, put, SECRET } from "./testing/config-documents.ts"
import { makeRealApps, type RealAppOptions } from "./testing/real-app.ts"
import { type ProblemBody, withKey } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("YAML", () => {
  const yaml = { "Content-Type": "application/yaml" }

  it("is given and taken", async () => {
    const app = await apps.start()
    await put(app, document(...fifty.slice(0, 3)))
    const { headers, text } = await app.call("GET", "/api/config?format=yaml&secrets=1")
    expect(headers.get("content-type")).toBe("application/yaml; charset=utf-8")
    expect((await app.call("GET", "/api/config?format=yaml&secrets=1")).text).toBe(text)
    const other = await apps.start()
    expect((await other.call<ConfigAnswer>("PUT", "/api/config", text, yaml)).body).toMatchObject({ changed: true })
    expect((await other.call("GET", "/api/config?format=yaml&secrets=1")).text).toBe(text)
    const masked = (await app.call("GET", "/api/config?format=yaml")).text
    expect(masked).not.toContain(SECRET)
    expect((await app.call<ConfigAnswer>("PUT", "/api/config", masked, yaml)).body.changed).toBe(false)
  })

  it("may share templates by anchors", async () => {
    const app = await apps.start()
    const text = `
version: 1
channels:
  - { slug: a, name: A, rtp_port: 5000, outputs: [&yt { slug: yt, preset: youtube, stream_key: one }] }
  - { slug: b, name: B, rtp_port: 5002, outputs: [{ <<: *yt, stream_key: two }] }
`
    expect((await app.call<ConfigAnswer>("PUT", "/api/config", text, yaml)).body.summary).toBe("2 channels created")
    expect((await exported(app)).channels.map(({ outputs }) => outputs?.[0]?.stream_key)).toEqual(["one", "two"])
  })

  it("that is broken is refused with its place", async () => {
    const app = await apps.start()
    const answer = await app.call<ProblemBody>(
      "PUT",
      "/api/config",
      `version: 1\nchannels:\n  - slug: ${SECRET}\n slug: x`,
      yaml,
    )
    expect(answer.status).toBe(400)
    expect(answer.body.detail).toContain("line 4")
    expect(answer.text).not.toContain(SECRET)
    const wrong = await app.call<ProblemBody>(
      "PUT",
      "/api/config",
      "version: 1\nchannels: [{slug: a, name: A, rtp_port: x}]",
      yaml,
    )
    expect(wrong.body.errors).toEqual([{ path: "channels[0].rtp_port", message: expect.stringContaining('got "x"') }])
    expect((await app.call("PUT", "/api/config", "version: 1", { "Content-Type": "text/plain" })).status).toBe(415)
  })
})

describe("secrets", () => {
  const key = { "X-API-Key": "the-key-of-it" }
  const guarded: RealAppOptions = { settings: withKey("the-key-of-it") }

  it("are shown to the key itself alone", async () => {
    const app = await apps.start(guarded)
    expect((await app.call("PUT", "/api/config", document(channel(1)), key)).status).toBe(200)
    expect((await app.call("GET", "/api/config?secrets=1", undefined, key)).text).toContain(SECRET)
    expect((await app.call("GET", "/api/config/versions/2?secrets=1", undefined, key)).text).toContain(SECRET)
    expect((await app.call("GET", "/api/config?secrets=1")).status).toBe(401)
    const login = await app.app.request("/login", {
      method: "POST",
      body: new URLSearchParams({ key: "the-key-of-it" }),
    })
    const session = { Cookie: login.headers.get("set-cookie")?.split(";")[0] ?? "" }
    for (const path of ["/api/config", "/api/config/versions/2"]) {
      expect((await app.call("GET", path, undefined, session)).status).toBe(200)
      const refused = await app.call<ProblemBody>("GET", `${path}?secrets=1`, undefined, session)
      expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([403, "secrets"])
    }
  })

  it("are in no diff, export, version, log or error", async () => {
    const app = await apps.start(guarded)
    const texts: string[] = []
    const send = async (method: string, path: string, body?: unknown) =>
      texts.push((await app.call(method, path, body, key)).text)
    await send("PUT", "/api/config", document(channel(1), channel(2)))
    const other = document(
      channel(1, { outputs: [{ slug: "youtube", preset: "youtube", stream_key: `${SECRET}-other` }] }),
    )
    await send("PUT", "/api/config?dry_run=1", other)
    await send("PUT", "/api/config", other)
    await send("POST", "/api/config/rollback?dry_run=1", { version: 2 })
    await send("POST", "/api/config/rollback", { version: 2 })
    for (const path of [
      "/api/config",
      "/api/config?format=yaml",
      "/api/config/versions",
      "/api/config/versions/2",
      "/api/channels",
    ])
      await send("GET", path)
    expect(texts[1]).toContain("stream_key")
    expect([...texts, ...app.logs].filter((text) => text.includes(SECRET))).toEqual([])
  })
})
