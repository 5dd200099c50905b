import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, FastCheck as fc } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { ChannelDocument, OutputDocument } from "../effects/declarative/document.ts"
import { settle } from "../effects/testing/FakeEngine.ts"
import { channel, document, during, exported, fifty, put, SECRET } from "./testing/config-documents.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)
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
