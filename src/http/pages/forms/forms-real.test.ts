/** The forms over the real control plane: what they store, what they keep, and what they never show. */
import { Effect } from "effect"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps, type RealApp } from "../../testing/real-app.ts"
import { CHANNEL_FIELDS } from "./channel-fields.ts"
import { OUTPUT_FIELDS } from "./output-fields.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
const post = (app: RealApp, path: string, fields: Record<string, string>, headers = {}) =>
  app.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
const textOf = (html: string) =>
  html
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ")
const start = async () => {
  const app = await apps.start()
  await app.call("POST", "/api/channels", { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5000 })
  return app
}
const stored = async (app: RealApp) => (await Effect.runPromise(app.store.load)) ?? []
const outputs = async (app: RealApp) => (await stored(app))[0]?.outputs ?? []
const add = (app: RealApp, fields: Record<string, string>) => post(app, "/outputs", { channel: "news", ...fields })

describe("what is typed", () => {
  const MEANINGS: ReadonlyArray<readonly [fields: Record<string, string>, sentence: string]> = [
    [
      { url: "srt://192.0.2.7:9000?latency=2000" },
      "Interpreted as: SRT caller to 192.0.2.7:9000, latency 2000 ms, not encrypted",
    ],
    [{ url: "srt://h:9000?latency=x" }, 'URL: latency must be a whole number from 0 to 65535000, not "x"'],
    [{ url: "srt://h:9000?foo=1" }, "ignored: foo is not known"],
    [{ url: "srt://:9000?passphrase=short" }, "passphrase must be 10 to 80 bytes long"],
    [{ url: "" }, "What the URL means is said here"],
    [{ url: "", preset: "youtube" }, "URL: the URL has no stream key"],
    [
      { url: "", preset: "youtube", stream_key: "s3cret-key" },
      "Interpreted as: RTMP over TLS to a.rtmps.youtube.com:443, application live2",
    ],
    [{ url: "", preset: "twitch" }, "video H.264 up to 6 Mbit/s, audio AAC up to 320 kbit/s, a key frame every 2 s"],
    [{ url: "", preset: "ivs" }, "Amazon IVS gives every customer another one"],
    [{ url: "rtmp://h/live/k", "settings.segment_s": "4" }, "Segment length, s: is no setting of rtmp"],
    [
      { url: "udp://127.0.0.1:9?localport=5000" },
      'UDP port 5000 is already used by the primary input of channel "News"',
    ],
    [{ url: "srt://h:1", channel: "gone" }, 'there is no channel "gone"'],
  ]

  it("is understood, or told what is wrong with it, and stores nothing", async () => {
    const app = await start()
    for (const [fields, sentence] of MEANINGS) {
      const answer = await post(app, "/fragments/interpret", { channel: "news", ...fields })
      expect([answer.status, textOf(answer.text)]).toEqual([200, expect.stringContaining(sentence)])
      expect(answer.text).not.toContain("s3cret-key")
    }
    expect(await outputs(app)).toEqual([])
  })

  it("brings the settings of its protocol, once", async () => {
    const app = await start()
    const other = await post(app, "/fragments/interpret", { channel: "news", url: "rtmp://h/a/b", settings_of: "srt" })
    expect(other.text).toMatch(/<hx-partial hx-target="#settings"[\s\S]*name="settings\.cue_points"/)
    const same = await post(app, "/fragments/interpret", { channel: "news", url: "rtmp://h/a/b", settings_of: "rtmp" })
    expect(same.text).not.toContain("hx-partial")
  })
})

describe("an output", () => {
  it("is added with its settings, enabled or not", async () => {
    const app = await start()
    const fields = {
      url: "rtmp://h/live",
      stream_key: " key ",
      "settings.cue_points": "elemental",
      "settings.codecs.hevc": "true",
    }
    expect((await add(app, { ...fields, "settings.verify_tls": "false", save: "disabled", name: "cdn" })).status).toBe(
      303,
    )
    expect(await outputs(app)).toMatchObject([
      {
        name: "cdn",
        stream_key: "key",
        enabled: false,
        settings: { cue_points: "elemental", codecs: ["hevc"], verify_tls: false },
      },
    ])
  })

  it("keeps its secrets while it is changed, and loses what is taken away", async () => {
    const app = await start()
    await add(app, { name: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret&latency=200" })
    const page = await app.call("GET", "/channels/news/outputs/cdn/edit")
    expect(page.text).toContain('value="srt://h:9000?passphrase=***&amp;latency=200"')
    const changed = { name: "CDN", url: "srt://h:9000?passphrase=***&latency=500", settings_of: "srt" }
    expect((await post(app, "/channels/news/outputs/cdn/edit", changed)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([
      { name: "CDN", slug: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret&latency=500" },
    ])
    const elsewhere = await post(app, "/channels/news/outputs/cdn/edit", {
      ...changed,
      url: "srt://evil:9000?passphrase=***",
    })
    expect([elsewhere.status, elsewhere.text]).toEqual([400, expect.stringContaining("srt://evil:9000?passphrase=***")])
    const rtmp = {
      name: "CDN",
      url: "rtmp://h/live",
      stream_key: "k3y-k3y",
      "settings.audio": "silence",
      settings_of: "rtmp",
    }
    expect((await post(app, "/channels/news/outputs/cdn/edit", rtmp)).status).toBe(303)
    const { "settings.audio": _, stream_key: __, ...emptied } = rtmp
    expect((await post(app, "/channels/news/outputs/cdn/edit", emptied)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([{ url: "rtmp://h/live", stream_key: "k3y-k3y", settings: {} }])
    const none = { ...emptied, stream_key_none: "true", url: "rtmp://h/live/new-key" }
    expect((await post(app, "/channels/news/outputs/cdn/edit", none)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([{ url: "rtmp://h/live/new-key", stream_key: null }])
  })

  it("is copied with its secrets and not started; what cannot be there twice begins another one", async () => {
    const app = await start()
    await add(app, { name: "cdn", url: "rtmp://h/live", stream_key: "s3cret-key" })
    for (const slug of ["cdn-copy", "cdn-copy-2"]) {
      const answer = await post(app, "/channels/news/outputs/cdn/duplicate", {})
      expect([answer.status, answer.headers.get("location")]).toEqual([303, `/channels/news/outputs/${slug}/edit`])
    }
    expect(
      (await outputs(app)).map(({ enabled, name, number, stream_key }) => [name, number, enabled, stream_key]),
    ).toEqual([
      ["cdn", 1, true, "s3cret-key"],
      ["cdn copy", 2, false, "s3cret-key"],
      ["cdn copy 2", 3, false, "s3cret-key"],
    ])
    await add(app, { name: "listener", url: "srt://:9100" })
    const refused = await post(app, "/channels/news/outputs/listener/duplicate", {})
    expect([refused.status, textOf(refused.text)]).toEqual([
      409,
      expect.stringContaining('UDP port 9100 is already used by output "listener"'),
    ])
    expect(refused.text).toContain('value="srt://:9100"')
    expect(await outputs(app)).toHaveLength(4)
  })
})

describe("a removal", () => {
  const undoOf = (location: string | null) => new URL(location ?? "", "http://h").searchParams.get("undo") ?? ""

  it("of an output is told on the next page and undone, whole, and once", async () => {
    const app = await start()
    await add(app, { name: "first", url: "srt://a:1" })
    await add(app, {
      name: "cdn",
      url: "rtmp://h/live",
      stream_key: "s3cret-key",
      "settings.audio": "silence",
      save: "disabled",
    })
    const before = await stored(app)
    const removed = await post(app, "/channels/news/outputs/cdn/remove", { back: "/channels/news?x=1" })
    const location = removed.headers.get("location") ?? ""
    expect([removed.status, location]).toEqual([
      303,
      expect.stringMatching(/^\/channels\/news\?x=1&undo=[0-9a-f-]{36}$/),
    ])
    expect((await outputs(app)).map(({ name }) => name)).toEqual(["first"])
    const token = undoOf(location)
    const page = await app.call("GET", `/?undo=${token}`)
    expect(textOf(page.text)).toContain("Output cdn of News removed. Undo")
    expect(page.text).toContain(`<form method="post" action="/undo/${token}">`)
    const undone = await post(app, `/undo/${token}`, {})
    expect([undone.status, undone.headers.get("location")]).toEqual([303, `/#output-${before[0]?.outputs[1]?.id}`])
    expect(await stored(app)).toEqual(before)
    const again = await post(app, `/undo/${token}`, {})
    expect([again.status, again.text]).toEqual([409, expect.stringContaining("it is too late")])
    expect(textOf((await app.call("GET", `/?undo=${token}`)).text)).not.toContain("removed.")
  })

  it("of an output that carries the stream is asked about first, with or without a page that knew it", async () => {
    const app = await start()
    await add(app, { name: "cdn", url: "srt://cdn.example:9000?passphrase=s3cret-s3cret" })
    const there = async () => (await outputs(app)).length
    const path = "/channels/news/outputs/cdn/remove"
    const shown = async () => (await app.call("GET", "/channels/news")).text
    // A stopped channel's is removed at once, by a form.
    expect(await shown()).toContain(`<form method="post" action="${path}">`)
    expect((await app.call("POST", "/api/channels/news/start")).status).toBe(200)
    const page = await shown()
    expect(page).toContain(`<a class="button danger" href="${path}?back=%2Fchannels%2Fnews">`)
    expect(page).not.toContain(`action="${path}"`)
    expect((await app.call("GET", "/channels/news/outputs/cdn/edit")).text).toContain(
      `<a class="button danger" href="${path}?back=%2F">`,
    )
    const asked = await app.call("GET", `${path}?back=/channels/news`)
    expect(asked.status).toBe(200)
    expect(textOf(asked.text)).toMatch(
      /Remove output cdn of News\?.*It is switched on, and connecting now\..*undone for 10 minutes.*Remove cdn.*Cancel/,
    )
    expect(asked.text).not.toContain("s3cret")
    expect(asked.text).toMatch(/name="back" value="\/channels\/news".*name="confirmed" value="yes"/)
    // From a page that was shown before the channel was started.
    const old = await post(app, path, { back: "/channels/news" })
    expect([old.status, textOf(old.text)]).toEqual([409, expect.stringContaining("Remove output cdn of News?")])
    expect(await there()).toBe(1)
    const removed = await post(app, path, { back: "/channels/news", confirmed: "yes" })
    expect([removed.status, removed.headers.get("location")]).toEqual([
      303,
      expect.stringMatching(/^\/channels\/news\?undo=/),
    ])
    expect(await there()).toBe(0)
    expect((await app.call("GET", path)).status).toBe(404)
    await post(app, `/undo/${undoOf(removed.headers.get("location"))}`, {})
    expect(await there()).toBe(1)
  })

  it("of a channel is undone with its outputs, and it runs again if it ran", async () => {
    const app = await start()
    await add(app, { name: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret" })
    await add(app, { name: "gone", url: "srt://h:9001" })
    await post(app, "/channels/news/outputs/gone/remove", {})
    await app.call("POST", "/api/channels/news/start")
    const before = await stored(app)
    expect(before).toMatchObject([{ should_run: true, last_output_number: 2 }])
    const removed = await post(app, "/channels/news/remove", {})
    expect(await stored(app)).toEqual([])
    const undone = await post(app, `/undo/${undoOf(removed.headers.get("location"))}`, {})
    expect([undone.status, undone.headers.get("location")]).toEqual([303, "/#channel-news"])
    expect(await stored(app)).toEqual(before)
    const shown = await app.call<{ status: string }>("GET", "/api/channels/news")
    expect(shown.body.status).not.toBe("stopped")
  })

  it("is refused with what is in its way, and can be tried again", async () => {
    const app = await start()
    const removed = await post(app, "/channels/news/remove", {})
    const token = undoOf(removed.headers.get("location"))
    await app.call("POST", "/api/channels", { name: "Other", rtp_ip: "127.0.0.1", rtp_port: 5000 })
    const taken = await post(app, `/undo/${token}`, {})
    expect([taken.status, taken.text]).toEqual([
      409,
      expect.stringContaining("UDP port 5000 is already used by the primary input"),
    ])
    await app.call("DELETE", "/api/channels/other")
    await app.call("POST", "/api/channels", { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5010 })
    expect((await post(app, `/undo/${token}`, {})).text).toContain("exists already")
    await app.call("DELETE", "/api/channels/news")
    expect((await post(app, `/undo/${token}`, {})).status).toBe(303)
    expect(await stored(app)).toMatchObject([{ slug: "news", rtp_port: 5000, number: 1 }])
  })

  it("of an output whose channel went after it says so", async () => {
    const app = await start()
    await add(app, { name: "cdn", url: "srt://h:9000" })
    const output = await post(app, "/channels/news/outputs/cdn/remove", {})
    await post(app, "/channels/news/remove", {})
    const answer = await post(app, `/undo/${undoOf(output.headers.get("location"))}`, {})
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining("is gone: bring it back first")])
  })
})

describe("many outputs", () => {
  it("are added all or none, with what is wrong beside each line", async () => {
    const app = await start()
    const urls =
      "main event srt://a:9000\n\n# mine\nsrt://:9100?latency=x\nrtmp://h/live/s3cret-key\nsrt://:9200\nsrt://:9200"
    const refused = await post(app, "/outputs/many", { channel: "news", urls })
    expect(refused.status).toBe(400)
    expect(textOf(refused.text)).toContain("4 by its protocol latency must be a whole number")
    expect(textOf(refused.text)).toContain(
      "1 main event Interpreted as".replace("Interpreted as", "SRT caller to a:9000"),
    )
    expect(refused.text).not.toContain("s3cret-key")
    const conflict = await post(app, "/outputs/many", { channel: "news", urls: "srt://:9200\nsrt://:9200" })
    expect([conflict.status, textOf(conflict.text)]).toEqual([
      409,
      expect.stringContaining("UDP port 9200 is already used by output"),
    ])
    expect(await outputs(app)).toEqual([])
    const fine = await post(app, "/outputs/many", {
      channel: "news",
      urls: "main event srt://a:9000\r\nsrt://b:9000\nsrt://c:9000",
      save: "disabled",
    })
    expect([fine.status, fine.headers.get("location")]).toEqual([303, "/#channel-news"])
    expect((await outputs(app)).map(({ enabled, name, number }) => [name, number, enabled])).toEqual([
      ["main event", 1, false],
      ["SRT 1", 2, false],
      ["SRT 2", 3, false],
    ])
    for (const [bad, sentence] of [
      ["", "hold no URL"],
      [Array.from({ length: 201 }, (_, i) => `srt://a:${i + 1}`).join("\n"), "are 201, and at most 200"],
    ] as const) {
      const answer = await post(app, "/outputs/many", { channel: "news", urls: bad })
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(sentence)])
    }
  })

  it("are told line by line as they are pasted", async () => {
    const app = await start()
    const answer = await post(app, "/fragments/interpret-many", {
      channel: "news",
      urls: "a srt://a:9000?passphrase=s3cret-s3cret\nb foo://x",
    })
    expect(textOf(answer.text)).toMatch(
      /2 outputs, 1 with something wrong .* SRT caller to a:9000, .* foo:\/\/ is not a protocol/,
    )
    expect(answer.text).not.toContain("s3cret")
  })
})

describe("a channel", () => {
  it("is added with its first output and started, changed, and cloned in two steps", async () => {
    const app = await start()
    const fields = {
      name: "Sports",
      rtp_port: "5020",
      backup_rtp_port: "5030",
      output_url: "srt://h:1",
      "input.allowed_senders": "192.0.2.7, 10.0.0.0/8",
    }
    expect((await post(app, "/channels", { ...fields, "input.failover_after_ms": "300", save: "start" })).status).toBe(
      303,
    )
    const [, sports] = await stored(app)
    expect(sports).toMatchObject({
      rtp_ip: "0.0.0.0",
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 5030,
      should_run: true,
      input: { allowed_senders: ["192.0.2.7", "10.0.0.0/8"], failover_after_ms: 300 },
      outputs: [{ url: "srt://h:1" }],
    })
    const page = (await app.call("GET", "/channels/sports/edit")).text
    expect(page).toContain(
      'name="input.failover_after_ms" aria-describedby="channel-input.failover_after_ms-hint" value="300"',
    )
    expect(page).toContain('value="192.0.2.7, 10.0.0.0/8"')
    const changed = { name: "Sports HD", rtp_port: "5020", rtp_ip: "", "input.failback": "manual" }
    expect((await post(app, "/channels/sports/edit", changed)).status).toBe(303)
    expect((await stored(app))[1]).toMatchObject({
      name: "Sports HD",
      backup_rtp_ip: null,
      backup_rtp_port: null,
      input: { failback: "manual" },
    })
    const taken = await post(app, "/channels/sports/edit", { ...changed, rtp_port: "5000" })
    expect([taken.status, textOf(taken.text)]).toEqual([
      409,
      expect.stringContaining("is already used by the primary input"),
    ])
    const clone = await app.call("GET", "/channels/sports/clone")
    expect(clone.text).toContain('value="Sports HD copy"')
    const cloned = await post(app, "/channels/sports/clone", { name: "Sports HD copy", rtp_port: "" })
    expect([cloned.status, cloned.headers.get("location")]).toEqual([303, "/channels/sports-hd-copy/edit"])
    expect((await post(app, "/channels/sports/clone", { name: "x", rtp_port: "5000" })).status).toBe(409)
    const listener = await post(app, "/outputs", { channel: "sports", url: "srt://:9100", name: "listener" })
    expect(listener.status).toBe(303)
    const partly = await post(app, "/channels/sports/clone", { name: "third" })
    expect([partly.status, textOf(partly.text)]).toEqual([
      200,
      expect.stringContaining("listener: UDP port 9100 is already used"),
    ])
  })
})

describe("whatever is typed", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "",
      "0",
      "-1",
      "99999",
      "1e9",
      "null",
      "true",
      "***",
      "youtube",
      "srt://h:1?passphrase=***",
      "<script>alert(1)</script>",
      "\u0000",
      "\ud800",
    ),
    fc
      .tuple(fc.constantFrom("srt", "udp", "rtmp", "https", "rtsp", "file", "hls", "s3"), fc.string({ maxLength: 20 }))
      .map(([a, b]) => `${a}://${b}`),
  )
  const form = (names: ReadonlyArray<string>) =>
    fc
      .tuple(
        fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 8 }),
        // A secret in every place where one may stand; the name is what makes the form wrong.
        fc.constantFrom("stream_key", "settings.s3_secret_access_key", "url", "output_url", "urls"),
      )
      .map(
        ([fields, place]): Record<string, string> => ({
          ...fields,
          name: "x".repeat(129),
          urls: "x srt://h:1?passphrase=planted-s3cret&nonsense=\u0007",
          [place]:
            place === "stream_key" || place.startsWith("settings.")
              ? "planted-s3cret"
              : "srt://h:1?passphrase=planted-s3cret&mode=x",
        }),
      )

  it("never fails, is kept, shows no secret and changes nothing when it is refused", async () => {
    const app = await start()
    await add(app, { name: "cdn", url: "rtmp://h/live", stream_key: "planted-s3cret" })
    const before = await stored(app)
    const names = [
      ...CHANNEL_FIELDS,
      ...OUTPUT_FIELDS,
      "settings.codecs.hevc",
      "save",
      "back",
      "urls",
      "settings_of",
      "stream_key_none",
      "autostart",
      "output_url",
    ]
    const paths = [
      "/channels",
      "/outputs",
      "/outputs/many",
      "/channels/news/edit",
      "/channels/news/clone",
      "/channels/news/outputs/cdn/edit",
    ]
    const harmless = ["/fragments/interpret", "/fragments/interpret-many", "/fragments/check-channel"]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths, ...harmless),
        form(names),
        fc.boolean(),
        async (path, fields, inPlace) => {
          const typed =
            path === "/fragments/interpret" || !path.startsWith("/fragments") ? fields : { ...fields, channel: "news" }
          const answer = await post(app, path, typed, inPlace ? { "HX-Request": "true" } : {})
          expect([200, 400, 404, 409]).toContain(answer.status)
          if (harmless.includes(path)) expect(answer.status).toBe(200)
          else expect(answer.status).not.toBe(200)
          expect(answer.text).not.toContain("planted-s3cret")
          expect(answer.text).not.toContain("<script>alert")
          if (answer.text.includes('name="name"')) expect(answer.text).toContain("x".repeat(129))
        },
      ),
      { numRuns: 150 },
    )
    expect(await stored(app)).toEqual(before)
    expect(app.logs.join("\n")).not.toContain("planted-s3cret")
  })
})
