/** The forms of channels whose inputs are SRT, over the real control plane. */
import { Option, Redacted } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { formsIn } from "../../testing/html-forms.ts"
import { makeRealApps, type RealApp } from "../../testing/real-app.ts"
import { post, start, stored, textOf } from "./testing/real-forms.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const SECRET = "0123456789abcdef"
const CALLER = `srt://encoder.example:9000?mode=caller&passphrase=${SECRET}`
const LISTENER = "srt://:9100?mode=listener"

/** The fields of the form that adds or changes a channel, as a browser would send them. */
const formOf = async (app: RealApp, path: string) => {
  const { text } = await app.call("GET", path)
  const form = formsIn(text).find(({ action }) => action === path || action === "/channels")
  return { text, fields: form?.fields ?? {}, secrets: form?.secrets ?? [] }
}
const channel = async (app: RealApp, slug: string) => (await stored(app)).find((one) => one.slug === slug)

describe("a channel with SRT inputs", () => {
  it("is added with the free ports that the form offers for listeners", async () => {
    const app = await start(apps)
    const { fields, text } = await formOf(app, "/add/channel")
    expect(fields).toMatchObject({ input_kind: "rtp", backup_input_kind: "none", rtp_port: "5001" })
    expect(textOf(text)).toContain("SRT: the encoder calls us (listener)")
    const offered = [fields["free_url"], fields["backup_free_url"]]
    for (const url of offered) expect(url).toMatch(/^srt:\/\/:\d+\?mode=listener$/)
    expect(offered[0]).not.toBe(offered[1])
    const sent = { ...fields, name: "Sport", input_kind: "listener", backup_input_kind: "listener" }
    expect((await post(app, "/channels", sent)).status).toBe(303)
    expect(await channel(app, "sport")).toMatchObject({ input_url: offered[0], backup_input_url: offered[1] })
  })

  it("is added at the ingest port, which all share", async () => {
    const port = { port: 9000, passphrase: Option.some(Redacted.make(SECRET)) }
    const app = await apps.start({ config: { srtIngest: Option.some(port) } })
    for (const name of ["One", "Two"]) {
      const { fields } = await formOf(app, "/add/channel")
      const sent = { ...fields, name, input_kind: "listener", backup_input_kind: "listener" }
      expect((await post(app, "/channels", sent)).status).toBe(303)
    }
    for (const { input_url, slug } of await stored(app)) {
      expect(input_url).toBe("srt://:9000?mode=listener")
      const { body } = await app.call<{ input: { legs: ReadonlyArray<object> } }>("GET", `/api/channels/${slug}`)
      expect(body.input.legs).toMatchObject([
        { srt: { options: { stream_id: `#!::r=${slug},m=publish`, encryption: "AES-128" } } },
        { srt: { options: { stream_id: `#!::r=${slug}/backup,m=publish` } } },
      ])
      expect(JSON.stringify(body)).not.toContain(SECRET)
    }
    const own = { name: "Three", input_kind: "listener", input_url: "srt://:9000?mode=listener&passphrase=another-one" }
    const refused = await post(app, "/channels", own)
    expect([refused.status, textOf(refused.text)]).toEqual([
      400,
      expect.stringContaining("has a passphrase of its own, but port 9000 (SRT_INGEST_PORT)"),
    ])
  })

  it("is saved as it is shown, keeps its secrets, and gets new ones by their fields", async () => {
    const app = await start(apps)
    const sent = { name: "Sport", input_kind: "caller", input_url: CALLER, backup_input_kind: "rtp" }
    expect((await post(app, "/channels", { ...sent, backup_rtp_port: "5030" })).status).toBe(303)
    const path = "/channels/sport/edit"
    const shown = await formOf(app, path)
    expect(shown.text).not.toContain(SECRET)
    expect(shown.fields).toMatchObject({
      input_kind: "caller",
      input_url: CALLER.replace(SECRET, "***"),
      backup_input_kind: "rtp",
      backup_rtp_port: "5030",
    })
    expect(shown.secrets).toEqual(["input_url_secret.0"])
    expect((await post(app, path, { ...shown.fields, name: "Sport HD" })).status).toBe(303)
    expect(await channel(app, "sport")).toMatchObject({ name: "Sport HD", input_url: CALLER, backup_rtp_port: 5030 })
    const { fields } = await formOf(app, path)
    const rotated = { ...fields, "input_url_secret.0": "brand new & longer" }
    expect((await post(app, path, rotated)).status).toBe(303)
    const stands = CALLER.replace(SECRET, encodeURIComponent("brand new & longer"))
    expect(await channel(app, "sport")).toMatchObject({ input_url: stands })
  })

  it("is shown as the listener that it is, and keeps its passphrase at another port", async () => {
    const app = await start(apps)
    const url = `${LISTENER}&passphrase=${SECRET}`
    expect((await post(app, "/channels", { name: "Sport", input_kind: "listener", input_url: url })).status).toBe(303)
    const { fields } = await formOf(app, "/channels/sport/edit")
    expect(fields).toMatchObject({ input_kind: "listener", input_url: `${LISTENER}&passphrase=***` })
    const moved = { ...fields, input_url: `${LISTENER.replace("9100", "9200")}&passphrase=***` }
    expect((await post(app, "/channels/sport/edit", moved)).status).toBe(303)
    expect(await channel(app, "sport")).toMatchObject({ input_url: url.replace("9100", "9200") })
  })

  it("changes between SRT and RTP, and loses its backup when none is chosen", async () => {
    const app = await start(apps)
    const both = { input_kind: "listener", input_url: LISTENER, backup_input_kind: "caller", backup_input_url: CALLER }
    expect((await post(app, "/channels", { name: "Sport", ...both })).status).toBe(303)
    const path = "/channels/sport/edit"
    const { fields } = await formOf(app, path)
    expect((await post(app, path, { ...fields, input_kind: "rtp", rtp_port: "5040" })).status).toBe(303)
    expect(await channel(app, "sport")).toMatchObject({ input_url: null, rtp_port: 5040, backup_input_url: CALLER })
    const none = { ...(await formOf(app, path)).fields, backup_input_kind: "none" }
    expect((await post(app, path, none)).status).toBe(303)
    expect(await channel(app, "sport")).toMatchObject({ backup_input_url: null, backup_rtp_ip: null })
  })

  it("is refused beside the field, without showing a secret", async () => {
    const app = await start(apps)
    for (const [fields, message] of [
      [{ input_kind: "caller" }, "is required: the encoder's address, srt://HOST:PORT"],
      [{ input_kind: "caller", input_url: LISTENER }, "is the URL of a listener: choose that the encoder calls us"],
      [{ input_kind: "listener", input_url: CALLER }, "is the URL of a caller: choose that we call the encoder"],
      [{ input_kind: "caller", input_url: `${CALLER}&pbkeylen=7` }, "pbkeylen"],
    ] as const) {
      const { status, text } = await post(app, "/channels", { name: "Sport", ...fields })
      expect([status, textOf(text)]).toEqual([400, expect.stringContaining(message)])
      expect(text).not.toContain(SECRET)
      expect(text).toContain('id="channel-input_url-error"')
    }
  })

  it("is explained while it is typed", async () => {
    const app = await start(apps)
    const { text } = await post(app, "/fragments/check-channel", {
      input_kind: "listener",
      input_url: `${LISTENER}&latency=300&nonsense=1`,
      backup_input_kind: "caller",
      backup_input_url: CALLER,
    })
    expect(textOf(text)).toContain("Primary: SRT listener on port 9100, latency 300 ms")
    expect(textOf(text)).toContain("Primary: ignored: nonsense is not known")
    expect(textOf(text)).toContain("Backup: SRT caller to encoder.example:9000")
    expect(text).not.toContain("MediaLive")
    expect(text).not.toContain(SECRET)
  })
})
