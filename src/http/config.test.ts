import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, FastCheck as fc, Option } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { ConfigAnswer, VersionEntry, VersionView } from "../effects/declarative/Configuration.ts"
import type { ChannelDocument, ConfigDocument, OutputDocument } from "../effects/declarative/document.ts"
import { settle } from "../effects/testing/FakeEngine.ts"
import { makeRealApps, type RealApp, type RealAppOptions } from "./testing/real-app.ts"
import { type ProblemBody, withKey } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const SECRET = "s3cr3t-key"
const channel = (n: number, over: Partial<ChannelDocument> = {}): ChannelDocument => ({
  slug: `ch-${n}`,
  name: `Channel ${n}`,
  rtp_port: 5000 + 2 * n,
  autostart: true,
  outputs: [
    { slug: "cdn", url: `srt://192.0.2.1:${9000 + n}?passphrase=${SECRET}-${n}` },
    { slug: "youtube", preset: "youtube", stream_key: `${SECRET}-${n}` },
  ],
  ...over,
})
const document = (...channels: ReadonlyArray<ChannelDocument>): ConfigDocument => ({ version: 1, channels })
const fifty = Array.from({ length: 50 }, (_, n) => channel(n))

const put = (app: RealApp, body: unknown, query = "") =>
  app.call<ConfigAnswer & ProblemBody>("PUT", `/api/config${query}`, body)
const exported = async (app: RealApp) => (await app.call<ConfigDocument>("GET", "/api/config?secrets=1")).body
/** Commands that the engine received while `act` ran. */
const during = async (app: RealApp, act: () => Promise<unknown>) => {
  await Effect.runPromise(settle)
  const before = app.engine.log().length
  await act()
  await Effect.runPromise(settle)
  return app.engine.log().slice(before)
}
/** All state in which a change would show. */
const state = async (app: RealApp) => {
  const versions = await app.call("GET", "/api/config/versions")
  return { config: await exported(app), versions: versions.text, sent: app.engine.sent.length }
}
const outputOf = (document: OutputDocument, channels: ReadonlyArray<ChannelDocument>, at: number) =>
  channels.map((one, index) => (index === at ? { ...one, outputs: [document, ...(one.outputs ?? []).slice(1)] } : one))

describe("PUT /api/config", () => {
  it("applies 50 channels, and the second time tells the engine nothing", async () => {
    const app = await apps.start()
    const commands = await during(app, async () => {
      const first = await put(app, document(...fifty))
      expect(first.status).toBe(200)
      expect(first.body).toMatchObject({ dry_run: false, changed: true, summary: "50 channels created", version: 2 })
    })
    expect(commands.filter((command) => command.startsWith("put_channel")).length).toBe(50)
    expect(commands.filter((command) => command.startsWith("open_output")).length).toBe(100)
    for (const again of [document(...fifty), await exported(app), (await app.call("GET", "/api/config")).body]) {
      const nothing = await during(app, async () => {
        const { body } = await put(app, again)
        expect(body).toEqual({
          dry_run: false,
          version: null,
          changed: false,
          summary: "nothing changes",
          channels: [],
        })
      })
      expect(nothing).toEqual([])
    }
  })

  it("begins anew the one output whose URL changed, and no other", async () => {
    const app = await apps.start()
    await put(app, document(...fifty))
    const { outputs } = (await app.call<{ outputs: Array<{ id: string }> }>("GET", "/api/channels/ch-7")).body
    const changed = outputOf({ slug: "cdn", url: "srt://198.51.100.1:9000" }, fifty, 7)
    const commands = await during(app, async () => {
      const dry = await put(app, document(...changed), "?dry_run=1")
      expect(dry.body).toMatchObject({ dry_run: true, changed: true, version: null, summary: "1 output updated" })
      expect(app.engine.log().slice(-1)).not.toContain("close_output")
      const { body } = await put(app, document(...changed))
      expect(body.channels).toEqual(dry.body.channels)
      expect(body.channels[0]).toMatchObject({
        action: "updated",
        slug: "ch-7",
        outputs: [{ slug: "cdn", restarts: true }],
      })
    })
    expect(commands).toEqual([`close_output ${outputs[0]?.id}`, `open_output ${outputs[0]?.id}`])
  })

  it("creates, changes and removes in one go, and keeps ids, numbers and what runs", async () => {
    const app = await apps.start()
    await put(app, document(channel(1), channel(2), channel(3, { autostart: false })))
    const ids = async () =>
      (await app.call<{ channels: Array<Record<string, unknown>> }>("GET", "/api/channels")).body.channels
    const before = await ids()
    const commands = await during(app, async () => {
      const next = document(channel(4), channel(3, { name: "Third" }), channel(2))
      expect((await put(app, next)).body.summary).toBe("1 channel created, 1 channel updated, 1 channel removed")
    })
    expect(commands.filter((command) => /put_channel|remove_channel/.test(command))).toEqual([
      `remove_channel ${before[0]?.["id"]}`,
      "put_channel ch-4",
    ])
    const after = await ids()
    expect(after.map(({ name, number, slug, status }) => [slug, number, name, status])).toEqual(
      [
        ["ch-2", 2, "Channel 2", "running"],
        ["ch-3", 3, "Third", "stopped"],
        ["ch-4", 4, "Channel 4", expect.stringMatching(/starting|running/)],
      ].map(([slug, number, name, status]) => [slug, number, name, status === "running" ? expect.any(String) : status]),
    )
    expect(after[0]?.["id"]).toBe(before[1]?.["id"])
  })

  it("hands a port from one channel to another without both holding it", async () => {
    const app = await apps.start()
    const listener = { slug: "in", url: "srt://:9999?mode=listener" }
    await put(app, document(channel(1, { outputs: [] }), channel(2, { outputs: [listener] })))
    const id = async (ref: string) =>
      (await app.call<{ outputs: Array<{ id: string }> }>("GET", `/api/channels/${ref}`)).body.outputs[0]?.id
    const old = await id("ch-2")
    const commands = await during(app, () =>
      put(app, document(channel(1, { outputs: [listener] }), channel(2, { outputs: [] }))),
    )
    expect(commands).toEqual([`close_output ${old}`, `open_output ${await id("ch-1")}`])
  })

  it("answers whatever it is sent, and a dry run changes nothing", async () => {
    const app = await apps.start()
    await put(app, document(...fifty.slice(0, 2)))
    const before = await state(app)
    const place = fc.array(
      fc.constantFrom(
        "version",
        "channels",
        "0",
        "1",
        "outputs",
        "slug",
        "url",
        "settings",
        "input",
        "rtp_port",
        "preset",
        "x",
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom("***", "srt://:1", "\u0000", "x".repeat(5000), 1e308, -0, [], [[[]]]),
    )
    await fc.assert(
      fc.asyncProperty(place, value, async (path, mutation) => {
        const body = JSON.parse(JSON.stringify(document(...fifty.slice(0, 2))))
        const parent = path
          .slice(0, -1)
          .reduce(
            (at: unknown, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
            body,
          )
        if (typeof parent === "object" && parent !== null) Reflect.set(parent, path.at(-1) ?? "x", mutation)
        const answer = await put(app, body, "?dry_run=1")
        expect([200, 400, 409]).toContain(answer.status)
        if (answer.status !== 200) expect(answer.body.errors?.[0]?.path).toBeTruthy()
      }),
      { numRuns: 150 },
    )
    expect(await state(app)).toEqual(before)
  })

  it("gives what it says when the service starts again", async () => {
    const app = await apps.start()
    await put(app, document(...fifty.slice(0, 5)))
    await put(app, document(...outputOf({ slug: "new", url: "udp://192.0.2.1:9000" }, fifty.slice(1, 4), 0)))
    const before = await exported(app)
    const list = (await app.call<{ channels: Array<{ id: string; number: number }> }>("GET", "/api/channels")).body
      .channels
    await app.stop()
    const again = await apps.start({ dataDir: app.dataDir })
    expect(await exported(again)).toEqual(before)
    const found = (await again.call<{ channels: Array<{ id: string; number: number }> }>("GET", "/api/channels")).body
      .channels
    expect(found.map(({ id, number }) => [id, number])).toEqual(list.map(({ id, number }) => [id, number]))
    expect((await put(again, before)).body.changed).toBe(false)
  })

  it("changes nothing when the store fails half-way", async () => {
    const app = await apps.start()
    await put(app, document(channel(1), channel(2)))
    const db = new DatabaseSync(join(app.dataDir, "distributor.db"))
    db.exec(
      "CREATE TRIGGER full BEFORE INSERT ON outputs WHEN NEW.slug = 'last' BEGIN SELECT RAISE(ABORT, 'disk is full'); END",
    )
    db.close()
    const before = await state(app)
    const next = document(
      channel(2, { name: "Other" }),
      channel(3),
      channel(4, { outputs: [{ slug: "last", url: "udp://192.0.2.1:1" }] }),
    )
    const answer = await put(app, next)
    expect(answer.status).toBe(503)
    expect(answer.body.detail).toContain("disk is full")
    await Effect.runPromise(settle)
    expect(await state(app)).toEqual(before)
    expect((await put(app, document(channel(2), channel(5)))).status).toBe(200)
  })

  it.each([
    [
      "a port twice",
      [...fifty.slice(0, 3), channel(9, { outputs: [{ slug: "in", url: "srt://:5004?mode=listener" }] })],
      409,
      "channels[3].outputs[0].url",
    ],
    ["a slug twice", [channel(1), channel(1)], 400, "channels[1].slug"],
    [
      "a bad URL",
      outputOf({ slug: "x", url: `gopher://h/${SECRET}` }, fifty.slice(0, 5), 3),
      400,
      "channels[3].outputs[0].url",
    ],
    [
      "a secret of a wrong type",
      [{ ...channel(1), outputs: [{ slug: "a", url: [SECRET] }] }],
      400,
      "channels[0].outputs[0].url",
    ],
    ["an unknown field", [{ ...channel(1), [SECRET.slice(0, 3)]: 1 }], 400, "channels[0].s3c"],
    ["a bare number as slug", [{ ...channel(1), slug: "7" }], 400, "channels[0].slug"],
    [
      "a masked key of nobody",
      [{ ...channel(1), outputs: [{ slug: "a", preset: "youtube", stream_key: "***" }] }],
      400,
      "channels[0].outputs[0].stream_key",
    ],
  ])("refuses %s with its path, and changes nothing", async (_, channels, status, path) => {
    const app = await apps.start()
    await put(app, document(channel(20)))
    const before = await state(app)
    for (const query of ["?dry_run=1", ""]) {
      const answer = await put(app, { version: 1, channels }, query)
      expect([answer.status, answer.body.errors?.map((error) => error.path)]).toEqual([status, [path]])
      expect(answer.text).not.toContain(SECRET)
    }
    expect(await state(app)).toEqual(before)
  })

  it.each([
    ["another version", { version: 2, channels: [] }, "version"],
    ["no channels", { version: 1 }, "channels"],
    ["a list", [], "body"],
  ])("refuses %s", async (_, body, path) => {
    const answer = await put(await apps.start(), body)
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path])
  })

  it("refuses queries that mean nothing", async () => {
    const app = await apps.start()
    for (const query of ["?dry_run=maybe", "?dryrun=1", "?dry_run=1&dry_run=0"])
      expect((await put(app, document(), query)).status).toBe(400)
    expect((await app.call("GET", "/api/config?format=xml")).status).toBe(400)
  })
})

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

describe("versions", () => {
  const versions = async (app: RealApp) =>
    (await app.call<{ versions: VersionEntry[] }>("GET", "/api/config/versions")).body.versions
  const rollback = (app: RealApp, version: unknown, query = "") =>
    app.call<ConfigAnswer & ProblemBody>("POST", `/api/config/rollback${query}`, { version })

  it("keep what was applied, and what others changed before", async () => {
    const app = await apps.start()
    await put(app, document(channel(1)))
    await app.call("PUT", "/api/channels/ch-1", { name: "By hand" })
    await put(app, document(channel(1), channel(2)))
    await put(app, document(channel(1), channel(2)))
    expect((await versions(app)).map(({ version, what }) => [version, what])).toEqual([
      [4, "a configuration is applied: 1 channel created, 1 channel updated"],
      [3, "the configuration with what other requests changed since version 2"],
      [2, "a configuration is applied: 1 channel created"],
      [1, "the configuration as it was before the first one was applied"],
    ])
    const [newest] = await versions(app)
    expect(newest?.by).toContain("without a key")
    expect(Number.isNaN(Date.parse(newest?.at ?? ""))).toBe(false)
    const { body } = await app.call<VersionView>("GET", "/api/config/versions/3")
    expect(body.config.channels.map(({ name }) => name)).toEqual(["By hand"])
    expect((await rollback(app, 3)).body.summary).toBe("1 channel updated, 1 channel removed")
    expect((await exported(app)).channels.map(({ name }) => name)).toEqual(["By hand"])
    expect((await versions(app))[0]?.what).toBe(
      "the configuration is rolled back to version 3: 1 channel updated, 1 channel removed",
    )
  })

  it("bring channels back that ran, running", async () => {
    const app = await apps.start()
    await put(app, document(channel(1, { autostart: false }), channel(2, { autostart: false })))
    await app.call("POST", "/api/channels/ch-1/start")
    const before = await exported(app)
    await put(app, document())
    expect((await exported(app)).channels).toEqual([])
    // Whether a channel runs is not configuration: the version before the removal knows the channel, that of the first
    // apply does not.
    const last = (await versions(app))[0]?.version ?? 0
    const dry = await rollback(app, last - 1, "?dry_run=1")
    expect(dry.body).toMatchObject({ dry_run: true, summary: "2 channels created" })
    expect((await exported(app)).channels).toEqual([])
    const commands = await during(app, () => rollback(app, last - 1))
    expect(await exported(app)).toEqual(before)
    expect(commands.filter((command) => command.startsWith("put_channel"))).toEqual(["put_channel ch-1"])
  })

  it("are the last hundred", async () => {
    const app = await apps.start()
    for (let n = 0; n < 102; n++) await put(app, document(channel(1, { name: `Name ${n}` })))
    const kept = await versions(app)
    expect([kept.length, kept[0]?.version, kept.at(-1)?.version]).toEqual([100, 103, 4])
    expect((await app.call("GET", "/api/config/versions/3")).status).toBe(404)
    expect((await app.call("GET", "/api/config/versions/4")).status).toBe(200)
  })

  it.each([[3], [0], ["1"], [1.5]])("there is no %j", async (version) => {
    const app = await apps.start()
    await put(app, document(channel(1)))
    const answer = await rollback(app, version)
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, "version"])
    for (const path of ["3", "0", "x", "1e0", "99999999999999999999"])
      expect((await app.call("GET", `/api/config/versions/${path}`)).status).toBe(404)
  })
})

describe("DISTRIBUTOR_CONFIG", () => {
  const text = (name: string) => `version: 1
channels:
  - slug: news
    name: ${name}
    rtp_port: 5000
    autostart: true
    outputs: [{ slug: cdn, url: "srt://192.0.2.1:9000?passphrase=${SECRET}" }]
`
  const begin = async (content: string, dataDir?: string) => {
    const app = dataDir ?? (await apps.start()).dataDir
    const path = join(app, "channels.yaml")
    writeFileSync(path, content)
    return apps.start({ dataDir: app, config: { configFile: Option.some(path) } })
  }
  const name = async (app: RealApp) => (await exported(app)).channels.map((one) => one.name)

  it("is applied at the start; as long as it stays, later changes stay", async () => {
    const first = await begin(text("News"))
    expect(await name(first)).toEqual(["News"])
    expect(first.engine.log()).toContain("put_channel news")
    await first.call("PUT", "/api/channels/news", { name: "By hand" })
    await first.stop()
    const second = await begin(text("News"), first.dataDir)
    expect(await name(second)).toEqual(["By hand"])
    expect(second.logs.join("\n")).toContain("is as it was when it was applied")
    await second.stop()
    const third = await begin(text("News 2"), first.dataDir)
    expect(await name(third)).toEqual(["News 2"])
    const { versions } = (await third.call<{ versions: VersionEntry[] }>("GET", "/api/config/versions")).body
    expect(versions.map(({ what }) => what.replace(/\/\S*\//, ""))).toEqual([
      "channels.yaml is applied at the start: 1 channel updated",
      "the configuration with what other requests changed since version 2",
      "channels.yaml is applied at the start: 1 channel created",
      "the configuration as it was before the first one was applied",
    ])
    expect(third.logs.join("\n")).not.toContain(SECRET)
  })

  it.each([
    ["nonsense", `a: [${SECRET}`, "channels.yaml: document: is not valid YAML at line 1"],
    [
      "a wrong port",
      text("News").replace("5000", "70000"),
      "channels.yaml: channels[0].rtp_port: must be a whole number from 1 to 65535, got 70000",
    ],
    ["a bad URL", text("News").replace("srt:", "gopher:"), "channels.yaml: channels[0].outputs[0].url: "],
    [
      "a conflict",
      text("News").replace("srt://192.0.2.1:9000", "srt://:5000"),
      "channels.yaml: channels[0].outputs[0].url: UDP port 5000 is already used",
    ],
    ["nothing", "", "channels.yaml: document: must be an object"],
  ])("that holds %s ends the start with the place", async (_, content, reason) => {
    const first = await begin(text("Before"))
    await first.stop()
    const refusal = await begin(content, first.dataDir).then(
      () => "started",
      (error: unknown) => String(error),
    )
    expect(refusal).toContain("DISTRIBUTOR_CONFIG: /")
    expect(refusal).toContain(reason)
    expect(refusal).not.toContain(SECRET)
    expect(await name(await apps.start({ dataDir: first.dataDir }))).toEqual(["Before"])
  })

  it("row 39: that holds secrets and is open to everyone is applied with a warning that says what to do", async () => {
    const { dataDir } = await apps.start()
    const path = join(dataDir, "channels.yaml")
    const begun = async (mode: number, content: string) => {
      writeFileSync(path, content)
      chmodSync(path, mode)
      const app = await apps.start({ dataDir, config: { configFile: Option.some(path) } })
      await app.stop()
      return app.logs.join("\n")
    }
    expect(await begun(0o644, text("News"))).toContain(
      `holds secrets, and everyone on this machine may read it: chmod 640 ${path}`,
    )
    expect(await begun(0o640, text("News 2"))).not.toContain("may read it")
    expect(await begun(0o644, text("News 3").replace(`?passphrase=${SECRET}`, ""))).not.toContain("may read it")
  })

  it("that is not there ends the start", async () => {
    const missing = apps.start({ config: { configFile: Option.some("/nonexistent/channels.yaml") } })
    await expect(missing).rejects.toThrow("DISTRIBUTOR_CONFIG: /nonexistent/channels.yaml: there is no such file")
  })
})
