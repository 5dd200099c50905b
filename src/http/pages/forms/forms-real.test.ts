/** The forms over the real control plane: what they store, what they keep, and what they never show. */
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { CHANNEL_FIELDS } from "./channel-fields.ts"
import { OUTPUT_FIELDS } from "./output-fields.ts"
import { add, outputs, post, start, stored, textOf } from "./testing/real-forms.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

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
    [{ url: "", preset: "srt" }, "srt://HOST:PORT calls a receiver"],
    [{ url: "h:9000", preset: "srt" }, "Interpreted as: SRT caller to h:9000"],
    [{ url: "<srt://h:9000>" }, "Interpreted as: SRT caller to h:9000"],
    [
      { url: "ffmpeg -re -i in.ts -f mpegts -passphrase s3cret-key-long 'srt://h:9000?streamid=a'" },
      "Interpreted as: SRT caller to h:9000",
    ],
  ]

  it("is understood, or told what is wrong with it, and stores nothing", async () => {
    const app = await start(apps)
    for (const [fields, sentence] of MEANINGS) {
      const answer = await post(app, "/fragments/interpret", { channel: "news", ...fields })
      expect([answer.status, textOf(answer.text)]).toEqual([200, expect.stringContaining(sentence)])
      expect(answer.text).not.toContain("s3cret-key")
    }
    expect(await outputs(app)).toEqual([])
  })

  it("brings the settings of its protocol, once", async () => {
    const app = await start(apps)
    const other = await post(app, "/fragments/interpret", { channel: "news", url: "rtmp://h/a/b", settings_of: "srt" })
    expect(other.text).toMatch(/<hx-partial hx-target="#settings"[\s\S]*name="settings\.cue_points"/)
    const same = await post(app, "/fragments/interpret", { channel: "news", url: "rtmp://h/a/b", settings_of: "rtmp" })
    expect(same.text).not.toContain("hx-partial")
  })
})

describe("a destination that an output has already", () => {
  it("is warned of, for one output and for many channels, and taken all the same", async () => {
    const app = await start(apps)
    const addOne = (fields: Record<string, string>) =>
      post(app, "/outputs", { channel: "news", save: "disabled", ...fields })
    const told = async (fields: Record<string, string>) =>
      textOf((await post(app, "/fragments/interpret", { channel: "news", ...fields })).text)
    expect((await addOne({ name: "CDN", url: '"srt://h:9000?streamid=a",' })).status).toBe(303)
    expect(await told({ url: "srt://H:9000?streamid=a&latency=500" })).toContain(
      '"CDN" of channel "News" sends to this destination already',
    )
    expect(await told({ url: "srt://h:9000?streamid=b" })).not.toContain("already")
    const [cdn] = await outputs(app)
    expect(await told({ url: "srt://h:9000?streamid=a", output: cdn?.id ?? "", name: "CDN" })).not.toContain("already")
    expect((await addOne({ url: "h:9000?streamid=a", preset: "srt" })).status).toBe(303)
    expect((await outputs(app)).map(({ url }) => url)).toEqual(["srt://h:9000?streamid=a", "srt://h:9000?streamid=a"])
  })
})

describe("many outputs", () => {
  it("are added all or none, with what is wrong beside each line", async () => {
    const app = await start(apps)
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
    const app = await start(apps)
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
    const app = await start(apps)
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
