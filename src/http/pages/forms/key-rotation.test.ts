/** New keys for outputs over the real control plane, by every way there is: the old one is gone, and never shown. */
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { usedUrl } from "../../../effects/config/output-place.ts"
import { formsIn } from "../../testing/html-forms.ts"
import type { RealApp } from "../../testing/real-app.ts"
import { makeRealApps } from "../../testing/real-app.ts"
import { withKey } from "../../testing/test-app.ts"
import { outputs, post, start, textOf } from "./testing/real-forms.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const OLD = "good-news-key"
const NEW = "brand-new-key?x=1&y"
const EDIT = "/channels/news/outputs/cdn/edit"

/** Kinds of outputs with their secret, the field of the form that rotates it, and what is used from then on. */
const KINDS: ReadonlyArray<readonly [kind: string, output: object, field: string, label: string, used: object]> = [
  [
    "RTMP, in its URL",
    { url: `rtmp://me:pw@192.0.2.1/live/${OLD}` },
    "stream_key",
    "Stream key",
    { url: "rtmp://me:pw@192.0.2.1/live", stream_key: NEW },
  ],
  [
    "RTMP, apart",
    { url: "rtmp://192.0.2.1/live", stream_key: OLD },
    "stream_key",
    "Stream key",
    { url: "rtmp://192.0.2.1/live", stream_key: NEW },
  ],
  [
    "RTMP, a login",
    { url: `rtmp://me:${OLD}@192.0.2.1/live/key` },
    "url_secret.0",
    "Password of me",
    { url: `rtmp://me:${encodeURIComponent(NEW)}@192.0.2.1/live/key` },
  ],
  [
    "SRT, a passphrase",
    { url: `srt://192.0.2.1:9000?passphrase=${OLD}&latency=200` },
    "url_secret.0",
    "Passphrase",
    { url: `srt://192.0.2.1:9000?passphrase=${encodeURIComponent(NEW)}&latency=200` },
  ],
  [
    "SRT, the passphrase of the backup receiver",
    { url: "srt://192.0.2.1:9000", settings: { backup_url: `srt://192.0.2.2:9000?passphrase=${OLD}&latency=200` } },
    "settings.backup_url_secret.0",
    "Backup receiver: Passphrase",
    {
      url: "srt://192.0.2.1:9000",
      settings: { backup_url: `srt://192.0.2.2:9000?passphrase=${encodeURIComponent(NEW)}&latency=200` },
    },
  ],
  [
    "SRT, a stream id",
    { url: `srt://192.0.2.1:9000?passphrase=0123456789ab&streamid=#!::u=me,s=${OLD}` },
    "url_secret.1",
    "Password in the stream id",
    { url: `srt://192.0.2.1:9000?passphrase=0123456789ab&streamid=#!::u=me,s=${encodeURIComponent(NEW)}` },
  ],
  [
    "SRT, a stream id of srtrelay",
    { url: `srt://192.0.2.1:9000?streamid=publish/news/${OLD}` },
    "url_secret.0",
    "Password in the stream id",
    { url: `srt://192.0.2.1:9000?streamid=publish/news/${encodeURIComponent(NEW)}` },
  ],
  [
    "RTSP, a login",
    { url: `rtsp://me:${OLD}@192.0.2.1/live` },
    "url_secret.0",
    "Password of me",
    { url: `rtsp://me:${encodeURIComponent(NEW)}@192.0.2.1/live` },
  ],
  [
    "HLS, a login",
    { url: `https://me:${OLD}@192.0.2.1/live/index.m3u8` },
    "url_secret.0",
    "Password of me",
    { url: `https://me:${encodeURIComponent(NEW)}@192.0.2.1/live/index.m3u8` },
  ],
  [
    "HLS, a token",
    { url: `https://192.0.2.1/live/index.m3u8?token=${OLD}` },
    "url_secret.0",
    "Secret token",
    { url: `https://192.0.2.1/live/index.m3u8?token=${encodeURIComponent(NEW)}` },
  ],
  [
    "HLS, an upload key",
    { url: `https://192.0.2.1/up?cid=${OLD}&copy=0&file=` },
    "stream_key",
    "Stream key",
    { url: `https://192.0.2.1/up?cid=${encodeURIComponent(NEW)}&copy=0&file=` },
  ],
  [
    "S3",
    { url: "s3://bucket/live", settings: { s3_access_key_id: "AKIA", s3_secret_access_key: OLD } },
    "settings.s3_secret_access_key",
    "S3 secret key",
    { url: "s3://bucket/live", settings: { s3_access_key_id: "AKIA", s3_secret_access_key: NEW } },
  ],
]

/** The fields of the form of a page with a secret. */
const fieldsOf = (html: string): Record<string, string> => {
  const [form] = formsIn(html).filter(({ secrets }) => secrets.length > 0)
  return { ...form?.fields }
}

const news = (app: RealApp, output: object) =>
  app.call("POST", "/api/channels/news/outputs", { name: "cdn", enabled: false, ...output })
const used = async (app: RealApp) => {
  const [output] = await outputs(app)
  return output === undefined ? null : { ...output, ...usedUrl(output) }
}

describe("a new secret", () => {
  it.each(KINDS)(
    "of %s is one field of the form, which begins at the first",
    async (_, output, name, label, wanted) => {
      const app = await start(apps)
      expect((await news(app, output)).status).toBe(201)
      const page = await app.call("GET", EDIT)
      expect(page.text).toMatch(new RegExp(`<label for="output-${name}">${label}</label>`))
      expect(page.text.match(/<span class="secret"><input[^>]* autofocus=""/g)).toHaveLength(1)
      const fields = { ...fieldsOf(page.text), [name]: NEW }
      const meaning = await post(app, "/fragments/interpret", fields)
      expect(textOf(meaning.text)).toContain("Interpreted as: ")
      const saved = await post(app, EDIT, fields)
      expect(saved.status, textOf(saved.text)).toBe(303)
      const again = await app.call("GET", EDIT)
      expect(await used(app)).toMatchObject(wanted)
      expect(JSON.stringify(await outputs(app))).not.toContain(OLD)
      for (const { text } of [page, meaning, saved, again]) expect(text).not.toMatch(/good-news-key|brand-new/)
      // Nothing else changes it, with the form as it is shown from then on.
      expect((await post(app, EDIT, fieldsOf(again.text))).status).toBe(303)
      expect(await used(app)).toMatchObject(wanted)
    },
  )

  it("that would be read as something else in its place is refused, and not shown", async () => {
    const app = await start(apps)
    await news(app, { url: `srt://192.0.2.1:9000?streamid=publish/news/${OLD}` })
    const fields = { ...fieldsOf((await app.call("GET", EDIT)).text), "url_secret.0": "brand-new/key" }
    for (const path of [EDIT, "/fragments/interpret", "/channels/news/outputs/cdn/test"]) {
      const refused = await post(app, path, fields)
      expect(textOf(refused.text), path).toContain("holds a sign that would end it there")
      expect(refused.text).not.toMatch(/good-news-key|brand-new/)
    }
  })

  it("has to have a place in a URL that is changed with it", async () => {
    const app = await start(apps)
    await news(app, { url: `srt://192.0.2.1:9000?passphrase=${OLD}` })
    const fields = { ...fieldsOf((await app.call("GET", EDIT)).text), "url_secret.0": NEW }
    const lost = await post(app, EDIT, { ...fields, url: "srt://192.0.2.1:9000" })
    expect([lost.status, textOf(lost.text)]).toEqual([400, expect.stringContaining("write passphrase=*** there")])
    expect(lost.text).toMatch(/id="output-url_secret.0-error"/)
    const moved = await post(app, EDIT, { ...fields, url: "srt://198.51.100.1:9000?passphrase=***" })
    expect(moved.status).toBe(303)
    expect(await used(app)).toMatchObject({ url: `srt://198.51.100.1:9000?passphrase=${encodeURIComponent(NEW)}` })
  })
})

describe("a new stream key for one in the URL", () => {
  const IN_URL = { url: `rtmp://192.0.2.1/live/${OLD}` }
  const ROTATED = { url: "rtmp://192.0.2.1/live", stream_key: NEW }

  it.each([
    ["alone", "/api/channels/news/outputs/cdn", {}],
    ["with the URL as it was read", "/api/channels/news/outputs/cdn", { url: "rtmp://192.0.2.1/live/***" }],
    ["to an input's output", "/api/inputs/1/outputs/1", { url: "rtmp://192.0.2.1/live/***" }],
  ])("replaces it by the API, %s, and once more", async (_, path, asked) => {
    const app = await start(apps)
    await news(app, IN_URL)
    for (let n = 0; n < 2; n++) {
      const changed = await app.call("PUT", path, { ...asked, stream_key: NEW })
      expect([changed.status, changed.body]).toMatchObject([
        200,
        { url: "rtmp://192.0.2.1/live", stream_key: "***", options: { app: "live" } },
      ])
      expect(changed.text).not.toContain(OLD)
    }
    expect(await used(app)).toMatchObject(ROTATED)
  })

  it("replaces it by the document, and is refused beside the old one in clear", async () => {
    const app = await start(apps)
    await news(app, IN_URL)
    const { body } = await app.call<{ channels: ReadonlyArray<{ outputs: ReadonlyArray<object> }> }>(
      "GET",
      "/api/config",
    )
    const withOutput = (over: object) => ({
      ...body,
      channels: body.channels.map((channel) => ({ ...channel, outputs: [{ ...channel.outputs[0], ...over }] })),
    })
    const both = await app.call("PUT", "/api/config", withOutput({ ...IN_URL, stream_key: NEW }))
    expect([both.status, both.body]).toMatchObject([400, { errors: [{ path: "channels[0].outputs[0].stream_key" }] }])
    const shown = await app.call("PUT", "/api/config?dry_run=1", withOutput({ stream_key: NEW }))
    for (const again of [true, false]) {
      const applied = await app.call("PUT", "/api/config", withOutput({ stream_key: NEW }))
      expect([applied.status, applied.body]).toMatchObject([200, { changed: again }])
      for (const { text } of [both, shown, applied]) expect(text).not.toContain(OLD)
    }
    expect(await used(app)).toMatchObject(ROTATED)
  })

  it("replaces that of a template, by form and by the API, and that of a template in an output", async () => {
    const app = await start(apps)
    const template = { name: "cdn", url: `rtmp://192.0.2.1/{channel}/${OLD}` }
    expect((await app.call("POST", "/api/templates", template)).status).toBe(201)
    const made = await app.call("POST", "/api/channels/news/outputs", { template: "cdn", stream_key: NEW })
    expect([made.status, made.body]).toMatchObject([201, { url: "rtmp://192.0.2.1/news", stream_key: "***" }])
    const page = await app.call("GET", "/settings/templates/cdn/edit")
    const fields = { ...fieldsOf(page.text), stream_key: NEW }
    const saved = await post(app, "/settings/templates/cdn/edit", fields)
    expect(saved.status, textOf(saved.text)).toBe(303)
    const [stored] = await Effect.runPromise(app.plane.templates.list)
    expect(stored).toMatchObject({ url: "rtmp://192.0.2.1/{channel}", stream_key: "***" })
    await app.call("PUT", "/api/templates/cdn", { url: template.url, stream_key: null })
    const changed = await app.call("PUT", "/api/templates/cdn", { stream_key: NEW })
    expect([changed.status, changed.body]).toMatchObject([200, { url: "rtmp://192.0.2.1/{channel}" }])
    for (const { text } of [made, page, saved, changed]) expect(text).not.toContain(OLD)
  })
})

it("a viewer reads neither key through the API, in options or elsewhere", async () => {
  const app = await apps.start({ settings: withKey("admin-key-of-this-test") })
  const admin = { "X-API-Key": "admin-key-of-this-test" }
  const { key } = await Effect.runPromise(app.accounts.createKey({ name: "screen", role: "viewer" }))
  const output = { name: "cdn", url: `rtmp://192.0.2.1/live/${OLD}` }
  await app.call("POST", "/api/channels", { name: "News", rtp_port: 5000, outputs: [output] }, admin)
  const rotated = await app.call("PUT", "/api/channels/news/outputs/cdn", { stream_key: "brand-new-key" }, admin)
  expect(rotated.status).toBe(200)
  for (const path of [
    "/api/channels",
    "/api/channels/news",
    "/api/channels/news/outputs/cdn",
    "/api/config",
    "/channels/news?output=cdn",
  ]) {
    const { status, text } = await app.call("GET", path, undefined, { "X-API-Key": key })
    expect([path, status, /good-news-key|brand-new-key/.test(text)]).toEqual([path, 200, false])
  }
})
