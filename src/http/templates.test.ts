/** Output templates over the real control plane. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView, OutputView } from "../effects/model/channel.ts"
import type { TemplateView } from "../effects/templates/template-model.ts"
import { makeRealApps } from "./testing/real-app.ts"
import type { ProblemBody } from "./testing/test-app.ts"

const { start, stopAll } = makeRealApps()
afterEach(stopAll)

const CDN = {
  name: "cdn-main",
  output_name: "CDN {name}",
  url: "srt://cdn.example.com:90{number}0?streamid=publish/{channel}-{name}&passphrase=PLANTED-0123456",
}
const YOUTUBE = { name: "youtube", preset: "youtube", stream_key: "{channel}-PLANTED" }
const channel = { name: "Ä & B", rtp_port: 5000 }

describe("templates", () => {
  it("are created, listed, changed and deleted, and show no secret", async () => {
    const { call, dataDir } = await start()
    const created = await call<TemplateView>("POST", "/api/templates", CDN)
    expect([created.status, created.headers.get("location")]).toEqual([201, "/api/templates/cdn-main"])
    expect(created.body).toMatchObject({
      name: "cdn-main",
      protocol: "srt",
      output_name: "CDN {name}",
      enabled: true,
      preset: null,
    })
    expect(created.body.url).toBe("srt://cdn.example.com:90{number}0?streamid=publish/{channel}-{name}&passphrase=***")
    expect((await call("POST", "/api/templates", YOUTUBE)).body).toMatchObject({
      stream_key: "***",
      protocol: "rtmp",
      preset: "youtube",
    })
    expect((await call("POST", "/api/templates", CDN)).status).toBe(409)
    const listed = await call<{ templates: ReadonlyArray<TemplateView> }>("GET", "/api/templates")
    expect(listed.body.templates.map(({ name }) => name)).toEqual(["cdn-main", "youtube"])
    // Secrets sent back masked stay as they are.
    const changed = await call("PUT", "/api/templates/cdn-main", { url: created.body.url, enabled: false })
    expect(changed.body).toMatchObject({ enabled: false, url: created.body.url })
    for (const { text } of [created, listed, changed]) expect(text).not.toContain("PLANTED")
    for (const file of readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()))
      expect(readFileSync(join(file.parentPath, file.name)).includes("PLANTED"), file.name).toBe(false)
    const { id } = (await call<ChannelView>("POST", "/api/channels", channel)).body
    await call("POST", `/api/channels/${id}/outputs`, { template: "cdn-main" })
    expect((await call("GET", "/api/config?secrets=1")).text).toContain("passphrase=PLANTED-0123456")
    expect((await call("DELETE", "/api/templates/cdn-main")).status).toBe(204)
    expect((await call("GET", "/api/templates/cdn-main")).status).toBe(404)
    expect((await call<ChannelView>("GET", `/api/channels/${id}`)).body.outputs).toHaveLength(1)
  })

  it("survive a restart", async () => {
    const { call, dataDir, stop } = await start()
    await call("POST", "/api/templates", CDN)
    await stop()
    const again = await start({ dataDir })
    expect((await again.call("GET", "/api/templates/cdn-main")).body).toMatchObject({ output_name: "CDN {name}" })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ["a name with blanks", { ...CDN, name: "CDN main" }, "name"],
    ["a placeholder that there is not", { ...CDN, url: "srt://{host}:9000" }, "url"],
    [
      "a placeholder in its backup that there is not",
      { ...CDN, settings: { backup_url: "srt://{host}:9000" } },
      "settings.backup_url",
    ],
    ["{stream_key} in a key", { ...YOUTUBE, stream_key: "{stream_key}" }, "stream_key"],
    ["a URL that no channel makes right", { ...CDN, url: "srt://cdn.example.com:{channel}" }, "url"],
    ["neither URL nor preset", { name: "x" }, "url"],
    ["settings of another protocol", { ...CDN, settings: { cue_points: "youtube" } }, "settings.cue_points"],
    ["a protocol that is not the URL's", { ...CDN, protocol: "rtmp" }, "protocol"],
    ["a masked key", { ...YOUTUBE, stream_key: "***" }, "stream_key"],
  ])("are refused with %s", async (_, body, path) => {
    const { call } = await start()
    const { body: problem, status } = await call<ProblemBody>("POST", "/api/templates", body)
    expect([status, problem.errors?.map((error) => error.path)]).toEqual([400, [path]])
    expect((await call("GET", "/api/templates")).body).toEqual({ templates: [] })
  })
})

describe("outputs made from templates", () => {
  it("have the channel's slug, number and name in their places, and what is given beside", async () => {
    const { call } = await start()
    for (const template of [CDN, YOUTUBE]) await call("POST", "/api/templates", template)
    const { id } = (await call<ChannelView>("POST", "/api/channels", channel)).body
    const first = await call<OutputView>("POST", `/api/channels/${id}/outputs`, { template: "cdn-main" })
    expect([first.status, first.body.name]).toEqual([201, "CDN Ä & B"])
    expect(first.body.url).toBe("srt://cdn.example.com:9010?streamid=publish/a-b-%C3%84%20%26%20B&passphrase=***")
    expect(first.body.options).toMatchObject({ stream_id: "publish/a-b-Ä & B" })
    const over = { template: "youtube", name: "Mine {name}", enabled: false, settings: { audio: "silence" } }
    const second = await call<OutputView>("POST", `/api/channels/${id}/outputs`, over)
    expect(second.body).toMatchObject({
      name: "Mine {name}",
      enabled: false,
      preset: "youtube",
      settings: { audio: "silence" },
    })
    expect((await call("GET", "/api/config?secrets=1")).text).toContain("a-b-PLANTED")
  })

  it("have them in the URL of a backup receiver, too", async () => {
    const { call } = await start()
    const backup_url = "srt://cdn2.example.com:90{number}0?streamid=publish/{channel}&passphrase=PLANTED-7654321"
    await call("POST", "/api/templates", { ...CDN, settings: { backup_url } })
    const { id } = (await call<ChannelView>("POST", "/api/channels", channel)).body
    const { body } = await call<OutputView>("POST", `/api/channels/${id}/outputs`, { template: "cdn-main" })
    expect(body.settings).toEqual({
      backup_url: "srt://cdn2.example.com:9010?streamid=publish/a-b&passphrase=***",
    })
    expect((await call("GET", "/api/config?secrets=1")).text).toContain("PLANTED-7654321")
  })

  it("come with a new channel, all or none", async () => {
    const { call } = await start()
    await call("POST", "/api/templates", CDN)
    await call("POST", "/api/templates", { name: "lan", url: "udp://239.1.{number}.1:5000" })
    await call("POST", "/api/channels", channel)
    const second = {
      name: "Second",
      rtp_port: 5010,
      templates: ["lan", "cdn-main"],
      outputs: [{ url: "hls://second" }],
    }
    const created = await call<ChannelView>("POST", "/api/channels", second)
    expect(created.body.number).toBe(2)
    expect(created.body.outputs.map(({ url }) => url)).toEqual([
      "hls://second",
      "udp://239.1.2.1:5000",
      "srt://cdn.example.com:9020?streamid=publish/second-Second&passphrase=***",
    ])
    const unknown = await call<ProblemBody>("POST", "/api/channels", {
      name: "Third",
      rtp_port: 5020,
      templates: ["lan", "nope"],
    })
    expect([unknown.status, unknown.body.errors]).toEqual([
      400,
      [{ path: "templates[1]", message: 'there is no template "nope"' }],
    ])
    await call("POST", "/api/templates", { name: "fixed", url: "hls://second" })
    const clash = await call<ProblemBody>("POST", "/api/channels", {
      name: "Third",
      rtp_port: 5020,
      templates: ["lan", "fixed"],
    })
    expect([clash.status, clash.body.errors?.[0]?.path]).toEqual([409, "templates[1].url"])
    const { channels } = (await call<{ channels: ReadonlyArray<ChannelView> }>("GET", "/api/channels")).body
    expect(channels.map(({ name }) => name)).toEqual(["Ä & B", "Second"])
  })
})
